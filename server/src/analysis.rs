//! Questions about the past: ready ones, answered by the store, and free SQL, run by the DuckDB program.
//!
//! A query runs in a process of its own that can harm nothing. It sees a folder of its own with links to the history's
//! files and an export of what is not sealed yet ([`snapshot`]); DuckDB reads nothing else and keeps to one thread and a
//! limit of memory ([`script`]); the system holds it to the same from outside, at a low priority ([`jail`]); and it is
//! killed when its time is over or nobody waits for it any more ([`run`]).

pub(crate) mod jail;
mod program;
mod questions;
mod result;
mod run;
mod script;
mod snapshot;
mod sql;

pub(crate) use program::find_duckdb;
use questions::ask;
pub(crate) use questions::{Ask, QUESTIONS, sag_limit_v_s};
pub(crate) use run::Output;
pub(crate) use script::Format;

use crate::hub::Hub;
use domain::analysis::Answer;
use program::{Finder, Program};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::sync::Semaphore;

/// Queries that run at the same time, at most.
const AT_ONCE: usize = 2;
/// The longest that a query for the page may take.
const TABLE_LIMIT: Duration = Duration::from_secs(30);
/// The longest that a download may take, with the way to the client.
const FILE_LIMIT: Duration = Duration::from_secs(300);
/// Text of a table, bytes, at most.
const TABLE_BYTES: usize = 8 << 20;

/// Why there is no answer.
#[derive(Debug, Error)]
pub(crate) enum QueryError {
    /// There is no DuckDB program.
    #[error("{0}")]
    Missing(String),
    /// Too many queries are running.
    #[error("{AT_ONCE} queries are running, which is the limit: wait for one to end, or cancel it")]
    Busy,
    /// DuckDB says no, in its own words.
    #[error("{0}")]
    Refused(String),
    /// It took too long.
    #[error("the query was stopped: it took longer than {} s", .0.as_secs())]
    TooLong(Duration),
    /// The disk, or the system, does not let us.
    #[error("the query could not be run: {0}")]
    Failed(String),
}

/// Runs queries.
pub(crate) struct Analysis {
    finder: Finder,
    folder: PathBuf,
    slots: Arc<Semaphore>,
    /// Ready questions take several cores for a moment: one at a time.
    asking: Semaphore,
}

impl Analysis {
    /// Queries on the history in `data`, by the program `named`, or one that is found. What queries left behind when the
    /// last server was killed is removed.
    pub(crate) fn new(data: &Path, named: Option<PathBuf>) -> Analysis {
        let folder = data.join("queries");
        if let Err(error) = std::fs::remove_dir_all(&folder)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!("{}: what queries left behind cannot be removed: {error}", folder.display());
        }
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        Analysis { finder: Finder::new(named), folder, slots, asking: Semaphore::new(1) }
    }

    /// The program's version, or how to get one.
    pub(crate) async fn version(self: &Arc<Self>) -> Result<String, String> {
        self.program().await.map(|program| program.version)
    }

    async fn program(self: &Arc<Self>) -> Result<Program, String> {
        let this = Arc::clone(self);
        let found = tokio::task::spawn_blocking(move || this.finder.find()).await;
        found.unwrap_or_else(|error| Err(error.to_string()))
    }

    /// Starts a query of the system at `place`. It ends when the output is dropped.
    pub(crate) async fn start(
        self: &Arc<Self>,
        hub: Arc<Hub>,
        place: usize,
        sql: String,
        format: Format,
    ) -> Result<Output, QueryError> {
        let program = self.program().await.map_err(QueryError::Missing)?;
        let slot = Arc::clone(&self.slots).try_acquire_owned().map_err(|_| QueryError::Busy)?;
        let limit = if format == Format::Table { TABLE_LIMIT } else { FILE_LIMIT };
        let folder = self.folder.clone();
        let prepare = move || {
            let snapshot = snapshot::take(&folder, &hub, place)?;
            let script = script::script(&snapshot, &sql, format);
            Ok((snapshot, script))
        };
        Ok(run::start(program.path, limit, slot, prepare))
    }

    /// Runs a query to its end and gives its rows, as many as a page shows.
    pub(crate) async fn table(
        self: &Arc<Self>,
        hub: Arc<Hub>,
        place: usize,
        sql: String,
    ) -> Result<Answer, QueryError> {
        let began = Instant::now();
        let mut output = self.start(hub, place, sql, Format::Table).await?;
        let (mut text, mut cut) = (Vec::new(), false);
        while let Some(chunk) = output.next().await {
            text.extend_from_slice(&chunk?);
            if text.len() > TABLE_BYTES {
                cut = true;
                break;
            }
        }
        drop(output);
        let mut answer = result::answer(&text, cut).map_err(QueryError::Failed)?;
        answer.took_ms = took_ms(began);
        Ok(answer)
    }

    /// Answers a ready question.
    pub(crate) async fn ask(&self, hub: Arc<Hub>, place: usize, question: Ask) -> Result<Answer, String> {
        let _turn = self.asking.acquire().await.map_err(|error| error.to_string())?;
        let began = Instant::now();
        let asked = tokio::task::spawn_blocking(move || ask(&hub, place, &question)).await;
        let mut answer = asked.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        answer.took_ms = took_ms(began);
        Ok(answer)
    }
}

fn took_ms(began: Instant) -> u32 {
    u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX)
}
