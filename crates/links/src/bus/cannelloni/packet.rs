//! A cannelloni version 2 packet: bytes to CAN frames. Pure; integers are big-endian.
//!
//! ```text
//! version 2 | op 0 = data | sequence | frame count (2) | frames
//! frame: id with flags (4) | length, bit 7 = FD | FD flags (1, only FD) | data (none if remote)
//! ```
//!
//! A packet is taken as a whole or not at all: a length that is wrong once makes everything after it guesswork.

use crate::can::{CanFrame, FrameKind, MAX_CLASSIC_DATA, MAX_DATA, split_flags};

const VERSION: u8 = 2;
const OP_DATA: u8 = 0;
const HEADER_BYTES: usize = 5;
const FD: u8 = 0x80;

/// A packet whose every byte has been checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Counts packets of the sender, modulo 256.
    pub sequence: u8,
    /// How many frames it carries.
    pub count: u16,
    body: &'a [u8],
}

/// Why a packet is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// Shorter than its header, or than the frames that it announces.
    #[error("the packet is cut off")]
    Truncated,
    /// Not version 2.
    #[error("version {0} instead of 2")]
    Version(u8),
    /// Not a data packet.
    #[error("operation {0} instead of 0 (data)")]
    Operation(u8),
    /// A frame with more data than its kind can have.
    #[error("a frame of {0} bytes")]
    FrameLength(u8),
    /// Flags and bits of an identifier contradict one another.
    #[error("identifier {0:#010x} cannot be")]
    Identifier(u32),
    /// Bytes are left after the announced frames.
    #[error("{0} bytes follow the last frame")]
    Trailing(usize),
}

impl<'a> Packet<'a> {
    /// Checks a datagram from its first to its last byte.
    ///
    /// # Errors
    /// What is wrong with it; none of its frames may be used then.
    pub fn parse(datagram: &'a [u8]) -> Result<Packet<'a>, PacketError> {
        let (header, body) = datagram.split_at_checked(HEADER_BYTES).ok_or(PacketError::Truncated)?;
        if header[0] != VERSION {
            return Err(PacketError::Version(header[0]));
        }
        if header[1] != OP_DATA {
            return Err(PacketError::Operation(header[1]));
        }
        let count = u16::from_be_bytes([header[3], header[4]]);
        let mut rest = body;
        for _ in 0..count {
            take_frame(&mut rest)?;
        }
        if !rest.is_empty() {
            return Err(PacketError::Trailing(rest.len()));
        }
        Ok(Packet { sequence: header[2], count, body })
    }

    /// The bytes of a packet with one frame, which is no remote or error frame.
    pub fn of_frame(sequence: u8, frame: &CanFrame<'_>) -> Vec<u8> {
        let mut bytes = vec![VERSION, OP_DATA, sequence, 0, 1];
        bytes.extend(frame.id.raw().to_be_bytes());
        let length = frame.data.len().min(MAX_DATA) as u8;
        match frame.kind {
            FrameKind::Fd => bytes.extend([length | FD, 0]),
            _ => bytes.push(length),
        }
        bytes.extend(frame.data);
        bytes
    }

    /// Its frames, in order.
    pub fn frames(&self) -> impl Iterator<Item = CanFrame<'a>> + use<'a> {
        let mut rest = self.body;
        std::iter::from_fn(move || take_frame(&mut rest).ok())
    }
}

fn take_frame<'a>(rest: &mut &'a [u8]) -> Result<CanFrame<'a>, PacketError> {
    let word = u32::from_be_bytes(*take(rest, 4)?.first_chunk().ok_or(PacketError::Truncated)?);
    let length = take(rest, 1)?[0];
    let fd = length & FD != 0;
    if fd {
        // Bit rate switch and error state say nothing about the data.
        take(rest, 1)?;
    }
    let bytes = usize::from(length & !FD);
    if bytes > if fd { MAX_DATA } else { MAX_CLASSIC_DATA } {
        return Err(PacketError::FrameLength(length & !FD));
    }
    let (id, kind) = split_flags(word, fd).ok_or(PacketError::Identifier(word))?;
    let data = if kind == FrameKind::Remote { &[] } else { take(rest, bytes)? };
    Ok(CanFrame { id, kind, data })
}

