//! The statements about what is sealed and what is not yet.

use super::connection::Connection;
use super::kinds::statements;
use super::{Database, Taken, replacing, sql};
use crate::block::Block;
use crate::day::Day;
use crate::error::StoreError;
use crate::seal::DayRollups;
use crate::sealed::{Kind, Sealed};
use crate::segment::Segment;
use crate::tail;
use sqlx::Row as _;

/// Every system's sealed days.
pub(super) type Catalogue = Vec<(String, Segment)>;

impl Database {
    /// Every sealed day of every system.
    pub(crate) fn catalogue(&mut self) -> Result<Catalogue, StoreError> {
        catalogue(&mut self.conn).map_err(StoreError::sqlite(&self.path))
    }

    /// Every system that has ever stored anything.
    pub(crate) fn systems(&mut self) -> Result<Vec<String>, StoreError> {
        systems(&mut self.conn).map_err(StoreError::sqlite(&self.path))
    }

    /// The rows of `system` before `before_s` that are not sealed yet, and the newest of their places.
    pub(crate) fn unsealed(&mut self, system: &str, before_s: i64) -> Result<(Block, i64), StoreError> {
        unsealed(&mut self.conn, system, before_s).map_err(StoreError::sqlite(&self.path))
    }

    /// Registers a sealed day, and drops the rows from the tail that are in it. All of it, or nothing.
    pub(crate) fn sealed(
        &mut self,
        system: &str,
        segment: &Segment,
        rollups: &DayRollups,
        Taken { before: before_s, newest }: Taken,
    ) -> Result<(), StoreError> {
        let registered = self.conn.transaction(|conn| {
            let id = system_id(conn, system)?;
            let Segment { day, rows, first_ms, last_ms, bytes, checksum } = segment;
            let put = sql::PUT_SEGMENT.bind(id).bind(day.0).bind(*rows as i64).bind(*first_ms).bind(*last_ms);
            conn.run(put.bind(*bytes as i64).bind(*checksum))?;
            conn.run(sql::DELETE_ROLLUPS.bind(system).bind(day.0))?;
            for (of, tens, minutes) in rollups {
                let add = sql::ADD_ROLLUP.bind(id).bind(of.name()).bind(day.0);
                conn.run(add.bind(tens.as_slice()).bind(minutes.as_slice()))?;
            }
            let (from_s, to_s) = (day.start_ms() / 1_000, day.end_ms() / 1_000);
            conn.run(sql::DELETE_ROWS.bind(system).bind(from_s).bind(to_s.min(before_s)).bind(newest))?;
            replacing::done(conn, system, Kind::Pack, *day)
        });
        registered.map_err(StoreError::sqlite(&self.path))
    }

    /// What is known of a day's file.
    pub(crate) fn sealed_day(&mut self, system: &str, kind: Kind, day: Day) -> Result<Option<Sealed>, StoreError> {
        sealed_day(&mut self.conn, system, kind, day).map_err(StoreError::sqlite(&self.path))
    }

    /// Keeps the checksum of a file whose entry has none.
    pub(crate) fn keep_checksum(&mut self, system: &str, of: &Sealed) -> Result<(), StoreError> {
        let set = statements(of.kind).map_or(sql::SET_CHECKSUM, |of| of.set_checksum);
        self.write(set.bind(system).bind(of.day.0).bind(of.bytes as i64).bind(of.checksum))
    }

    /// Takes a day out of the catalogue.
    pub(crate) fn forget(&mut self, system: &str, day: Day) -> Result<(), StoreError> {
        let forgotten = self.conn.transaction(|conn| {
            conn.run(sql::DELETE_SEGMENT.bind(system).bind(day.0))?;
            conn.run(sql::DELETE_ROLLUPS.bind(system).bind(day.0))
        });
        forgotten.map(drop).map_err(StoreError::sqlite(&self.path))
    }
}

/// The number of a system, which it is given if it has none.
pub(super) fn system_id(conn: &mut Connection, system: &str) -> sqlx::Result<i64> {
    conn.run(sql::ADD_SYSTEM.bind(system))?;
    conn.number(sql::SYSTEM_ID.bind(system))
}

pub(super) fn catalogue(conn: &mut Connection) -> sqlx::Result<Catalogue> {
    conn.all(sql::SEGMENTS.plain(), |row| {
        let segment = Segment {
            day: Day(row.try_get(1)?),
            rows: row.try_get::<i64, _>(2)?.max(0) as u64,
            first_ms: row.try_get(3)?,
            last_ms: row.try_get(4)?,
            bytes: row.try_get::<i64, _>(5)?.max(0) as u64,
            checksum: row.try_get(6)?,
        };
        Ok((row.try_get(0)?, segment))
    })
}

pub(super) fn sealed_day(conn: &mut Connection, system: &str, kind: Kind, day: Day) -> sqlx::Result<Option<Sealed>> {
    let sql = statements(kind).map_or(sql::SEGMENT, |of| of.day);
    conn.first(sql.bind(system).bind(day.0), |row| {
        let (rows, bytes) = (row.try_get::<i64, _>(0)?.max(0) as u64, row.try_get::<i64, _>(1)?.max(0) as u64);
        Ok(Sealed { kind, day, rows, bytes, checksum: row.try_get(2)? })
    })
}

pub(super) fn systems(conn: &mut Connection) -> sqlx::Result<Vec<String>> {
    conn.all(sql::SYSTEMS.plain(), |row| row.try_get(0))
}

pub(super) fn unsealed(conn: &mut Connection, system: &str, before_s: i64) -> sqlx::Result<(Block, i64)> {
    let (mut block, mut newest) = (Block::new(), 0);
    conn.each(sql::UNSEALED_ROWS.bind(system).bind(before_s), |row| {
        tail::decode(row.try_get(0)?, row.try_get(1)?).iter().for_each(|row| block.push(row));
        newest = row.try_get::<i64, _>(2)?.max(newest);
        Ok(())
    })?;
    Ok((block, newest))
}
