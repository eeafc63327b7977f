//! The file `history.db` and its SQL: opening it in good order, and the few statements that are needed.
//!
//! Write-ahead log with `synchronous=NORMAL`: a commit does not wait for the disk, a checkpoint does. So a killed
//! process loses nothing, and a power cut loses at most what came after the last checkpoint.
//!
//! Trap: in SQLite before 3.51.3, two connections that write and checkpoint at once can damage the file. Hence the look
//! at the version, and hence only [`Database`] writes or checkpoints, from the writer thread. Readers are read-only.
//!
//! `sql.rs` has every statement, `connection.rs` is the only place that hands them to sqlx, `open.rs` is the one way to
//! open a database for writing; the others say what is asked and written.

mod catalogue;
mod connection;
mod control;
mod damage;
mod kinds;
mod minutes;
mod open;
mod raw;
mod reader;
mod readers;
mod replacing;
mod sql;
mod tape;
#[cfg(test)]
mod tests;
mod trust;

pub(crate) use control::ControlFile;
pub use control::{Failed, Tables, audit::AuditFilter};
pub(crate) use reader::{Everything, Minutes, Reader};
pub(crate) use readers::Readers;
pub(crate) use replacing::{Replacing, Taken};

use crate::error::{Notice, StoreError};
use crate::event::{Event, EventKind};
use crate::layout;
use crate::minutes::Minute as _;
use crate::queue::Second;
use crate::renewed;
use crate::tail;
use connection::Connection;
use domain::time::Utc;
use open::{Durability, Spec};
use sql::Statement;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What `history.db` is. The log is checkpointed by the writer thread's clock: the loss at a power cut shall be bounded
/// in time.
static HISTORY: Spec = Spec {
    owner: 0x506b_5477, // "PkTw"
    steps: sqlx::migrate!("migrations/history"),
    durability: Durability::Checkpoint,
    check_limit: damage::CHECK_LIMIT,
    // It is large, and what it catalogues can be taken in anew.
    copy_before_steps: false,
};

/// One stored second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which second: whole seconds since 1970-01-01 UTC.
    pub utc_s: i64,
    /// The live frames of that second, as they were appended.
    pub tape: Vec<u8>,
}

/// How hard to move the log into the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checkpoint {
    /// As much as goes without waiting for readers.
    Passive,
    /// All of it, and give the log's space back; waits for readers a snapshot.
    Truncate,
}

/// The writing connection.
pub(crate) struct Database {
    conn: Connection,
    path: PathBuf,
    rows: u64,
    judged: tape::Judged,
}

impl Database {
    /// Opens the file, makes it if it is missing, and brings it to the newest schema.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for a file that [`Database::set_aside`] should put away; the others say why not.
    pub(crate) fn open(path: &Path) -> Result<Database, StoreError> {
        let mut conn = open::open(path, &HISTORY)?;
        // Walks an index: some milliseconds for two days.
        let rows = conn.number(sql::TAPE_ROWS.plain()).map_err(StoreError::sqlite(path))?;
        Ok(Database { conn, path: path.to_owned(), rows: rows.max(0) as u64, judged: tape::Judged::default() })
    }

    /// As [`Database::open`]; a damaged file is put aside first, which the notice says.
    pub(crate) fn open_or_renew(path: &Path, now: Utc) -> Result<(Database, Option<Notice>), StoreError> {
        let data = path.parent().unwrap_or(Path::new("."));
        let none = fs::metadata(path).map_or_else(|error| error.kind() == ErrorKind::NotFound, |file| file.len() == 0);
        let missed = none && layout::has_days(data);
        match Database::open(path) {
            Err(StoreError::Damaged { why, .. }) => {
                let notice = Database::set_aside(path, &why, now)?;
                Ok((Database::open(path)?, Some(notice)))
            }
            opened => {
                let opened = opened?;
                if missed {
                    tracing::error!("{} was gone or empty, although there are sealed days", path.display());
                    renewed::note_gone(data, now).unwrap_or_else(|error| tracing::error!("{error}"));
                }
                Ok((opened, None))
            }
        }
    }

