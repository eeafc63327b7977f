//! Minutes of many: of every cell, of every device point. Both are kept in the same way: a tail in SQLite until an hour is
//! full, then a Parquet file a day, `<system>/<kind>/2026-11-21.parquet`.
//!
//! ```text
//! Second -> history.db: <kind>_tail, one blob a minute -> full hours -> file of the day -> questions
//! ```

use crate::day::Day;
use crate::error::StoreError;
use crate::sealed::{Kind, Sealed};
use crate::segment::Written;
use domain::minute::MINUTE_MS;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Minutes in a day.
pub(crate) const DAY_MINUTES: i64 = crate::day::DAY_MS / MINUTE_MS;

/// What the catalogue says of a sealed day of minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinuteDay {
    /// Its day.
    pub day: Day,
    /// How many rows it has: one for each cell or device point and minute.
    pub rows: u64,
    /// How many values stand behind them. A part that joins a minute adds no row, but this.
    pub values: u64,
    /// Of cells: one more than the highest number. Of device points: how many there are.
    pub width: u32,
    /// Its first minute, since 1970-01-01 UTC.
    pub first_minute: i64,
    /// Its last minute.
    pub last_minute: i64,
    /// Size of the file.
    pub bytes: u64,
    /// CRC-32 of the file; `None` in entries of earlier versions that were not read since.
    pub checksum: Option<u32>,
}

impl MinuteDay {
    /// What the catalogue says of its file.
    pub(crate) fn sealed(&self, kind: Kind) -> Sealed {
        let MinuteDay { day, rows, bytes, checksum, .. } = *self;
        Sealed { kind, day, rows, bytes, checksum }
    }
}

/// A minute of many, as tails and files keep it.
pub(crate) trait Minute: Clone + Send + Sync {
    /// Which files hold it.
    const KIND: Kind;
    /// Which minute, since 1970-01-01 UTC.
    fn number(&self) -> i64;
    /// Of how many it is.
    fn width(&self) -> usize;
    /// Adds another part of the same minute.
    fn join(&mut self, other: &Self);
    /// Shares with another minute what is the same in both, to save memory.
    fn share(&mut self, _other: &Self) {}
    /// As bytes, for the tail.
    fn pack(&self) -> Vec<u8>;
    /// The minute of this number in bytes; `None` if they are not what [`Minute::pack`] made.
    fn unpack(number: i64, bytes: &[u8]) -> Option<Self>;
    /// Writes minutes, which must lie in `day`, to a file for the place of the one at `path`: with those that are there
    /// already; parts of one minute become one.
    ///
    /// # Errors
    /// [`StoreError::Io`]; [`StoreError::Parquet`] if the file that is there cannot be read.
    fn seal(path: &Path, day: Day, minutes: &[Self]) -> Result<(Written, MinuteDay), StoreError>;
    /// Writes minutes to a file of its own. Returns its size, bytes.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::Parquet`].
    fn write(path: &Path, minutes: &[Arc<Self>]) -> Result<u64, StoreError>;
    /// The catalogue's entry for a file that is there.
    ///
    /// # Errors
    /// It cannot be read.
    fn describe(path: &Path, day: Day) -> Result<MinuteDay, StoreError>;
    /// All minutes of a file that is there, each whole.
    ///
    /// # Errors
    /// It cannot be read.
    fn minutes(path: &Path, day: Day) -> Result<Tail<Self>, StoreError>;
}

/// Minutes by their number.
pub(crate) type Tail<M> = BTreeMap<i64, Arc<M>>;

/// Adds a minute, or a further part of one.
pub(crate) fn add<M: Minute>(tail: &mut Tail<M>, minute: M) {
    match tail.get_mut(&minute.number()) {
        Some(known) => Arc::make_mut(known).join(&minute),
        None => drop(tail.insert(minute.number(), Arc::new(minute))),
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
