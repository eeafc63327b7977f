//! A state of charge that moves as no current can move it: a gauge that was reset, guesses anew, or stands still.
//!
//! What it is now is held against what it was up to [`WINDOW`] ago and the charge that was measured since. What could
//! be the fault of measuring is allowed for, generously: gauges have coarse steps, batteries are not of their rated
//! capacity, currents are not exact, and values of one instant arrive one after the other.

use super::Measured;
use crate::reading::{NoData, Sample};
use crate::time::{Mono, Utc};
use crate::wire::Wire;
use std::collections::VecDeque;
use std::time::Duration;

/// How far back a movement is looked for.
pub const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Time between two instants that are remembered, s.
const EVERY_S: f32 = 10.0;
/// A current stands for no longer than this, s.
const LONGEST_STEP_S: f32 = 90.0;
/// The coarsest steps in which a state of charge is told, points.
const RESOLUTION_POINTS: f32 = 1.0;
/// How far the real capacity and the measured current may be from what they are said to be, as a share of the charge.
const CHARGE_ERROR: f64 = 0.25;
/// A gauge at full or empty stays there, whatever goes on flowing, %.
const FULL_PCT: f32 = 99.5;
const EMPTY_PCT: f32 = 0.5;
/// Currents below this may go unmeasured, as a share of the capacity in an hour.
const BLIND_C: f64 = 0.005;
/// How much older a state of charge may be than the current, s.
const LAG_S: f64 = 60.0;
/// While the current is not known it may have been this, as a share of the capacity in an hour.
const UNKNOWN_C: f64 = 0.5;

/// A movement of a state of charge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Wire)]
pub struct Move {
    /// How long it took, s.
    pub over_s: f32,
    /// How far it went, points, up positive.
    pub moved: f32,
    /// How far the measured charge went meanwhile, points, up positive.
    pub counted: f32,
    /// How much of that no error of measuring explains, points, not negative.
    pub unexplained: f32,
}

/// What was known at an instant; charges are counted from any start.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Instant {
    at: Mono,
    soc_pct: f32,
    current_a: f32,
    /// Charge in less charge out, both together, Ah.
    net_ah: f64,
    through_ah: f64,
    unknown_s: f64,
}

/// Watches one state of charge.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SocWatch {
    past: VecDeque<Instant>,
    last: Option<Instant>,
}

impl SocWatch {
    /// Takes the state of charge, %, and the current, A, discharge positive, of a battery of `capacity_ah`. Returns the
    /// movement of the last [`WINDOW`] that is explained least.
    ///
    /// # Errors
    /// The reason why one of them is not known.
    pub fn update(&mut self, soc_pct: Sample, current_a: Sample, capacity_ah: f32, now: Mono) -> Result<Move, NoData> {
        // Time without a value is counted when there is one again.
        let (soc_pct, current_a) = (soc_pct?, current_a?);
        let mut instant = Instant { at: now, soc_pct, current_a, net_ah: 0.0, through_ah: 0.0, unknown_s: 0.0 };
        if let Some(last) = self.last {
            let step_s = now.seconds_since(last.at);
            let in_ah = -f64::from(current_a) * f64::from(step_s) / 3_600.0;
            let (known_ah, unknown_s) = if step_s <= LONGEST_STEP_S { (in_ah, 0.0) } else { (0.0, f64::from(step_s)) };
            let at_the_end = (soc_pct >= FULL_PCT && known_ah > 0.0) || (soc_pct <= EMPTY_PCT && known_ah < 0.0);
            instant.net_ah = last.net_ah + if at_the_end { 0.0 } else { known_ah };
            instant.through_ah = last.through_ah + known_ah.abs();
            instant.unknown_s = last.unknown_s + unknown_s;
        }
        self.last = Some(instant);
        while self.past.front().is_some_and(|first| now.since(first.at) > WINDOW) {
            self.past.pop_front();
        }
        let moves = self.past.iter().map(|then| between(then, &instant, capacity_ah));
        let worst =
            moves.fold(Move::default(), |worst, next| if next.unexplained > worst.unexplained { next } else { worst });
        if self.past.back().is_none_or(|last| now.seconds_since(last.at) >= EVERY_S) {
            self.past.push_back(instant);
        }
        Ok(worst)
    }
}

