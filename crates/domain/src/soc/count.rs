//! Our own coulomb count: the charge that was measured since the battery was last full.
//!
//! It begins at a full charge and nowhere else, so that it is an opinion of its own. A battery is full by what was
//! measured: it stands at the end of its charging voltage and takes hardly any current. Only where that was never seen
//! does the count begin where the shunt says 100 %, which makes it depend on the one that it is to check.

use crate::time::Utc;
use crate::wire::Wire;

/// Share of the charge put into lithium iron phosphate cells that comes out again. Models of such cells use 0.999 to 1
/// (Naumann's of 2018: 1); a shunt set up for lead-acid counts with 0.95 or less, and drifts with these.
pub const CHARGE_EFFICIENCY: f64 = 0.999;
/// A cell is at the end of its charging voltage from here, as a multiple of its nominal voltage: 3.45 V of 3.2 V.
const FULL_V: f32 = 3.45 / 3.2;
/// It then takes no more than this, as a share of its capacity in an hour, for so long: the usual tail of a shunt.
const TAIL_C: f32 = 0.04;
const TAIL_S: f64 = 180.0;
/// What a shunt calls full, %.
const REPORTED_FULL_PCT: f32 = 99.95;
/// Over a gap no longer than this the current is taken to be the mean of that before and after it, s.
const BRIDGED_S: f64 = 120.0;
/// Errors of the measured current: share of it, and A. A Victron shunt is good to 0.4 %; its register has steps of 0.1 A.
const GAIN_ERROR: f64 = 0.004;
const OFFSET_ERROR_A: f64 = 0.05;

/// A stretch of time over which the current is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// When it begins.
    pub from: Utc,
    /// When it ends.
    pub to: Utc,
    /// Mean current, A, discharge positive.
    pub current_a: f32,
    /// Lowest voltage, V.
    pub voltage_v: Option<f32>,
    /// Last reported state of charge, %.
    pub soc_pct: Option<f32>,
}

impl Measured {
    fn seconds(&self) -> f64 {
        (self.to.0 - self.from.0) as f64 / 1e6
    }
}

/// How a battery was known to be full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
pub enum FullBy {
    /// It stood at the end of its charging voltage and took hardly any current.
    Tail,
    /// The shunt said so.
    Reported,
}

impl FullBy {
    /// All of them.
    pub const ALL: [FullBy; 2] = [FullBy::Tail, FullBy::Reported];

    /// How, in the words of the API.
    pub fn word(self) -> &'static str {
        match self {
            FullBy::Tail => "tail current",
            FullBy::Reported => "reported",
        }
    }
}

/// A full charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
pub struct Full {
    /// When it was last full.
    pub at: Utc,
    /// How that is known.
    pub by: FullBy,
}

/// A gap that ended a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
pub struct Lost {
    /// The last instant before it with a current.
    pub from: Utc,
    /// The first one after it.
    pub to: Utc,
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Wire)]
pub struct Count {
    /// The count over time, %; `None` where it ended.
    #[wire(with = line)]
    pub line: Vec<(Utc, Option<f32>)>,
    /// The full charge that the count of now began at; `None` if there is none now.
    pub full: Option<Full>,
    /// The count now, %.
    pub soc_pct: Option<f32>,
    /// How far the count may be off because the current is not measured exactly, points.
    pub error_points: f32,
    /// For how long since then the current was not known and had to be guessed, s.
    pub bridged_s: f32,
    /// The gap that ended the last count, if none has begun since.
    pub lost: Option<Lost>,
}

/// A line of percent on the wire: as a table, a few bits for each of its values.
mod line {
    use crate::point::{PointId, Unit};
    use crate::series::{Series, Table};
    use crate::time::Utc;
    use crate::wire::{Reader, Wire as _, WireError, Writer};

    pub(super) fn write(line: &[(Utc, Option<f32>)], w: &mut Writer) {
        let (at, values) = line.iter().copied().unzip();
        let resolution = PointId::Soc.spec().resolution;
        let series = vec![Series { name: String::new(), unit: Unit::Percent, resolution, values }];
        Table { at, series }.write(w);
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Vec<(Utc, Option<f32>)>, WireError> {
        let table = Table::read(r)?;
        let values = table.series.into_iter().next().map(|series| series.values).unwrap_or_default();
        Ok(table.at.into_iter().zip(values).collect())
    }
}

/// A count that goes on.
struct Running {
    full: Full,
    /// What is missing until full, Ah, not negative.
    missing_ah: f64,
    through_ah: f64,
    seconds: f64,
    bridged_s: f64,
}

impl Running {
    fn at(full: Full) -> Running {
        Running { full, missing_ah: 0.0, through_ah: 0.0, seconds: 0.0, bridged_s: 0.0 }
    }

