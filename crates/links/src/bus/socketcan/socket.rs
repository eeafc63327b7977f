//! The kernel's CAN socket: opened for classic, FD and error frames, read and written without blocking.

use super::{FrameSource, MAX_FRAMES, Trouble};
use crate::can::{FrameKind, OwnedFrame};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};
use socketcan::SocketOptions;
use socketcan::tokio::CanFdSocket;
use std::io::{self, ErrorKind, IoSliceMut};
use std::os::fd::AsRawFd;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

/// After the first frame, others are waited for this long: a sweep becomes a few batches, not one for each frame.
const COLLECT: Duration = Duration::from_millis(2);
/// A removed interface wakes nobody: it is looked for this often while the bus is silent.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// A queue that takes no frame for so long takes none: the bus is off, or nobody acknowledges.
const SEND_WITHIN: Duration = Duration::from_millis(500);
/// Room for bursts. The kernel gives at most `net.core.rmem_max`.
const RECEIVE_BUFFER_BYTES: i32 = 1 << 20;

/// Sizes of the kernel's two kinds of frames, `can_frame` and `canfd_frame`: identifier with flags (4, in the machine's
/// byte order), length (1), flags (1), nothing (2), data.
const CLASSIC_BYTES: usize = 16;
const FD_BYTES: usize = 72;
const LENGTH_AT: usize = 4;
const DATA_AT: usize = 8;

/// A socket of one interface.
#[derive(Debug)]
pub(super) struct KernelSocket {
    socket: CanFdSocket,
    buffer: [u8; FD_BYTES],
    /// Room for what the kernel says beside a frame: how many were lost. A vector, because it must be aligned.
    control: Vec<u8>,
    /// Frames that have found the socket's buffer full, since it was opened.
    lost: u32,
}

impl FrameSource for KernelSocket {
    fn open(interface: &str) -> io::Result<KernelSocket> {
        let socket = CanFdSocket::open(interface)?;
        socket.set_error_filter_accept_all()?;
        socket.set_socket_option_int(libc::SOL_SOCKET, libc::SO_RCVBUF, RECEIVE_BUFFER_BYTES)?;
        socket.set_socket_option_int(libc::SOL_SOCKET, libc::SO_RXQ_OVFL, 1)?;
        // An interface that is down can be opened, and tells so only afterwards.
        match socket.get_socket_option_int(libc::SOL_SOCKET, libc::SO_ERROR)? {
            0 => Ok(KernelSocket { socket, buffer: [0; FD_BYTES], control: nix::cmsg_space!(u32), lost: 0 }),
            number => Err(io::Error::from_raw_os_error(number)),
        }
    }

    async fn read(&mut self, frames: &mut Vec<OwnedFrame>) -> io::Result<Trouble> {
        let mut trouble = Trouble::default();
        let mut length = loop {
            let first = match timeout(LOOK_EVERY, self.socket.read(&mut self.buffer)).await {
                Ok(length) => length,
                Err(_) => self.try_read(&mut trouble),
            };
            match first {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                first => break first?,
            }
        };
        for taken in 1.. {
            match owned(&self.buffer[..length]) {
                Some(frame) => frames.push(frame),
                None => trouble.malformed += 1,
            }
            if taken == 1 {
                sleep(COLLECT).await;
            }
            if taken == MAX_FRAMES {
                break;
            }
            length = match self.try_read(&mut trouble) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                next => next?,
            };
        }
        Ok(trouble)
    }

    async fn send(&mut self, frame: &OwnedFrame) -> io::Result<()> {
        let bytes = kernel_bytes(frame);
        match timeout(SEND_WITHIN, self.socket.write(&bytes)).await {
            Ok(Ok(written)) if written == bytes.len() => Ok(()),
            Ok(Ok(_)) => Err(ErrorKind::WriteZero.into()),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(ErrorKind::TimedOut.into()),
        }
    }
}

