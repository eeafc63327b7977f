//! The statements about what is sealed, what is not yet, and what happened.

use super::cells::{cell_days, unsealed_cells};
use super::{BUSY_WAIT, Database, READER_FLAGS, READER_SETTINGS, Row, Taken, replacing};
use crate::block::Block;
use crate::cells::{CellDay, Tail};
use crate::day::Day;
use crate::error::StoreError;
use crate::event::{self, ActiveAlarm, Event, UnknownWord};
use crate::integrity::{Kind, Sealed};
use crate::seal::DayRollups;
use crate::segment::Segment;
use crate::tail;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
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
    pub(crate) fn catalogue(&self) -> Result<Catalogue, StoreError> {
        catalogue(&self.conn).map_err(StoreError::sqlite(&self.path))
    }

    /// Every system that has ever stored anything.
    pub(crate) fn systems(&self) -> Result<Vec<String>, StoreError> {
        systems(&self.conn).map_err(StoreError::sqlite(&self.path))
    }

    /// The rows of `system` before `before_s` that are not sealed yet, and the newest of their places.
    pub(crate) fn unsealed(&self, system: &str, before_s: i64) -> Result<(Block, i64), StoreError> {
        unsealed(&self.conn, system, before_s).map_err(StoreError::sqlite(&self.path))
    }

    /// Registers a sealed day, and drops the rows from the tail that are in it. All of it, or nothing.
    pub(crate) fn sealed(
        &mut self,
        system: &str,
        segment: &Segment,
        rollups: &DayRollups,
        Taken { before: before_s, newest }: Taken,
    ) -> Result<(), StoreError> {
        let write = |conn: &mut Connection| {
            let transaction = Transaction::new(conn, TransactionBehavior::Immediate)?;
            transaction.execute("INSERT INTO system (name) VALUES (?1) ON CONFLICT DO NOTHING", [system])?;
            let id: i64 = transaction.query_row("SELECT id FROM system WHERE name = ?1", [system], |row| row.get(0))?;
            let Segment { day, rows, first_ms, last_ms, bytes, checksum } = segment;
            transaction.execute(
                "INSERT OR REPLACE INTO segment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![id, day.0, *rows as i64, first_ms, last_ms, *bytes as i64, checksum],
            )?;
            transaction.execute("DELETE FROM rollup WHERE system_id = ?1 AND day = ?2", params![id, day.0])?;
            {
                let mut insert = transaction.prepare_cached("INSERT INTO rollup VALUES (?1, ?2, ?3, ?4, ?5)")?;
                for (of, tens, minutes) in rollups {
                    insert.execute(params![id, of.name(), day.0, tens, minutes])?;
                }
            }
            let (from_s, to_s) = (day.start_ms() / 1_000, day.end_ms() / 1_000);
            transaction.execute(
                "DELETE FROM tail WHERE system_id = ?1 AND utc_s >= ?2 AND utc_s < ?3 AND seq <= ?4",
                params![id, from_s, to_s.min(before_s), newest],
            )?;
            replacing::done(&transaction, system, Kind::Pack, *day)?;
            transaction.commit()
        };
        write(&mut self.conn).map_err(StoreError::sqlite(&self.path))
    }

    /// What is known of a day's file.
    pub(crate) fn sealed_day(&self, system: &str, kind: Kind, day: Day) -> Result<Option<Sealed>, StoreError> {
        sealed_day(&self.conn, system, kind, day).map_err(StoreError::sqlite(&self.path))
    }

    /// Keeps the checksum of a file whose entry has none.
    pub(crate) fn keep_checksum(&mut self, system: &str, of: &Sealed) -> Result<(), StoreError> {
        let sql = match of.kind {
            Kind::Pack => {
                "UPDATE segment SET checksum = ?4 WHERE day = ?2 AND bytes = ?3 AND checksum IS NULL
                 AND system_id = (SELECT id FROM system WHERE name = ?1)"
            }
            Kind::Cells => {
                "UPDATE cell_segment SET checksum = ?4 WHERE day = ?2 AND bytes = ?3 AND checksum IS NULL
                 AND system_id = (SELECT id FROM system WHERE name = ?1)"
            }
        };
        let kept = self.conn.execute(sql, params![system, of.day.0, of.bytes as i64, of.checksum]);
        kept.map(drop).map_err(StoreError::sqlite(&self.path))
    }

    /// Takes a day out of the catalogue.
    pub(crate) fn forget(&mut self, system: &str, day: Day) -> Result<(), StoreError> {
        let forget = |conn: &mut Connection| {
            let transaction = Transaction::new(conn, TransactionBehavior::Immediate)?;
            for sql in [
                "DELETE FROM segment WHERE day = ?2 AND system_id = (SELECT id FROM system WHERE name = ?1)",
                "DELETE FROM rollup WHERE day = ?2 AND system_id = (SELECT id FROM system WHERE name = ?1)",
            ] {
                transaction.execute(sql, params![system, day.0])?;
            }
            transaction.commit()
        };
        forget(&mut self.conn).map_err(StoreError::sqlite(&self.path))
    }
}

