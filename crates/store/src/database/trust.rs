//! What is remembered of the clock, and of what was recorded while it was not trusted.

use super::{Database, sql};
use crate::day::Day;
use crate::error::StoreError;
use domain::time::Utc;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

impl Database {
    /// The last known time, and whether the clock stood before it.
    pub(crate) fn known_clock(&mut self) -> Result<Option<(Utc, bool)>, StoreError> {
        let found = self.conn.first(sql::KNOWN_CLOCK.plain(), |row| Ok((Utc(row.try_get(0)?), row.try_get(1)?)));
        found.map_err(StoreError::sqlite(&self.path))
    }

    /// Remembers the last known time, and whether the clock stands before it.
    pub(crate) fn remember_clock(&mut self, known: Utc, behind: bool) -> Result<(), StoreError> {
        self.write(sql::PUT_CLOCK.bind(known.0).bind(behind))
    }

    /// Remembers a day that is sealed while the clock is ahead of what is known.
    pub(crate) fn doubt(&mut self, system: &str, cells: bool, day: Day) -> Result<(), StoreError> {
        self.write(sql::ADD_DOUBTFUL.bind(system).bind(cells).bind(day.0))
    }

    /// The days that were sealed so.
    pub(crate) fn doubtful(&mut self) -> Result<Vec<(String, bool, Day)>, StoreError> {
        let day = |row: &SqliteRow| Ok((row.try_get(0)?, row.try_get(1)?, Day(row.try_get(2)?)));
        self.conn.all(sql::DOUBTFUL.plain(), day).map_err(StoreError::sqlite(&self.path))
    }

    /// It is known what they are.
    pub(crate) fn doubt_no_more(&mut self) -> Result<(), StoreError> {
        self.write(sql::DELETE_DOUBTFUL.plain())
    }

    /// Drops rows and minutes of cells from the tail, up to these places: they are kept elsewhere now.
    pub(crate) fn drop_tail(
        &mut self,
        system: &str,
        (from_ms, to_ms): (i64, i64),
        (newest_row, newest_minute): (i64, i64),
    ) -> Result<(), StoreError> {
        let within =
            |sql: sql::Sql, unit_ms| sql.bind(system).bind(from_ms.div_euclid(unit_ms)).bind(to_ms.div_euclid(unit_ms));
        self.write(within(sql::DELETE_ROWS, 1_000).bind(newest_row))?;
        self.write(within(sql::DELETE_CELLS, 60_000).bind(newest_minute))
    }
}
