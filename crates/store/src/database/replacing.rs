//! The statements about files of sealed days that are about to be replaced: see [`crate::replaced`].

use super::{Database, Reader};
use crate::day::Day;
use crate::error::StoreError;
use crate::integrity::{Kind, Sealed};
use rusqlite::{Connection, params};

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
        let write = |conn: &Connection| {
            conn.execute_batch("PRAGMA synchronous = FULL")?;
            let noted = conn.execute(
                "INSERT OR REPLACE INTO replacing VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    system,
                    of.kind == Kind::Cells,
                    of.day.0,
                    of.bytes as i64,
                    of.checksum.unwrap_or_default(),
                    taken.before,
                    taken.newest
                ],
            );
            conn.execute_batch("PRAGMA synchronous = NORMAL")?;
            noted.map(drop)
        };
        write(&self.conn).map_err(StoreError::sqlite(&self.path))
    }

    /// Everything that was noted and is not registered.
    pub(crate) fn replacements(&self) -> Result<Vec<Replacing>, StoreError> {
        replacements(&self.conn).map_err(StoreError::sqlite(&self.path))
    }

    /// The note is void: the file did not take its place.
    pub(crate) fn not_replaced(&mut self, of: &Replacing) -> Result<(), StoreError> {
        done(&self.conn, &of.system, of.kind, of.day).map_err(StoreError::sqlite(&self.path))
    }
}

impl Reader {
    /// Whether anything was noted and is not registered.
    pub(crate) fn any_replaced(&self) -> rusqlite::Result<bool> {
        self.conn().query_row("SELECT EXISTS (SELECT 1 FROM replacing)", [], |row| row.get(0))
    }
}

pub(super) fn done(conn: &Connection, system: &str, kind: Kind, day: Day) -> rusqlite::Result<()> {
    let sql = "DELETE FROM replacing WHERE system = ?1 AND cells = ?2 AND day = ?3";
    conn.execute(sql, params![system, kind == Kind::Cells, day.0]).map(drop)
}

fn replacements(conn: &Connection) -> rusqlite::Result<Vec<Replacing>> {
    let mut select =
        conn.prepare_cached("SELECT system, cells, day, bytes, checksum, before, newest FROM replacing")?;
    let rows = select.query_map([], |row| {
        Ok(Replacing {
            system: row.get(0)?,
            kind: if row.get(1)? { Kind::Cells } else { Kind::Pack },
            day: Day(row.get(2)?),
            bytes: row.get::<_, i64>(3)?.max(0) as u64,
            checksum: row.get(4)?,
            taken: Taken { before: row.get(5)?, newest: row.get(6)? },
        })
    })?;
    rows.collect()
}
