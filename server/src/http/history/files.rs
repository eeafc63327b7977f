//! A stretch of a system's past as a file: CSV, sent while it is read, or Parquet, as the sealed days are written.

use super::Wanted;
use crate::http::AppState;
use crate::http::asked::Query;
use crate::http::downloads::{PART, Parts, download};
use crate::http::problem::Problem;
use crate::times::{csv_header, csv_row, rfc3339};
use api::history::HistoryRequest;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::point::PointId;
use domain::telemetry::{LEADING, columns};
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use store::{Block, History, Range, Store, StoreError};
use tempfile::TempDir;

/// A Parquet file is made from rows in memory: no more than this, a week at 1 Hz. `packtwin export` has no limit.
const PARQUET_ROWS_MAX: u64 = 700_000;
/// Rows are read so many at a time, ms.
const STEP_MS: i64 = 3_600_000;

/// `GET /api/v1/history.csv?system=hv&from=...&to=...`: every row of a stretch, with every column that has a past.
pub(in crate::http) async fn csv(
    State(app): State<AppState>,
    Query(asked): Query<HistoryRequest>,
) -> Result<Response, Problem> {
    let wanted = app.wanted(&every_column(asked))?.of_points()?;
    let permit = app.gate.download().map_err(Problem::busy)?;
    let name = file_name(&wanted, "csv");
    let left = app.hub.store.history().left_out(&wanted.system, wanted.range);
    let rows = Csv { store: app.hub.store.clone(), wanted, state: Rest::Head };
    Ok(download(&name, "text/csv; charset=utf-8", &left, (app.gate.clone(), permit), rows))
}

/// `GET /api/v1/history.parquet?system=hv&from=...&to=...`: the same rows as a Parquet file.
pub(in crate::http) async fn parquet(
    State(app): State<AppState>,
    Query(asked): Query<HistoryRequest>,
) -> Result<Response, Problem> {
    let wanted = app.wanted(&every_column(asked))?.of_points()?;
    let name = file_name(&wanted, "parquet");
    let permit = app.gate.download().map_err(Problem::busy)?;
    let Wanted { system, points, range, .. } = wanted;
    let failed = |words| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, words);
    let (of, counted) = (system.clone(), vec![PointId::Voltage, PointId::Soc, PointId::LoadPower]);
    let rows = app.ask_history(move |history| history.summary(&of, range, &counted)).await.map_err(failed)?;
    let rows = rows.points.iter().map(|(_, bucket)| u64::from(bucket.n)).max().unwrap_or(0);
    if rows > PARQUET_ROWS_MAX {
        return Err(Problem::bad_parameter(format!(
            "from, to: a Parquet file has at most {PARQUET_ROWS_MAX} rows, these are {rows}. Choose a shorter time, or \
             use `packtwin export`"
        )));
    }
    // One after another: each has its rows in memory.
    let turn = app.gate.parquet().await.map_err(Problem::busy)?;
    let written = app.ask_history(move |history| {
        let _turn = turn;
        let points = if points.is_empty() { with_a_past(history, &system) } else { points };
        let rows = history.rows(&system, range, &points)?;
        if rows.is_empty() {
            return Ok(None);
        }
        // A folder of its own: the file is gone with it.
        let refused = |source| StoreError::Io { path: std::env::temp_dir(), source };
        let folder = tempfile::tempdir().map_err(refused)?;
        let path = folder.path().join("rows.parquet");
        store::write_parquet(&path, &rows)?;
        let left = history.left_out(&system, range);
        Ok(Some((File::open(path).map_err(refused)?, folder, left)))
    });
    // A Parquet file without rows would have no columns either.
    let nothing = || Problem::not_found("there are no rows in this time");
    let (mut file, folder, left) = written.await.map_err(failed)?.ok_or_else(nothing)?;
    file.rewind().map_err(|error| failed(error.to_string()))?;
    Ok(download(
        &name,
        "application/vnd.apache.parquet",
        &left,
        (app.gate.clone(), permit),
        Whole { file, _folder: folder },
    ))
}

/// All columns, unless some are named.
fn every_column(asked: HistoryRequest) -> HistoryRequest {
    HistoryRequest { points: asked.points.or(Some(String::new())), ..asked }
}

fn file_name(wanted: &Wanted, kind: &str) -> String {
    format!("{}-{}.{kind}", wanted.system, rfc3339(wanted.range.from_ms).replace(':', ""))
}

/// The columns that have a past, and those that every system has.
fn with_a_past(history: &History, system: &str) -> Vec<PointId> {
    let there = history.points(system);
    columns().filter(|point| LEADING.contains(point) || there.contains(point)).collect()
}

/// A file that is there already.
struct Whole {
    file: File,
    /// It is gone with its folder.
    _folder: TempDir,
}

impl Parts for Whole {
    fn next(&mut self) -> Option<io::Result<Bytes>> {
        let mut part = Vec::with_capacity(PART);
        match self.file.by_ref().take(PART as u64).read_to_end(&mut part) {
            Ok(0) => None,
            Ok(_) => Some(Ok(part.into())),
            Err(error) => Some(Err(error)),
        }
    }
}

/// The rows of a stretch as CSV.
struct Csv {
    store: Store,
    wanted: Wanted,
    state: Rest,
}

/// What is still to be sent.
enum Rest {
    /// Everything.
    Head,
    /// The rows of a block from this index on, and those of this time.
    Rows {
        points: Vec<PointId>,
        block: Block,
        index: usize,
        from_ms: i64,
        end_ms: i64,
    },
    Nothing,
}

impl Csv {
    /// What is to be sent after the head: only where there is something, a range of a thousand years is no longer than
    /// the past.
    fn rows(&self, points: Vec<PointId>) -> Rest {
        let coverage = self.store.history().coverage(&self.wanted.system);
        let (Some(first_ms), Some(last_ms)) = (coverage.first_ms, coverage.last_ms) else { return Rest::Nothing };
        let range = self.wanted.range;
        let (from_ms, end_ms) = (range.from_ms.max(first_ms), range.to_ms.min(last_ms + 1));
        Rest::Rows { points, block: Block::default(), index: 0, from_ms, end_ms }
    }

    fn part(&mut self) -> Result<String, StoreError> {
        let mut text = String::new();
        if matches!(self.state, Rest::Head) {
            let points = match self.wanted.points.is_empty() {
                true => with_a_past(self.store.history(), &self.wanted.system),
                false => self.wanted.points.clone(),
            };
            text = csv_header(&points);
            self.state = self.rows(points);
        }
        while text.len() < PART
            && let Rest::Rows { points, block, index, from_ms, end_ms } = &mut self.state
        {
            if *index < block.len() {
                csv_row(&mut text, block, *index, points);
                *index += 1;
            } else if *from_ms < *end_ms {
                let to_ms = ((from_ms.div_euclid(STEP_MS) + 1) * STEP_MS).min(*end_ms);
                *block = self.store.history().rows(&self.wanted.system, Range::new(*from_ms, to_ms), points)?;
                (*index, *from_ms) = (0, to_ms);
            } else {
                self.state = Rest::Nothing;
            }
        }
        Ok(text)
    }
}

impl Parts for Csv {
    fn next(&mut self) -> Option<io::Result<Bytes>> {
        match self.part() {
            Ok(text) if text.is_empty() => None,
            Ok(text) => Some(Ok(text.into())),
            Err(error) => Some(Err(io::Error::other(error))),
        }
    }
}
