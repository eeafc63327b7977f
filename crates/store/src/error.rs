//! What can go wrong with a history, in words for the person who has to put it right.

use crate::name::BadName;
use domain::plain::without_numbers;
use libsqlite3_sys as sqlite;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why the history cannot be opened, written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another server holds the folder.
    #[error("{} is in use by another packtwin: stop that one, or use another folder", .0.display())]
    InUse(PathBuf),
    /// A system's name cannot be that of a folder.
    #[error(transparent)]
    BadName(#[from] BadName),
    /// The data folder's path leads to something else.
    #[error("{} is a file, but a folder is needed for the history: use another path", .0.display())]
    NotAFolder(PathBuf),
    /// The database's path leads to a folder.
    #[error("{} is a folder, but packtwin needs a file of that name: move the folder away", .0.display())]
    NotAFile(PathBuf),
    /// A later version of the program wrote it.
    #[error(
        "{} was written by a newer packtwin (schema {found}, this one knows {known}): update packtwin, or move the file away",
        .path.display()
    )]
    NewerSchema {
        /// The database file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest schema version that this program knows.
        known: i64,
    },
    /// A build of the program that is none of the released ones wrote it.
    #[error("{} was written by another build of packtwin ({why}): use that one, or move the file away", .path.display())]
    OtherSchema {
        /// The database file.
        path: PathBuf,
        /// What differs.
        why: String,
    },
    /// A good SQLite database, but of another program.
    #[error("{} is a database of another program: move it away, or use another folder", .0.display())]
    Foreign(PathBuf),
    /// The SQLite library has a known fault that can damage the file.
    #[error("SQLite {0} can damage a history: build packtwin with SQLite 3.51.3 or later")]
    OldSqlite(String),
    /// The accounts and the audit were there, and are not any more.
    #[error(
        "{} is gone or empty, and with it all accounts and the audit: bring it back from a backup; to begin without \
         accounts, delete {} too",
        .0.display(), .0.with_extension("begun").display()
    )]
    ControlGone(PathBuf),
    /// The same, and there is a backup.
    #[error(
        "{why}. The newest backup is {}: what was done after it is not in it. To use it, stop packtwin, move {} and its \
         -wal and -shm away, and copy the backup to its place",
        .newest.display(), .path.display()
    )]
    ControlLost {
        /// What is wrong with the file.
        why: Box<StoreError>,
        /// The file.
        path: PathBuf,
        /// The newest backup.
        newest: PathBuf,
    },
    /// The writer thread could not be started.
    #[error("the history's writer thread cannot start: {}", without_numbers(&.0.to_string()))]
    Thread(#[source] io::Error),
    /// The file's content is not what it should be.
    #[error("{} is damaged: {why}", .path.display())]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// What SQLite says about it.
        why: String,
    },
    /// The operating system refuses.
    #[error("cannot use {}: {}", .path.display(), without_numbers(&.source.to_string()))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// SQLite refuses.
    #[error("cannot use {}: {}", .path.display(), words(.source))]
    Sqlite {
        /// The database file.
        path: PathBuf,
        /// SQLite's answer.
        source: sqlx::Error,
    },
    /// A file of sealed history is not what it should be.
    #[error("{} is not a good history file: {why}", .path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A file of sealed history is not what was written. It is no history any more: ask again for the other days.
    #[error("{} is damaged: {why}", .path.display())]
    DayDamaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The store was closed, or asked to flush, and could not write what was waiting.
    #[error("history that is not on disk yet ({rows} rows) could not be written: {why}")]
    Unwritten {
        /// How many rows were still waiting.
        rows: usize,
        /// What kept them from the disk.
        why: String,
    },
}

