//! What is remembered of the clock, and of what was recorded while it was not trusted.

use super::Database;
use crate::day::Day;
use crate::error::StoreError;
use domain::time::Utc;
use rusqlite::{OptionalExtension as _, params};

impl Database {
    /// The last known time, and whether the clock stood before it.
    pub(crate) fn known_clock(&self) -> Result<Option<(Utc, bool)>, StoreError> {
        let row = |row: &rusqlite::Row<'_>| Ok((Utc(row.get(0)?), row.get(1)?));
        let found = self.conn.query_row("SELECT known_us, behind FROM clock", [], row).optional();
        found.map_err(StoreError::sqlite(&self.path))
    }

    /// Remembers the last known time, and whether the clock stands before it.
    pub(crate) fn remember_clock(&mut self, known: Utc, behind: bool) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO clock VALUES (1, ?1, ?2)";
        self.conn.execute(sql, params![known.0, behind]).map(drop).map_err(StoreError::sqlite(&self.path))
    }

    /// Remembers a day that is sealed while the clock is ahead of what is known.
    pub(crate) fn doubt(&mut self, system: &str, cells: bool, day: Day) -> Result<(), StoreError> {
        let sql = "INSERT OR IGNORE INTO doubtful VALUES (?1, ?2, ?3)";
        self.conn.execute(sql, params![system, cells, day.0]).map(drop).map_err(StoreError::sqlite(&self.path))
    }

    /// The days that were sealed so.
    pub(crate) fn doubtful(&self) -> Result<Vec<(String, bool, Day)>, StoreError> {
        let read = || -> rusqlite::Result<Vec<_>> {
            let mut select = self.conn.prepare_cached("SELECT system, cells, day FROM doubtful")?;
            select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, Day(row.get(2)?))))?.collect()
        };
        read().map_err(StoreError::sqlite(&self.path))
    }

    /// It is known what they are.
    pub(crate) fn doubt_no_more(&mut self) -> Result<(), StoreError> {
        self.conn.execute("DELETE FROM doubtful", []).map(drop).map_err(StoreError::sqlite(&self.path))
    }

    /// Drops rows and minutes of cells from the tail, up to these places: they are kept elsewhere now.
    pub(crate) fn drop_tail(
        &mut self,
        system: &str,
        (from_ms, to_ms): (i64, i64),
        (newest_row, newest_minute): (i64, i64),
    ) -> Result<(), StoreError> {
        let drop_them = || {
            self.conn.execute(
                "DELETE FROM tail WHERE system_id = (SELECT id FROM system WHERE name = ?1)
                 AND utc_s >= ?2 AND utc_s < ?3 AND seq <= ?4",
                params![system, from_ms.div_euclid(1_000), to_ms.div_euclid(1_000), newest_row],
            )?;
            self.conn.execute(
                "DELETE FROM cell_tail WHERE system_id = (SELECT id FROM system WHERE name = ?1)
                 AND minute >= ?2 AND minute < ?3 AND seq <= ?4",
                params![system, from_ms.div_euclid(60_000), to_ms.div_euclid(60_000), newest_minute],
            )
        };
        drop_them().map(drop).map_err(StoreError::sqlite(&self.path))
    }
}
