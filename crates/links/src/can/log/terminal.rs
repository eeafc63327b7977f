//! A line as candump prints it on a terminal. Pure.
//!
//! ```text
//!   can0  250   [8]  00 F6 72 33 95 9C CC E7                             without a time
//!  (1760000000.123456)  can0  250   [8]  00 F6 72 33 95 9C CC E7         -ta; seconds since a start: -td, -tz
//!  (2025-10-09 08:53:20.123456)  can0  250   [8]  00 F6 ...              -tA
//!   can0  RX - -  18FF50E5   [2]  01 02   '..'                           -x -a
//!   can0  123  [12]  00 01 02 03 04 05 06 07 08 09 0A 0B                 CAN FD: two digits of length
//!   can0  123   [0]  remote request
//!   can0  20000004   [8]  00 04 00 00 00 00 00 00   ERRORFRAME           -e explains it in more lines
//! ```

use super::fields::{fraction_us, identified, time_us};
use super::{Line, LineError, Stamp};
use crate::can::{CanFrame, FrameKind, MAX_CLASSIC_DATA, MAX_DATA, OwnedFrame};

/// A time since 1970 has at least so many digits of seconds; what has fewer is since a start.
const EPOCH_DIGITS: usize = 10;

/// Reads one line, without its end. `None` if it has not this form at all.
pub(super) fn parse(line: &str) -> Option<Result<Line, LineError>> {
    // An error frame in words: `\tcontroller-problem{rx-error-warning}`.
    if line.starts_with('\t') && line.ends_with('}') {
        return Some(Ok(Line::Blank));
    }
    let (stamp, rest) = stamp(line.trim_start())?;
    let (before, after) = rest.split_once(" [")?;
    let (length, rest) = after.split_once(']')?;
    Some(frame(before, length, rest).map(|frame| Line::Frame(stamp, frame)).ok_or(LineError))
}

/// The time, if there is one, and what follows.
fn stamp(line: &str) -> Option<(Stamp, &str)> {
    let Some(inside) = line.strip_prefix('(') else { return Some((Stamp::None, line)) };
    let (text, rest) = inside.split_once(')')?;
    let stamp = match text.split_once(' ') {
        None => {
            let us = time_us(text)?;
            let digits = text.split('.').next().map_or(0, str::len);
            if digits < EPOCH_DIGITS { Stamp::Since(us) } else { Stamp::At(us) }
        }
        // The local time of the recorder, whatever its zone: only the pace counts.
        Some((day, clock)) => {
            let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
            let at = domain::time::from_rfc3339(&format!("{day}T{clock}Z"))?;
            Stamp::At(u64::try_from(at.0).ok()? + fraction_us(fraction)?)
        }
    };
    Some((stamp, rest))
}