impl StoreError {
    /// Sorts SQLite's answer about the file at `path`: is the content broken, or is it only not reachable now?
    pub(crate) fn sqlite(path: &Path) -> impl Fn(sqlx::Error) -> StoreError + '_ {
        |source| match code(&source) {
            Some(sqlite::SQLITE_CORRUPT | sqlite::SQLITE_NOTADB) => {
                StoreError::Damaged { path: path.to_owned(), why: message(&source) }
            }
            _ => StoreError::Sqlite { path: path.to_owned(), source },
        }
    }

    /// Says which file or folder the system's answer is about.
    pub(crate) fn io(path: &Path) -> impl Fn(io::Error) -> StoreError + '_ {
        |source| StoreError::Io { path: path.to_owned(), source }
    }

    /// Whether only a person can put it right. Such a history refuses to open. Everything else (a full or read-only
    /// disk, an I/O error) may pass, so the store opens, says so, and tries again.
    pub(crate) fn needs_a_person(&self) -> bool {
        match self {
            StoreError::InUse(_)
            | StoreError::BadName(_)
            | StoreError::NotAFolder(_)
            | StoreError::NotAFile(_)
            | StoreError::NewerSchema { .. }
            | StoreError::OtherSchema { .. }
            | StoreError::Foreign(_)
            | StoreError::OldSqlite(_)
            | StoreError::ControlGone(_)
            | StoreError::ControlLost { .. }
            | StoreError::Thread(_) => true,
            StoreError::Damaged { .. }
            | StoreError::Io { .. }
            | StoreError::Sqlite { .. }
            | StoreError::Parquet { .. }
            | StoreError::DayDamaged { .. }
            | StoreError::Unwritten { .. } => false,
        }
    }

    /// Whether the connection is still good after it. After anything else it is closed, and the file checked anew.
    pub(crate) fn leaves_connection_good(&self) -> bool {
        let StoreError::Sqlite { source, .. } = self else { return false };
        matches!(code(source), Some(sqlite::SQLITE_FULL | sqlite::SQLITE_BUSY | sqlite::SQLITE_CONSTRAINT))
    }
}

/// SQLite's extended result code, if it is SQLite that refuses.
fn extended_code(source: &sqlx::Error) -> Option<i32> {
    source.as_database_error()?.code()?.parse().ok()
}

/// SQLite's result code.
pub(crate) fn code(source: &sqlx::Error) -> Option<i32> {
    extended_code(source).map(|code| code & 0xff)
}

/// What SQLite says, without what sqlx puts before it.
fn message(source: &sqlx::Error) -> String {
    match source {
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Decode(why) => why.to_string(),
        sqlx::Error::Io(why) => why.to_string(),
        other => other.to_string(),
    }
}

/// SQLite's answer in words, with what to do where that is known.
fn words(source: &sqlx::Error) -> String {
    match code(source) {
        Some(sqlite::SQLITE_FULL) => "the disk is full: free some space".to_owned(),
        Some(sqlite::SQLITE_READONLY) => "the file or its disk is read-only: make it writable".to_owned(),
        Some(sqlite::SQLITE_PERM | sqlite::SQLITE_CANTOPEN) => {
            "the file cannot be opened: check the folder, its owner and its disk".to_owned()
        }
        Some(sqlite::SQLITE_BUSY | sqlite::SQLITE_LOCKED) => "another program holds the file locked".to_owned(),
        Some(sqlite::SQLITE_IOERR) => {
            let code = extended_code(source).unwrap_or_default();
            format!("the disk failed ({}, SQLite code {code}): check the disk", message(source))
        }
        _ => message(source),
    }
}

/// Something that a person should know about the history just opened, although the server can run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The file was damaged and renamed; the history began afresh.
    SetAside {
        /// Where the damaged file is now.
        kept_as: PathBuf,
        /// What was wrong with it.
        why: String,
    },
    /// Readings wait in memory for now.
    NotStoring {
        /// What keeps them from the disk.
        why: String,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::SetAside { kept_as, why } => {
                write!(f, "The history was damaged ({why}) and starts afresh; the old file is {}", kept_as.display())
            }
            Notice::NotStoring { why } => write!(f, "Readings are not stored: {why}"),
        }
    }
}
