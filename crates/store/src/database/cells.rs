//! The statements about minutes of cells: those that are sealed, and those that are not yet.

use super::{Database, Taken, replacing};
use crate::cells::{CellDay, Tail, add, codec, first_minute};
use crate::day::Day;
use crate::error::StoreError;
use crate::integrity::Kind;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

impl Database {
    /// Every sealed day of cells of every system.
    pub(crate) fn cell_days(&self) -> Result<Vec<(String, CellDay)>, StoreError> {
        cell_days(&self.conn).map_err(StoreError::sqlite(&self.path))
    }

    /// The minutes of `system` before the minute `before` that are not sealed yet, and the newest of their places.
    pub(crate) fn unsealed_cells(&self, system: &str, before: i64) -> Result<(Tail, i64), StoreError> {
        unsealed_cells(&self.conn, system, before).map_err(StoreError::sqlite(&self.path))
    }

    /// Registers a sealed day, and drops the minutes from the tail that are in it. All of it, or nothing.
    pub(crate) fn cells_sealed(
        &mut self,
        system: &str,
        sealed: &CellDay,
        Taken { before, newest }: Taken,
    ) -> Result<(), StoreError> {
        let write = |conn: &mut Connection| {
            let transaction = Transaction::new(conn, TransactionBehavior::Immediate)?;
            transaction.execute("INSERT INTO system (name) VALUES (?1) ON CONFLICT DO NOTHING", [system])?;
            let id: i64 = transaction.query_row("SELECT id FROM system WHERE name = ?1", [system], |row| row.get(0))?;
            let CellDay { day, rows, values, cells, first_minute: first, last_minute, bytes, checksum } = sealed;
            transaction.execute(
                "INSERT OR REPLACE INTO cell_segment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![id, day.0, *rows as i64, *values as i64, cells, first, last_minute, *bytes as i64, checksum],
            )?;
            let (from, to) = (first_minute(*day), first_minute(Day(day.0 + 1)));
            transaction.execute(
                "DELETE FROM cell_tail WHERE system_id = ?1 AND minute >= ?2 AND minute < ?3 AND seq <= ?4",
                params![id, from, to.min(before), newest],
            )?;
            replacing::done(&transaction, system, Kind::Cells, *day)?;
            transaction.commit()
        };
        write(&mut self.conn).map_err(StoreError::sqlite(&self.path))
    }

    /// Takes a day of cells out of the catalogue.
    pub(crate) fn forget_cells(&mut self, system: &str, day: Day) -> Result<(), StoreError> {
        let sql = "DELETE FROM cell_segment WHERE day = ?2 AND system_id = (SELECT id FROM system WHERE name = ?1)";
        self.conn.execute(sql, params![system, day.0]).map(drop).map_err(StoreError::sqlite(&self.path))
    }
}

pub(super) fn cell_days(conn: &Connection) -> rusqlite::Result<Vec<(String, CellDay)>> {
    let mut select = conn.prepare(
        "SELECT name, day, rows, samples, cells, first_minute, last_minute, bytes, checksum
         FROM cell_segment JOIN system ON system_id = id ORDER BY day",
    )?;
    let rows = select.query_map([], |row| {
        let day = CellDay {
            day: Day(row.get(1)?),
            rows: row.get::<_, i64>(2)?.max(0) as u64,
            values: row.get::<_, i64>(3)?.max(0) as u64,
            cells: row.get(4)?,
            first_minute: row.get(5)?,
            last_minute: row.get(6)?,
            bytes: row.get::<_, i64>(7)?.max(0) as u64,
            checksum: row.get(8)?,
        };
        Ok((row.get(0)?, day))
    })?;
    rows.collect()
}

pub(super) fn unsealed_cells(conn: &Connection, system: &str, before: i64) -> rusqlite::Result<(Tail, i64)> {
    let mut select = conn.prepare_cached(
        "SELECT minute, cells, seq FROM cell_tail JOIN system ON system_id = id
         WHERE name = ?1 AND minute < ?2 ORDER BY minute, seq",
    )?;
    let mut rows = select.query(params![system, before])?;
    let (mut minutes, mut newest) = (Tail::new(), 0);
    while let Some(row) = rows.next()? {
        // One that cannot be read is left out, and goes with the others.
        if let Some(minute) = codec::unpack(row.get(0)?, row.get_ref(1)?.as_blob()?) {
            add(&mut minutes, minute);
        }
        newest = row.get::<_, i64>(2)?.max(newest);
    }
    Ok((minutes, newest))
}