    /// Renames the file that nobody has open, so that the next [`Database::open`] makes a fresh one.
    pub(crate) fn set_aside(path: &Path, why: &str, now: Utc) -> Result<Notice, StoreError> {
        let notice = damage::set_aside(path, why, now)?;
        if let Notice::SetAside { kept_as, why } = &notice {
            let data = path.parent().unwrap_or(Path::new("."));
            renewed::note_damaged(data, now, why, kept_as).unwrap_or_else(|error| tracing::error!("{error}"));
        }
        Ok(notice)
    }

    /// Writes all rows in one transaction: all of them are kept, or none.
    pub(crate) fn commit(&mut self, rows: &[Second]) -> Result<(), StoreError> {
        let written = self.conn.transaction(|conn| rows.iter().try_for_each(|row| add(conn, row)));
        written.map_err(StoreError::sqlite(&self.path))?;
        self.rows += rows.iter().filter(|row| !row.tape.is_empty()).count() as u64;
        Ok(())
    }

    /// Moves the log into the file and syncs both. Readers may keep part of it in the log: that is no error.
    pub(crate) fn checkpoint(&mut self, how: Checkpoint) -> Result<(), StoreError> {
        let checkpoint = match how {
            Checkpoint::Passive => sql::CHECKPOINT_PASSIVE,
            Checkpoint::Truncate => sql::CHECKPOINT_TRUNCATE,
        };
        self.conn.run(checkpoint.plain()).map(drop).map_err(StoreError::sqlite(&self.path))
    }

    fn write(&mut self, statement: Statement) -> Result<(), StoreError> {
        self.conn.run(statement).map(drop).map_err(StoreError::sqlite(&self.path))
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether the file is still where it was opened. What is written to a deleted file goes nowhere, without an error.
    pub(crate) fn is_in_place(&self) -> Result<(), StoreError> {
        let found = fs::metadata(&self.path);
        found.map(drop).map_err(|source| StoreError::Io { path: self.path.clone(), source })
    }

    /// Runs any SQL, to bring a test into a state that is hard to reach.
    #[cfg(test)]
    pub(crate) fn run(&mut self, sql: &str) {
        self.conn.run_any(sql).unwrap();
    }

    /// Size of the file and its log, bytes.
    pub(crate) fn bytes(&self) -> u64 {
        let size = |suffix| fs::metadata(damage::with_suffix(&self.path, suffix)).map_or(0, |meta| meta.len());
        size("") + size("-wal")
    }
}

/// Adds one second of a system.
fn add(conn: &mut Connection, row: &Second) -> sqlx::Result<()> {
    let system = row.system.as_str();
    let tape = (!row.tape.is_empty()).then_some(row.tape.as_slice());
    let rows = (!row.rows.is_empty()).then(|| tail::encode(row.utc_s, &row.rows));
    let (minute, cells) = (row.cells.as_ref().map(|of| of.minute), row.cells.as_ref().map(|of| of.pack()));
    conn.run(sql::ADD_SECOND.bind(system).bind(row.utc_s).bind(tape).bind(rows).bind(minute).bind(cells))?;
    if let Some(minute) = &row.devices {
        conn.run(sql::ADD_DEVICE_MINUTE.bind(system).bind(minute.minute).bind(minute.pack()))?;
    }
    row.events.iter().try_for_each(|event| add_event(conn, system, event))
}

fn add_event(conn: &mut Connection, system: &str, event: &Event) -> sqlx::Result<()> {
    let Event { at_ms, kind, rule, subject, severity, value, words } = event;
    let with_all = |sql: sql::Sql| {
        let so_far = sql.bind(system).bind(*at_ms).bind(rule.as_str()).bind(subject.as_str());
        so_far.bind(severity.word()).bind(*value).bind(words.as_str())
    };
    conn.run(with_all(sql::ADD_EVENT).bind(kind.word()))?;
    match kind {
        _ if subject.is_empty() => {}
        EventKind::Raised => drop(conn.run(with_all(sql::ADD_ACTIVE_ALARM))?),
        EventKind::Cleared => {
            conn.run(sql::DELETE_ACTIVE_ALARM.bind(system).bind(rule.as_str()).bind(subject.as_str()))?;
        }
        EventKind::Deleted => {}
    }
    Ok(())
}
