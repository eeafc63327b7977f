//! One connection to a file, and waiting for it.
//!
//! Sqlx gives each connection a thread of its own that calls SQLite, so nothing here needs a runtime: the caller parks
//! until that thread has answered. It may be a plain thread or one of an asynchronous runtime, which is then blocked.

use super::raw;
use super::sql::{self, Statement};
use futures_executor::block_on;
use futures_util::TryStreamExt as _;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions as _, Row as _};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long to wait for another program that holds the file, a backup for instance.
const BUSY_WAIT: Duration = Duration::from_secs(2);

/// So many rows are read ahead of the caller.
const ROWS_AHEAD: usize = 4_096;

/// SQLite calls back after this many steps of a statement that is limited in time, each about a page.
const STEPS_PER_CALL: i32 = 100;

/// Whether a connection may change the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// No. The file must be there.
    Read,
    /// Yes, and it makes the file if that is missing.
    Write,
}

/// A connection. It is closed when it is dropped, before the drop returns.
pub(super) struct Connection(Option<SqliteConnection>);

impl Connection {
    /// Opens the file. It is not read yet, and believed only as far as it is checked.
    pub(super) fn open(path: &Path, access: Access) -> sqlx::Result<Connection> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(access == Access::Read)
            .create_if_missing(access == Access::Write)
            .busy_timeout(BUSY_WAIT)
            .row_buffer_size(ROWS_AHEAD)
            .thread_name(|_| "sqlite".to_owned())
            .pragma("cell_size_check", "ON")
            .pragma("trusted_schema", "OFF")
            .disable_statement_logging();
        Ok(Connection(Some(block_on(options.connect())?)))
    }

    fn inner(&mut self) -> sqlx::Result<&mut SqliteConnection> {
        // It is only taken when the connection is dropped.
        self.0.as_mut().ok_or(sqlx::Error::WorkerCrashed)
    }

    /// Runs a statement, and returns how many rows it changed.
    pub(super) fn run(&mut self, statement: Statement) -> sqlx::Result<u64> {
        Ok(block_on(statement.into_query().execute(self.inner()?))?.rows_affected())
    }

    /// The first row, as `read` makes it; `None` if there is none.
    pub(super) fn first<T>(
        &mut self,
        statement: Statement,
        read: impl FnOnce(&SqliteRow) -> sqlx::Result<T>,
    ) -> sqlx::Result<Option<T>> {
        block_on(statement.into_query().fetch_optional(self.inner()?))?.map(|row| read(&row)).transpose()
    }

    /// The first value of the only row.
    pub(super) fn number(&mut self, statement: Statement) -> sqlx::Result<i64> {
        self.first(statement, |row| row.try_get(0))?.ok_or(sqlx::Error::RowNotFound)
    }

    /// All rows, as `read` makes them.
    pub(super) fn all<T>(
        &mut self,
        statement: Statement,
        mut read: impl FnMut(&SqliteRow) -> sqlx::Result<T>,
    ) -> sqlx::Result<Vec<T>> {
        let mut all = Vec::new();
        self.each(statement, |row| {
            all.push(read(row)?);
            Ok(())
        })?;
        Ok(all)
    }

    /// Hands over row after row. `read` must not ask in turn: one thread waits for one answer.
    pub(super) fn each(
        &mut self,
        statement: Statement,
        mut read: impl FnMut(&SqliteRow) -> sqlx::Result<()>,
    ) -> sqlx::Result<()> {
        let inner = self.inner()?;
        block_on(async {
            let mut rows = statement.into_query().fetch(inner);
            while let Some(row) = rows.try_next().await? {
                read(&row)?;
            }
            Ok(())
        })
    }

    /// Does all of `work`, or nothing of it.
    pub(super) fn transaction<T>(&mut self, work: impl FnOnce(&mut Connection) -> sqlx::Result<T>) -> sqlx::Result<T> {
        self.between(sql::BEGIN, work)
    }

    /// Reads what is one state of the file.
    pub(super) fn steady<T>(&mut self, work: impl FnOnce(&mut Connection) -> sqlx::Result<T>) -> sqlx::Result<T> {
        self.between(sql::BEGIN_TO_READ, work)
    }

    /// Not sqlx's own transaction: that counts on a rollback, which SQLite may have done by itself when the disk is full.
    fn between<T>(
        &mut self,
        begin: sql::Sql,
        work: impl FnOnce(&mut Connection) -> sqlx::Result<T>,
    ) -> sqlx::Result<T> {
        self.run(begin.plain())?;
        let done = work(self).and_then(|done| self.run(sql::COMMIT.plain()).map(|_| done));
        if done.is_err() {
            // An error says that there is nothing to take back. If there is, the next transaction cannot begin.
            let _ = self.run(sql::ROLLBACK.plain());
        }
        done
    }

    /// Whether closing the last connection leaves the log as it is, and does not move it into the file.
    pub(super) fn keep_log_on_close(&mut self, keep: bool) -> sqlx::Result<()> {
        let inner = self.inner()?;
        let kept = block_on(async { Ok(raw::keep_log_on_close(&mut inner.lock_handle().await?, keep)) });
        kept.and_then(
            |kept: bool| if kept { Ok(()) } else { Err(sqlx::Error::Protocol("no setting of the log".into())) },
        )
    }

    /// Does `work` until `limit` has passed: what runs then is interrupted.
    pub(super) fn limited<T>(
        &mut self,
        limit: Duration,
        work: impl FnOnce(&mut Connection) -> sqlx::Result<T>,
    ) -> sqlx::Result<T> {
        let end = Instant::now() + limit;
        let inner = self.inner()?;
        block_on(inner.lock_handle())?.set_progress_handler(STEPS_PER_CALL, move || Instant::now() <= end);
        let done = work(self);
        block_on(self.inner()?.lock_handle())?.remove_progress_handler();
        done
    }

    /// Brings the schema to the newest version, but takes the first `known` steps as done.
    pub(super) fn migrate(
        &mut self,
        steps: &sqlx::migrate::Migrator,
        known: i64,
    ) -> Result<(), sqlx::migrate::MigrateError> {
        let inner = self.inner()?;
        block_on(async {
            if known > 0 {
                steps.skip(&mut *inner, Some(known)).await?;
            }
            steps.run(inner).await
        })
    }

    /// Whether a statement fits the schema.
    #[cfg(test)]
    pub(super) fn prepare(&mut self, statement: sql::Sql) -> sqlx::Result<()> {
        use sqlx::{Executor as _, SqlSafeStr as _};
        block_on(self.inner()?.prepare(statement.text().into_sql_str())).map(drop)
    }

    /// Takes only the first steps, as a program that is killed on the way.
    #[cfg(test)]
    pub(super) fn migrate_to(
        &mut self,
        steps: &sqlx::migrate::Migrator,
        last: i64,
    ) -> Result<(), sqlx::migrate::MigrateError> {
        block_on(steps.run_to(last, self.inner()?))
    }

    /// All rows of any SQL.
    #[cfg(test)]
    pub(super) fn all_any<T>(
        &mut self,
        sql: &str,
        mut read: impl FnMut(&SqliteRow) -> sqlx::Result<T>,
    ) -> sqlx::Result<Vec<T>> {
        let rows = block_on(sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).fetch_all(self.inner()?))?;
        rows.iter().map(&mut read).collect()
    }

    /// Runs any SQL, to bring a test into a state that is hard to reach.
    #[cfg(test)]
    pub(super) fn run_any(&mut self, sql: &str) -> sqlx::Result<()> {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        block_on(sqlx::raw_sql(sql).execute(self.inner()?)).map(drop)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(inner) = self.0.take()
            && let Err(error) = block_on(inner.close())
        {
            tracing::error!("a database was not closed in good order: {error}");
        }
    }
}
