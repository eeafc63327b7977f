//! The tables, as a list of steps that is only ever added to. `user_version` says how many steps a file has seen.
//!
//! A file with more steps than this program knows is refused and left alone: it would not know what it destroys.

use crate::error::StoreError;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::Path;

/// "PkTw": tells our files from another program's.
const APPLICATION_ID: i64 = 0x506b_5477;

/// Each step runs once, in a transaction of its own. Never change one that was released: add another.
///
/// `tape` is append-only and keeps the order in which rows were recorded (`seq`): after the wall clock was set back, or
/// after a restart within one second, a second can have two rows, and both are true.
const STEPS: &[&str] = &[
    "
    CREATE TABLE system (
        id      INTEGER PRIMARY KEY,
        name    TEXT NOT NULL UNIQUE      -- the id in the site file
    ) STRICT;
    CREATE TABLE tape (
        seq         INTEGER PRIMARY KEY,
        system_id   INTEGER NOT NULL REFERENCES system (id),
        utc_s       INTEGER NOT NULL,     -- the second, since 1970-01-01 UTC
        frames      BLOB NOT NULL         -- its live frames, one after the other
    ) STRICT;
    CREATE INDEX tape_by_time ON tape (system_id, utc_s);
",
    "
    CREATE TABLE tail (                   -- rows that are in no sealed file yet
        seq         INTEGER PRIMARY KEY,
        system_id   INTEGER NOT NULL REFERENCES system (id),
        utc_s       INTEGER NOT NULL,     -- the second, since 1970-01-01 UTC
        rows        BLOB NOT NULL         -- its rows, see crate::tail
    ) STRICT;
    CREATE INDEX tail_by_time ON tail (system_id, utc_s);
    CREATE TABLE segment (                -- sealed files, one a day
        system_id   INTEGER NOT NULL REFERENCES system (id),
        day         INTEGER NOT NULL,     -- since 1970-01-01 UTC
        rows        INTEGER NOT NULL,
        first_ms    INTEGER NOT NULL,     -- since 1970-01-01 UTC
        last_ms     INTEGER NOT NULL,
        bytes       INTEGER NOT NULL,
        PRIMARY KEY (system_id, day)
    ) STRICT;
    CREATE TABLE rollup (                 -- of a sealed day: what charts are drawn from
        system_id   INTEGER NOT NULL REFERENCES system (id),
        of          TEXT NOT NULL,        -- a column of telemetry, or 'flow'
        day         INTEGER NOT NULL,
        tens        BLOB NOT NULL,        -- buckets of ten minutes, see crate::rollup::codec
        minutes     BLOB NOT NULL,        -- buckets of a minute
        PRIMARY KEY (system_id, of, day)
    ) STRICT;
    CREATE TABLE event (                  -- what happened, for ever
        seq         INTEGER PRIMARY KEY,
        system_id   INTEGER NOT NULL REFERENCES system (id),
        at_ms       INTEGER NOT NULL,
        kind        TEXT NOT NULL,        -- 'raised', 'cleared', ...
        rule        TEXT NOT NULL,        -- id of the alarm rule
        severity    TEXT NOT NULL,
        words       TEXT NOT NULL
    ) STRICT;
    CREATE INDEX event_by_time ON event (system_id, at_ms);
",
    "
    CREATE TABLE cell_tail (              -- minutes of cells that are in no sealed file yet
        seq         INTEGER PRIMARY KEY,
        system_id   INTEGER NOT NULL REFERENCES system (id),
        minute      INTEGER NOT NULL,     -- since 1970-01-01 UTC
        cells       BLOB NOT NULL         -- see crate::cells::codec
    ) STRICT;
    CREATE INDEX cell_tail_by_time ON cell_tail (system_id, minute);
    CREATE TABLE cell_segment (           -- sealed files of cells, one a day
        system_id       INTEGER NOT NULL REFERENCES system (id),
        day             INTEGER NOT NULL, -- since 1970-01-01 UTC
        rows            INTEGER NOT NULL,
        samples         INTEGER NOT NULL, -- how many values stand behind the rows
        cells           INTEGER NOT NULL, -- one more than the highest number
        first_minute    INTEGER NOT NULL, -- since 1970-01-01 UTC
        last_minute     INTEGER NOT NULL,
        bytes           INTEGER NOT NULL,
        PRIMARY KEY (system_id, day)
    ) STRICT;
",
    "
    ALTER TABLE event ADD COLUMN subject TEXT NOT NULL DEFAULT '';   -- 'cell 7.12'; '' in older records
    ALTER TABLE event ADD COLUMN value REAL;                         -- the watched value then
    CREATE TABLE active_alarm (           -- the events that raised what is not over
        system_id   INTEGER NOT NULL REFERENCES system (id),
        rule        TEXT NOT NULL,
        subject     TEXT NOT NULL,
        at_ms       INTEGER NOT NULL,     -- since 1970-01-01 UTC
        severity    TEXT NOT NULL,
        value       REAL,
        words       TEXT NOT NULL,
        PRIMARY KEY (system_id, rule, subject)
    ) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE clock (                  -- the last time that is known, and whether the clock stood before it
        id          INTEGER PRIMARY KEY CHECK (id = 1),
        known_us    INTEGER NOT NULL,
        behind      INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE doubtful (               -- days sealed while the clock was ahead of what is known
        system      TEXT NOT NULL,
        cells       INTEGER NOT NULL,     -- 0: rows, 1: minutes of cells
        day         INTEGER NOT NULL,
        PRIMARY KEY (system, cells, day)
    ) STRICT, WITHOUT ROWID;
",
    "
    ALTER TABLE segment ADD COLUMN checksum INTEGER;        -- CRC-32 of the file; NULL: not known yet
    ALTER TABLE cell_segment ADD COLUMN checksum INTEGER;
",
    "
    CREATE TABLE replacing (              -- files of sealed days that are about to be replaced, see crate::replaced
        system      TEXT NOT NULL,
        cells       INTEGER NOT NULL,     -- 0: rows, 1: minutes of cells
        day         INTEGER NOT NULL,
        bytes       INTEGER NOT NULL,     -- of the new file
        checksum    INTEGER NOT NULL,     -- of the new file
        before      INTEGER NOT NULL,     -- what of the tail is in it: before this second, or minute of cells,
        newest      INTEGER NOT NULL,     -- and up to this place
        PRIMARY KEY (system, cells, day)
    ) STRICT, WITHOUT ROWID;
",
];

/// Says whether this program may write the file. Changes nothing.
///
/// # Errors
/// [`StoreError::Foreign`] and [`StoreError::NewerSchema`].
pub(super) fn accept(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let sql = StoreError::sqlite(path);
    let known = STEPS.len() as i64;
    let found = number(conn, "user_version").map_err(&sql)?;
    let owner = number(conn, "application_id").map_err(&sql)?;
    if owner != APPLICATION_ID && !is_empty(conn).map_err(&sql)? {
        return Err(StoreError::Foreign(path.to_owned()));
    }
    if found > known { Err(StoreError::NewerSchema { path: path.to_owned(), found, known }) } else { Ok(()) }
}

/// Brings the file to the newest schema.
pub(super) fn migrate(conn: &mut Connection) -> rusqlite::Result<()> {
    let found = number(conn, "user_version")?;
    for (version, step) in (1_i64..).zip(STEPS).skip(found.max(0) as usize) {
        let transaction = Transaction::new(conn, TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.commit()?;
    }
    Ok(())
}

fn number(conn: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    conn.pragma_query_value(None, pragma, |row| row.get(0))
}

fn is_empty(conn: &Connection) -> rusqlite::Result<bool> {
    conn.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}
