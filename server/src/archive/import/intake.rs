//! Tables into days: instants put in order, doubled ones told, values that cannot be left out, cells into minutes.

use super::meaning::{Found, Meaning, Meanings, target_name};
use super::summary::{Summary, list};
use super::table::{Table, plain_name, unit_of};
use anyhow::{Result, bail};
use domain::minute::{CellMinute, MINUTE_MS, Stat};
use domain::point::PointId;
use domain::reading::{CellQuantity, Target};
use domain::telemetry::rounded;
use links::device::unit::{self, Conversion};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::{Block, Bulk, DAY_MS, Day, Joined};

/// The history has at most one row in this time, ms.
const DENSEST_MS: i64 = 50;
/// The first instant that can be: 1980-01-01. What lies before comes from a clock that was never set.
const FIRST_MS: i64 = 315_532_800_000;

/// Why an instant cannot be, now; `None` if it can. A clock may be a day ahead.
pub(super) fn impossible_instant(at_ms: i64, now_ms: i64) -> Option<&'static str> {
    match at_ms {
        at if at < FIRST_MS => Some("before 1980"),
        at if at > now_ms + DAY_MS => Some("in the future"),
        _ => None,
    }
}

/// All that was read, by days.
pub(super) struct Intake<'a> {
    meanings: &'a Meanings,
    /// The present, ms.
    now_ms: i64,
    file: u32,
    /// Whether anything of the file has a meaning.
    is_used: bool,
    rows: BTreeMap<Day, DayRows>,
    cells: BTreeMap<Day, BTreeMap<i64, CellMinute>>,
    /// By what name each target was read.
    names: HashMap<Target, String>,
    /// Entries of the map that a column or channel was found for.
    found: BTreeSet<usize>,
    /// What the person is told.
    pub(super) summary: Summary,
}

/// Rows of a day in the order in which they were read.
#[derive(Default)]
struct DayRows {
    /// When, and in which file.
    keys: Vec<(i64, u32)>,
    columns: Vec<(PointId, Vec<f32>)>,
}

