//! A stretch of a system's past as a file: CSV, sent while it is read, or Parquet, as the sealed days are written.

use super::{Asked, Wanted};
use crate::archive::{csv_header, csv_row, rfc3339};
use crate::http::AppState;
use crate::http::problem::Problem;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use domain::point::PointId;
use domain::telemetry::{LEADING, columns};
use std::fs::File;
use std::io::{Read, Seek as _};
use store::{History, Range, StoreError};
use tokio::sync::mpsc;

/// Files are sent in parts of about this size, bytes.
const PART: usize = 256 * 1024;
/// A Parquet file is made from rows in memory: no more than this, a week at 1 Hz. `packtwin export` has no limit.
const PARQUET_ROWS_MAX: u64 = 700_000;

type Parts = mpsc::Sender<Result<Bytes, std::io::Error>>;

/// `GET /api/v1/history.csv?system=hv&from=...&to=...`: every row of a stretch, with every column that has a past.
pub(in crate::http) async fn csv(State(app): State<AppState>, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let wanted = app.wanted(&every_column(asked))?.of_points()?;
    let (name, store) = (file_name(&wanted, "csv"), app.hub.store.clone());
    Ok(file(&name, "text/csv; charset=utf-8", move |parts| send_csv(store.history(), &wanted, &parts)))
}

/// `GET /api/v1/history.parquet?system=hv&from=...&to=...`: the same rows as a Parquet file.
pub(in crate::http) async fn parquet(
    State(app): State<AppState>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let wanted = app.wanted(&every_column(asked))?.of_points()?;
    let name = file_name(&wanted, "parquet");
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
    let written = app.ask_history(move |history| {
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
        Ok(Some((File::open(path).map_err(refused)?, folder)))
    });
    // A Parquet file without rows would have no columns either.
    let nothing = || Problem::not_found("there are no rows in this time");
    let (mut rows, folder) = written.await.map_err(failed)?.ok_or_else(nothing)?;
    Ok(file(&name, "application/vnd.apache.parquet", move |parts| {
        send_file(&mut rows, &parts);
        drop(folder);
    }))
}

/// All columns, unless some are named.
fn every_column(asked: Asked) -> Asked {
    Asked { points: asked.points.or(Some(String::new())), ..asked }
}

fn file_name(wanted: &Wanted, kind: &str) -> String {
    format!("{}-{}.{kind}", wanted.system, rfc3339(wanted.range.from_ms).replace(':', ""))
}

/// An answer that is saved as a file; `send` runs on a thread of its own.
fn file(name: &str, kind: &'static str, send: impl FnOnce(Parts) + Send + 'static) -> Response {
    // Bounded: who reads slowly makes the thread wait, who goes away ends it.
    let (parts, sent) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || send(parts));
    let body = futures_util::stream::unfold(sent, async |mut sent| sent.recv().await.map(|part| (part, sent)));
    let headers = [
        (CONTENT_TYPE, kind.to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, Body::from_stream(body)).into_response()
}

/// The columns that have a past, and those that every system has.
fn with_a_past(history: &History, system: &str) -> Vec<PointId> {
    let there = history.points(system);
    columns().filter(|point| LEADING.contains(point) || there.contains(point)).collect()
}

fn send_file(file: &mut File, parts: &Parts) {
    let mut rest = file.rewind();
    while rest.is_ok() {
        let mut part = Vec::with_capacity(PART);
        rest = file.by_ref().take(PART as u64).read_to_end(&mut part).map(|_| ());
        if part.is_empty() || parts.blocking_send(Ok(part.into())).is_err() {
            break;
        }
    }
    if let Err(error) = rest {
        // The answer has begun: cut off, it is seen to be incomplete.
        let _ = parts.blocking_send(Err(error));
    }
}

/// Sends the rows an hour at a time. Ends when nobody reads any more.
fn send_csv(history: &History, wanted: &Wanted, parts: &Parts) {
    let points = match wanted.points.is_empty() {
        true => with_a_past(history, &wanted.system),
        false => wanted.points.clone(),
    };
    let mut text = csv_header(&points);
    // Only where there is something: a range of a thousand years is no longer than the past.
    let coverage = history.coverage(&wanted.system);
    let (Some(first_ms), Some(last_ms)) = (coverage.first_ms, coverage.last_ms) else {
        let _ = parts.blocking_send(Ok(text.into()));
        return;
    };
    let end_ms = wanted.range.to_ms.min(last_ms + 1);
    let mut from_ms = wanted.range.from_ms.max(first_ms);
    while from_ms < end_ms {
        let to_ms = ((from_ms.div_euclid(3_600_000) + 1) * 3_600_000).min(end_ms);
        match history.rows(&wanted.system, Range::new(from_ms, to_ms), &points) {
            Ok(rows) => (0..rows.len()).for_each(|place| csv_row(&mut text, &rows, place, &points)),
            Err(error) => {
                // The answer has begun: cut off, it is seen to be incomplete.
                let _ = parts.blocking_send(Err(std::io::Error::other(error)));
                return;
            }
        }
        from_ms = to_ms;
        if text.len() >= PART && parts.blocking_send(Ok(std::mem::take(&mut text).into())).is_err() {
            return;
        }
    }
    let _ = parts.blocking_send(Ok(text.into()));
}
