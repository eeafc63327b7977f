//! The statements about what is sealed, what is not yet, and what happened.

use super::cells::{cell_days, unsealed_cells};
use super::connection::{Access, Connection};
use super::{Database, Row, Taken, replacing, sql};
use crate::block::Block;
use crate::cells::{CellDay, Tail};
use crate::day::Day;
use crate::error::StoreError;
use crate::event::{self, ActiveAlarm, Event, UnknownWord};
use crate::seal::DayRollups;
use crate::sealed::{Kind, Sealed};
use crate::segment::Segment;
use crate::tail;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;
use std::path::Path;

/// Every system's sealed days.
pub(super) type Catalogue = Vec<(String, Segment)>;

/// What there is of every system.
pub(crate) struct Everything {
    /// The sealed days.
    pub(crate) catalogue: Catalogue,
    /// The sealed days of cells.
    pub(crate) cell_days: Vec<(String, CellDay)>,
    /// Each system's rows and minutes of cells that are not sealed.
    pub(crate) tails: Vec<(String, Block, Tail)>,
}

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
        let set = match of.kind {
            Kind::Pack => sql::SET_CHECKSUM,
            Kind::Cells => sql::SET_CELL_CHECKSUM,
        };
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

/// A connection for questions. It never writes; several may be open.
pub(crate) struct Reader(Connection);

impl Reader {
    pub(super) fn conn(&mut self) -> &mut Connection {
        &mut self.0
    }

    /// Opens the database at `path` for reading.
    pub(crate) fn open(path: &Path) -> Result<Reader, StoreError> {
        Connection::open(path, Access::Read).map(Reader).map_err(StoreError::sqlite(path))
    }

    /// Every sealed day, and every system's rows that are not sealed.
    pub(crate) fn everything(&mut self) -> sqlx::Result<Everything> {
        // One state, so that an hour that is sealed meanwhile is not seen twice or not at all.
        self.0.steady(|conn| {
            let mut tails = Vec::new();
            for system in systems(conn)? {
                let (tail, _) = unsealed(conn, &system, i64::MAX)?;
                let (cells, _) = unsealed_cells(conn, &system, i64::MAX)?;
                tails.push((system, tail, cells));
            }
            Ok(Everything { catalogue: catalogue(conn)?, cell_days: cell_days(conn)?, tails })
        })
    }

    /// What is known of a day's file.
    pub(crate) fn sealed_day(&mut self, system: &str, kind: Kind, day: Day) -> sqlx::Result<Option<Sealed>> {
        sealed_day(&mut self.0, system, kind, day)
    }

    /// The packed buckets of the days from the first to the last: of minutes, or of ten minutes. Some may have none.
    pub(crate) fn rollups(
        &mut self,
        system: &str,
        of: &str,
        (first, last): (Day, Day),
        minutes: bool,
    ) -> sqlx::Result<HashMap<Day, Vec<u8>>> {
        let rollups = if minutes { sql::MINUTES } else { sql::TENS };
        let mut packed = HashMap::new();
        self.0.each(rollups.bind(system).bind(of).bind(first.0).bind(last.0), |row| {
            packed.insert(Day(row.try_get(0)?), row.try_get(1)?);
            Ok(())
        })?;
        Ok(packed)
    }

    /// The tape's seconds from `from_s` up to but not including `to_s`, oldest first.
    pub(crate) fn tape(&mut self, system: &str, from_s: i64, to_s: i64) -> sqlx::Result<Vec<Row>> {
        let second = |row: &SqliteRow| Ok(Row { utc_s: row.try_get(0)?, tape: row.try_get(1)? });
        self.0.all(sql::TAPE.bind(system).bind(from_s).bind(to_s), second)
    }

    /// The first event of this kind after `ms`, or the last one before it.
    pub(crate) fn event_beside(
        &mut self,
        system: &str,
        ms: i64,
        kind: &str,
        before: bool,
    ) -> sqlx::Result<Option<Event>> {
        let beside = if before { sql::EVENT_BEFORE } else { sql::EVENT_AFTER };
        self.0.first(beside.bind(system).bind(kind).bind(ms), event)
    }

    /// What happened from `from_ms` up to but not including `to_ms`, oldest first, at most `limit` of the newest.
    pub(crate) fn events(&mut self, system: &str, from_ms: i64, to_ms: i64, limit: usize) -> sqlx::Result<Vec<Event>> {
        let newest = sql::NEWEST_EVENTS.bind(system).bind(from_ms).bind(to_ms).bind(limit as i64);
        let mut events = self.0.all(newest, event)?;
        events.reverse();
        Ok(events)
    }

    /// The alarms of all systems that were raised and are not over.
    pub(crate) fn active_alarms(&mut self) -> sqlx::Result<Vec<ActiveAlarm>> {
        let alarm = |row: &SqliteRow| Ok(ActiveAlarm { raised: event(row)?, system: row.try_get(7)? });
        self.0.all(sql::ACTIVE_ALARMS.plain(), alarm)
    }
}

fn event(row: &SqliteRow) -> sqlx::Result<Event> {
    Ok(Event {
        at_ms: row.try_get(0)?,
        kind: word(row.try_get::<&str, _>(1)?.parse())?,
        rule: row.try_get(2)?,
        subject: row.try_get(3)?,
        severity: word(event::severity(row.try_get(4)?))?,
        value: row.try_get(5)?,
        words: row.try_get(6)?,
    })
}

/// A word that this version does not know is told as the reader's error.
fn word<T>(read: Result<T, UnknownWord>) -> sqlx::Result<T> {
    read.map_err(|why| sqlx::Error::Decode(Box::new(why)))
}

/// The number of a system, which it is given if it has none.
pub(super) fn system_id(conn: &mut Connection, system: &str) -> sqlx::Result<i64> {
    conn.run(sql::ADD_SYSTEM.bind(system))?;
    conn.number(sql::SYSTEM_ID.bind(system))
}

fn catalogue(conn: &mut Connection) -> sqlx::Result<Catalogue> {
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

fn sealed_day(conn: &mut Connection, system: &str, kind: Kind, day: Day) -> sqlx::Result<Option<Sealed>> {
    let sql = match kind {
        Kind::Pack => sql::SEGMENT,
        Kind::Cells => sql::CELL_SEGMENT,
    };
    conn.first(sql.bind(system).bind(day.0), |row| {
        let (rows, bytes) = (row.try_get::<i64, _>(0)?.max(0) as u64, row.try_get::<i64, _>(1)?.max(0) as u64);
        Ok(Sealed { kind, day, rows, bytes, checksum: row.try_get(2)? })
    })
}

fn systems(conn: &mut Connection) -> sqlx::Result<Vec<String>> {
    conn.all(sql::SYSTEMS.plain(), |row| row.try_get(0))
}

fn unsealed(conn: &mut Connection, system: &str, before_s: i64) -> sqlx::Result<(Block, i64)> {
    let (mut block, mut newest) = (Block::new(), 0);
    conn.each(sql::UNSEALED_ROWS.bind(system).bind(before_s), |row| {
        tail::decode(row.try_get(0)?, row.try_get(1)?).iter().for_each(|row| block.push(row));
        newest = row.try_get::<i64, _>(2)?.max(newest);
        Ok(())
    })?;
    Ok((block, newest))
}
