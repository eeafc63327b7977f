//! One line of a candump log, as `candump -L` writes it. Pure.
//!
//! ```text
//! (1760000000.123456) can0 250#00F67233959CCCE7      standard, 3 hex digits
//! (1760000000.123456) can0 18FF50E5#0102 R           extended, 8 hex digits; direction
//! (1760000000.123456) can0 123#R8                    remote
//! (1760000000.123456) can0 123##1000102              CAN FD: one digit of flags
//! (1760000000.123456) can0 20000004#0004000000000000 error frame
//! DROPCOUNT: dropped 3 CAN frames on 'can0' socket (total drops 3)
//! ```

use super::fields::{identified, time_us};
use super::{Line, LineError, Stamp, terminal};
use crate::can::{CanFrame, FrameKind, MAX_CLASSIC_DATA, MAX_DATA, OwnedFrame};

/// Reads one line, with or without its line end.
///
/// # Errors
/// It is neither a frame, as `candump -L` or candump on a terminal writes it, nor a note. CAN XL frames are not known.
pub fn parse(line: &[u8]) -> Result<Line, LineError> {
    // The letters beside the bytes of a terminal's line may be anything.
    let text = String::from_utf8_lossy(line);
    let line = text.trim();
    if line.is_empty() {
        return Ok(Line::Blank);
    }
    if let Some(outcome) = terminal::parse(text.trim_end()) {
        return outcome;
    }
    if let Some(note) = line.strip_prefix("DROPCOUNT: dropped ") {
        let count = note.split(' ').next().and_then(|n| n.parse().ok());
        return count.map(Line::Dropped).ok_or(LineError);
    }
    let mut words = line.split_ascii_whitespace();
    let (Some(time), Some(_interface), Some(frame)) = (words.next(), words.next(), words.next()) else {
        return Err(LineError);
    };
    match (words.next(), words.next()) {
        (None | Some("R" | "T"), None) => {}
        _ => return Err(LineError),
    }
    let time = time.strip_prefix('(').and_then(|time| time.strip_suffix(')')).ok_or(LineError)?;
    Ok(Line::Frame(Stamp::At(time_us(time).ok_or(LineError)?), logged(frame).ok_or(LineError)?))
}

fn logged(text: &str) -> Option<OwnedFrame> {
    let (id_text, body) = text.split_once('#')?;
    let (fd, body) = match body.strip_prefix('#') {
        Some(fd_body) => {
            let (flags, data) = fd_body.split_at_checked(1)?;
            u8::from_str_radix(flags, 16).ok()?;
            (true, data)
        }
        None => (false, body),
    };
    let (id, kind) = identified(id_text, fd)?;
    if let Some(length) = body.strip_prefix('R') {
        let plain = !fd && kind != FrameKind::Error;
        let asked = matches!(length.as_bytes(), [] | [b'0'..=b'8']);
        return (plain && asked).then(|| OwnedFrame::new(&CanFrame { id, kind: FrameKind::Remote, data: &[] }));
    }
    // A raw length code of 9 to 15 still means 8 bytes.
    let hex = match body.split_once('_') {
        Some((hex, code)) if !fd && matches!(code.as_bytes(), [b'9' | b'A'..=b'F']) => hex,
        Some(_) => return None,
        None => body,
    };
    let (data, len) = bytes(hex, if fd { MAX_DATA } else { MAX_CLASSIC_DATA })?;
    Some(OwnedFrame::new(&CanFrame { id, kind, data: &data[..len] }))
}

