//! The file `control.db`: people, programs, settings, the audit. Each commit survives a power cut.
//!
//! [`Tables`] are the questions and changes; [`crate::Control`] gives them a transaction. Each kind has a file: what is to
//! be kept here besides gets a migration, a file beside these, and its statements in `sql/control.rs`.

mod alarms;
pub(super) mod audit;
mod commands;
mod predictions;
mod sessions;
mod settings;
mod tokens;
mod users;

use super::connection::{Access, Connection};
use super::open::{self, Durability, Spec};
use super::sql;
use crate::error::StoreError;
use domain::people::{Role, Scope};
use domain::words::Words;
use std::path::Path;
use std::time::Duration;

/// What `control.db` is. It is small, so the search for damage ends by itself.
pub(super) static CONTROL: Spec = Spec {
    owner: 0x506b_4374, // "PkCt"
    steps: sqlx::migrate!("migrations/control"),
    durability: Durability::Commit,
    check_limit: Duration::from_secs(20),
    copy_before_steps: true,
};

/// Why something could not be asked or changed. The file's name is added where it is known.
#[derive(Debug)]
pub struct Failed(sqlx::Error);

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Failed {
        Failed(error)
    }
}

type Done<T> = Result<T, Failed>;

/// What `control.db` keeps.
pub struct Tables<'a>(&'a mut Connection);

/// A connection to `control.db`.
pub(crate) struct ControlFile(Connection);

impl ControlFile {
    /// Opens the file for writing, makes it if it is missing, and brings it to the newest schema.
    pub(crate) fn write(path: &Path) -> Result<ControlFile, StoreError> {
        open::open(path, &CONTROL).map(ControlFile)
    }

    /// Opens the file for reading. Nothing is checked.
    pub(crate) fn read(path: &Path) -> Result<ControlFile, StoreError> {
        Connection::open(path, Access::Read).map(ControlFile).map_err(StoreError::sqlite(path))
    }

    /// Does all of `work` and makes it durable, or nothing of it.
    pub(crate) fn change<T>(&mut self, work: impl FnOnce(&mut Tables<'_>) -> Done<T>) -> sqlx::Result<T> {
        self.0.transaction(|conn| work(&mut Tables(conn)).map_err(|failed| failed.0))
    }

    /// Reads what is one state of the file.
    pub(crate) fn ask<T>(&mut self, work: impl FnOnce(&mut Tables<'_>) -> Done<T>) -> sqlx::Result<T> {
        self.0.steady(|conn| work(&mut Tables(conn)).map_err(|failed| failed.0))
    }

    /// Copies the file as it is now into one that is not there.
    pub(crate) fn copy_to(&mut self, copy: &Path) -> sqlx::Result<()> {
        let name = copy.to_str().ok_or_else(|| sqlx::Error::Protocol("the path is no text in UTF-8".into()))?;
        self.0.run(sql::COPY_INTO.bind(name)).map(drop)
    }

    /// Moves the log into the file, as much as goes without waiting.
    pub(crate) fn checkpoint(&mut self) -> sqlx::Result<()> {
        self.0.run(sql::CHECKPOINT_PASSIVE.plain()).map(drop)
    }

    /// Runs any SQL, as somebody does who wants to change what must not be changed.
    #[cfg(test)]
    pub(crate) fn run_any(&mut self, sql: &str) -> sqlx::Result<()> {
        self.0.run_any(sql)
    }

    /// Whether every statement fits the schema.
    #[cfg(test)]
    pub(super) fn prepare(&mut self, statement: sql::Sql) -> sqlx::Result<()> {
        self.0.prepare(statement)
    }
}

/// A word that the schema allows and this program does not know: written by a newer one.
fn word<T: Words>(word: &str) -> sqlx::Result<T> {
    T::from_word(word).map_err(|unknown| sqlx::Error::Decode(unknown.to_string().into()))
}

fn role(text: &str) -> sqlx::Result<Role> {
    word(text)
}

fn scope(text: &str) -> sqlx::Result<Scope> {
    word(text)
}