/// A connection for questions. It never writes; several may be open.
pub(crate) struct Reader(Connection);

impl Reader {
    pub(super) fn conn(&self) -> &Connection {
        &self.0
    }

    /// Opens the database at `path` for reading.
    pub(crate) fn open(path: &Path) -> Result<Reader, StoreError> {
        let open = || {
            let conn = Connection::open_with_flags(path, READER_FLAGS)?;
            conn.busy_timeout(BUSY_WAIT)?;
            conn.execute_batch(READER_SETTINGS)?;
            Ok(Reader(conn))
        };
        open().map_err(StoreError::sqlite(path))
    }

    /// Every sealed day, and every system's rows that are not sealed.
    pub(crate) fn everything(&self) -> rusqlite::Result<Everything> {
        // One transaction, so that an hour that is sealed meanwhile is not seen twice or not at all.
        self.0.execute_batch("BEGIN")?;
        let read = || {
            let tails = systems(&self.0)?.into_iter().map(|system| {
                let (tail, _) = unsealed(&self.0, &system, i64::MAX)?;
                let (cells, _) = unsealed_cells(&self.0, &system, i64::MAX)?;
                Ok((system, tail, cells))
            });
            let tails = tails.collect::<rusqlite::Result<_>>()?;
            Ok(Everything { catalogue: catalogue(&self.0)?, cell_days: cell_days(&self.0)?, tails })
        };
        let read = read();
        self.0.execute_batch("COMMIT")?;
        read
    }

    /// What is known of a day's file.
    pub(crate) fn sealed_day(&self, system: &str, kind: Kind, day: Day) -> rusqlite::Result<Option<Sealed>> {
        sealed_day(&self.0, system, kind, day)
    }

    /// The packed buckets of one day: of minutes, or of ten minutes. `None` if the day has none of it.
    pub(crate) fn rollup(&self, system: &str, of: &str, day: Day, minutes: bool) -> rusqlite::Result<Option<Vec<u8>>> {
        let sql = if minutes {
            "SELECT minutes FROM rollup JOIN system ON system_id = id WHERE name = ?1 AND of = ?2 AND day = ?3"
        } else {
            "SELECT tens FROM rollup JOIN system ON system_id = id WHERE name = ?1 AND of = ?2 AND day = ?3"
        };
        self.0.prepare_cached(sql)?.query_row(params![system, of, day.0], |row| row.get(0)).optional()
    }

    /// The tape's seconds from `from_s` up to but not including `to_s`, oldest first.
    pub(crate) fn tape(&self, system: &str, from_s: i64, to_s: i64) -> rusqlite::Result<Vec<Row>> {
        let mut select = self.0.prepare_cached(
            "SELECT utc_s, frames FROM system JOIN tape ON system_id = id
             WHERE name = ?1 AND utc_s >= ?2 AND utc_s < ?3 ORDER BY utc_s, seq",
        )?;
        let row = |row: &rusqlite::Row<'_>| Ok(Row { utc_s: row.get(0)?, tape: row.get(1)? });
        select.query_map(params![system, from_s, to_s], row)?.collect()
    }

    /// The first event of this kind after `ms`, or the last one before it.
    pub(crate) fn event_beside(
        &self,
        system: &str,
        ms: i64,
        kind: &str,
        before: bool,
    ) -> rusqlite::Result<Option<Event>> {
        let sql = if before {
            "SELECT at_ms, kind, rule, subject, severity, value, words FROM event JOIN system ON system_id = id
             WHERE name = ?1 AND kind = ?2 AND at_ms < ?3 ORDER BY at_ms DESC, seq DESC LIMIT 1"
        } else {
            "SELECT at_ms, kind, rule, subject, severity, value, words FROM event JOIN system ON system_id = id
             WHERE name = ?1 AND kind = ?2 AND at_ms > ?3 ORDER BY at_ms, seq LIMIT 1"
        };
        self.0.prepare_cached(sql)?.query_row(params![system, kind, ms], event).optional()
    }