/// Pairs of hex digits, with or without dots between them.
fn bytes(text: &str, max: usize) -> Option<([u8; MAX_DATA], usize)> {
    let mut data = [0; MAX_DATA];
    let mut len = 0;
    let mut rest = text.as_bytes();
    while let [high, low, after @ ..] = rest {
        if len == max {
            return None;
        }
        let digit = |b: u8| char::from(b).to_digit(16);
        data[len] = (digit(*high)? * 16 + digit(*low)?) as u8;
        len += 1;
        rest = match after {
            [b'.', more @ ..] if !more.is_empty() => more,
            _ => after,
        };
    }
    rest.is_empty().then_some((data, len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(line: &str) -> (u64, u32, FrameKind, Vec<u8>) {
        match parse(line.as_bytes()) {
            Ok(Line::Frame(Stamp::At(us), logged)) => {
                let frame = logged.frame();
                (us, frame.id.raw(), frame.kind, frame.data.to_vec())
            }
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn every_form_of_a_frame() {
        const AT: u64 = 1_760_000_000_123_456;
        let voltages = vec![0x00, 0xF6, 0x72, 0x33, 0x95, 0x9C, 0xCC, 0xE7];
        for (text, id, kind, data) in [
            ("250#00F67233959CCCE7", 0x250, FrameKind::Classic, voltages.clone()),
            ("250#00.F6.72.33.95.9C.CC.E7", 0x250, FrameKind::Classic, voltages.clone()),
            ("250#00F67233959CCCE7_E", 0x250, FrameKind::Classic, voltages),
            ("18FF50E5#0102", 0x98FF_50E5, FrameKind::Classic, vec![1, 2]),
            ("18FF50E5#0102 R", 0x98FF_50E5, FrameKind::Classic, vec![1, 2]),
            ("123# T", 0x123, FrameKind::Classic, vec![]),
            ("123#R", 0x123, FrameKind::Remote, vec![]),
            ("123#R5", 0x123, FrameKind::Remote, vec![]),
            ("123##1000102", 0x123, FrameKind::Fd, vec![0, 1, 2]),
            ("20000004#0004000000000000", 0x8000_0004, FrameKind::Error, vec![0, 4, 0, 0, 0, 0, 0, 0]),
        ] {
            let line = format!("(1760000000.123456) can0 {text}");
            assert_eq!(frame(&line), (AT, id, kind, data), "{text}");
        }
        for (time, us) in [
            ("0000000001.000002999", 1_000_002),
            ("1.000002", 1_000_002),
            ("1624997419.1926", 1_624_997_419_192_600),
            ("1.12345678", 1_123_456),
            ("1.5", 1_500_000),
            ("1", 1_000_000),
        ] {
            assert_eq!(frame(&format!("({time}) vcan1 001#\r\n")).0, us, "{time}");
        }
    }

    #[test]
    fn notes_and_blank_lines_are_no_frames() {
        assert_eq!(parse(b"DROPCOUNT: dropped 3 CAN frames on 'can0' socket (total drops 9)\n"), Ok(Line::Dropped(3)));
        assert_eq!(parse(b"  \r\n"), Ok(Line::Blank));
    }

    #[test]
    fn everything_else_is_malformed() {
        for line in [
            "# a comment",
            "DROPCOUNT: dropped many",
            "(1760000000.123456) can0",
            "(.5) can0 123#00",
            "(1760000000.12.3) can0 123#00",
            "(1760000000.12 can0 123#00",
            "(-1.123456) can0 123#00",
            "(99999999999999999999.123456) can0 123#00",
            "1760000000.123456 can0 123#00",
            "(1760000000.123456) can0 123#0",
            "(1760000000.123456) can0 123#0G",
            "(1760000000.123456) can0 123#001122334455667788",
            "(1760000000.123456) can0 12#00",
            "(1760000000.123456) can0 FFF#00",
            "(1760000000.123456) can0 123#00 X",
            "(1760000000.123456) can0 123#00 R R",
            "(1760000000.123456) can0 123##1R",
            "(1760000000.123456) can0 123##",
            "(1760000000.123456) can0 123#R9",
            "(1760000000.123456) can0 123#00_8",
            "(1760000000.123456) can0 123#00..11",
            "(1760000000.123456) can0 123#00.",
            "(1760000000.123456) can0 45123#81:00:12345678#11",
            "(1760000000.123456) can0 +23#00",
        ] {
            assert_eq!(parse(line.as_bytes()), Err(LineError), "{line}");
        }
        assert_eq!(parse(&[b'(', 0xFF, b')']), Err(LineError));
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in proptest::collection::vec(any::<u8>(), 0..120), text in "\\PC{0,60}") {
            let _ = parse(&line);
            let _ = parse(text.as_bytes());
            let _ = parse(format!("(1760000000.123456) can0 {text}").as_bytes());
        }

        #[test]
        fn what_was_written_is_read(id in 0_u32..0x800, data in proptest::collection::vec(any::<u8>(), 0..=8)) {
            let hex: String = data.iter().map(|b| format!("{b:02X}")).collect();
            let expected = (5_000_001, id, FrameKind::Classic, data);
            prop_assert_eq!(frame(&format!("(0000000005.000001) can0 {id:03X}#{hex}")), expected);
        }
    }
}