    fn take(&mut self, current_a: f64, seconds: f64) {
        let out_ah = current_a * seconds / 3_600.0;
        // More than full is not possible.
        self.missing_ah = (self.missing_ah + if out_ah < 0.0 { out_ah * CHARGE_EFFICIENCY } else { out_ah }).max(0.0);
        self.through_ah += out_ah.abs();
        self.seconds += seconds;
    }

    fn soc_pct(&self, capacity_ah: f64) -> f32 {
        (100.0 * (1.0 - self.missing_ah / capacity_ah)).clamp(0.0, 100.0) as f32
    }

    fn error_points(&self, capacity_ah: f64) -> f32 {
        let off_ah = GAIN_ERROR * self.through_ah + OFFSET_ERROR_A * self.seconds / 3_600.0;
        (100.0 * off_ah / capacity_ah) as f32
    }
}

/// Counts the charge of a battery of `capacity_ah` and `nominal_v` over what was measured, in the order of time.
pub fn count(measured: &[Measured], capacity_ah: f32, nominal_v: f32) -> Count {
    let capacity_ah_exact = f64::from(capacity_ah);
    let (mut counted, mut running) = (Count::default(), None::<Running>);
    let (mut before, mut tail_s) = (None::<Measured>, 0.0);
    for now in measured {
        if let Some(before) = before {
            let gap_s = (now.from.0 - before.to.0) as f64 / 1e6;
            if gap_s > BRIDGED_S {
                if running.take().is_some() {
                    counted.lost = Some(Lost { from: before.to, to: now.from });
                    counted.line.push((before.to, None));
                }
                tail_s = 0.0;
            } else if let Some(running) = running.as_mut().filter(|_| gap_s > 0.0) {
                running.take(f64::from(before.current_a + now.current_a) / 2.0, gap_s);
                running.bridged_s += gap_s;
            }
        }
        before = Some(*now);
        if let Some(running) = running.as_mut() {
            running.take(f64::from(now.current_a), now.seconds());
        }
        let at_tail = now.voltage_v.is_some_and(|v| v >= FULL_V * nominal_v)
            && (0.0..=TAIL_C * capacity_ah).contains(&-now.current_a);
        tail_s = if at_tail { tail_s + now.seconds() } else { 0.0 };
        let by = match &running {
            _ if tail_s >= TAIL_S => Some(FullBy::Tail),
            // What was measured goes before what was said.
            Some(running) if running.full.by == FullBy::Tail => None,
            _ => now.soc_pct.filter(|pct| *pct >= REPORTED_FULL_PCT).map(|_| FullBy::Reported),
        };
        if let Some(by) = by {
            running = Some(Running::at(Full { at: now.to, by }));
            counted.lost = None;
        }
        if let Some(running) = &running {
            counted.line.push((now.to, Some(running.soc_pct(capacity_ah_exact))));
        }
    }
    if let Some(running) = running {
        counted.full = Some(running.full);
        counted.soc_pct = Some(running.soc_pct(capacity_ah_exact));
        counted.error_points = running.error_points(capacity_ah_exact);
        counted.bridged_s = running.bridged_s as f32;
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE_US: i64 = 60_000_000;

    /// Minutes of (how many, A, V, reported %), without gaps but where the current is NaN.
    fn minutes(parts: &[(i64, f32, f32, f32)]) -> Vec<Measured> {
        let mut minute = 0;
        let mut measured = Vec::new();
        for (n, current_a, voltage_v, soc_pct) in parts {
            for _ in 0..*n {
                let (from, to) = (Utc(minute * MINUTE_US), Utc((minute + 1) * MINUTE_US));
                minute += 1;
                if !current_a.is_nan() {
                    let (voltage_v, soc_pct) = (Some(*voltage_v), Some(*soc_pct));
                    measured.push(Measured { from, to, current_a: *current_a, voltage_v, soc_pct });
                }
            }
        }
        measured
    }

    fn full_at(minute: i64, by: FullBy) -> Option<Full> {
        Some(Full { at: Utc(minute * MINUTE_US), by })
    }

    #[test]
    fn a_count_begins_at_a_full_charge_and_says_by_what() {
        const NONE: f32 = f32::NAN;
        let (tail, reported) = (FullBy::Tail, FullBy::Reported);
        for (name, parts, full, soc_pct, bridged_s, lost) in [
            // An hour of 20 A out of 100 Ah.
            ("never full", vec![(60, 20.0, 53.0, 70.0)], None, None, 0.0, None),
            ("tail", vec![(5, -3.0, 55.6, 98.0), (60, 20.0, 53.0, 70.0)], full_at(5, tail), Some(80.0), 0.0, None),
            ("tail for too short", vec![(2, -3.0, 55.6, 98.0), (60, 20.0, 53.0, 70.0)], None, None, 0.0, None),
            ("voltage, but current", vec![(9, -8.0, 55.6, 98.0), (60, 20.0, 53.0, 70.0)], None, None, 0.0, None),
            ("current, but no voltage", vec![(9, -3.0, 54.0, 98.0), (60, 20.0, 53.0, 70.0)], None, None, 0.0, None),
            ("said", vec![(1, -3.0, 54.0, 100.0), (60, 20.0, 53.0, 70.0)], full_at(1, reported), Some(80.0), 0.0, None),
            (
                "measured goes before said",
                vec![(3, 0.0, 55.6, 98.0), (60, 20.0, 53.0, 70.0), (9, 0.0, 53.0, 100.0)],
                full_at(3, tail),
                Some(80.0),
                0.0,
                None,
            ),
            (
                "full again",
                vec![(3, 0.0, 55.6, 98.0), (60, 20.0, 53.0, 70.0), (3, 0.0, 55.6, 98.0), (30, 20.0, 53.0, 70.0)],
                full_at(66, tail),
                Some(90.0),
                0.0,
                None,
            ),
            (
                "charging gives less than it takes",
                vec![(3, 0.0, 55.6, 98.0), (60, 40.0, 53.0, 70.0), (60, -20.0, 54.0, 70.0)],
                full_at(3, tail),
                Some(79.98),
                0.0,
                None,
            ),
            (
                "no more than full",
                vec![(3, 0.0, 55.6, 98.0), (60, -20.0, 54.0, 70.0)],
                full_at(3, tail),
                Some(100.0),
                0.0,
                None,
            ),
            (
                "a short gap is bridged",
                vec![(3, 0.0, 55.6, 98.0), (29, 20.0, 53.0, 70.0), (2, NONE, 0.0, 0.0), (29, 20.0, 53.0, 70.0)],
                full_at(3, tail),
                Some(80.0),
                120.0,
                None,
            ),
            (
                "a long one ends it",
                vec![(3, 0.0, 55.6, 98.0), (29, 20.0, 53.0, 70.0), (3, NONE, 0.0, 0.0), (29, 20.0, 53.0, 70.0)],
                None,
                None,
                0.0,
                Some(Lost { from: Utc(32 * MINUTE_US), to: Utc(35 * MINUTE_US) }),
            ),
            (
                "until the next full charge",
                vec![(3, 0.0, 55.6, 98.0), (9, NONE, 0.0, 0.0), (3, -1.0, 55.6, 98.0), (30, 20.0, 53.0, 70.0)],
                full_at(15, tail),
                Some(90.0),
                0.0,
                None,
            ),
        ] {
            let counted = count(&minutes(&parts), 100.0, 51.2);
            assert_eq!((counted.full, counted.bridged_s, counted.lost), (full, bridged_s, lost), "{name}");
            let near = |a: f32, b: f32| (a - b).abs() < 0.001;
            assert!(
                counted.soc_pct.is_some() == soc_pct.is_some()
                    && counted.soc_pct.zip(soc_pct).is_none_or(|(got, pct)| near(got, pct)),
                "{name}: {:?}",
                counted.soc_pct
            );
        }
    }

    #[test]
    fn the_line_is_cut_where_the_count_ended() {
        let parts = [
            (3, 0.0, 55.6, 98.0),
            (2, 20.0, 53.0, 70.0),
            (5, f32::NAN, 0.0, 0.0),
            (2, 20.0, 53.0, 70.0),
            (3, 0.0, 55.6, 98.0),
        ];
        let counted = count(&minutes(&parts), 100.0, 51.2);
        let at: Vec<(i64, bool)> = counted.line.iter().map(|(at, pct)| (at.0 / MINUTE_US, pct.is_some())).collect();
        assert_eq!(at, [(3, true), (4, true), (5, true), (5, false), (15, true)]);
    }

    #[test]
    fn the_error_grows_with_the_charge_and_the_time() {
        let after = |hours: i64, current_a: f32| {
            count(&minutes(&[(3, 0.0, 55.6, 98.0), (60 * hours, current_a, 53.0, 70.0)]), 100.0, 51.2).error_points
        };
        assert!((after(1, 0.0) - 0.05).abs() < 1e-4 && (after(1, 50.0) - 0.25).abs() < 1e-4);
        assert!(after(24, 2.0) > after(1, 2.0));
    }

    proptest! {
        #[test]
        fn a_count_stays_within_its_battery(
            parts in prop::collection::vec((1_i64..90, -200.0_f32..200.0, 48.0_f32..57.0, 0.0_f32..100.0), 0..20)
        ) {
            let counted = count(&minutes(&parts), 100.0, 51.2);
            prop_assert!(counted.line.iter().all(|(_, pct)| pct.is_none_or(|pct| (0.0..=100.0).contains(&pct))));
            prop_assert_eq!(counted.full.is_some(), counted.soc_pct.is_some());
        }
    }
}
