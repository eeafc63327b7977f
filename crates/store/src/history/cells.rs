//! Questions about single cells: an instant, one cell over time, a map of all cells over time, who is the lowest. From
//! their minutes, wherever these are: sealed days, the tail, or a minute in parts in both.

use super::chart::STEPS_MS;
use super::minutes::{Found, MinuteCoverage, MinuteParts, minutes_of};
use super::{History, Range};
use crate::cells;
use crate::error::StoreError;
use crate::minutes::{MinuteDay, first_minute};
use crate::rollup::{Bucket, Fold as _};
use domain::minute::{self, CellMinute, MINUTE_MS, NONE, Stat, difference, fine_value};
use domain::reading::CellQuantity;

/// What a map of cells shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellValue {
    /// Voltage, V.
    Voltage,
    /// Temperature, °C.
    Temperature,
    /// Voltage less the mean voltage of all cells in the same minute, V: of the cells that were known throughout it.
    Deviation,
}

impl CellValue {
    fn quantity(self) -> CellQuantity {
        match self {
            CellValue::Voltage | CellValue::Deviation => CellQuantity::Voltage,
            CellValue::Temperature => CellQuantity::Temperature,
        }
    }
}

/// Every cell in one minute, as its mean.
#[derive(Clone, Debug, PartialEq)]
pub struct CellsAt {
    /// When the minute began, ms since 1970-01-01 UTC.
    pub from_ms: i64,
    /// Each cell's voltage, V; NaN for none.
    pub voltage_v: Vec<f32>,
    /// Each cell's temperature, °C; NaN for none.
    pub temperature_c: Vec<f32>,
}

/// One cell over time.
#[derive(Clone, Debug, PartialEq)]
pub struct CellChart {
    /// When the first bucket begins, ms since 1970-01-01 UTC.
    pub from_ms: i64,
    /// How long each bucket is, ms: whole minutes.
    pub step_ms: i64,
    /// What is known of each step. First and last are means of a minute; `n` counts snapshots; squares are those of means.
    pub buckets: Vec<Bucket>,
}

/// One value for each cell and step of time.
#[derive(Clone, Debug, PartialEq)]
pub struct CellMap {
    /// When the first step begins, ms since 1970-01-01 UTC.
    pub from_ms: i64,
    /// How long each step is, ms: whole minutes.
    pub step_ms: i64,
    /// How many steps there are.
    pub steps: usize,
    /// How many cells there are.
    pub cells: usize,
    /// Cell by cell its steps: the mean of what is known of the minutes in it, each counting the same; NaN for none.
    pub values: Vec<f32>,
}

/// How the cells of a system compare over a range.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CellRank {
    /// How many minutes are known.
    pub minutes: u64,
    /// In how many of them each cell was the lowest by its mean, of those known throughout; the first of equals.
    pub lowest: Vec<u64>,
    /// The mean of each cell's distance from the mean of all, V, over the minutes in which it was known throughout; NaN
    /// for none.
    pub deviation_v: Vec<f32>,
}

/// A number of every cell.
type CellColumn = (CellQuantity, Stat);

impl History {
    /// What there is of a system's cells.
    pub fn cell_coverage(&self, system: &str) -> MinuteCoverage {
        self.minute_coverage::<CellMinute>(system)
    }

    /// The parts that the past of a system's cells consists of now. A damaged day is left out, which is told.
    pub fn cell_parts(&self, system: &str) -> MinuteParts<CellMinute> {
        self.minute_parts(system)
    }

    /// Hands out the minutes of a range in their order, each whole: a day at a time is in memory.
    ///
    /// # Errors
    /// A file cannot be read, or `each` fails.
    pub fn each_cell_minute<E: From<StoreError>>(
        &self,
        system: &str,
        range: Range,
        each: impl FnMut(&CellMinute) -> Result<(), E>,
    ) -> Result<(), E> {
        self.each_whole_minute(system, range, each)
    }

