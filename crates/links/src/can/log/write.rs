//! Writes a frame as a line of a candump log, as `candump -L` would. Pure.

use crate::can::{CanFrame, FrameKind};
use domain::time::Utc;
use std::io::{self, Write};

const EXTENDED: u32 = 0x8000_0000;
const ERROR: u32 = 0x2000_0000;

/// Writes one line with its end. `interface` must have no space in it.
///
/// A [`CanFrame`] does not tell a remote frame's length nor an FD frame's bit rate switch, so the line has none.
///
/// # Errors
/// Those of `out`.
pub fn write_line(out: &mut impl Write, at: Utc, interface: &str, frame: &CanFrame<'_>) -> io::Result<()> {
    let us = at.0.max(0);
    write!(out, "({:010}.{:06}) {interface} ", us / 1_000_000, us % 1_000_000)?;
    let (id, wide) = (frame.id.raw() & !EXTENDED, frame.id.raw() & EXTENDED != 0);
    match (frame.kind, wide) {
        (FrameKind::Error, _) => write!(out, "{:08X}", id | ERROR)?,
        (_, true) => write!(out, "{id:08X}")?,
        (_, false) => write!(out, "{id:03X}")?,
    }
    match frame.kind {
        FrameKind::Remote => out.write_all(b"#R")?,
        FrameKind::Fd => out.write_all(b"##0")?,
        FrameKind::Classic | FrameKind::Error => out.write_all(b"#")?,
    }
    frame.data.iter().try_for_each(|byte| write!(out, "{byte:02X}"))?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::super::{Line, Stamp, parse};
    use super::*;
    use crate::can::OwnedFrame;
    use proptest::prelude::*;

    fn line(word: u32, fd: bool, data: &[u8]) -> String {
        let frame = OwnedFrame::from_linux(word, fd, data).unwrap();
        let mut out = Vec::new();
        write_line(&mut out, Utc(1_760_000_000_123_456), "can0", &frame.frame()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_kind_of_frame() {
        for (word, fd, data, expected) in [
            (0x250, false, &[0, 0xF6][..], "250#00F6"),
            (0x98FF_50E5, false, &[1, 2], "18FF50E5#0102"),
            (0x8000_0001, false, &[], "00000001#"),
            (0x4000_0123, false, &[], "123#R"),
            (0x123, true, &[1], "123##001"),
            (0x2000_0040, false, &[0; 8], "20000040#0000000000000000"),
        ] {
            assert_eq!(line(word, fd, data), format!("(1760000000.123456) can0 {expected}\n"));
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            at in 0_i64..4_000_000_000_000_000, word in any::<u32>(), fd in any::<bool>(),
            data in prop::collection::vec(any::<u8>(), 0..=64),
        ) {
            let Some(frame) = OwnedFrame::from_linux(word, fd && word & 0x6000_0000 == 0, &data) else { return Ok(()) };
            let mut out = Vec::new();
            write_line(&mut out, Utc(at), "bms", &frame.frame()).unwrap();
            prop_assert_eq!(parse(&out), Ok(Line::Frame(Stamp::At(at as u64), frame)));
        }
    }
}
