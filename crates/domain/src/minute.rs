//! A minute of every cell: lowest, mean and highest voltage and temperature, and of how many snapshots. What is kept of
//! cells when the full tape is gone.
//!
//! Numbers are kept as counts in 16 bits: 0.1 mV and 0.01 °C, finer than any cell sensor.

use crate::reading::CellQuantity;
use crate::time::Utc;
use crate::twin::Snapshot;

/// Length of a minute, ms.
pub const MINUTE_MS: i64 = 60_000;

/// The count that stands for no value.
pub const NONE: u16 = u16::MAX;

/// What is kept of a quantity in a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Stat {
    /// The lowest value.
    Min = 0,
    /// The mean.
    Mean = 1,
    /// The highest value.
    Max = 2,
    /// Of how many snapshots: those in which the value was good and fresh.
    N = 3,
}

impl Stat {
    /// All of them, in the order of columns.
    pub const ALL: [Stat; 4] = [Stat::Min, Stat::Mean, Stat::Max, Stat::N];

    /// The count of a cell of which nothing is known.
    pub fn none(self) -> u16 {
        if self == Stat::N { 0 } else { NONE }
    }

    /// Its name in columns: `voltage_min`.
    pub fn name(self) -> &'static str {
        match self {
            Stat::Min => "min",
            Stat::Mean => "mean",
            Stat::Max => "max",
            Stat::N => "n",
        }
    }
}

/// What a count of 0 is, in the quantity's unit, and how many counts a unit has.
fn scale(quantity: CellQuantity) -> (f64, f64) {
    match quantity {
        CellQuantity::Voltage => (0.0, 10_000.0),
        CellQuantity::Temperature => (-100.0, 100.0),
    }
}

/// A value as a count; what lies outside of what can be kept is the nearest that can.
pub fn count(quantity: CellQuantity, value: f32) -> u16 {
    let (zero, per_unit) = scale(quantity);
    if value.is_nan() {
        return NONE;
    }
    ((f64::from(value) - zero) * per_unit).round().clamp(0.0, f64::from(NONE - 1)) as u16
}

/// The value of a count, V or °C: the nearest number that prints short; NaN for none.
pub fn value(quantity: CellQuantity, count: u16) -> f32 {
    if count == NONE { f32::NAN } else { fine_value(quantity, f64::from(count)) }
}

/// As [`value`], of a mean over counts.
pub fn fine_value(quantity: CellQuantity, count: f64) -> f32 {
    let (zero, per_unit) = scale(quantity);
    ((zero * per_unit + count) / per_unit) as f32
}

/// A difference of so many counts, V or K.
pub fn difference(quantity: CellQuantity, counts: f64) -> f32 {
    (counts / scale(quantity).1) as f32
}

/// One minute of UTC of every cell of a system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CellMinute {
    /// Which: whole minutes since 1970-01-01 UTC.
    pub minute: i64,
    /// By [`CellQuantity`] and [`Stat`]: a count for each cell. All are of the same length.
    pub columns: [[Vec<u16>; Stat::ALL.len()]; CellQuantity::ALL.len()],
}

impl CellMinute {
    /// A minute of `cells` cells of which nothing is known.
    pub fn empty(minute: i64, cells: usize) -> CellMinute {
        let column = |stat: Stat| vec![stat.none(); cells];
        CellMinute { minute, columns: [(); 2].map(|()| Stat::ALL.map(column)) }
    }

    /// How many cells it has.
    pub fn cells(&self) -> usize {
        self.columns[0][0].len()
    }

    /// One number of every cell.
    pub fn column(&self, quantity: CellQuantity, stat: Stat) -> &[u16] {
        &self.columns[quantity as usize][stat as usize]
    }

    /// Whether any value of the cell is known.
    pub fn knows(&self, cell: usize) -> bool {
        CellQuantity::ALL.iter().any(|quantity| self.has(*quantity, cell))
    }