impl<'a> Intake<'a> {
    /// Nothing yet, at `now_ms`. The files of a folder are channels that are joined.
    pub(super) fn new(meanings: &'a Meanings, of_folder: bool, now_ms: i64) -> Intake<'a> {
        let step_ms = meanings.step_ms().unwrap_or(DENSEST_MS);
        Intake {
            meanings,
            now_ms,
            file: 0,
            is_used: false,
            rows: BTreeMap::new(),
            cells: BTreeMap::new(),
            names: HashMap::new(),
            found: BTreeSet::new(),
            summary: Summary { step_ms, files: of_folder.then_some(0), ..Summary::default() },
        }
    }

    /// Takes a part of a file. `channel` is the name of the only column, where the file's name is what it is called by.
    ///
    /// # Errors
    /// The map takes a column for a cell that cannot be.
    pub(super) fn take(&mut self, source: &str, mut table: Table, channel: Option<&str>) -> Result<()> {
        let rows = table.at_ms.len() as u64;
        self.refuse_instants(source, &mut table);
        if matches!(self.meanings, Meanings::Names) && self.take_minutes(&table) {
            self.summary.read += rows;
            return Ok(());
        }
        let understood = self.understood(&table, channel)?;
        let used = !understood.is_empty();
        // A file of a folder that is no channel is told, and counts nowhere.
        self.summary.read += if used || self.summary.files.is_none() { rows } else { 0 };
        self.is_used |= used;
        let mut points = Vec::new();
        for (index, meaning) in understood {
            let (name, values) = &table.columns[index];
            let values = self.possible(source, channel.unwrap_or(name), meaning, values, table.first_row);
            match meaning.target {
                Target::Point(point) => points.push((point, values)),
                Target::Cell(quantity, cell) => self.take_cell(quantity, cell, &table.at_ms, &values),
                Target::Node(..) | Target::Device(_) => {}
            }
        }
        for (row, at_ms) in table.at_ms.iter().enumerate() {
            let Some(at_ms) = *at_ms else { continue };
            if points.iter().all(|(_, values)| values[row].is_nan()) {
                self.summary.empty += u64::from(!points.is_empty());
                continue;
            }
            self.summary.note(at_ms);
            let day = self.rows.entry(Day::of(at_ms)).or_default();
            day.push((at_ms, self.file), points.iter().map(|(point, values)| (*point, values[row])));
        }
        Ok(())
    }

    /// The columns that can be used, with what they mean. Those that cannot are told.
    fn understood(&mut self, table: &Table, channel: Option<&str>) -> Result<Vec<(usize, Meaning)>> {
        let mut understood: Vec<(usize, &str, Meaning)> = Vec::new();
        for (index, (column, _)) in table.columns.iter().enumerate() {
            let name = channel.unwrap_or(column);
            match self.meanings.of(name, unit_of(column))? {
                Found::Nothing => {
                    self.summary.unknown.insert(name.to_owned());
                }
                Found::Refused { why, entry } => {
                    self.summary.refused.column(name, &why);
                    self.found.extend(entry);
                }
                Found::Meaning(meaning) => {
                    self.found.extend(meaning.entry);
                    understood.push((index, name, meaning));
                }
            }
        }
        let mut columns = Vec::with_capacity(understood.len());
        for (index, name, meaning) in &understood {
            let target = target_name(meaning.target);
            let same = understood.iter().find(|(other, _, of)| other != index && of.target == meaning.target);
            if let Some((_, other, _)) = same {
                let why = format!("it is {target}, and so is {other}: keep one of them");
                self.summary.refused.column(name, &why);
                continue;
            }
            // Of several files.
            match self.names.get(&meaning.target) {
                Some(other) if plain_name(other) != plain_name(name) => {
                    bail!("{other} and {name} are both {target}: keep one of them")
                }
                Some(_) => {}
                None => drop(self.names.insert(meaning.target, (*name).to_owned())),
            }
            self.summary.known.insert((*name).to_owned());
            columns.push((*index, *meaning));
        }
        Ok(columns)
    }

    /// The next tables are of another file.
    pub(super) fn next_file(&mut self) {
        self.file += 1;
        self.summary.files = self.summary.files.map(|files| files + u64::from(self.is_used));
        self.is_used = false;
    }

    /// Puts everything into the history, day by day.
    ///
    /// # Errors
    /// Nothing that can be used was read, or the disk does not take it.
    pub(super) fn finish(mut self, bulk: &Bulk, system: &str) -> Result<Summary> {
        let entries = self.meanings.entries().into_iter().enumerate();
        self.summary.absent =
            entries.filter(|(index, _)| !self.found.contains(index)).map(|(_, words)| words).collect();
        if self.rows.is_empty() && self.cells.is_empty() {
            bail!("{}", self.why_nothing());
        }
        let align_ms = self.meanings.step_ms();
        for (day, rows) in std::mem::take(&mut self.rows) {
            let rows = rows.block(align_ms, &mut self.summary);
            self.summary.rows += rows.len() as u64;
            add(&mut self.summary.joined, bulk.join(system, day, &rows)?);
        }
        for (day, minutes) in std::mem::take(&mut self.cells) {
            let minutes: Vec<CellMinute> = minutes.into_values().collect();
            let known = |minute: &CellMinute| (0..minute.cells()).filter(|cell| minute.knows(*cell)).count() as u64;
            self.summary.cell_minutes += minutes.iter().map(known).sum::<u64>();
            add(&mut self.summary.joined_cells, bulk.join_new_cells(system, day, minutes)?);
        }
        Ok(self.summary)
    }

    /// Why nothing can be taken in.
    fn why_nothing(&self) -> String {
        let Summary { refused, known, unknown, absent, read, .. } = &self.summary;
        let refused = refused.words();
        if !refused.is_empty() {
            return format!("nothing can be taken in: {refused}");
        }
        if known.is_empty() {
            return match self.meanings {
                Meanings::Names => format!(
                    "none of its columns is one of telemetry: soc, pack_voltage, pack_current, ...; a map says which is \
                     which (--map). It has {}",
                    list(unknown)
                ),
                Meanings::Map(_) => format!(
                    "the map names none of its columns or files. The map has {}; there are {}",
                    list(absent),
                    list(unknown)
                ),
            };
        }
        match read {
            0 => format!("it has no rows, only the names of its columns: {}", list(known)),
            _ => "it has no values".to_owned(),
        }
    }

    /// Takes away instants that cannot be.
    fn refuse_instants(&mut self, source: &str, table: &mut Table) {
        for (row, at_ms) in table.at_ms.iter_mut().enumerate() {
            let Some((at, why)) = at_ms.and_then(|at| Some((at, impossible_instant(at, self.now_ms)?))) else {
                continue;
            };
            *at_ms = None;
            let row = table.first_row + row as u64;
            self.summary.refused.row(row, || format!("{source} row {row}: {} is {why}", crate::times::rfc3339(at)));
        }
    }

    /// Values in our unit, NaN for those that cannot be.
    fn possible(&mut self, source: &str, name: &str, meaning: Meaning, values: &[f32], first_row: u64) -> Vec<f32> {
        let (low, high) = meaning.target.plausible();
        let checked = values.iter().enumerate().map(|(row, value)| {
            let value = meaning.value(*value);
            if value.is_nan() || (low..=high).contains(&value) {
                return value;
            }
            let row = first_row + row as u64;
            self.summary
                .refused
                .value(row, || format!("{source} row {row}: {name} cannot be {value}, only {low} to {high}"));
            f32::NAN
        });
        checked.collect()
    }

    /// Samples of a cell into its minutes.
    fn take_cell(&mut self, quantity: CellQuantity, cell: u16, at_ms: &[Option<i64>], values: &[f32]) {
        let mut minutes: BTreeMap<i64, (f32, f64, f32, u32)> = BTreeMap::new();
        let mut last = None;
        for (at_ms, value) in at_ms.iter().zip(values) {
            let Some(at_ms) = at_ms.filter(|_| !value.is_nan()) else { continue };
            if last == Some(at_ms) {
                self.summary.doubled += 1;
                continue;
            }
            last = Some(at_ms);
            self.summary.note(at_ms);
            let (min, sum, max, n) =
                minutes.entry(at_ms.div_euclid(MINUTE_MS)).or_insert((f32::INFINITY, 0.0, f32::NEG_INFINITY, 0));
            (*min, *max, *n) = (min.min(*value), max.max(*value), *n + 1);
            *sum += f64::from(*value);
        }
        for (minute, (min, sum, max, n)) in minutes {
            let mean = (sum / f64::from(n)) as f32;
            self.add_minute(minute, cell, quantity, [min, mean, max], n);
        }
    }

    fn add_minute(&mut self, minute: i64, cell: u16, quantity: CellQuantity, min_mean_max: [f32; 3], n: u32) {
        self.summary.cells.insert(cell);
        let day = self.cells.entry(Day::of(minute * MINUTE_MS)).or_default();
        let kept = day.entry(minute).or_insert_with(|| CellMinute::empty(minute, 0));
        kept.add(quantity, usize::from(cell), min_mean_max, n);
    }

    /// A table of minutes of cells, as `packtwin export --cells` writes it. `false` if it is none.
    fn take_minutes(&mut self, table: &Table) -> bool {
        let columns = |wanted: &str| {
            let named = table.columns.iter().filter(|(name, _)| plain_name(name) == wanted);
            named.map(|(name, values)| (name.as_str(), values.as_slice())).collect::<Vec<_>>()
        };
        let [(_, cells)] = columns("cell")[..] else { return false };
        let mut is_one = false;
        let mut found = Vec::new();
        for quantity in CellQuantity::ALL {
            let stats = Stat::ALL.map(|stat| columns(&store::cell_column_name(quantity, stat)));
            if stats.iter().any(Vec::is_empty) {
                continue;
            }
            is_one = true;
            let factor = |(name, values): (&str, &[f32])| {
                let Conversion { factor, offset } =
                    unit::conversion(unit_of(name), Target::Cell(quantity, 0)).map_err(|why| (name.to_owned(), why))?;
                Ok(values.iter().map(|value| (f64::from(*value) * factor + offset) as f32).collect::<Vec<f32>>())
            };
            let [min, mean, max, n] = &stats;
            let doubled = stats.iter().find(|of| of.len() > 1);
            let read = match doubled {
                Some(of) => Err((of[0].0.to_owned(), format!("{} is the same: keep one of them", of[1].0))),
                None => [min, mean, max].iter().map(|of| factor(of[0])).collect::<Result<Vec<_>, _>>(),
            };
            match read {
                Ok(stats) => found.push((quantity, stats, n[0].1)),
                Err((name, why)) => self.summary.refused.column(&name, &why),
            }
        }
        if !is_one {
            return false;
        }
        for (quantity, stats, n) in found {
            let (low, high) = quantity.plausible();
            for (row, at_ms) in table.at_ms.iter().enumerate() {
                let Some(at_ms) = at_ms.filter(|_| n[row] > 0.0 && cells[row] >= 0.0) else { continue };
                let values = [stats[0][row], stats[1][row], stats[2][row]];
                if !values.iter().all(|value| (low..=high).contains(value)) {
                    self.summary.refused.value(table.first_row + row as u64, || {
                        format!("a cell's minute cannot be {values:?}, only {low} to {high}")
                    });
                    continue;
                }
                self.summary.note(at_ms);
                self.add_minute(at_ms.div_euclid(MINUTE_MS), cells[row] as u16, quantity, values, n[row] as u32);
            }
            self.summary.known.insert(quantity.path().to_owned());
        }
        true
    }
}

/// Adds what became of a day.
fn add(all: &mut Joined, of_day: Joined) {
    all.new += of_day.new;
    all.filled += of_day.filled;
}

impl DayRows {
    fn push(&mut self, key: (i64, u32), values: impl Iterator<Item = (PointId, f32)>) {
        let rows = self.keys.len();
        self.keys.push(key);
        for (point, value) in values {
            let index = self.columns.iter().position(|(known, _)| *known == point).unwrap_or_else(|| {
                self.columns.push((point, Vec::new()));
                self.columns.len() - 1
            });
            let column = &mut self.columns[index].1;
            column.resize(rows, f32::NAN);
            column.push(rounded(point, value));
        }
    }

