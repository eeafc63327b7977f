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
pub(crate) use questions::{Ask, QUESTIONS};
pub(crate) use run::Output;
pub(crate) use script::Format;

use crate::gate::Gate;
use crate::hub::Hub;
use api::analysis::AnalysisResponse;
use jail::Confinement;
use program::{Finder, Program};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{Range, StoreError};
use thiserror::Error;
use tokio::sync::Semaphore;

/// Queries that run at the same time, at most.
const AT_ONCE: usize = 2;
/// Of them, downloads: one permit is always for the page, however slowly files are read.
const FILES_AT_ONCE: usize = 1;
/// The longest that a query for the page may take.
const TABLE_LIMIT: Duration = Duration::from_secs(30);
/// The longest that a download may take, with the way to the client.
const FILE_LIMIT: Duration = Duration::from_secs(300);
/// The least and the most that a query may spill to the disk, bytes.
const SPILL_LEAST: u64 = 16 << 20;
const SPILL_MOST: u64 = 1 << 30;
/// Text of a table, bytes, at most.
const TABLE_BYTES: usize = 8 << 20;

/// Why there is no answer.
#[derive(Debug, Error)]
pub(crate) enum QueryError {
    /// There is no DuckDB program.
    #[error("{0}")]
    Missing(String),
    /// Too many queries are running.
    #[error("{0}, which is the limit: wait for one to end, or cancel it")]
    Busy(&'static str),
    /// DuckDB says no, in its own words.
    #[error("{0}")]
    Refused(String),
    /// It took too long.
    #[error("the query was stopped: it took longer than {} s", .0.as_secs())]
    TooLong(Duration),
    /// The disk has no room for it.
    #[error("the query could not be run: {0}")]
    NoRoom(String),
    /// The disk, or the system, does not let us.
    #[error("the query could not be run: {0}")]
    Failed(String),
}

/// Runs queries.
pub(crate) struct Analysis {
    finder: Finder,
    folder: PathBuf,
    /// Room on the disk that is history's, bytes: queries take none of it.
    disk_free_min: u64,
    permits: Arc<Semaphore>,
    files: Arc<Semaphore>,
    confinement: Confinement,
    /// Ready questions take several cores for a moment: one at a time.
    asking: Arc<Semaphore>,
}

impl Analysis {
    /// Queries on the history in `data`, by the program `named`, or one that is found. What queries left behind when the
    /// last server was killed is removed.
    pub(crate) fn new(data: &Path, named: Option<PathBuf>, disk_free_min: u64, unconfined_sql: bool) -> Analysis {
        let folder = store::queries_folder(data);
        if let Err(error) = std::fs::remove_dir_all(&folder)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!("{}: what queries left behind cannot be removed: {error}", folder.display());
        }
        let confinement = Confinement::of(jail::is_enforced(), unconfined_sql);
        if confinement != Confinement::Landlock {
            tracing::warn!("{}", confinement.words());
        }
        let [queries, files] = [AT_ONCE, FILES_AT_ONCE].map(|permits| Arc::new(Semaphore::new(permits)));
        let (finder, asking) = (Finder::new(named), Arc::new(Semaphore::new(1)));
        Analysis { finder, folder, disk_free_min, permits: queries, files, confinement, asking }
    }

    /// What keeps queries from what they must not read.
    pub(crate) fn confinement(&self) -> Confinement {
        self.confinement
    }

    /// The program's version, or how to get one.
    pub(crate) async fn version(self: &Arc<Self>) -> Result<String, String> {
        self.program().await.map(|program| program.version)
    }

    async fn program(self: &Arc<Self>) -> Result<Program, String> {
        if self.confinement == Confinement::Missing {
            return Err(self.confinement.words().to_owned());
        }
        let this = Arc::clone(self);
        let found = tokio::task::spawn_blocking(move || this.finder.find()).await;
        found.unwrap_or_else(|error| Err(error.to_string()))
    }

    /// Starts a query of the system at `index`. It ends when the output is dropped.
    pub(crate) async fn start(
        self: &Arc<Self>,
        hub: Arc<Hub>,
        index: usize,
        sql: String,
        format: Format,
    ) -> Result<Output, QueryError> {
        let program = self.program().await.map_err(QueryError::Missing)?;
        let busy = |what| move |_| QueryError::Busy(what);
        let is_file = format != Format::Table;
        let file = is_file.then(|| Arc::clone(&self.files).try_acquire_owned());
        let file = file.transpose().map_err(busy("a download of a query is running"))?;
        let permit = Arc::clone(&self.permits).try_acquire_owned().map_err(busy("2 queries are running"))?;
        let limit = if is_file { FILE_LIMIT } else { TABLE_LIMIT };
        let folder = self.folder.clone();
        let disk_free_min = self.disk_free_min;
        let prepare = move || {
            let free = || store::free_bytes(hub.store.history().folder());
            let spill = spill_quota(free(), disk_free_min).map_err(QueryError::NoRoom)?;
            let snapshot = snapshot::take(&folder, &hub, index).map_err(|why| match free() {
                Some(free) if free < disk_free_min + SPILL_LEAST => QueryError::NoRoom(why),
                _ => QueryError::Failed(why),
            })?;
            let script = script::script(&snapshot, &sql, format, spill);
            Ok((snapshot, script))
        };
        let unconfined = self.confinement == Confinement::Allowed;
        let (permits, null) = ((permit, file), script::null_word());
        let job = run::Job { program: program.path, limit, null, unconfined, permits };
        Ok(run::start(job, prepare))
    }