    /// What happened from `from_ms` up to but not including `to_ms`, oldest first, at most `limit` of the newest.
    pub(crate) fn events(&self, system: &str, from_ms: i64, to_ms: i64, limit: usize) -> rusqlite::Result<Vec<Event>> {
        let mut select = self.0.prepare_cached(
            "SELECT at_ms, kind, rule, subject, severity, value, words FROM event JOIN system ON system_id = id
             WHERE name = ?1 AND at_ms >= ?2 AND at_ms < ?3 ORDER BY at_ms DESC, seq DESC LIMIT ?4",
        )?;
        let rows = select.query_map(params![system, from_ms, to_ms, limit as i64], event)?;
        let mut events = rows.collect::<rusqlite::Result<Vec<Event>>>()?;
        events.reverse();
        Ok(events)
    }

    /// The alarms of all systems that were raised and are not over.
    pub(crate) fn active_alarms(&self) -> rusqlite::Result<Vec<ActiveAlarm>> {
        let mut select = self.0.prepare_cached(
            "SELECT at_ms, 'raised', rule, subject, severity, value, words, name
             FROM active_alarm JOIN system ON system_id = id ORDER BY at_ms, rule, subject",
        )?;
        let rows = select.query_map([], |row| Ok(ActiveAlarm { raised: event(row)?, system: row.get(7)? }))?;
        rows.collect()
    }
}

fn event(row: &rusqlite::Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        at_ms: row.get(0)?,
        kind: word(row, 1, str::parse)?,
        rule: row.get(2)?,
        subject: row.get(3)?,
        severity: word(row, 4, event::severity)?,
        value: row.get(5)?,
        words: row.get(6)?,
    })
}

/// A word of a column as what it stands for.
fn word<T>(
    row: &rusqlite::Row<'_>,
    column: usize,
    read: impl Fn(&str) -> Result<T, UnknownWord>,
) -> rusqlite::Result<T> {
    let unknown = |why| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(why));
    read(row.get_ref(column)?.as_str()?).map_err(unknown)
}

fn catalogue(conn: &Connection) -> rusqlite::Result<Catalogue> {
    let mut select = conn.prepare(
        "SELECT name, day, rows, first_ms, last_ms, bytes, checksum
         FROM segment JOIN system ON system_id = id ORDER BY day",
    )?;
    let rows = select.query_map([], |row| {
        let segment = Segment {
            day: Day(row.get(1)?),
            rows: row.get::<_, i64>(2)?.max(0) as u64,
            first_ms: row.get(3)?,
            last_ms: row.get(4)?,
            bytes: row.get::<_, i64>(5)?.max(0) as u64,
            checksum: row.get(6)?,
        };
        Ok((row.get(0)?, segment))
    })?;
    rows.collect()
}

fn sealed_day(conn: &Connection, system: &str, kind: Kind, day: Day) -> rusqlite::Result<Option<Sealed>> {
    let sql = match kind {
        Kind::Pack => {
            "SELECT rows, bytes, checksum FROM segment JOIN system ON system_id = id WHERE name = ?1 AND day = ?2"
        }
        Kind::Cells => {
            "SELECT rows, bytes, checksum FROM cell_segment JOIN system ON system_id = id
             WHERE name = ?1 AND day = ?2"
        }
    };
    let sealed = |row: &rusqlite::Row<'_>| {
        let (rows, bytes) = (row.get::<_, i64>(0)?.max(0) as u64, row.get::<_, i64>(1)?.max(0) as u64);
        Ok(Sealed { kind, day, rows, bytes, checksum: row.get(2)? })
    };
    conn.query_row(sql, params![system, day.0], sealed).optional()
}

fn systems(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut select = conn.prepare_cached("SELECT name FROM system ORDER BY id")?;
    select.query_map([], |row| row.get(0))?.collect()
}

fn unsealed(conn: &Connection, system: &str, before_s: i64) -> rusqlite::Result<(Block, i64)> {
    let mut select = conn.prepare_cached(
        "SELECT utc_s, rows, seq FROM tail JOIN system ON system_id = id
         WHERE name = ?1 AND utc_s < ?2 ORDER BY utc_s, seq",
    )?;
    let mut rows = select.query(params![system, before_s])?;
    let (mut block, mut newest) = (Block::new(), 0);
    while let Some(row) = rows.next()? {
        let utc_s: i64 = row.get(0)?;
        tail::decode(utc_s, row.get_ref(1)?.as_blob()?).iter().for_each(|row| block.push(row));
        newest = row.get::<_, i64>(2)?.max(newest);
    }
    Ok((block, newest))
}