fn between(then: &Instant, now: &Instant, capacity_ah: f32) -> Move {
    let (points, over_s) = (100.0 / f64::from(capacity_ah), now.at.seconds_since(then.at));
    let counted = ((now.net_ah - then.net_ah) * points) as f32;
    // Beyond full and empty no gauge goes.
    let expected_pct = (then.soc_pct + counted).clamp(0.0, 100.0);
    let through_ah = now.through_ah - then.through_ah;
    let lag_ah = f64::from(then.current_a.abs().max(now.current_a.abs())) * LAG_S / 3_600.0;
    let unknown_c_s = UNKNOWN_C * (now.unknown_s - then.unknown_s) + BLIND_C * f64::from(over_s);
    let error_points = (CHARGE_ERROR * through_ah + lag_ah) * points + 100.0 * unknown_c_s / 3_600.0;
    Move {
        over_s,
        moved: now.soc_pct - then.soc_pct,
        counted,
        unexplained: ((now.soc_pct - expected_pct).abs() - RESOLUTION_POINTS - error_points as f32).max(0.0),
    }
}

/// The movements of a past that are unexplained by more than `limit` points, each with the instant when it was over.
/// One that goes on is one, told as it was when it was explained least.
pub fn moves(measured: &[Measured], capacity_ah: f32, limit: f32) -> Vec<(Utc, Move)> {
    let (mut watch, mut found, mut open) = (SocWatch::default(), Vec::<(Utc, Move)>::new(), false);
    for now in measured {
        let soc_pct = now.soc_pct.ok_or(NoData::NotPresent);
        let at = Mono(u64::try_from(now.to.0).unwrap_or_default());
        let Ok(movement) = watch.update(soc_pct, Ok(now.current_a), capacity_ah, at) else { continue };
        let is_bad = movement.unexplained > limit;
        match found.last_mut().filter(|_| open) {
            _ if !is_bad => {}
            Some(last) if last.1.unexplained >= movement.unexplained => {}
            Some(last) => *last = (now.to, movement),
            None => found.push((now.to, movement)),
        }
        open = is_bad;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CAPACITY_AH: f32 = 100.0;

    /// Seconds of (how many, A, % at the end), the charge going there evenly; 0 s: at once. What was found at the end,
    /// and the worst of all.
    fn run(parts: &[(u64, f32, f32)]) -> (Move, f32) {
        let (mut watch, mut at_s, mut soc_pct) = (SocWatch::default(), 0_u64, parts[0].2);
        let (mut last, mut worst) = (Move::default(), 0.0_f32);
        for (seconds, current_a, end_pct) in parts {
            let start_pct = soc_pct;
            for second in 1..=*seconds {
                at_s += 1;
                soc_pct = start_pct + (end_pct - start_pct) * second as f32 / *seconds as f32;
                last = watch.update(Ok(soc_pct), Ok(*current_a), CAPACITY_AH, Mono(at_s * 1_000_000)).unwrap();
                worst = worst.max(last.unexplained);
            }
            soc_pct = *end_pct;
        }
        (last, worst)
    }

    #[test]
    fn what_the_current_explains_is_told_from_what_it_does_not() {
        for (name, parts, warns) in [
            ("rest", vec![(3_600, 0.0, 50.0), (3_600, 0.0, 50.0)], false),
            ("an hour at 20 A", vec![(10, 20.0, 80.0), (3_600, 20.0, 60.0)], false),
            ("an hour at 20 A of a battery that has become small", vec![(10, 20.0, 80.0), (3_600, 20.0, 55.5)], false),
            ("the other way", vec![(10, 20.0, 60.0), (3_600, 20.0, 80.0)], true),
            ("a jump up at rest", vec![(900, 0.0, 50.0), (0, 0.0, 56.0), (60, 0.0, 56.0)], true),
            ("a jump down at rest", vec![(900, 0.0, 50.0), (0, 0.0, 44.0), (60, 0.0, 44.0)], true),
            ("a step of a coarse gauge", vec![(900, 2.0, 50.0), (0, 2.0, 49.0), (60, 2.0, 49.0)], false),
            ("set to full at the end of charging", vec![(900, -4.0, 93.0), (0, -4.0, 100.0), (60, -4.0, 100.0)], true),
            ("stands still while it is discharged", vec![(60, 0.0, 70.0), (840, 30.0, 70.0)], true),
            ("stands still at full", vec![(60, 0.0, 100.0), (3_600, -30.0, 100.0)], false),
            ("stands still at empty", vec![(60, 0.0, 0.0), (3_600, 30.0, 0.0)], false),
            ("crawls to where it believes to be", vec![(900, 0.0, 50.0), (3_600, 0.0, 54.0)], false),
        ] {
            let (_, worst) = run(&parts);
            assert_eq!(worst > 1.0, warns, "{name}: {worst} points");
        }
    }

    #[test]
    fn a_jump_is_told_as_short_as_it_was_and_is_over_when_the_window_is() {
        let (jump, _) = run(&[(1, 5.0, 51.25), (900, 5.0, 50.0), (0, 5.0, 57.0), (60, 5.0, 56.9)]);
        assert!((jump.moved - 6.9).abs() < 0.05 && jump.over_s <= 80.0, "{jump:?}");
        assert!((jump.counted + 0.1).abs() < 0.05, "{jump:?}");
        let (after, _) = run(&[(900, 0.0, 50.0), (0, 0.0, 57.0), (901, 0.0, 57.0)]);
        assert_eq!(after.unexplained, 0.0, "{after:?}");
    }

    #[test]
    fn what_is_not_known_is_allowed_for() {
        let mut watch = SocWatch::default();
        let mut at = |s: u64, soc_pct: Sample, current_a: Sample| {
            watch.update(soc_pct, current_a, CAPACITY_AH, Mono(s * 1_000_000)).map(|found| found.unexplained > 1.0)
        };
        assert_eq!(at(1, Ok(50.0), Ok(10.0)), Ok(false));
        assert_eq!(at(10, Ok(50.0), Err(NoData::Stale)), Err(NoData::Stale));
        assert_eq!(at(20, Err(NoData::Timeout), Ok(10.0)), Err(NoData::Timeout));
        // Eight minutes in the dark: six points are possible, twenty are not.
        assert_eq!(at(490, Ok(44.0), Ok(10.0)), Ok(false));
        assert_eq!(at(500, Ok(30.0), Ok(10.0)), Ok(true));
    }

    #[test]
    fn a_past_has_each_movement_once() {
        let minute = |minute: i64| {
            let soc_pct = Some(if minute < 60 {
                50.0
            } else if minute < 200 {
                58.0
            } else {
                52.0
            });
            let (from, to) = (Utc(minute * 60_000_000), Utc((minute + 1) * 60_000_000));
            Measured { from, to, current_a: 0.0, voltage_v: None, soc_pct }
        };
        let found = moves(&(0..300).map(minute).collect::<Vec<_>>(), CAPACITY_AH, 1.0);
        let told: Vec<(i64, f32, f32)> = found.iter().map(|(at, m)| (at.0 / 60_000_000, m.moved, m.over_s)).collect();
        assert_eq!(told, [(61, 8.0, 60.0), (201, -6.0, 60.0)]);
    }

    proptest! {
        /// A gauge that counts, however coarse its steps, of a battery near its rated capacity, never warns.
        #[test]
        fn a_consistent_series_never_warns(
            currents in prop::collection::vec((30_u64..900, -100.0_f32..100.0), 1..20),
            start_pct in 0.0_f32..100.0,
            capacity in 0.85_f32..1.2,
            steps in prop::sample::select(vec![0.01_f32, 0.1, 1.0]),
            offset_a in -0.4_f32..0.4,
        ) {
            let (mut watch, mut true_pct, mut at_s) = (SocWatch::default(), start_pct, 0);
            for (seconds, current_a) in currents {
                for _ in 0..seconds {
                    at_s += 1;
                    let moved = -current_a / (CAPACITY_AH * capacity) / 36.0;
                    true_pct = (true_pct + moved).clamp(0.0, 100.0);
                    let told = Ok((true_pct / steps).round() * steps);
                    let found = watch.update(told, Ok(current_a + offset_a), CAPACITY_AH, Mono(at_s * 1_000_000));
                    prop_assert!(found.unwrap().unexplained == 0.0, "{found:?} at {at_s} s");
                }
            }
        }

        /// A jump of more than its steps is seen, whatever flows.
        #[test]
        fn a_jump_is_never_missed(jump in 8.0_f32..20.0, up in any::<bool>(), current_a in -50.0_f32..50.0) {
            let jump = if up { jump } else { -jump };
            let mut watch = SocWatch::default();
            for second in 1..=200_u64 {
                let counted = -current_a * second as f32 / CAPACITY_AH / 36.0;
                let soc = 50.0 + counted + if second > 100 { jump } else { 0.0 };
                let found = watch.update(Ok(soc), Ok(current_a), CAPACITY_AH, Mono(second * 1_000_000)).unwrap();
                prop_assert_eq!(found.unexplained > 1.0, second > 100, "{:?} at {} s", found, second);
            }
        }
    }
}