    /// Every cell in the minute that holds an instant, ms since 1970-01-01 UTC; `None` if nothing is known of it.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn cells_at(&self, system: &str, at_ms: i64) -> Result<Option<CellsAt>, StoreError> {
        let wanted = at_ms.div_euclid(MINUTE_MS);
        let columns = CellQuantity::ALL.map(|quantity| (quantity, Stat::Mean));
        self.consistent_minutes::<CellMinute, _>(system, (wanted, wanted + 1), |found| {
            let mut at = None;
            self.each_minute(system, found, columns, |_, columns| {
                let of = |column: usize| {
                    columns[column].iter().map(|n| minute::value(CellQuantity::ALL[column], *n)).collect()
                };
                let known = columns.iter().any(|column| column.iter().any(|count| *count != NONE));
                at = known.then(|| CellsAt { from_ms: wanted * MINUTE_MS, voltage_v: of(0), temperature_c: of(1) });
            })?;
            Ok(at)
        })
    }

    /// What a chart of one quantity of one cell over `range` is drawn from, `width` pixels wide (at least one).
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn cell_chart(
        &self,
        system: &str,
        range: Range,
        (quantity, cell): (CellQuantity, usize),
        width: usize,
    ) -> Result<CellChart, StoreError> {
        let (range, step_ms, steps) = steps(range, width);
        let columns = Stat::ALL.map(|stat| (quantity, stat));
        self.consistent_minutes::<CellMinute, _>(system, minutes_of(range), |found| {
            let mut buckets = vec![Bucket::default(); steps];
            self.each_minute(system, found, columns, |minute, [min, mean, max, n]| {
                let Some(snapshots) = n.get(cell).copied().filter(|n| *n > 0) else { return };
                let of = |column: &[u16]| minute::value(quantity, column[cell]);
                let (mean, snapshots) = (of(mean), u32::from(snapshots));
                let (sum, sum_sq) = (f64::from(mean), f64::from(mean) * f64::from(mean));
                let bucket = Bucket {
                    n: snapshots,
                    first: mean,
                    min: of(min),
                    max: of(max),
                    last: mean,
                    sum: sum * f64::from(snapshots),
                    sum_sq: sum_sq * f64::from(snapshots),
                };
                buckets[((minute * MINUTE_MS - range.from_ms) / step_ms) as usize].fold(&bucket);
            })?;
            Ok(CellChart { from_ms: range.from_ms, step_ms, buckets })
        })
    }

    /// One value for each cell and step of time over `range`, with at most about `columns` steps (at least one), each of
    /// whole minutes.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn cell_map(&self, system: &str, range: Range, columns: usize, what: CellValue) -> Result<CellMap, StoreError> {
        let (range, step_ms, steps) = steps(range, columns);
        let quantity = what.quantity();
        self.consistent_minutes::<CellMinute, _>(system, minutes_of(range), |found| {
            let cells = found.width();
            let mut values = vec![f32::NAN; steps * cells];
            let mut sums = Sums::new(cells);
            let mut flush = |sums: &mut Sums, step: usize| {
                for (cell, mean) in sums.take().enumerate() {
                    values[cell * steps + step] = match what {
                        _ if mean.is_nan() => f32::NAN,
                        CellValue::Deviation => difference(quantity, mean),
                        CellValue::Voltage | CellValue::Temperature => fine_value(quantity, mean),
                    };
                }
            };
            let mut step = 0;
            let mut take = |minute: i64, means: &[u16]| {
                let now = ((minute * MINUTE_MS - range.from_ms) / step_ms) as usize;
                if now != step {
                    flush(&mut sums, step);
                    step = now;
                }
                let centre = if what == CellValue::Deviation { mean_of(means).unwrap_or(0.0) } else { 0.0 };
                sums.add(means, centre);
            };
            if what == CellValue::Deviation {
                let mut same = Vec::new();
                self.each_minute(
                    system,
                    found,
                    [(quantity, Stat::Mean), (quantity, Stat::N)],
                    |minute, [means, n]| {
                        throughout(means, n, &mut same);
                        take(minute, &same);
                    },
                )?;
            } else {
                self.each_minute(system, found, [(quantity, Stat::Mean)], |minute, [means]| take(minute, means))?;
            }
            if steps > 0 {
                flush(&mut sums, step);
            }
            Ok(CellMap { from_ms: range.from_ms, step_ms, steps, cells, values })
        })
    }

    /// How the cells compare over the minutes that begin in `range`, by their means.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn cell_rank(&self, system: &str, range: Range) -> Result<CellRank, StoreError> {
        // Minutes that begin in it.
        let range = Range::new(ceil(range.from_ms), ceil(range.to_ms));
        self.consistent_minutes::<CellMinute, _>(system, minutes_of(range), |found| {
            let mut rank = CellRank { lowest: vec![0; found.width()], ..CellRank::default() };
            let mut sums = Sums::new(found.width());
            let mut same = Vec::new();
            let columns = [Stat::Mean, Stat::N].map(|stat| (CellQuantity::Voltage, stat));
            self.each_minute(system, found, columns, |_, [means, n]| {
                throughout(means, n, &mut same);
                let Some(centre) = mean_of(&same) else { return };
                // None is the highest count, and what is known has a mean.
                let lowest = same.iter().min().and_then(|lowest| same.iter().position(|count| count == lowest));
                lowest.into_iter().for_each(|cell| rank.lowest[cell] += 1);
                rank.minutes += 1;
                sums.add(&same, centre);
            })?;
            rank.deviation_v = sums.take().map(|mean| difference(CellQuantity::Voltage, mean)).collect();
            Ok(rank)
        })
    }

    /// Calls `each` with every minute that may be known, oldest first, and some numbers of its cells.
    fn each_minute<const N: usize>(
        &self,
        system: &str,
        found: &Found<CellMinute>,
        columns: [CellColumn; N],
        mut each: impl FnMut(i64, [&[u16]; N]),
    ) -> Result<(), StoreError> {
        let mut tail = found.tail.iter().peekable();
        for of in &found.days {
            while let Some((minute, rest)) = tail.next_if(|(minute, _)| **minute < of.first_minute) {
                each(*minute, columns.map(|(quantity, stat)| rest.column(quantity, stat)));
            }
            let grids = columns.map(|(quantity, stat)| self.grids.get(system, of, quantity, stat));
            let mut opened = Vec::with_capacity(N);
            for grid in grids {
                opened.push(grid?);
            }
            for minute in of.first_minute.max(found.from)..(of.last_minute + 1).min(found.to) {
                let place = (minute - first_minute(of.day)) as usize * of.width as usize;
                let row = place..place + of.width as usize;
                match tail.next_if(|(of_tail, _)| **of_tail == minute) {
                    None => each(minute, std::array::from_fn(|k| opened[k].get(row.clone()).unwrap_or_default())),
                    Some((_, rest)) => {
                        // In two parts: one was sealed before the other came.
                        let mut whole = self.sealed_minute(system, of, minute)?;
                        whole.join(rest);
                        each(minute, columns.map(|(quantity, stat)| whole.column(quantity, stat)));
                    }
                }
            }
        }
        for (minute, rest) in tail {
            each(*minute, columns.map(|(quantity, stat)| rest.column(quantity, stat)));
        }
        Ok(())
    }

    fn sealed_minute(&self, system: &str, of: &MinuteDay, minute: i64) -> Result<CellMinute, StoreError> {
        let mut whole = CellMinute::empty(minute, of.width as usize);
        let place = (minute - first_minute(of.day)) as usize * of.width as usize;
        for (quantity, stat) in cells::file::columns() {
            let grid = self.grids.get(system, of, quantity, stat)?;
            let column = &mut whole.columns[quantity as usize][stat as usize];
            if let Some(sealed) = grid.get(place..place + of.width as usize) {
                column.copy_from_slice(sealed);
            }
        }
        Ok(whole)
    }
}

