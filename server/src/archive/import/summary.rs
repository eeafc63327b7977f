//! What became of what an import has read, for the person who asked for it.

use crate::times::rfc3339;
use std::collections::BTreeSet;
use std::fmt;
use store::Joined;

/// So many of a kind are told at most.
const SHOWN: usize = 12;

/// What was refused: how many, with the first as an example.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Refused {
    /// Rows without an instant that can be.
    pub(super) rows: u64,
    /// Values that are no number, or that cannot be.
    pub(super) values: u64,
    /// The first of them in its file: in which row or line, and what.
    example: Option<(u64, String)>,
    /// Columns that cannot be used: their names, and why.
    pub(super) columns: BTreeSet<String>,
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

    /// Notes a column.
    pub(super) fn column(&mut self, name: &str, why: &str) {
        self.columns.insert(format!("{name}: {why}"));
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
        self.columns.extend(other.columns);
        if let Some((row, what)) = other.example {
            self.note(row, || what);
        }
    }

    /// The first value or row that was refused, in words.
    fn example(&self) -> &str {
        self.example.as_ref().map_or("", |(_, what)| what)
    }

    /// All of it, in words; empty if nothing was refused.
    pub(super) fn words(&self) -> String {
        let all = self.columns.iter().take(SHOWN).map(String::as_str).chain([self.example()]);
        all.filter(|words| !words.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Summary {
    /// Rows of the files, of channels only those that are used.
    pub(super) read: u64,
    /// How many files are used, if they are channels whose rows are joined.
    pub(super) files: Option<u64>,
    /// Rows of the history that they make.
    pub(super) rows: u64,
    /// What became of these.
    pub(super) joined: Joined,
    /// Minutes of single cells.
    pub(super) cell_minutes: u64,
    /// What became of these.
    pub(super) joined_cells: Joined,
    /// The number of different cells.
    pub(super) cells: BTreeSet<u16>,
    /// Rows of a time that came again in the same file: the last counts.
    pub(super) doubled: u64,
    /// Rows that were joined with others, because they lie in the same step of the clock.
    pub(super) thinned: u64,
    /// Rows without a value.
    pub(super) empty: u64,
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
    /// Entries of the map that no column or channel is meant by.
    pub(super) absent: BTreeSet<String>,
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
            let Joined { new, .. } = self.joined;
            match self.files {
                // All of its rows: what did not become a row of the history is told below.
                None => write!(f, "{new} of {} rows taken in", self.read)?,
                Some(files) => write!(
                    f,
                    "{new} of {} rows taken in, joined from {} of {}",
                    self.rows,
                    plural(self.read, "reading"),
                    plural(files, "file")
                )?,
            }
            writeln!(f, "{}", others(self.joined, self.rows))?;
        }
        if !self.cells.is_empty() {
            let (Joined { new, .. }, all) = (self.joined_cells, self.cell_minutes);
            let others = others(self.joined_cells, all);
            writeln!(f, "{new} of {all} cell minutes of {} taken in{others}", plural(self.cells.len() as u64, "cell"))?;
        }
        if let Some((first, last)) = self.range {
            writeln!(f, "  time       {} to {}", rfc3339(first), rfc3339(last))?;
        }
        writeln!(f, "  columns    {}", list(&self.known))?;
        if !self.unknown.is_empty() {
            writeln!(f, "  left out   {}: not known", list(&self.unknown))?;
        }
        for entry in self.absent.iter().take(SHOWN) {
            writeln!(f, "  not there  {entry}: the map names it, and no column or file is called so")?;
        }
        if self.empty > 0 {
            writeln!(f, "  empty      {} without a value", plural(self.empty, "row"))?;
        }
        if self.doubled > 0 {
            writeln!(
                f,
                "  doubled    {} of a time that came before in the same file; the last counts",
                plural(self.doubled, "row")
            )?;
        }
        if self.thinned > 0 {
            let (thinned, step_ms) = (plural(self.thinned, "row"), self.step_ms);
            writeln!(f, "  thinned    {thinned} in a step of {step_ms} ms with another; the last value counts")?;
        }
        let Refused { rows, values, .. } = self.refused;
        if rows + values > 0 {
            let (rows, values) = (plural(rows, "row"), plural(values, "value"));
            writeln!(f, "  refused    {rows} and {values}, such as {}", self.refused.example())?;
        }
        for column in self.refused.columns.iter().take(SHOWN) {
            writeln!(f, "  refused    column {column}")?;
        }
        if let Some(more) = self.refused.columns.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            writeln!(f, "  refused    {more} more columns")?;
        }
        Ok(())
    }
}

/// Of what was not new among `all`: what filled places, and what was there already.
fn others(Joined { new, filled }: Joined, all: u64) -> String {
    let same = all.saturating_sub(new + filled);
    let filled = if filled > 0 { format!("; {filled} filled what was empty there") } else { String::new() };
    let same = if same > 0 { format!("; {same} were there already") } else { String::new() };
    filled + &same
}

fn plural(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// The first names of many.
pub(super) fn list(names: &BTreeSet<String>) -> String {
    let first: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    match names.len() {
        0 => "none".to_owned(),
        len if len > SHOWN => format!("{} and {} more", first.join(", "), len - SHOWN),
        _ => first.join(", "),
    }
}
