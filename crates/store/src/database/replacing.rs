//! The statements about files of sealed days that are about to be replaced: see [`crate::replaced`].

use super::connection::Connection;
use super::{Database, sql};
use crate::day::Day;
use crate::error::StoreError;
use crate::sealed::{Kind, Sealed};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

/// What of the tail is in the file of a day: what lies in the day, before `before`, and up to the place `newest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Second of the rows, or minute of the cells, since 1970-01-01 UTC.
    pub(crate) before: i64,
    /// Place in the tail.
    pub(crate) newest: i64,
}

impl Taken {
    /// Nothing of it.
    pub(crate) const NOTHING: Taken = Taken { before: i64::MIN, newest: 0 };
}

/// A file that is about to be replaced, or was and could not be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replacing {
    /// Whose it is.
    pub(crate) system: String,
    /// What it holds.
    pub(crate) kind: Kind,
    /// Its day.
    pub(crate) day: Day,
    /// Size of the new file.
    pub(crate) bytes: u64,
    /// CRC-32 of the new file.
    pub(crate) checksum: u32,
    /// What of the tail is in the new file.
    pub(crate) taken: Taken,
}

impl Database {
    /// Notes that a file of this size and checksum is about to take the place of a day's file. When this returns, the
    /// note is on the disk, as is everything before it: a power cut may bring the new file and keep what came later.
    pub(crate) fn replacing(&mut self, system: &str, of: &Sealed, taken: Taken) -> Result<(), StoreError> {
        let note = sql::NOTE_REPLACING.bind(system).bind(of.kind.number()).bind(of.day.0).bind(of.bytes as i64);
        let note = note.bind(of.checksum.unwrap_or_default()).bind(taken.before).bind(taken.newest);
        self.write(sql::SYNCHRONOUS_FULL.plain())?;
        let noted = self.write(note);
        self.write(sql::SYNCHRONOUS_NORMAL.plain())?;
        noted
    }

    /// Everything that was noted and is not registered.
    pub(crate) fn replacements(&mut self) -> Result<Vec<Replacing>, StoreError> {
        self.conn.all(sql::REPLACING.plain(), replacing).map_err(StoreError::sqlite(&self.path))
    }

    /// The note is void: the file did not take its place.
    pub(crate) fn not_replaced(&mut self, of: &Replacing) -> Result<(), StoreError> {
        done(&mut self.conn, &of.system, of.kind, of.day).map_err(StoreError::sqlite(&self.path))
    }
}

pub(super) fn done(conn: &mut Connection, system: &str, kind: Kind, day: Day) -> sqlx::Result<()> {
    conn.run(sql::DELETE_REPLACING.bind(system).bind(kind.number()).bind(day.0)).map(drop)
}

/// A number that this version does not know is told as the reader's error.
pub(super) fn kind(number: i64) -> sqlx::Result<Kind> {
    Kind::of_number(number).ok_or_else(|| sqlx::Error::Decode(format!("there is no kind of days {number}").into()))
}

fn replacing(row: &SqliteRow) -> sqlx::Result<Replacing> {
    Ok(Replacing {
        system: row.try_get(0)?,
        kind: kind(row.try_get(1)?)?,
        day: Day(row.try_get(2)?),
        bytes: row.try_get::<i64, _>(3)?.max(0) as u64,
        checksum: row.try_get(4)?,
        taken: Taken { before: row.try_get(5)?, newest: row.try_get(6)? },
    })
}