    /// The rows in the order of time. Of rows of one file at one instant the last counts; rows of several files at one
    /// instant, and rows closer together than a step, become one.
    fn block(mut self, align_ms: Option<i64>, summary: &mut Summary) -> Block {
        let rows = self.keys.len();
        self.columns.iter_mut().for_each(|(_, column)| column.resize(rows, f32::NAN));
        let step_ms = align_ms.unwrap_or(DENSEST_MS);
        let step = |at_ms: i64| at_ms.div_euclid(step_ms);
        let mut order: Vec<usize> = (0..rows).collect();
        order.sort_by_key(|row| self.keys[*row]);
        let mut at_ms = Vec::new();
        let mut columns: Vec<(PointId, Vec<f32>)> =
            self.columns.iter().map(|(point, _)| (*point, Vec::new())).collect();
        for group in order.chunk_by(|a, b| step(self.keys[*a].0) == step(self.keys[*b].0)) {
            let mut last_of_instant: Vec<usize> = Vec::with_capacity(group.len());
            for row in group {
                match last_of_instant.last_mut() {
                    Some(last) if self.keys[*last] == self.keys[*row] => {
                        *last = *row;
                        summary.doubled += 1;
                    }
                    _ => last_of_instant.push(*row),
                }
            }
            let mut files: Vec<u32> = last_of_instant.iter().map(|row| self.keys[*row].1).collect();
            files.sort_unstable();
            files.dedup();
            summary.thinned += (last_of_instant.len() - files.len()) as u64;
            let last_ms = group.last().map_or(0, |row| self.keys[*row].0);
            at_ms.push(if align_ms.is_some() { step(last_ms) * step_ms } else { last_ms });
            for ((_, out), (_, values)) in columns.iter_mut().zip(&self.columns) {
                let known = last_of_instant.iter().rev().map(|row| values[*row]).find(|value| !value.is_nan());
                out.push(known.unwrap_or(f32::NAN));
            }
        }
        Block::from_columns(at_ms, columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: i64 = 1_792_881_000_000;

    fn rows(align_ms: Option<i64>, read: &[(i64, u32, f32)]) -> (Vec<(i64, f32)>, u64, u64) {
        let mut day = DayRows::default();
        for (at_ms, file, soc) in read {
            day.push((AT + at_ms, *file), [(PointId::Soc, *soc)].into_iter());
        }
        let mut summary = Summary::default();
        let block = day.block(align_ms, &mut summary);
        let at = block.at_ms().iter().map(|at| at - AT);
        let soc = block.column(PointId::Soc).unwrap().to_vec();
        (at.zip(soc).collect(), summary.doubled, summary.thinned)
    }

    #[test]
    fn rows_are_put_in_order_doubled_and_dense_ones_are_counted() {
        assert_eq!(
            rows(None, &[(400, 0, 3.0), (200, 0, 2.0), (0, 0, 1.0)]),
            (vec![(0, 1.0), (200, 2.0), (400, 3.0)], 0, 0)
        );
        assert_eq!(rows(None, &[(0, 0, 1.0), (0, 0, 2.0), (200, 0, 3.0)]), (vec![(0, 2.0), (200, 3.0)], 1, 0));
        // 100 Hz: one row in 50 ms stays, the last.
        assert_eq!(rows(None, &[(0, 0, 1.0), (10, 0, 2.0), (60, 0, 3.0)]), (vec![(10, 2.0), (60, 3.0)], 0, 1));
        // Two files at nearly one instant are one row; neither is doubled or thinned.
        assert_eq!(rows(Some(200), &[(10, 0, 1.0), (30, 1, 2.0), (210, 0, 3.0)]), (vec![(0, 2.0), (200, 3.0)], 0, 0));
    }
}
