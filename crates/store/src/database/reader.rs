//! What is asked of the database by those who only read: what is sealed, what is not yet, and what happened.

use super::catalogue::{Catalogue, catalogue, sealed_day, systems, unsealed};
use super::connection::{Access, Connection};
use super::minutes::{minute_days, unsealed_minutes};
use super::{Row, sql};
use crate::block::Block;
use crate::day::Day;
use crate::error::StoreError;
use crate::event::{self, ActiveAlarm, Event, UnknownWord};
use crate::minutes::{Minute, MinuteDay, Tail};
use crate::sealed::{Kind, Sealed};
use domain::device_minute::DeviceMinute;
use domain::minute::CellMinute;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;
use std::path::Path;

/// What there is of every system.
pub(crate) struct Everything {
    /// The sealed days.
    pub(crate) catalogue: Catalogue,
    /// Each system's rows that are not sealed.
    pub(crate) tails: Vec<(String, Block)>,
    /// Minutes of cells.
    pub(crate) cells: Minutes<CellMinute>,
    /// Minutes of device points.
    pub(crate) devices: Minutes<DeviceMinute>,
}

/// What there is of minutes of every system: the sealed days, and what is not sealed.
pub(crate) struct Minutes<M> {
    /// The sealed days.
    pub(crate) days: Vec<(String, MinuteDay)>,
    /// The minutes that are not sealed.
    pub(crate) tails: HashMap<String, Tail<M>>,
}

fn minutes<M: Minute>(conn: &mut Connection) -> sqlx::Result<Minutes<M>> {
    let mut tails = HashMap::new();
    for system in systems(conn)? {
        let (tail, _) = unsealed_minutes(conn, &system, i64::MAX)?;
        tails.insert(system, tail);
    }
    Ok(Minutes { days: minute_days(conn, M::KIND)?, tails })
}

/// A connection for questions. It never writes; several may be open.
pub(crate) struct Reader(Connection);

impl Reader {
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
                tails.push((system, tail));
            }
            Ok(Everything { catalogue: catalogue(conn)?, tails, cells: minutes(conn)?, devices: minutes(conn)? })
        })
    }

    /// The rows of a system before the second `before_s` that are not sealed, and the newest of their places.
    pub(crate) fn unsealed(&mut self, system: &str, before_s: i64) -> sqlx::Result<(Block, i64)> {
        unsealed(&mut self.0, system, before_s)
    }

    /// The same of minutes before the minute `before`.
    pub(crate) fn unsealed_minutes<M: Minute>(&mut self, system: &str, before: i64) -> sqlx::Result<(Tail<M>, i64)> {
        unsealed_minutes(&mut self.0, system, before)
    }

    /// What is known of a day's file.
    pub(crate) fn sealed_day(&mut self, system: &str, kind: Kind, day: Day) -> sqlx::Result<Option<Sealed>> {
        sealed_day(&mut self.0, system, kind, day)
    }

    /// Whether a file of a sealed day is noted as about to be replaced, and is not registered.
    pub(crate) fn any_replaced(&mut self) -> sqlx::Result<bool> {
        Ok(self.0.number(sql::ANY_REPLACING.plain())? != 0)
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
