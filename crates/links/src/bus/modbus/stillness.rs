//! A device that answers and whose values stand still: its gateway goes on without it. Pure: time is a parameter.
//!
//! A heartbeat that stands is certain: after a beat, or without any since the device was first heard. Only one that has
//! always been 0 may be none at all, as devices without one fill it so. Identical registers are not: a battery at rest may be that
//! still, so they are only remarked on.

use domain::time::Mono;
use std::time::Duration;

/// A heartbeat counts seconds. One that stands for so long, and for [`BEATS`] polls, has stopped.
const HEARTBEAT: Duration = Duration::from_secs(5);
const BEATS: u32 = 3;
/// A device whose heartbeat has not moved for so long since it was first heard, and for [`BEATS`] polls, does not beat.
const FIRST_BEAT: Duration = Duration::from_secs(15);
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

/// How a heartbeat does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heartbeat {
    /// It beats, or has not been looked at for long enough.
    Beats,
    /// It stands still at this number.
    Stands(u16),
    /// It has always been 0: there may be none.
    Never,
}

/// What stands still at a device.
#[derive(Debug)]
pub(super) struct Stillness {
    /// Whether it measures anything: what can only be set stays as it is.
    measures: bool,
    heartbeat: Option<Same>,
    registers: Option<Same>,
    /// Hash of what this round brought so far.
    round: u64,
}

impl Stillness {
    /// Of a device that measures something, or that has only what can be set.
    pub(super) fn new(measures: bool) -> Stillness {
        Stillness { measures, heartbeat: None, registers: None, round: 0 }
    }

    /// Takes the registers of a block.
    pub(super) fn block(&mut self, words: &[u8]) {
        // FNV-1a: good enough to notice a change.
        let hash = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        self.round = words.iter().fold(self.round ^ 0xCBF2_9CE4_8422_2325, hash);
    }

    /// Takes a heartbeat at `now`.
    pub(super) fn heartbeat(&mut self, beat: u16, now: Mono) -> Heartbeat {
        let same = Same::see(&mut self.heartbeat, beat.into(), now);
        let patience = if same.moved { HEARTBEAT } else { FIRST_BEAT };
        match now.since(same.since) >= patience && same.times >= BEATS {
            false => Heartbeat::Beats,
            true if same.moved || beat != 0 => Heartbeat::Stands(beat),
            true => Heartbeat::Never,
        }
    }

    /// A round has ended at `now`. Returns whether all registers have been the same for too long.
    pub(super) fn round(&mut self, now: Mono) -> bool {
        let same = Same::see(&mut self.registers, std::mem::take(&mut self.round), now);
        self.measures && now.since(same.since) >= IDENTICAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(s: u64) -> Mono {
        Mono(1 + s * 1_000_000)
    }

    #[test]
    fn a_heartbeat_that_stands_is_noticed_whether_it_has_beaten_before_or_not() {
        let seen = |beats: &[u16]| {
            let mut still = Stillness::new(true);
            let at = |second: usize| s(second as u64);
            beats.iter().enumerate().map(|(second, beat)| still.heartbeat(*beat, at(second))).collect::<Vec<_>>()
        };
        let standing = |beats: &[u16]| seen(beats).iter().filter(|seen| matches!(seen, Heartbeat::Stands(_))).count();
        assert_eq!(standing(&[1, 2, 3, 4, 5, 6, 7]), 0);
        assert_eq!(standing(&[1, 2, 2, 2, 2, 2, 2, 2, 2]), 3, "from 5 s on");
        assert_eq!(standing(&[1, 2, 2, 2, 2, 2, 2, 3, 3]), 1, "over with the next beat");
        // Never a beat since the connect: believed for 15 s.
        let never = seen(&[5; 20]);
        assert_eq!((never[14], never[15]), (Heartbeat::Beats, Heartbeat::Stands(5)));
        let late = [vec![5; 20], vec![6, 7]].concat();
        assert_eq!(seen(&late)[20..], [Heartbeat::Beats; 2]);
        assert_eq!((standing(&[0; 30]), seen(&[0; 30])[29]), (0, Heartbeat::Never), "perhaps there is none");
        assert_eq!(standing(&[0, 1, 0, 0, 0, 0, 0, 0, 0]), 2, "there is one");
    }

    #[test]
    fn polls_that_are_longer_apart_than_beats_see_them_move_and_wait_for_three() {
        let seen = |polls: &[(u64, u16)]| {
            let mut still = Stillness::new(true);
            polls.iter().map(|(at, beat)| still.heartbeat(*beat, s(*at)) == Heartbeat::Beats).collect::<Vec<_>>()
        };
        assert_eq!(seen(&[(0, 1), (20, 2), (40, 2), (60, 2), (80, 2)]), [true, true, true, true, false]);
        assert_eq!(seen(&[(0, 9), (60, 9), (120, 9), (180, 9)]), [true, true, true, false]);
        assert_eq!(seen(&[(0, 65_500), (60, 24), (120, 84), (180, 144)]), [true; 4]);
    }

    #[test]
    fn registers_that_stay_the_same_for_minutes_are_remarked_on_where_something_is_measured() {
        for measures in [true, false] {
            let mut still = Stillness::new(measures);
            let mut round = |at: u64, word: u8| {
                still.block(&[1, 2]);
                still.block(&[word]);
                still.round(s(at))
            };
            assert_eq!([round(0, 1), round(1, 2), round(300, 2)], [false; 3]);
            assert_eq!([round(301, 2), round(302, 3)], [measures, false]);
        }
    }
}
