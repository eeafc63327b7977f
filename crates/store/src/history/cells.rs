//! Questions about single cells: an instant, one cell over time, a map of all cells over time, who is the lowest. From
//! their minutes, wherever these are: sealed days, the tail, or a minute in parts in both.

use super::chart::STEPS_MS;
use super::{ATTEMPTS, DAMAGED_MAX, History, Range};
use crate::cells::{self, CellDay, Tail, day_of, first_minute};
use crate::day::Day;
use crate::error::StoreError;
use crate::rollup::{Bucket, Fold as _};
use crate::sealed::Kind;
use domain::minute::{self, CellMinute, MINUTE_MS, NONE, Stat, difference, fine_value};
use domain::reading::CellQuantity;
use std::path::PathBuf;
use std::sync::Arc;

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

/// What there is of a system's cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CellCoverage {
    /// When the first minute began, ms since 1970-01-01 UTC; `None` if there is none.
    pub first_ms: Option<i64>,
    /// When the last minute ended.
    pub end_ms: Option<i64>,
    /// The most cells that any minute has.
    pub cells: usize,
    /// The sealed days, in their order.
    pub days: Vec<CellDay>,
}

/// All of a system's minutes at one instant, as files for another program and what is in none of them.
#[derive(Clone, Debug, Default)]
pub struct CellParts {
    /// The sealed days with their files, oldest first. A file may be replaced by a longer one at any time.
    pub sealed: Vec<(CellDay, PathBuf)>,
    /// The minutes that are not sealed, oldest first.
    pub tail: Vec<Arc<CellMinute>>,
}

/// What of a system's minutes lies in a range of minutes.
struct Found {
    from: i64,
    to: i64,
    cells: usize,
    days: Vec<CellDay>,
    tail: Tail,
}

/// A number of every cell.
type CellColumn = (CellQuantity, Stat);

impl History {
    /// What there is of a system's cells.
    pub fn cell_coverage(&self, system: &str) -> CellCoverage {
        let found = self.find_cells(system, i64::MIN, i64::MAX);
        let first = found.days.first().map(|day| day.first_minute);
        let last = found.days.last().map(|day| day.last_minute);
        let tail = (found.tail.keys().next().copied(), found.tail.keys().next_back().copied());
        CellCoverage {
            first_ms: first.into_iter().chain(tail.0).min().map(|minute| minute * MINUTE_MS),
            end_ms: last.into_iter().chain(tail.1).max().map(|minute| (minute + 1) * MINUTE_MS),
            cells: found.cells,
            days: found.days,
        }
    }

    /// The parts that the past of a system's cells consists of now. A damaged day is left out, which is told.
    pub fn cell_parts(&self, system: &str) -> CellParts {
        let found = self.find_cells(system, i64::MIN, i64::MAX);
        let file = |day: CellDay| {
            self.checks.check(system, &day).ok().map(|()| (day, Kind::Cells.path(&self.data, system, day.day)))
        };
        CellParts {
            sealed: found.days.into_iter().filter_map(file).collect(),
            tail: found.tail.into_values().collect(),
        }
    }

    /// Hands out the minutes of a range in their order, each whole: a day at a time is in memory.
    ///
    /// # Errors
    /// A file cannot be read, or `each` fails.
    pub fn each_cell_minute<E: From<StoreError>>(
        &self,
        system: &str,
        range: Range,
        mut each: impl FnMut(&CellMinute) -> Result<(), E>,
    ) -> Result<(), E> {
        let (from, to) = minutes_of(range);
        let found = self.find_cells(system, from, to);
        let mut tail = found.tail;
        for day in found.days {
            match self.checks.check(system, &day) {
                Err(StoreError::DayDamaged { .. }) => continue,
                checked => checked?,
            }
            let mut minutes = cells::file::minutes(&Kind::Cells.path(&self.data, system, day.day), day.day)?;
            let end = cells::first_minute(day.day) + cells::DAY_MINUTES;
            let later = tail.split_off(&end);
            let before = std::mem::replace(&mut tail, later);
            before.into_values().for_each(|minute| cells::add(&mut minutes, Arc::unwrap_or_clone(minute)));
            for minute in minutes.range(from..to).map(|(_, minute)| minute) {
                each(minute)?;
            }
        }
        tail.values().try_for_each(|minute| each(minute))
    }