fn take<'a>(rest: &mut &'a [u8], bytes: usize) -> Result<&'a [u8], PacketError> {
    let (taken, left) = rest.split_at_checked(bytes).ok_or(PacketError::Truncated)?;
    *rest = left;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::can::CanId;
    use proptest::prelude::*;

    const THREE_FRAMES: [u8; 43] = [
        0x02, 0x00, 0x07, 0x00, 0x03, 0x00, 0x00, 0x02, 0x50, 0x08, 0x00, 0xf6, 0x72, 0x33, 0x95, 0x9c, 0xcc, 0xe7,
        0x98, 0xff, 0x50, 0xe5, 0x02, 0x01, 0x02, 0x00, 0x00, 0x01, 0x23, 0x8c, 0x01, 0x00, 0x01, 0x02, 0x03, 0x04,
        0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b,
    ];

    #[test]
    fn three_kinds_of_frames_in_one_packet() {
        let packet = Packet::parse(&THREE_FRAMES).unwrap();
        assert_eq!((packet.sequence, packet.count), (7, 3));
        let frames: Vec<_> = packet.frames().collect();
        assert_eq!(
            frames,
            [
                CanFrame {
                    id: CanId::standard(0x250).unwrap(),
                    kind: FrameKind::Classic,
                    data: &[0x00, 0xf6, 0x72, 0x33, 0x95, 0x9c, 0xcc, 0xe7]
                },
                CanFrame { id: CanId::extended(0x18FF_50E5).unwrap(), kind: FrameKind::Classic, data: &[1, 2] },
                CanFrame {
                    id: CanId::standard(0x123).unwrap(),
                    kind: FrameKind::Fd,
                    data: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
                },
            ]
        );
    }

    #[test]
    fn a_remote_frame_has_a_length_but_no_data() {
        let packet = [2, 0, 0, 0, 2, 0x40, 0, 1, 0x23, 8, 0, 0, 1, 0x24, 1, 9];
        let packet = Packet::parse(&packet).unwrap();
        let frames: Vec<_> = packet.frames().map(|f| (f.kind, f.data.len())).collect();
        assert_eq!(frames, [(FrameKind::Remote, 0), (FrameKind::Classic, 1)]);
    }

    #[test]
    fn an_error_frame_is_told_from_a_message() {
        let packet = [2, 0, 0, 0, 1, 0x20, 0, 0, 4, 8, 0, 4, 0, 0, 0, 0, 0, 0];
        let packet = Packet::parse(&packet).unwrap();
        assert_eq!(packet.frames().next().unwrap().kind, FrameKind::Error);
    }

    #[test]
    fn a_packet_that_is_wrong_anywhere_is_rejected_as_a_whole() {
        let change = |at: usize, to: u8| {
            let mut bytes = THREE_FRAMES.to_vec();
            bytes[at] = to;
            bytes
        };
        for (bytes, expected) in [
            (vec![], PacketError::Truncated),
            (vec![2, 0, 0, 0], PacketError::Truncated),
            (change(0, 1), PacketError::Version(1)),
            (change(1, 2), PacketError::Operation(2)),
            (change(4, 4), PacketError::Truncated),
            (change(4, 2), PacketError::Trailing(18)),
            (change(9, 9), PacketError::FrameLength(9)),
            (change(29, 0x80 | 65), PacketError::FrameLength(65)),
            (change(7, 0x0a), PacketError::Identifier(0xa50)),
            (THREE_FRAMES[..42].to_vec(), PacketError::Truncated),
        ] {
            assert_eq!(Packet::parse(&bytes), Err(expected));
        }
        assert_eq!(Packet::parse(&[2, 0, 9, 0, 0]).unwrap().frames().count(), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_are_either_a_packet_with_as_many_frames_as_it_says_or_rejected(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..200), plausible in any::<bool>()
        ) {
            if plausible && bytes.len() > 4 {
                bytes[..5].copy_from_slice(&[2, 0, 0, 0, 1]);
            }
            if let Ok(packet) = Packet::parse(&bytes) {
                prop_assert_eq!(packet.frames().count(), usize::from(packet.count));
            }
        }

        #[test]
        fn every_cut_of_a_good_packet_is_rejected(cut in 0..THREE_FRAMES.len()) {
            prop_assert_eq!(Packet::parse(&THREE_FRAMES[..cut]), Err(PacketError::Truncated));
        }
    }
}