    /// Whether this quantity of the cell is known.
    pub fn has(&self, quantity: CellQuantity, cell: usize) -> bool {
        self.column(quantity, Stat::N).get(cell).is_some_and(|n| *n > 0)
    }

    /// Adds `n` snapshots of one cell: their lowest value, mean and highest value, V or °C.
    pub fn add(&mut self, quantity: CellQuantity, cell: usize, min_mean_max: [f32; 3], n: u32) {
        let cells = self.cells().max(cell + 1);
        for columns in &mut self.columns {
            columns.iter_mut().zip(Stat::ALL).for_each(|(column, stat)| column.resize(cells, stat.none()));
        }
        let [min, mean, max, known] = &mut self.columns[quantity as usize];
        let n = u16::try_from(n).unwrap_or(u16::MAX);
        let [new_min, new_mean, new_max] = min_mean_max.map(|value| count(quantity, value));
        add_part([&mut min[cell], &mut mean[cell], &mut max[cell], &mut known[cell]], [new_min, new_mean, new_max, n]);
    }

    /// Takes away what is known of a quantity of a cell.
    pub fn forget(&mut self, quantity: CellQuantity, cell: usize) {
        for (column, stat) in self.columns[quantity as usize].iter_mut().zip(Stat::ALL) {
            if let Some(kept) = column.get_mut(cell) {
                *kept = stat.none();
            }
        }
    }

    /// Adds another part of the same minute, as after a restart: means by the number of snapshots behind them.
    pub fn join(&mut self, other: &CellMinute) {
        let cells = self.cells().max(other.cells());
        for (mine, theirs) in self.columns.iter_mut().zip(&other.columns) {
            for (column, stat) in mine.iter_mut().zip(Stat::ALL) {
                column.resize(cells, stat.none());
            }
            let [min, mean, max, n] = mine;
            let [other_min, other_mean, other_max, other_n] = theirs;
            for cell in 0..other_n.len() {
                add_part(
                    [&mut min[cell], &mut mean[cell], &mut max[cell], &mut n[cell]],
                    [other_min[cell], other_mean[cell], other_max[cell], other_n[cell]],
                );
            }
        }
    }
}

/// Adds another part of a cell's minute, each by [`Stat`]: means by the number of snapshots behind them.
fn add_part([min, mean, max, n]: [&mut u16; 4], [other_min, other_mean, other_max, other_n]: [u16; 4]) {
    if other_n == 0 {
        return;
    }
    if *n == 0 {
        (*min, *mean, *max) = (other_min, other_mean, other_max);
    } else {
        let (a, b) = (u64::from(*n), u64::from(other_n));
        let sum = u64::from(*mean) * a + u64::from(other_mean) * b;
        *mean = ((sum + (a + b) / 2) / (a + b)) as u16;
        *min = (*min).min(other_min);
        *max = (*max).max(other_max);
    }
    *n = n.saturating_add(other_n);
}

/// Collects the snapshots of the running minute.
#[derive(Clone, Debug, Default)]
pub struct Minutes {
    running: CellMinute,
    sums: [Vec<u32>; CellQuantity::ALL.len()],
    begun: bool,
}

impl Minutes {
    /// Takes a snapshot: values that are good and fresh in it count. Returns the minute before when another has begun and
    /// anything was known in it.
    pub fn push(&mut self, snapshot: &Snapshot) -> Option<CellMinute> {
        let minute = snapshot.now.utc.0.div_euclid(1_000 * MINUTE_MS);
        let done = if self.begun && self.running.minute == minute { None } else { self.finish() };
        let cells = snapshot.state.cells.len();
        if cells == 0 {
            return done;
        }
        if !self.begun || self.running.cells() != cells {
            self.running = CellMinute::empty(minute, cells);
            self.sums = [(); 2].map(|()| vec![0; cells]);
            self.begun = true;
        }
        for quantity in CellQuantity::ALL {
            let [min, _, max, n] = &mut self.running.columns[quantity as usize];
            let sums = &mut self.sums[quantity as usize];
            let samples = snapshot.state.cells.column(quantity).samples(snapshot.now.mono);
            for (cell, sample) in samples.enumerate() {
                let Some(value) = sample.ok().filter(|_| n[cell] < u16::MAX) else { continue };
                let count = count(quantity, value);
                let first = n[cell] == 0;
                min[cell] = if first { count } else { min[cell].min(count) };
                max[cell] = if first { count } else { max[cell].max(count) };
                sums[cell] += u32::from(count);
                n[cell] += 1;
            }
        }
        done
    }

