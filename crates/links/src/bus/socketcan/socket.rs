//! The kernel's CAN socket: opened for classic, FD and error frames, read without blocking.

use super::{FrameSource, MAX_FRAMES};
use crate::can::OwnedFrame;
use socketcan::tokio::CanFdSocket;
use socketcan::{CanAnyFrame, EmbeddedFrame, Frame, SocketOptions};
use std::io::{self, ErrorKind};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// After the first frame, others are waited for this long: a sweep becomes a few batches, not one for each frame.
const COLLECT: Duration = Duration::from_millis(2);
/// A removed interface wakes nobody: it is looked for this often while the bus is silent.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Room for bursts. The kernel gives at most `net.core.rmem_max`.
const RECEIVE_BUFFER_BYTES: i32 = 1 << 20;

/// A socket of one interface.
#[derive(Debug)]
pub(super) struct KernelSocket(CanFdSocket);

impl FrameSource for KernelSocket {
    fn open(interface: &str) -> io::Result<KernelSocket> {
        let socket = CanFdSocket::open(interface)?;
        socket.set_error_filter_accept_all()?;
        socket.set_socket_option_int(libc::SOL_SOCKET, libc::SO_RCVBUF, RECEIVE_BUFFER_BYTES)?;
        // An interface that is down can be opened, and tells so only afterwards.
        match socket.get_socket_option_int(libc::SOL_SOCKET, libc::SO_ERROR)? {
            0 => Ok(KernelSocket(socket)),
            number => Err(io::Error::from_raw_os_error(number)),
        }
    }

    async fn read(&mut self, frames: &mut Vec<OwnedFrame>) -> io::Result<u32> {
        let mut malformed = 0;
        let mut keep = |read: io::Result<CanAnyFrame>| {
            match read.map(|frame| owned(&frame)) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => malformed += 1,
                // A read that is neither of a classic nor of an FD frame's size.
                Err(error) if error.kind() == ErrorKind::InvalidData => malformed += 1,
                Err(error) => return Err(error),
            }
            Ok(())
        };
        loop {
            let first = match timeout(LOOK_EVERY, self.0.read_frame()).await {
                Ok(first) => first,
                Err(_) => self.0.try_read_frame(),
            };
            match keep(first) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                first => break first?,
            }
        }
        sleep(COLLECT).await;
        for _ in 1..MAX_FRAMES {
            match keep(self.0.try_read_frame()) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                next => next?,
            }
        }
        Ok(malformed)
    }
}

/// Our form of the kernel's frame.
fn owned(frame: &CanAnyFrame) -> Option<OwnedFrame> {
    OwnedFrame::from_linux(frame.id_word(), matches!(frame, CanAnyFrame::Fd(_)), frame.data())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::can::{CanId, FrameKind};
    use socketcan::{CanDataFrame, CanErrorFrame, CanFdFrame, CanRemoteFrame, ExtendedId, StandardId};

    #[test]
    fn each_frame_of_the_kernel_becomes_ours() {
        let (id, wide) = (StandardId::new(0x250).unwrap(), ExtendedId::new(0x18FF_50E5).unwrap());
        let data = [1; 12];
        for (frame, expected_id, kind, len) in [
            (CanDataFrame::new(id, &data[..8]).unwrap().into(), CanId::standard(0x250), FrameKind::Classic, 8),
            (CanDataFrame::new(wide, &[]).unwrap().into(), CanId::extended(0x18FF_50E5), FrameKind::Classic, 0),
            (CanFdFrame::new(id, &data).unwrap().into(), CanId::standard(0x250), FrameKind::Fd, 12),
            (CanRemoteFrame::new_remote(id, 8).unwrap().into(), CanId::standard(0x250), FrameKind::Remote, 0),
            (CanErrorFrame::new_error(0x40, &[0; 8]).unwrap().into(), CanId::extended(0x40), FrameKind::Error, 8),
        ] {
            let owned = owned(&frame).unwrap();
            let ours = owned.frame();
            assert_eq!((Some(ours.id), ours.kind, ours.data.len()), (expected_id, kind, len), "{frame:?}");
        }
    }
}
