//! Opening a database of ours for writing: one way for all of them, each with its own schema and its own durability.
//!
//! ```text
//! library new enough -> whole? -> ours, and not of a newer version? -> write-ahead log -> migrations
//! ```
//! Up to the log the file is only read. Each migration sets `user_version` to its number, and the first one
//! `application_id`, in its transaction: a program that does not know that number refuses the file and leaves it alone.

use super::connection::{Access, Connection};
use super::{damage, raw, sql};
use crate::error::StoreError;
use crate::owner;
use sqlx::migrate::{MigrateError, Migrator};
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

/// The oldest SQLite without the fault in resetting the log.
pub(super) const OLDEST_SQLITE: i32 = 3_051_003;

/// What a commit is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// It survives a kill, and a power cut from the next checkpoint on.
    Checkpoint,
    /// It survives a power cut.
    Commit,
}

/// What a database is.
pub(crate) struct Spec {
    /// Four letters that tell it from other programs' files: SQLite's `application_id`.
    pub(crate) owner: i64,
    /// Its schema, step by step. Steps are only added: a released one never changes, not even in a comment.
    pub(crate) steps: Migrator,
    /// What a commit is worth.
    pub(crate) durability: Durability,
    /// How long the search for damage may take.
    pub(crate) check_limit: Duration,
    /// Whether a copy is kept of the file before its schema changes.
    pub(crate) copy_before_steps: bool,
}

impl Spec {
    /// The number of the newest step.
    pub(super) fn newest(&self) -> i64 {
        self.steps.iter().map(|step| step.version).max().unwrap_or(0)
    }
}

/// Opens the file, makes it if it is missing, its owner's alone, and brings it to the newest schema. It has no automatic checkpoints.
///
/// # Errors
/// [`StoreError::Damaged`] for a file that should be put aside; the others say why not.
pub(super) fn open(path: &Path, spec: &Spec) -> Result<Connection, StoreError> {
    if raw::library_version() < OLDEST_SQLITE {
        return Err(StoreError::OldSqlite(raw::library_version_name()));
    }
    if path.is_dir() {
        return Err(StoreError::NotAFile(path.to_owned()));
    }
    // The log beside it gets the permissions of the file.
    owner::file(path).map_err(StoreError::io(path))?;
    let sql = StoreError::sqlite(path);
    let mut conn = Connection::open(path, Access::Write).map_err(&sql)?;
    // Until the file is known to be good and ours, closing it shall leave its log as it is.
    conn.keep_log_on_close(true).map_err(&sql)?;
    damage::check(&mut conn, path, spec.check_limit)?;
    let version = accept(&mut conn, path, spec)?;
    conn.run(sql::WAL_WITHOUT_AUTOMATIC_CHECKPOINTS.plain()).map_err(&sql)?;
    let synchronous = match spec.durability {
        Durability::Checkpoint => sql::SYNCHRONOUS_NORMAL,
        Durability::Commit => sql::SYNCHRONOUS_FULL,
    };
    conn.run(synchronous.plain()).map_err(&sql)?;
    if spec.copy_before_steps && (1..spec.newest()).contains(&version) {
        copy_before(&mut conn, path, version)?;
    }
    migrate(&mut conn, path, spec, version)?;
    conn.keep_log_on_close(false).map_err(&sql)?;
    Ok(conn)
}

/// Keeps a copy of the file with the schema that it has, so that an earlier program can have it back.
fn copy_before(conn: &mut Connection, path: &Path, version: i64) -> Result<(), StoreError> {
    let copy = damage::with_suffix(path, &format!(".schema-{version}"));
    if copy.exists() {
        return Ok(());
    }
    let unfinished = damage::with_suffix(&copy, ".unfinished");
    let _ = fs::remove_file(&unfinished);
    let name = unfinished.to_str().ok_or_else(|| sqlx::Error::Protocol("the path is no text in UTF-8".into()));
    name.and_then(|name| conn.run(sql::COPY_INTO.bind(name))).map_err(StoreError::sqlite(path))?;
    let settled = || -> io::Result<()> {
        let file = File::open(&unfinished)?;
        file.set_permissions(fs::metadata(path)?.permissions())?;
        file.sync_all()?;
        fs::rename(&unfinished, &copy)
    };
    settled().map_err(StoreError::io(&copy))
}

/// Says whether this program may write the file, and at which step its schema is. Changes nothing.
fn accept(conn: &mut Connection, path: &Path, spec: &Spec) -> Result<i64, StoreError> {
    let sql = StoreError::sqlite(path);
    let known = spec.newest();
    let found = conn.number(sql::VERSION.plain()).map_err(&sql)?;
    let owner = conn.number(sql::OWNER.plain()).map_err(&sql)?;
    if owner != spec.owner && conn.number(sql::IS_EMPTY.plain()).map_err(&sql)? == 0 {
        return Err(StoreError::Foreign(path.to_owned()));
    }
    if found > known { Err(StoreError::NewerSchema { path: path.to_owned(), found, known }) } else { Ok(found) }
}

/// Brings the file to the newest schema. One from before sqlx says in `user_version` alone which steps it has seen.
fn migrate(conn: &mut Connection, path: &Path, spec: &Spec, version: i64) -> Result<(), StoreError> {
    let sql = StoreError::sqlite(path);
    let known = spec.newest();
    conn.migrate(&spec.steps, version).map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => sql(error),
        MigrateError::VersionMissing(found) => StoreError::NewerSchema { path: path.to_owned(), found, known },
        other => StoreError::OtherSchema { path: path.to_owned(), why: other.to_string() },
    })
}
