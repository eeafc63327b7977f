//! What can go wrong with a history, in words for the person who has to put it right.

use crate::name::BadName;
use rusqlite::ErrorCode;
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
    #[error("{} is a folder, but the history needs a file of that name: move the folder away", .0.display())]
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
    /// A good SQLite database, but of another program.
    #[error("{} is a database of another program: move it away, or use another folder", .0.display())]
    Foreign(PathBuf),
    /// The SQLite library has a known fault that can damage the file.
    #[error("SQLite {0} can damage a history: build packtwin with SQLite 3.51.3 or later")]
    OldSqlite(&'static str),
    /// The writer thread could not be started.
    #[error("the history's writer thread cannot start: {0}")]
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
    #[error("cannot use {}: {source}", .path.display())]
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
        source: rusqlite::Error,
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
    pub(crate) fn sqlite(path: &Path) -> impl Fn(rusqlite::Error) -> StoreError + '_ {
        |source| match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                StoreError::Damaged { path: path.to_owned(), why: source.to_string() }
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
            | StoreError::Foreign(_)
            | StoreError::OldSqlite(_)
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
        matches!(source.sqlite_error_code(), Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy))
    }
}

/// SQLite's answer in words, with what to do where that is known.
fn words(source: &rusqlite::Error) -> String {
    if let rusqlite::Error::FromSqlConversionFailure(_, _, why) = source {
        return why.to_string();
    }
    match source.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full: free some space".to_owned(),
        Some(ErrorCode::ReadOnly) => "the file or its disk is read-only: make it writable".to_owned(),
        Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            "the file cannot be opened: check the folder, its owner and its disk".to_owned()
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another program holds the file locked".to_owned(),
        Some(ErrorCode::SystemIoFailure) => {
            let code = source.sqlite_error().map_or(0, |e| e.extended_code);
            format!("the disk failed ({source}, SQLite code {code}): check the disk")
        }
        _ => source.to_string(),
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