    /// Every cell in the minute that holds an instant, ms since 1970-01-01 UTC; `None` if nothing is known of it.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn cells_at(&self, system: &str, at_ms: i64) -> Result<Option<CellsAt>, StoreError> {
        let wanted = at_ms.div_euclid(MINUTE_MS);
        let columns = CellQuantity::ALL.map(|quantity| (quantity, Stat::Mean));
        self.consistent_cells(system, (wanted, wanted + 1), |found| {
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
        self.consistent_cells(system, minutes_of(range), |found| {
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
        self.consistent_cells(system, minutes_of(range), |found| {
            let cells = found.cells;
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
        self.consistent_cells(system, minutes_of(range), |found| {
            let mut rank = CellRank { lowest: vec![0; found.cells], ..CellRank::default() };
            let mut sums = Sums::new(found.cells);
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
        found: &Found,
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
                let place = (minute - first_minute(of.day)) as usize * of.cells as usize;
                let row = place..place + of.cells as usize;
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

    fn sealed_minute(&self, system: &str, of: &CellDay, minute: i64) -> Result<CellMinute, StoreError> {
        let mut whole = CellMinute::empty(minute, of.cells as usize);
        let place = (minute - first_minute(of.day)) as usize * of.cells as usize;
        for (quantity, stat) in cells::file::columns() {
            let grid = self.grids.get(system, of, quantity, stat)?;
            let column = &mut whole.columns[quantity as usize][stat as usize];
            if let Some(sealed) = grid.get(place..place + of.cells as usize) {
                column.copy_from_slice(sealed);
            }
        }
        Ok(whole)
    }

    /// As [`History::consistent`], of cells.
    fn consistent_cells<T>(
        &self,
        system: &str,
        (from, to): (i64, i64),
        answer: impl Fn(&Found) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (mut attempt, mut damaged) = (1, 0);
        loop {
            let found = self.find_cells(system, from, to);
            let answer = answer(&found);
            if matches!(answer, Err(StoreError::DayDamaged { .. })) && damaged < DAMAGED_MAX {
                damaged += 1;
                continue;
            }
            let replaced = || {
                let same = |of: &CellDay, now: Option<&CellDay>| now == Some(of);
                let now = self
                    .index
                    .with(system, |indexed| found.days.iter().all(|of| same(of, indexed.cell_days.get(&of.day))));
                now == Some(false)
            };
            if answer.is_ok() || attempt == ATTEMPTS || !replaced() {
                return answer;
            }
            attempt += 1;
        }
    }

    fn find_cells(&self, system: &str, from: i64, to: i64) -> Found {
        let found = self.index.with(system, |indexed| {
            let (first, last) = (day_of(from.max(-1 << 40)), day_of(to.min(1 << 40)));
            let days = if first <= last {
                indexed.cell_days.range(first..=last)
            } else {
                indexed.cell_days.range(Day(0)..Day(0))
            };
            let days = days.map(|(_, day)| *day).filter(|day| day.last_minute >= from && day.first_minute < to);
            let tail = indexed.cell_tail.range(from..to.max(from)).map(|(at, minute)| (*at, Arc::clone(minute)));
            Found { from, to, cells: 0, days: days.collect(), tail: tail.collect() }
        });
        let mut found = found.unwrap_or_else(|| Found { from, to, cells: 0, days: Vec::new(), tail: Tail::new() });
        let sealed = found.days.iter().map(|day| day.cells as usize);
        found.cells = sealed.chain(found.tail.values().map(|minute| minute.cells())).max().unwrap_or(0);
        found
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
fn steps(range: Range, width: usize) -> (Range, i64, usize) {
    let ideal_ms = range.len_ms() / width.clamp(1, 8_192) as i64;
    let long_enough = |step: &i64| *step >= ideal_ms.max(MINUTE_MS);
    let last = STEPS_MS[STEPS_MS.len() - 1];
    let step_ms = STEPS_MS.into_iter().find(long_enough).unwrap_or((ideal_ms / last + 1) * last);
    let from_ms = range.from_ms.div_euclid(step_ms) * step_ms;
    let steps = (range.to_ms - from_ms + step_ms - 1).div_euclid(step_ms).max(0);
    (Range::new(from_ms, from_ms + steps * step_ms), step_ms, steps as usize)
}

fn minutes_of(range: Range) -> (i64, i64) {
    (range.from_ms.div_euclid(MINUTE_MS), range.to_ms.div_euclid(MINUTE_MS))
}

fn ceil(at_ms: i64) -> i64 {
    at_ms.saturating_add(MINUTE_MS - 1).div_euclid(MINUTE_MS) * MINUTE_MS
}
