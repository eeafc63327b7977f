//! What became of what an import has read, for the person who asked for it.

use crate::archive::rfc3339;
use std::collections::BTreeSet;
use std::fmt;

/// What was refused: how many, with the first as an example.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Refused {
    /// Rows without an instant that can be.
    pub(super) rows: u64,
    /// Values that are no number, or that cannot be.
    pub(super) values: u64,
    /// The first of them in its file: in which row or line, and what.
    example: Option<(u64, String)>,
}

impl Refused {
    /// Counts a row.
    pub(super) fn row(&mut self, row: u64, what: impl FnOnce() -> String) {
        self.rows += 1;
        self.note(row, what);
    }

    /// Counts a value.
    pub(super) fn value(&mut self, row: u64, what: impl FnOnce() -> String) {
        self.values += 1;
        self.note(row, what);
    }

    fn note(&mut self, row: u64, what: impl FnOnce() -> String) {
        if self.example.as_ref().is_none_or(|(first, _)| row < *first) {
            self.example = Some((row, what()));
        }
    }

    /// Adds what was refused of another file, or while the same one was read.
    pub(super) fn add(&mut self, other: Refused) {
        self.rows += other.rows;
        self.values += other.values;
        if let Some((row, what)) = other.example {
            self.note(row, || what);
        }
    }

    /// The first that was refused, in words.
    pub(super) fn example(&self) -> &str {
        self.example.as_ref().map_or("", |(_, what)| what)
    }
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Summary {
    /// Rows of the files.
    pub(super) read: u64,
    /// Rows of the history that they make, and those of them that were not there before.
    pub(super) rows: u64,
    /// See `rows`.
    pub(super) stored: u64,
    /// Minutes of single cells, and those that were not there before.
    pub(super) cell_minutes: u64,
    /// See `cell_minutes`.
    pub(super) stored_cell_minutes: u64,
    /// The number of different cells.
    pub(super) cells: BTreeSet<u16>,
    /// Rows of a time that came again in the same file: the last counts.
    pub(super) doubled: u64,
    /// Rows that were joined with others, because they lie closer together than a step.
    pub(super) thinned: u64,
    /// The shortest time between two rows that are kept, ms.
    pub(super) step_ms: i64,
    /// What was refused.
    pub(super) refused: Refused,
    /// The first and last instant that was taken in, ms since 1970-01-01 UTC.
    pub(super) range: Option<(i64, i64)>,
    /// Columns or channels that were read, and those that nothing says the meaning of.
    pub(super) known: BTreeSet<String>,
    /// See `known`.
    pub(super) unknown: BTreeSet<String>,
}

impl Summary {
    /// Notes that something of this instant was taken in.
    pub(super) fn note(&mut self, at_ms: i64) {
        self.range = Some(self.range.map_or((at_ms, at_ms), |(first, last)| (first.min(at_ms), last.max(at_ms))));
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows > 0 || self.cells.is_empty() {
            write!(f, "{} of {} rows taken in", self.stored, self.rows)?;
            if self.stored < self.rows {
                write!(f, "; {} were there already", self.rows - self.stored)?;
            }
            writeln!(f)?;
        }
        if !self.cells.is_empty() {
            let (stored, all) = (self.stored_cell_minutes, self.cell_minutes);
            write!(f, "{stored} of {all} cell minutes of {} cells taken in", self.cells.len())?;
            if stored < all {
                write!(f, "; {} were there already", all - stored)?;
            }
            writeln!(f)?;
        }
        if let Some((first, last)) = self.range {
            writeln!(f, "  time       {} to {}", rfc3339(first), rfc3339(last))?;
        }
        writeln!(f, "  columns    {}", list(&self.known))?;
        if !self.unknown.is_empty() {
            writeln!(f, "  left out   {}: not known", list(&self.unknown))?;
        }
        if self.doubled > 0 {
            writeln!(
                f,
                "  doubled    {} rows of a time that came before in the same file; the last counts",
                self.doubled
            )?;
        }
        if self.thinned > 0 {
            let (thinned, step_ms) = (self.thinned, self.step_ms);
            writeln!(f, "  thinned    {thinned} rows closer than {step_ms} ms to another; the last value counts")?;
        }
        let Refused { rows, values, .. } = self.refused;
        if rows + values > 0 {
            let plural = |n: u64, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
            let (rows, values) = (plural(rows, "row"), plural(values, "value"));
            writeln!(f, "  refused    {rows} and {values}, such as {}", self.refused.example())?;
        }
        Ok(())
    }
}

/// The first names of many.
fn list(names: &BTreeSet<String>) -> String {
    const SHOWN: usize = 12;
    let first: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    match names.len() {
        0 => "none".to_owned(),
        len if len > SHOWN => format!("{} and {} more", first.join(", "), len - SHOWN),
        _ => first.join(", "),
    }
}