    /// Runs a query to its end and gives its rows, as many as a page shows.
    pub(crate) async fn table(
        self: &Arc<Self>,
        hub: Arc<Hub>,
        index: usize,
        sql: String,
    ) -> Result<AnalysisResponse, QueryError> {
        let began = Instant::now();
        let mut output = self.start(hub.clone(), index, sql, Format::Table).await?;
        let (mut text, mut cut) = (Vec::new(), false);
        while let Some(chunk) = output.next().await {
            text.extend_from_slice(&chunk?);
            if text.len() > TABLE_BYTES {
                cut = true;
                break;
            }
        }
        // Megabytes of text: read on a thread that may take its time. Until then the query has its permit.
        let read = tokio::task::spawn_blocking(move || {
            let answer = result::answer(&text, cut, &output.null);
            drop(output);
            answer
        });
        let mut answer =
            read.await.map_err(|error| QueryError::Failed(error.to_string()))?.map_err(QueryError::Failed)?;
        // The first row alone is more than is read: an empty table would say that there is none.
        if cut && answer.table.as_ref().is_some_and(|table| table.cells.is_empty()) {
            return Err(QueryError::Refused(format!(
                "the first row has more than {} MB of text, which is the most of a table: ask for less of it, such as \
                 left(column, 1000), or get the rows as a file",
                TABLE_BYTES >> 20
            )));
        }
        // A query may look at any day.
        answer.left_out = left_out(&hub, index, Range::ALL);
        answer.took_ms = took_ms(began);
        Ok(answer)
    }

    /// Answers a ready question.
    pub(crate) async fn ask(
        &self,
        gate: &Gate,
        hub: Arc<Hub>,
        index: usize,
        question: Ask,
    ) -> Result<AnalysisResponse, String> {
        let turn = Arc::clone(&self.asking).acquire_owned().await.map_err(|error| error.to_string())?;
        let began = Instant::now();
        let asked = gate.run(move || {
            // Until it is answered, even if nobody waits for it any more.
            let _turn = turn;
            let mut answer = ask(&hub, index, &question)?;
            answer.left_out = left_out(&hub, index, question.range);
            Ok::<_, StoreError>(answer)
        });
        let broken = |_| "the server made a mistake; its log says more".to_owned();
        let mut answer = asked.await.map_err(broken)?.map_err(|error| error.to_string())?;
        answer.took_ms = took_ms(began);
        Ok(answer)
    }
}

/// How much a query may spill, bytes: a quarter of the room above what is kept free for history, a gigabyte at most, so
/// that two at once leave half of it.
///
/// # Errors
/// Says that there is too little.
fn spill_quota(free: Option<u64>, disk_free_min: u64) -> Result<u64, String> {
    let Some(free) = free else { return Ok(SPILL_LEAST) };
    let quota = free.saturating_sub(disk_free_min) / 4;
    if quota < SPILL_LEAST {
        let (free, least) = (free / 1_000_000, disk_free_min / 1_000_000);
        return Err(format!("the disk has {free} MB free, and {least} MB are kept for history: free some space"));
    }
    Ok(quota.min(SPILL_MOST))
}

/// What is missing of a time because files of history were damaged, as a sentence.
fn left_out(hub: &Hub, index: usize, range: Range) -> String {
    let spec = hub.site.systems.get(index);
    spec.map(|spec| hub.store.history().left_out(&spec.id, range).words()).unwrap_or_default()
}

fn took_ms(began: Instant) -> u32 {
    u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_queries_spill_stays_above_what_is_kept_for_history() {
        let (mb, gb) = (1_000_000_u64, 1_000_000_000_u64);
        for free in [0, 100 * mb, 200 * mb, 260 * mb] {
            assert!(spill_quota(Some(free), 200 * mb).is_err_and(|words| words.contains("200 MB are kept")), "{free}");
        }
        for free in [300 * mb, 2 * gb, 100 * gb] {
            let quota = spill_quota(Some(free), 200 * mb).unwrap();
            assert!(quota <= SPILL_MOST && free - AT_ONCE as u64 * quota >= 200 * mb, "{free}: {quota}");
        }
    }
}
