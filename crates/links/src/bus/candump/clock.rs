//! From the time stamps of a log to one clock that goes on. Pure.

use crate::can::log::{Line, Stamp, parse};

/// Between two frames of a log without times, µs.
const UNTIMED_US: u64 = 1_000;

/// The clock of one log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LogClock {
    /// Times are since the frame before.
    deltas: bool,
    at_us: u64,
}

impl LogClock {
    /// The clock of a log that begins with these bytes.
    ///
    /// Times since a start (`candump -tz`) never go back. Those since the frame before (`-td`) do, as no bus is so even.
    pub(super) fn of(head: &[u8]) -> LogClock {
        let since = head.split(|byte| *byte == b'\n').filter_map(|line| match parse(line) {
            Ok(Line::Frame(Stamp::Since(us), _)) => Some(us),
            _ => None,
        });
        LogClock { deltas: !since.is_sorted(), at_us: 0 }
    }

    /// When the next frame was received, µs.
    pub(super) fn next(&mut self, stamp: Stamp) -> u64 {
        self.at_us = match stamp {
            Stamp::At(us) => us,
            Stamp::Since(us) if self.deltas => self.at_us.saturating_add(us),
            Stamp::Since(us) => us,
            Stamp::None => self.at_us.saturating_add(UNTIMED_US),
        };
        self.at_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(stamps: &[&str]) -> Vec<u64> {
        let lines: Vec<String> = stamps.iter().map(|stamp| format!("{stamp}  can0  100   [0]")).collect();
        let mut clock = LogClock::of(lines.join("\n").as_bytes());
        let time = |line: &String| match parse(line.as_bytes()) {
            Ok(Line::Frame(stamp, _)) => clock.next(stamp),
            other => panic!("{line}: {other:?}"),
        };
        lines.iter().map(time).collect()
    }

    #[test]
    fn every_kind_of_time_becomes_one_that_goes_on() {
        for (stamps, expected) in [
            (
                &[" (000.000000)", " (000.200100)", " (000.199900)", " (000.200000)"][..],
                &[0, 200_100, 400_000, 600_000][..],
            ),
            (&[" (000.000000)", " (000.200000)", " (000.400000)"], &[0, 200_000, 400_000]),
            (&[" (1760000000.1)", " (1760000000.3)"], &[1_760_000_000_100_000, 1_760_000_000_300_000]),
            (&[" ", " ", " "], &[1_000, 2_000, 3_000]),
        ] {
            assert_eq!(times(stamps), expected, "{stamps:?}");
        }
    }
}