impl KernelSocket {
    /// Reads a frame that is there already; returns its length in the buffer.
    fn try_read(&mut self, trouble: &mut Trouble) -> io::Result<usize> {
        let mut parts = [IoSliceMut::new(&mut self.buffer)];
        let fd = self.socket.as_raw_fd();
        let message = recvmsg::<()>(fd, &mut parts, Some(&mut self.control), MsgFlags::MSG_DONTWAIT)?;
        let told = message.cmsgs()?.find_map(|control| match control {
            ControlMessageOwned::RxqOvfl(lost) => Some(lost),
            _ => None,
        });
        if let Some(lost) = told {
            trouble.lost += lost.wrapping_sub(self.lost);
            self.lost = lost;
        }
        Ok(message.bytes)
    }
}

/// Our form of the kernel's frame; `None` if it cannot be one.
fn owned(bytes: &[u8]) -> Option<OwnedFrame> {
    let fd = match bytes.len() {
        CLASSIC_BYTES => false,
        FD_BYTES => true,
        _ => return None,
    };
    let word = u32::from_ne_bytes(*bytes.first_chunk()?);
    let length = usize::from(*bytes.get(LENGTH_AT)?);
    OwnedFrame::from_linux(word, fd, bytes.get(DATA_AT..)?.get(..length)?)
}

/// The kernel's form of our frame, which is a classic or an FD frame.
fn kernel_bytes(frame: &OwnedFrame) -> Vec<u8> {
    let frame = frame.frame();
    let mut bytes = vec![0; if frame.kind == FrameKind::Fd { FD_BYTES } else { CLASSIC_BYTES }];
    // No frame of ours is longer than its kind.
    let length = frame.data.len().min(bytes.len() - DATA_AT);
    bytes[..4].copy_from_slice(&frame.id.raw().to_ne_bytes());
    bytes[LENGTH_AT] = length as u8;
    bytes[DATA_AT..][..length].copy_from_slice(&frame.data[..length]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::can::CanId;
    use proptest::prelude::*;

    fn bytes(word: u32, length: u8, size: usize) -> Vec<u8> {
        let mut bytes = vec![7; size];
        bytes[..4].copy_from_slice(&word.to_ne_bytes());
        bytes[LENGTH_AT] = length;
        bytes
    }

    #[test]
    fn each_frame_of_the_kernel_becomes_ours() {
        let (id, wide) = (CanId::standard(0x250), CanId::extended(0x18FF_50E5));
        for (bytes, expected_id, kind, len) in [
            (bytes(0x250, 8, CLASSIC_BYTES), id, FrameKind::Classic, 8),
            (bytes(0x98FF_50E5, 0, CLASSIC_BYTES), wide, FrameKind::Classic, 0),
            (bytes(0x250, 12, FD_BYTES), id, FrameKind::Fd, 12),
            (bytes(0x250, 64, FD_BYTES), id, FrameKind::Fd, 64),
            (bytes(0x4000_0250, 8, CLASSIC_BYTES), id, FrameKind::Remote, 0),
            (bytes(0x2000_0040, 8, CLASSIC_BYTES), CanId::extended(0x40), FrameKind::Error, 8),
        ] {
            let owned = owned(&bytes).unwrap();
            let ours = owned.frame();
            if matches!(kind, FrameKind::Classic | FrameKind::Fd) {
                assert_eq!(super::owned(&kernel_bytes(&owned)), Some(owned), "sent as it came");
            }
            assert_eq!((Some(ours.id), ours.kind, ours.data.len()), (expected_id, kind, len), "{bytes:?}");
        }
        for wrong in [bytes(0x250, 9, CLASSIC_BYTES), bytes(0x250, 65, FD_BYTES), bytes(0x800, 8, CLASSIC_BYTES)] {
            assert_eq!(owned(&wrong), None);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), classic: [u8; 16], word: u32) {
            let _ = owned(&bytes);
            let _ = owned(&classic);
            let mut fd = [0; FD_BYTES];
            fd[..16].copy_from_slice(&classic);
            fd[..4].copy_from_slice(&word.to_ne_bytes());
            let _ = owned(&fd);
        }
    }
}
