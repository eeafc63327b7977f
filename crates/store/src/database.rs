//! The file `history.db` and its SQL: opening it in good order, and the few statements that are needed.
//!
//! Write-ahead log with `synchronous=NORMAL`: a commit does not wait for the disk, a checkpoint does. So a killed
//! process loses nothing, and a power cut loses at most what came after the last checkpoint.
//!
//! Trap: in SQLite before 3.51.3, two connections that write and checkpoint at once can damage the file. Hence the look
//! at the version, and hence only [`Database`] writes or checkpoints, from the writer thread. Readers are read-only.

mod catalogue;
mod cells;
mod damage;
mod replacing;
mod schema;
mod tape;
mod trust;

pub(crate) use catalogue::{Everything, Reader};
pub(crate) use replacing::{Replacing, Taken};

use crate::cells::codec;
use crate::error::{Notice, StoreError};
use crate::event::{Event, EventKind};
use crate::layout;
use crate::queue::Second;
use crate::renewed;
use crate::tail;
use domain::time::Utc;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The oldest SQLite without the fault in resetting the log.
const OLDEST_SQLITE: i32 = 3_051_003;

/// How long to wait for another program that holds the file, a backup for instance.
const BUSY_WAIT: Duration = Duration::from_secs(2);

/// Each connection is used by one thread at a time, so SQLite need not lock for it.
const READER_FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);
const WRITER_FLAGS: OpenFlags =
    OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_CREATE).union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// The settings of the writing connection that can change the file; before them it is only read.
///
/// The log is checkpointed by the writer thread's clock, not by its size: the loss at a power cut shall be bounded in
/// time. Cut to 8 MiB when it starts over, should it have grown during a long read.
const WRITER_SETTINGS: &str = "
    PRAGMA synchronous = NORMAL;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = 8388608;
    PRAGMA foreign_keys = ON;
";

/// Settings of every connection: believe the file's structure only as far as it is checked.
const READER_SETTINGS: &str = "
    PRAGMA cell_size_check = ON;
    PRAGMA trusted_schema = OFF;
";

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
        if rusqlite::version_number() < OLDEST_SQLITE {
            return Err(StoreError::OldSqlite(rusqlite::version()));
        }
        if path.is_dir() {
            return Err(StoreError::NotAFile(path.to_owned()));
        }
        let sql = StoreError::sqlite(path);
        let mut conn = Connection::open_with_flags(path, WRITER_FLAGS).map_err(&sql)?;
        conn.busy_timeout(BUSY_WAIT).map_err(&sql)?;
        conn.execute_batch(READER_SETTINGS).map_err(&sql)?;
        // Until the file is known to be good and ours, closing it shall leave its log as it is.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(&sql)?;
        damage::check(&mut conn, path, damage::CHECK_LIMIT)?;
        schema::accept(&conn, path)?;
        conn.pragma_update(None, "journal_mode", "WAL").map_err(&sql)?;
        conn.execute_batch(WRITER_SETTINGS).map_err(&sql)?;
        schema::migrate(&mut conn).map_err(&sql)?;
        // Walks an index: some milliseconds for two days.
        let rows: i64 = conn.query_row("SELECT count(*) FROM tape", [], |row| row.get(0)).map_err(&sql)?;
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map_err(&sql)?;
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
        let write = |conn: &mut Connection| {
            let transaction = Transaction::new(conn, TransactionBehavior::Immediate)?;
            {
                let mut system =
                    transaction.prepare_cached("INSERT INTO system (name) VALUES (?1) ON CONFLICT DO NOTHING")?;
                let mut tape = transaction.prepare_cached(
                    "INSERT INTO tape (system_id, utc_s, frames) SELECT id, ?2, ?3 FROM system WHERE name = ?1",
                )?;
                let mut rows_of = transaction.prepare_cached(
                    "INSERT INTO tail (system_id, utc_s, rows) SELECT id, ?2, ?3 FROM system WHERE name = ?1",
                )?;
                let mut cells_of = transaction.prepare_cached(
                    "INSERT INTO cell_tail (system_id, minute, cells) SELECT id, ?2, ?3 FROM system WHERE name = ?1",
                )?;
                let mut event = transaction.prepare_cached(
                    "INSERT INTO event (system_id, at_ms, rule, subject, severity, value, words, kind)
                     SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM system WHERE name = ?1",
                )?;
                let mut raised = transaction.prepare_cached(
                    "INSERT OR REPLACE INTO active_alarm (system_id, at_ms, rule, subject, severity, value, words)
                     SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM system WHERE name = ?1",
                )?;
                let mut cleared = transaction.prepare_cached(
                    "DELETE FROM active_alarm WHERE rule = ?2 AND subject = ?3
                     AND system_id = (SELECT id FROM system WHERE name = ?1)",
                )?;
                for row in rows {
                    system.execute([&row.system])?;
                    if !row.tape.is_empty() {
                        tape.execute(params![row.system, row.utc_s, row.tape])?;
                    }
                    if !row.rows.is_empty() {
                        rows_of.execute(params![row.system, row.utc_s, tail::encode(row.utc_s, &row.rows)])?;
                    }
                    if let Some(minute) = &row.cells {
                        cells_of.execute(params![row.system, minute.minute, codec::pack(minute)])?;
                    }
                    for Event { at_ms, kind, rule, subject, severity, value, words } in &row.events {
                        let (of, bad, kind_word) = (&row.system, severity.word(), kind.word());
                        event.execute(params![of, at_ms, rule, subject, bad, value, words, kind_word])?;
                        match kind {
                            _ if subject.is_empty() => {}
                            EventKind::Raised => {
                                raised.execute(params![of, at_ms, rule, subject, bad, value, words])?;
                            }
                            EventKind::Cleared => {
                                cleared.execute(params![of, rule, subject])?;
                            }
                            EventKind::Deleted => {}
                        }
                    }
                }
            }
            transaction.commit()
        };
        write(&mut self.conn).map_err(StoreError::sqlite(&self.path))?;
        self.rows += rows.iter().filter(|row| !row.tape.is_empty()).count() as u64;
        Ok(())
    }

    /// Moves the log into the file and syncs both. Readers may keep part of it in the log: that is no error.
    pub(crate) fn checkpoint(&mut self, how: Checkpoint) -> Result<(), StoreError> {
        let pragma = match how {
            Checkpoint::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
            Checkpoint::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
        };
        self.conn.query_row(pragma, [], |_| Ok(())).map_err(StoreError::sqlite(&self.path))
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
    pub(crate) fn run(&self, sql: &str) {
        self.conn.execute_batch(sql).unwrap();
    }

    /// Size of the file and its log, bytes.
    pub(crate) fn bytes(&self) -> u64 {
        let size = |suffix| fs::metadata(damage::with_suffix(&self.path, suffix)).map_or(0, |meta| meta.len());
        size("") + size("-wal")
    }
}