/// Sums of counts by cell, and of how many.
struct Sums {
    sums: Vec<f64>,
    known: Vec<u32>,
}

impl Sums {
    fn new(cells: usize) -> Sums {
        Sums { sums: vec![0.0; cells], known: vec![0; cells] }
    }

    /// Adds each count's distance from `centre`.
    fn add(&mut self, counts: &[u16], centre: f64) {
        for ((sum, known), count) in self.sums.iter_mut().zip(&mut self.known).zip(counts) {
            let there = *count != NONE;
            *sum += if there { f64::from(*count) - centre } else { 0.0 };
            *known += u32::from(there);
        }
    }

    /// Each cell's mean, NaN for none; afterwards all is zero.
    fn take(&mut self) -> impl Iterator<Item = f64> {
        self.sums.iter_mut().zip(&mut self.known).map(|(sum, known)| {
            let mean = std::mem::take(sum) / f64::from(*known);
            if std::mem::take(known) > 0 { mean } else { f64::NAN }
        })
    }
}

/// A cell that has this share of a minute's snapshots less than the others was not known throughout.
const MISSED_SHARE: u16 = 50;

/// The means of the cells that were known throughout a minute; the others are none. A module that falls silent within a
/// minute has a mean over other instants than the rest: under a changing load it would be far from them, which it never was.
fn throughout(means: &[u16], n: &[u16], same: &mut Vec<u16>) {
    let most = n.iter().copied().max().unwrap_or(0);
    let least = most - most / MISSED_SHARE;
    same.clear();
    same.extend(means.iter().zip(n).map(|(mean, n)| if *n >= least { *mean } else { NONE }));
}

/// The mean of the counts that are known.
fn mean_of(counts: &[u16]) -> Option<f64> {
    let (mut sum, mut known) = (0_u64, 0_u64);
    for part in counts.chunks(4_096) {
        // Within 4,096 counts, 32 bits hold the sum, and the loop becomes vector instructions.
        let (mut part_sum, mut part_known) = (0_u32, 0_u32);
        for count in part {
            let there = *count != NONE;
            part_sum += if there { u32::from(*count) } else { 0 };
            part_known += u32::from(there);
        }
        sum += u64::from(part_sum);
        known += u64::from(part_known);
    }
    (known > 0).then(|| sum as f64 / known as f64)
}

/// A range of full steps that holds `range`, their length, and how many they are: at most one more than `width`.
pub(super) fn steps(range: Range, width: usize) -> (Range, i64, usize) {
    let ideal_ms = range.len_ms() / width.clamp(1, 8_192) as i64;
    let long_enough = |step: &i64| *step >= ideal_ms.max(MINUTE_MS);
    let last = STEPS_MS[STEPS_MS.len() - 1];
    let step_ms = STEPS_MS.into_iter().find(long_enough).unwrap_or((ideal_ms / last + 1) * last);
    let from_ms = range.from_ms.div_euclid(step_ms) * step_ms;
    let steps = (range.to_ms - from_ms + step_ms - 1).div_euclid(step_ms).max(0);
    (Range::new(from_ms, from_ms + steps * step_ms), step_ms, steps as usize)
}

fn ceil(at_ms: i64) -> i64 {
    at_ms.saturating_add(MINUTE_MS - 1).div_euclid(MINUTE_MS) * MINUTE_MS
}
