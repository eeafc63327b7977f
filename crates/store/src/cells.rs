//! The minutes of every cell: what is left of cells when the tape is gone. Kept as the rows of the pack are: a tail in
//! SQLite until an hour is full, then a Parquet file a day, `<system>/cells/2026-11-21.parquet`.
//!
//! ```text
//! Second::cells -> history.db: cell_tail, one blob a minute (codec) -> full hours -> file -> grids, for questions
//! ```

pub(crate) mod codec;
pub(crate) mod file;

use crate::day::Day;
use crate::sealed::{Kind, Sealed};
use domain::minute::{CellMinute, MINUTE_MS};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Minutes in a day.
pub(crate) const DAY_MINUTES: i64 = crate::day::DAY_MS / MINUTE_MS;

/// What the catalogue says of a sealed day of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellDay {
    /// Its day.
    pub day: Day,
    /// How many rows it has: one for each cell and minute.
    pub rows: u64,
    /// How many values stand behind them. A part that joins a minute adds no row, but this.
    pub values: u64,
    /// How many cells: one more than the highest number.
    pub cells: u32,
    /// Its first minute, since 1970-01-01 UTC.
    pub first_minute: i64,
    /// Its last minute.
    pub last_minute: i64,
    /// Size of the file.
    pub bytes: u64,
    /// CRC-32 of the file; `None` in entries of earlier versions that were not read since.
    pub checksum: Option<u32>,
}

/// Minutes by their number.
pub(crate) type Tail = BTreeMap<i64, Arc<CellMinute>>;

/// Adds a minute, or a further part of one.
pub(crate) fn add(tail: &mut Tail, minute: CellMinute) {
    match tail.get_mut(&minute.minute) {
        Some(known) => Arc::make_mut(known).join(&minute),
        None => drop(tail.insert(minute.minute, Arc::new(minute))),
    }
}

/// The first minute of a day.
pub(crate) fn first_minute(day: Day) -> i64 {
    i64::from(day.0) * DAY_MINUTES
}

/// The day of a minute.
pub(crate) fn day_of(minute: i64) -> Day {
    Day(minute.div_euclid(DAY_MINUTES) as i32)
}
impl From<&CellDay> for Sealed {
    fn from(of: &CellDay) -> Sealed {
        let CellDay { day, rows, bytes, checksum, .. } = *of;
        Sealed { kind: Kind::Cells, day, rows, bytes, checksum }
    }
}