    /// Returns what was collected of the running minute, if anything.
    pub fn finish(&mut self) -> Option<CellMinute> {
        if !std::mem::take(&mut self.begun) {
            return None;
        }
        let mut minute = std::mem::take(&mut self.running);
        for (columns, sums) in minute.columns.iter_mut().zip(&self.sums) {
            let [_, mean, _, n] = columns;
            for ((mean, sum), n) in mean.iter_mut().zip(sums).zip(n).filter(|(_, n)| **n > 0) {
                let n = u32::from(*n);
                *mean = ((u64::from(*sum) + u64::from(n / 2)) / u64::from(n)) as u16;
            }
        }
        let known = (0..minute.cells()).any(|cell| minute.knows(cell));
        known.then_some(minute)
    }
}

/// The minute of an instant.
pub fn minute_of(at: Utc) -> i64 {
    at.0.div_euclid(1_000 * MINUTE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{NoData, Reading, Target};
    use crate::time::Now;
    use crate::twin::SystemState;
    use proptest::prelude::*;
    use std::time::Duration;

    const V: CellQuantity = CellQuantity::Voltage;
    const T: CellQuantity = CellQuantity::Temperature;

    fn snapshot() -> Snapshot {
        let spec = crate::engine::tests::site().systems[0].clone();
        Snapshot { now: Now::default(), state: SystemState::new(&spec), ..Snapshot::default() }
    }

    #[test]
    fn believable_values_are_kept_to_their_counts() {
        for (quantity, given, kept) in [
            (V, 3.201_26, 3.201_3),
            (V, 0.0, 0.0),
            (V, 6.0, 6.0),
            (V, 9.0, 6.553_4),
            (V, -1.0, 0.0),
            (T, -60.0, -60.0),
            (T, 25.016, 25.02),
            (T, 200.0, 200.0),
        ] {
            assert_eq!(value(quantity, count(quantity, given)), kept, "{quantity:?} {given}");
        }
        assert!(value(V, count(V, f32::NAN)).is_nan());
        assert!((difference(V, 25.0) - 0.002_5).abs() < 1e-9);
    }

    #[test]
    fn a_minute_says_what_its_snapshots_said_and_missing_and_stale_values_do_not_count() {
        let mut minutes = Minutes::default();
        let mut snapshot = snapshot();
        let mut done = Vec::new();
        for second in 0..130_u16 {
            snapshot.now = snapshot.now + Duration::from_secs(1);
            let voltage = if second % 2 == 0 { Ok(3.2) } else { Ok(3.3) };
            snapshot.state.apply(Reading { target: Target::Cell(V, 0), sample: voltage }, snapshot.now.mono);
            if second < 10 {
                snapshot.state.apply(Reading { target: Target::Cell(V, 1), sample: Ok(3.4) }, snapshot.now.mono);
            }
            let temperature = if second < 70 { Ok(25.0) } else { Err(NoData::Error) };
            snapshot.state.apply(Reading { target: Target::Cell(T, 0), sample: temperature }, snapshot.now.mono);
            done.extend(minutes.push(&snapshot));
        }
        assert_eq!(done.iter().map(|m| m.minute).collect::<Vec<_>>(), [0, 1]);
        let at = |m: &CellMinute, quantity, cell: usize| Stat::ALL.map(|stat| m.column(quantity, stat)[cell]);
        // Seconds 1 to 59; cell 1 is good to the tenth and fresh for a second and a half after it.
        assert_eq!(at(&done[0], V, 0), [32_000, 32_492, 33_000, 59]);
        assert_eq!(at(&done[0], V, 1), [34_000, 34_000, 34_000, 11]);
        assert_eq!(at(&done[0], V, 2), [NONE, NONE, NONE, 0]);
        assert_eq!(at(&done[1], T, 0), [12_500, 12_500, 12_500, 11]);
        assert_eq!(at(&done[1], V, 1)[3], 0);
        assert!(done[1].knows(0) && !done[1].knows(1) && !done[1].knows(9_999));
        // What is left of the third minute comes at the end, once.
        assert_eq!(minutes.finish().map(|m| (m.minute, m.column(V, Stat::N)[0])), Some((2, 11)));
        assert_eq!(minutes.finish(), None);
    }

    #[test]
    fn a_system_of_which_nothing_is_known_or_without_cells_has_no_minutes() {
        let mut minutes = Minutes::default();
        let mut nothing = snapshot();
        for _ in 0..200 {
            nothing.now = nothing.now + Duration::from_secs(1);
            assert_eq!(minutes.push(&nothing), None);
            assert_eq!(minutes.push(&Snapshot { now: nothing.now, ..Snapshot::default() }), None);
        }
        assert_eq!(minutes.finish(), None);
    }

    #[test]
    fn a_cell_is_added_to_a_minute_and_forgotten_again() {
        let mut minute = CellMinute::empty(7, 0);
        minute.add(V, 3, [3.2, 3.21, 3.22], 4);
        minute.add(V, 3, [3.1, 3.2, 3.21], 1);
        minute.add(T, 1, [20.0, 21.0, 22.0], 2);
        let of = |stat| value(V, minute.column(V, stat)[3]);
        assert_eq!((minute.cells(), of(Stat::Min), of(Stat::Mean), of(Stat::Max)), (4, 3.1, 3.208, 3.22));
        assert_eq!((minute.column(V, Stat::N), minute.column(T, Stat::N)), (&[0, 0, 0, 5][..], &[0, 2, 0, 0][..]));
        minute.forget(T, 3);
        assert_eq!((minute.has(V, 3), minute.has(T, 3), minute.has(T, 1)), (true, false, true));
        minute.forget(V, 3);
        minute.forget(V, 99);
        assert_eq!((minute.knows(3), minute.knows(1)), (false, true));
    }

    proptest! {
        /// Wherever a minute is cut in two, its parts make the whole again.
        #[test]
        fn two_parts_of_a_minute_make_the_whole(
            values in prop::collection::vec(prop::option::weighted(0.8, 2.5..3.6_f32), 1..120),
            cut in 0..120_usize,
        ) {
            let part = |values: &[Option<f32>]| {
                let mut minutes = Minutes::default();
                let mut snapshot = snapshot();
                for (k, value) in values.iter().enumerate() {
                    snapshot.now = Now { utc: Utc(k as i64), mono: crate::time::Mono(1 + k as u64) };
                    let sample = value.ok_or(NoData::Error);
                    snapshot.state.apply(Reading { target: Target::Cell(V, 3), sample }, snapshot.now.mono);
                    assert_eq!(minutes.push(&snapshot), None);
                }
                let cells = snapshot.state.cells.len();
                minutes.finish().unwrap_or_else(|| CellMinute::empty(0, cells))
            };
            let cut = cut.min(values.len());
            let (whole, mut joined) = (part(&values), part(&values[..cut]));
            joined.join(&part(&values[cut..]));
            for stat in [Stat::Min, Stat::Max, Stat::N] {
                prop_assert_eq!(whole.column(V, stat), joined.column(V, stat));
            }
            // Two roundings in place of one.
            let means = whole.column(V, Stat::Mean).iter().zip(joined.column(V, Stat::Mean));
            prop_assert!(means.clone().all(|(a, b)| a.abs_diff(*b) <= 1), "{means:?}");
        }
    }
}
