//! What is remembered of the clock, and of what was recorded while it was not trusted.

use super::kinds::statements;
use super::replacing::kind;
use super::{Database, sql};
use crate::day::Day;
use crate::error::StoreError;
use crate::sealed::Kind;
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
    pub(crate) fn doubt(&mut self, system: &str, kind: Kind, day: Day) -> Result<(), StoreError> {
        self.write(sql::ADD_DOUBTFUL.bind(system).bind(kind.number()).bind(day.0))
    }

    /// The days that were sealed so.
    pub(crate) fn doubtful(&mut self) -> Result<Vec<(String, Kind, Day)>, StoreError> {
        let day = |row: &SqliteRow| Ok((row.try_get(0)?, kind(row.try_get(1)?)?, Day(row.try_get(2)?)));
        self.conn.all(sql::DOUBTFUL.plain(), day).map_err(StoreError::sqlite(&self.path))
    }

    /// It is known what they are.
    pub(crate) fn doubt_no_more(&mut self) -> Result<(), StoreError> {
        self.write(sql::DELETE_DOUBTFUL.plain())
    }

    /// Drops rows and minutes from the tails, up to these places by kind: they are kept elsewhere now.
    pub(crate) fn drop_tail(
        &mut self,
        system: &str,
        (from_ms, to_ms): (i64, i64),
        newest: [i64; Kind::ALL.len()],
    ) -> Result<(), StoreError> {
        let within =
            |sql: sql::Sql, unit_ms| sql.bind(system).bind(from_ms.div_euclid(unit_ms)).bind(to_ms.div_euclid(unit_ms));
        Kind::ALL.into_iter().zip(newest).try_for_each(|(kind, newest)| match statements(kind) {
            None => self.write(within(sql::DELETE_ROWS, 1_000).bind(newest)),
            Some(of) => self.write(within(of.delete, 60_000).bind(newest)),
        })
    }
}
