//! A device that answers and whose values stand still: its gateway goes on without it. Pure: time is a parameter.
//!
//! A heartbeat that has moved before and stands is certain. Identical registers are not: a battery at rest may be that
//! still, so they are only remarked on.

use domain::time::Mono;
use std::time::Duration;

/// A heartbeat counts seconds. One that stands for so long, and for [`BEATS`] polls, has stopped.
const HEARTBEAT: Duration = Duration::from_secs(5);
const BEATS: u32 = 3;
/// All registers the same for so long are worth a remark.
pub(super) const IDENTICAL: Duration = Duration::from_secs(300);

/// How long something has been the same.
#[derive(Clone, Copy, Debug)]
struct Same {
    value: u64,
    since: Mono,
    times: u32,
    moved: bool,
}

impl Same {
    fn see(slot: &mut Option<Same>, value: u64, now: Mono) -> Same {
        let same = match *slot {
            Some(same) if same.value == value => Same { times: same.times.saturating_add(1), ..same },
            before => Same { value, since: now, times: 0, moved: before.is_some() },
        };
        *slot = Some(same);
        same
    }
}

/// What stands still at a device.
#[derive(Debug, Default)]
pub(super) struct Stillness {
    heartbeat: Option<Same>,
    registers: Option<Same>,
    /// Hash of what this round brought so far.
    round: u64,
}

impl Stillness {
    /// Takes the registers of a block.
    pub(super) fn block(&mut self, words: &[u8]) {
        // FNV-1a: good enough to notice a change.
        let hash = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        self.round = words.iter().fold(self.round ^ 0xCBF2_9CE4_8422_2325, hash);
    }

    /// Takes a heartbeat at `now`; `None` if the device has none. Returns whether it has stopped.
    pub(super) fn heartbeat(&mut self, beat: Option<u16>, now: Mono) -> bool {
        let Some(beat) = beat else { return false };
        let same = Same::see(&mut self.heartbeat, beat.into(), now);
        same.moved && now.since(same.since) >= HEARTBEAT && same.times >= BEATS
    }

    /// A round has ended at `now`. Returns whether all registers have been the same for too long.
    pub(super) fn round(&mut self, now: Mono) -> bool {
        let same = Same::see(&mut self.registers, std::mem::take(&mut self.round), now);
        now.since(same.since) >= IDENTICAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(s: u64) -> Mono {
        Mono(1 + s * 1_000_000)
    }

    #[test]
    fn a_heartbeat_that_has_moved_and_stands_is_noticed_and_one_that_never_moved_is_not() {
        let stands = |beats: &[u16]| {
            let mut still = Stillness::default();
            let at = |second: usize| s(second as u64);
            beats.iter().enumerate().filter(|(second, beat)| still.heartbeat(Some(**beat), at(*second))).count()
        };
        assert_eq!(stands(&[0; 30]), 0);
        assert_eq!(stands(&[1, 2, 3, 4, 5, 6, 7]), 0);
        assert_eq!(stands(&[1, 2, 2, 2, 2, 2, 2, 2, 2]), 3, "from 5 s on");
        assert_eq!(stands(&[1, 2, 2, 2, 2, 2, 2, 3, 3]), 1, "over with the next beat");
        let mut seldom = Stillness::default();
        let polls = [(0, 1), (20, 2), (40, 2), (60, 2), (80, 2)];
        let noticed: Vec<_> = polls.iter().map(|(at, beat)| seldom.heartbeat(Some(*beat), s(*at))).collect();
        assert_eq!(noticed, [false, false, false, false, true]);
        assert!(!Stillness::default().heartbeat(None, s(0)));
    }

    #[test]
    fn registers_that_stay_the_same_for_minutes_are_remarked_on() {
        let mut still = Stillness::default();
        let mut round = |at: u64, word: u8| {
            still.block(&[1, 2]);
            still.block(&[word]);
            still.round(s(at))
        };
        assert_eq!([round(0, 1), round(1, 2), round(300, 2)], [false; 3]);
        assert_eq!([round(301, 2), round(302, 3)], [true, false]);
    }
}
