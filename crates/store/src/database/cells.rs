//! The statements about minutes of cells: those that are sealed, and those that are not yet.

use super::connection::Connection;
use super::{Database, Taken, catalogue, replacing, sql};
use crate::cells::{CellDay, Tail, add, codec, first_minute};
use crate::day::Day;
use crate::error::StoreError;
use crate::sealed::Kind;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

impl Database {
    /// Every sealed day of cells of every system.
    pub(crate) fn cell_days(&mut self) -> Result<Vec<(String, CellDay)>, StoreError> {
        cell_days(&mut self.conn).map_err(StoreError::sqlite(&self.path))
    }

    /// The minutes of `system` before the minute `before` that are not sealed yet, and the newest of their places.
    pub(crate) fn unsealed_cells(&mut self, system: &str, before: i64) -> Result<(Tail, i64), StoreError> {
        unsealed_cells(&mut self.conn, system, before).map_err(StoreError::sqlite(&self.path))
    }

    /// Registers a sealed day, and drops the minutes from the tail that are in it. All of it, or nothing.
    pub(crate) fn cells_sealed(
        &mut self,
        system: &str,
        sealed: &CellDay,
        Taken { before, newest }: Taken,
    ) -> Result<(), StoreError> {
        let registered = self.conn.transaction(|conn| {
            let id = catalogue::system_id(conn, system)?;
            let CellDay { day, rows, values, cells, first_minute: first, last_minute, bytes, checksum } = sealed;
            let put = sql::PUT_CELL_SEGMENT.bind(id).bind(day.0).bind(*rows as i64).bind(*values as i64).bind(*cells);
            conn.run(put.bind(*first).bind(*last_minute).bind(*bytes as i64).bind(*checksum))?;
            let (from, to) = (first_minute(*day), first_minute(Day(day.0 + 1)));
            conn.run(sql::DELETE_CELLS.bind(system).bind(from).bind(to.min(before)).bind(newest))?;
            replacing::done(conn, system, Kind::Cells, *day)
        });
        registered.map_err(StoreError::sqlite(&self.path))
    }

    /// Takes a day of cells out of the catalogue.
    pub(crate) fn forget_cells(&mut self, system: &str, day: Day) -> Result<(), StoreError> {
        self.write(sql::DELETE_CELL_SEGMENT.bind(system).bind(day.0))
    }
}

pub(super) fn cell_days(conn: &mut Connection) -> sqlx::Result<Vec<(String, CellDay)>> {
    conn.all(sql::CELL_SEGMENTS.plain(), |row: &SqliteRow| {
        let day = CellDay {
            day: Day(row.try_get(1)?),
            rows: row.try_get::<i64, _>(2)?.max(0) as u64,
            values: row.try_get::<i64, _>(3)?.max(0) as u64,
            cells: row.try_get(4)?,
            first_minute: row.try_get(5)?,
            last_minute: row.try_get(6)?,
            bytes: row.try_get::<i64, _>(7)?.max(0) as u64,
            checksum: row.try_get(8)?,
        };
        Ok((row.try_get(0)?, day))
    })
}

pub(super) fn unsealed_cells(conn: &mut Connection, system: &str, before: i64) -> sqlx::Result<(Tail, i64)> {
    let (mut minutes, mut newest) = (Tail::new(), 0);
    conn.each(sql::UNSEALED_CELLS.bind(system).bind(before), |row| {
        // One that cannot be read is left out, and goes with the others.
        if let Some(minute) = codec::unpack(row.try_get(0)?, row.try_get(1)?) {
            add(&mut minutes, minute);
        }
        newest = row.try_get::<i64, _>(2)?.max(newest);
        Ok(())
    })?;
    Ok((minutes, newest))
}