/// `can0  RX - -  123`, `8`, `  00 01 02   '...'`.
fn frame(before: &str, length: &str, rest: &str) -> Option<OwnedFrame> {
    let words: Vec<&str> = before.split_ascii_whitespace().collect();
    let id = match words[..] {
        [_, id] | [_, "RX" | "TX", "-" | "B", "-" | "E", id] => id,
        _ => return None,
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(length) {
        return None;
    }
    let fd = length.len() == 2;
    let bytes: usize = length.parse().ok()?;
    if bytes > if fd { MAX_DATA } else { MAX_CLASSIC_DATA } {
        return None;
    }
    let (id, kind) = identified(id, fd)?;
    let mut words = rest.split_ascii_whitespace();
    if kind != FrameKind::Error && rest.trim() == "remote request" {
        return (!fd).then(|| OwnedFrame::new(&CanFrame { id, kind: FrameKind::Remote, data: &[] }));
    }
    let mut data = [0; MAX_DATA];
    for byte in &mut data[..bytes] {
        let word = words.next().filter(|word| word.len() == 2 && word.bytes().all(|b| b.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(word, 16).ok()?;
    }
    let whole = match words.next() {
        None => true,
        Some("ERRORFRAME") => kind == FrameKind::Error,
        // The same as letters; they may be anything.
        Some(letters) => letters.starts_with('\''),
    };
    whole.then(|| OwnedFrame::new(&CanFrame { id, kind, data: &data[..bytes] }))
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_of_a_line() {
        let volts = [0x00, 0xF6, 0x72, 0x33, 0x95, 0x9C, 0xCC, 0xE7];
        let twelve = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
        let at = Stamp::At(1_760_000_000_123_456);
        for (line, stamp, id, kind, data) in [
            ("  can0  250   [8]  00 F6 72 33 95 9C CC E7", Stamp::None, 0x250, FrameKind::Classic, &volts[..]),
            (" (1760000000.123456)  can0  250   [8]  00 F6 72 33 95 9C CC E7", at, 0x250, FrameKind::Classic, &volts),
            (" (2025-10-09 08:53:20.123456)  can0  250   [2]  00 F6", at, 0x250, FrameKind::Classic, &volts[..2]),
            (" (000.200123)  can0  250   [1]  00", Stamp::Since(200_123), 0x250, FrameKind::Classic, &volts[..1]),
            ("  can0  18FF50E5   [2]  00 F6", Stamp::None, 0x98FF_50E5, FrameKind::Classic, &volts[..2]),
            ("  can0  250   [0] ", Stamp::None, 0x250, FrameKind::Classic, &[]),
            (
                "  can0  250   [2]  00 F6                     'it's [8] B'",
                Stamp::None,
                0x250,
                FrameKind::Classic,
                &volts[..2],
            ),
            ("  can0  RX - -  250   [2]  00 F6", Stamp::None, 0x250, FrameKind::Classic, &volts[..2]),
            (
                "  can0  TX B E  250  [12]  00 01 02 03 04 05 06 07 08 09 0A 0B",
                Stamp::None,
                0x250,
                FrameKind::Fd,
                &twelve,
            ),
            ("  can0  250  [08]  00 F6 72 33 95 9C CC E7", Stamp::None, 0x250, FrameKind::Fd, &volts),
            ("  can0  250   [8]  remote request", Stamp::None, 0x250, FrameKind::Remote, &[]),
            ("  can0  20000004   [2]  00 01   ERRORFRAME", Stamp::None, 0x8000_0004, FrameKind::Error, &twelve[..2]),
        ] {
            let Ok(Line::Frame(seen, frame)) = parse(format!("{line}\n").as_bytes()) else { panic!("{line}") };
            let frame = frame.frame();
            assert_eq!((seen, frame.id.raw(), frame.kind, frame.data), (stamp, id, kind, data), "{line}");
        }
        assert_eq!(parse(b"\tcontroller-problem{rx-error-warning}\n"), Ok(Line::Blank));
    }

    #[test]
    fn what_is_cut_or_of_another_form_is_not_read() {
        for line in [
            "  can0  250   [8]  00 F6 72",
            "  can0  250   [2]  00 F6 72",
            "  can0  250   [9]  00 F6 72 33 95 9C CC E7 00",
            "  can0  250   [8]  11100000 11110110",
            "  can0  250  [65]  00",
            "  can0  FFF   [1]  00",
            "  can0  2500   [1]  00",
            "  can0  250   []  00",
            "  can0  250   [+1]  00",
            "  can0  250   [1]  +0",
            " (1760000000.12x)  can0  250   [1]  00",
            " (2025-13-09 08:53:20.1)  can0  250   [1]  00",
            "  can0  250  [08]  remote request",
            "  [1]  00",
        ] {
            assert_eq!(parse(line.as_bytes()), Err(LineError), "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(text in "\\PC{0,60}", dense in "[ ()\\[\\]0-9A-Fcan.:'-]{0,60}") {
            let _ = (parse(text.as_bytes()), parse(dense.as_bytes()));
            let _ = parse(format!("  can0  {text}").as_bytes());
        }
    }
}
