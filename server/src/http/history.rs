//! `GET /api/v1/history`: any stretch of a system's past, drawn from as few points as the picture has pixels; and the
//! same rows as a file.

use super::AppState;
use super::api::{octets, wants_octets};
use super::problem::Problem;
use crate::archive::{csv_header, csv_row, parse_instant, rfc3339};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::alarm::Severity;
use domain::point::PointId;
use domain::reading::CellQuantity;
use domain::series::{FlowOf, Happened, Series, Statistics, Stretch, Table, Trace};
use domain::telemetry::{LEADING, column_name, columns, from_column_name};
use domain::time::Utc;
use domain::wire::Wire as _;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Bucket, CellChart, Chart, DAY_MS, Flow, Grid, History, Range, StoreError, Summary};
use tokio::sync::mpsc;

/// The widest picture, pixels.
const WIDTH_MAX: usize = 4_096;
pub(super) const WIDTH: usize = 1_000;
/// Single cells in one answer at most.
const CELLS_MAX: usize = 32;
/// Events in one answer at most: the newest.
const EVENTS_MAX: usize = 500;
/// Files are sent in parts of about this size, bytes.
const PART: usize = 256 * 1024;

/// What is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    system: Option<String>,
    /// Points by path or column, and cells as `cells/7.12/voltage`, separated by commas.
    points: Option<String>,
    /// The first instant: RFC 3339, a date, or ms since 1970. A day before `to` if not given.
    from: Option<String>,
    /// The first instant after it; now if not given.
    to: Option<String>,
    /// Of the picture, pixels.
    width: Option<usize>,
}

/// A stretch of one system.
struct Wanted {
    system: String,
    points: Vec<PointId>,
    /// Single cells, with the names by which they were asked for.
    cells: Vec<(String, CellQuantity, usize)>,
    range: Range,
    width: usize,
}

/// `GET /api/v1/history?system=hv&points=soc,pack_voltage&from=2026-11-20&to=2026-11-21&width=1000`.
pub(super) async fn history(
    State(app): State<AppState>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let wanted = app.wanted(&asked)?;
    let binary = wants_octets(&headers);
    let answer = app.ask_history(move |history| answer(history, &wanted, binary)).await;
    answer.map_err(|words| Problem::new(StatusCode::SERVICE_UNAVAILABLE, words))
}

/// `GET /api/v1/history.csv?system=hv&from=...&to=...`: every row of a stretch, with every column that has a past.
pub(super) async fn csv(State(app): State<AppState>, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let wanted = app.wanted(&Asked { points: asked.points.or(Some(String::new())), ..asked })?;
    if !wanted.cells.is_empty() {
        return Err(Problem::bad_parameter("points: single cells are not in this file; see /api/v1/cells/history"));
    }
    let name = format!("{}-{}.csv", wanted.system, rfc3339(wanted.range.from_ms).replace(':', ""));
    let store = app.hub.store.clone();
    // Bounded: who reads slowly makes the thread wait, who goes away ends it.
    let (parts, sent) = mpsc::channel::<Result<Bytes, std::io::Error>>(2);
    tokio::task::spawn_blocking(move || send_csv(store.history(), &wanted, &parts));
    let body = futures_util::stream::unfold(sent, async |mut sent| sent.recv().await.map(|part| (part, sent)));
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// A time, and how wide it is drawn.
pub(super) struct Span {
    pub(super) range: Range,
    pub(super) width: usize,
}

impl AppState {
    /// The time that is asked for: a day up to now if nothing is said.
    pub(super) fn span(
        &self,
        place: usize,
        from: &Option<String>,
        to: &Option<String>,
        width: Option<usize>,
    ) -> Result<Span, Problem> {
        let newest = self.hub.newest(place).ok_or_else(|| Problem::not_found("there is no such system"))?;
        let now_ms = newest.moment.now.utc.0.div_euclid(1_000);
        let instant = |name: &str, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => match text.parse::<i64>() {
                Ok(ms) => Ok(Some(ms)),
                Err(_) => parse_instant(text).map(Some).map_err(|why| Problem::bad_parameter(format!("{name}: {why}"))),
            },
        };
        let to_ms = instant("to", to)?.unwrap_or(now_ms + 1);
        let from_ms = instant("from", from)?.unwrap_or(to_ms.saturating_sub(DAY_MS));
        // Years around 10000, where dates end.
        let possible = -62_000_000_000_000..250_000_000_000_000;
        if from_ms >= to_ms || !possible.contains(&from_ms) || !possible.contains(&to_ms) {
            return Err(Problem::bad_parameter("from must be before to, and both between the years 1 and 9000"));
        }
        let width = width.unwrap_or(WIDTH);
        if !(1..=WIDTH_MAX).contains(&width) {
            return Err(Problem::bad_parameter(format!("width: {width} is not from 1 to {WIDTH_MAX}")));
        }
        Ok(Span { range: Range::new(from_ms, to_ms), width })
    }

    fn wanted(&self, asked: &Asked) -> Result<Wanted, Problem> {
        let (place, spec, _) = self.find(asked.system.as_deref())?;
        let Span { range, width } = self.span(place, &asked.from, &asked.to, asked.width)?;
        let mut wanted = Wanted { system: spec.id.clone(), points: Vec::new(), cells: Vec::new(), range, width };
        let Some(names) = &asked.points else {
            wanted.points = LEADING.to_vec();
            return Ok(wanted);
        };
        for name in names.split(',').filter(|name| !name.is_empty()) {
            let point = PointId::from_path(name).or_else(|| from_column_name(name)).map(Trace::Point);
            match point.or_else(|| Trace::from_cell_name(name, &spec.topology)) {
                Some(Trace::Point(point)) => wanted.points.push(point),
                Some(Trace::Cell(quantity, cell)) => wanted.cells.push((name.to_owned(), quantity, cell.into())),
                None => return Err(Problem::bad_parameter(format!("points: there is no {name:?}"))),
            }
        }
        if wanted.cells.len() > CELLS_MAX {
            return Err(Problem::bad_parameter(format!("points: ask for at most {CELLS_MAX} cells at once")));
        }
        Ok(wanted)
    }
}

fn answer(history: &History, wanted: &Wanted, binary: bool) -> Result<Response, StoreError> {
    let Wanted { system, points, cells, range, width } = wanted;
    let chart = history.chart(system, *range, points, *width)?;
    let summary = history.summary(system, *range, points)?;
    let ask = |(_, quantity, cell): &(String, CellQuantity, usize)| {
        history.cell_chart(system, *range, (*quantity, *cell), *width)
    };
    let cells = cells.iter().map(ask).collect::<Result<Vec<_>, _>>()?;
    Ok(if binary {
        octets(stretch(history, wanted, &chart, &cells, &summary)?.to_bytes())
    } else {
        ([(CACHE_CONTROL, "no-store")], Json(as_json(wanted, &chart, &cells, &summary))).into_response()
    })
}

/// The answer for the page.
fn stretch(
    history: &History,
    wanted: &Wanted,
    chart: &Chart,
    cells: &[CellChart],
    summary: &Summary,
) -> Result<Stretch, StoreError> {
    let coverage = history.coverage(&wanted.system);
    let events = history.events(&wanted.system, wanted.range, EVENTS_MAX)?;
    let (table, step_ms, tier) = match chart {
        Chart::Rows(rows) => {
            let series = wanted.points.iter().map(|point| {
                let values = rows.column(*point).unwrap_or_default();
                let values = values.iter().map(|v| Some(*v).filter(|v| !v.is_nan())).collect();
                Series::of(*point, values)
            });
            let at = rows.at_ms().iter().map(|at| Utc(at * 1_000)).collect();
            (Table { at, series: series.collect() }, 0, "every row")
        }
        Chart::Grid(tier, grid) => (four_a_step(grid), grid.step_ms as u64, tier.words()),
    };
    let cell_statistics = cells.iter().map(|cell| statistics(&Bucket::whole(&cell.buckets)));
    Ok(Stretch {
        table,
        step_ms,
        cells: cell_table(wanted, cells),
        cell_step_ms: cells.first().map_or(0, |cell| cell.step_ms as u64),
        tier: tier.to_owned(),
        rows: summary.points.iter().map(|(_, bucket)| u64::from(bucket.n)).max().unwrap_or(0),
        whole: coverage.first_ms.zip(coverage.last_ms).map(|(first, last)| (Utc(first * 1_000), Utc(last * 1_000))),
        statistics: summary.points.iter().map(|(_, bucket)| statistics(bucket)).chain(cell_statistics).collect(),
        flow: flow(&summary.flow),
        points: history.points(&wanted.system).iter().map(|point| point.spec().path.to_owned()).collect(),
        events: (events.into_iter())
            .map(|event| Happened {
                at: Utc(event.at_ms * 1_000),
                began: event.kind == "raised",
                severity: severity(&event.severity),
                words: event.words,
            })
            .collect(),
    })
}

/// Of each step its first, lower and higher extreme (in the order that joins well) and last value, spread over it.
fn four_a_step(grid: &Grid) -> Table {
    let steps = grid.series.first().map_or(0, |(_, buckets)| buckets.len());
    let columns = grid.series.iter().map(|(point, buckets)| Series::of(*point, four_each(buckets)));
    Table { at: four_times(grid.from_ms, grid.step_ms, steps), series: columns.collect() }
}

fn four_times(from_ms: i64, step_ms: i64, steps: usize) -> Vec<Utc> {
    let places = [0, step_ms / 3, 2 * step_ms / 3, step_ms - 1];
    (0..steps as i64).flat_map(|k| places.map(|place| Utc((from_ms + k * step_ms + place) * 1_000))).collect()
}

fn four_each(buckets: &[Bucket]) -> Vec<Option<f32>> {
    let of = |bucket: &Bucket| match bucket.n {
        0 => [None; 4],
        _ if bucket.first <= bucket.last => [bucket.first, bucket.min, bucket.max, bucket.last].map(Some),
        _ => [bucket.first, bucket.max, bucket.min, bucket.last].map(Some),
    };
    buckets.iter().flat_map(of).collect()
}

/// The cells that were asked for, under the names by which they were.
fn cell_table(wanted: &Wanted, cells: &[CellChart]) -> Table {
    let series = wanted.cells.iter().zip(cells).map(|((name, quantity, _), cell)| Series {
        name: name.clone(),
        unit: Trace::Cell(*quantity, 0).unit(),
        resolution: match quantity {
            CellQuantity::Voltage => 0.000_1,
            CellQuantity::Temperature => 0.01,
        },
        values: four_each(&cell.buckets),
    });
    let at = cells.first().map(|cell| four_times(cell.from_ms, cell.step_ms, cell.buckets.len()));
    Table { at: at.unwrap_or_default(), series: series.collect() }
}

fn statistics(bucket: &Bucket) -> Statistics {
    Statistics {
        n: u64::from(bucket.n),
        mean: bucket.mean().unwrap_or_default() as f32,
        std_dev: bucket.std_dev().unwrap_or_default() as f32,
        min: bucket.min,
        max: bucket.max,
    }
}

fn flow(flow: &Flow) -> FlowOf {
    FlowOf {
        out_wh: flow.out_wh as f32,
        in_wh: flow.in_wh as f32,
        discharging_s: flow.discharging_s as f32,
        charging_s: flow.charging_s as f32,
        known_s: flow.known_s as f32,
    }
}

fn severity(word: &str) -> Severity {
    let all = [Severity::Notice, Severity::Warning, Severity::Critical];
    all.into_iter().find(|severity| severity.word() == word).unwrap_or(Severity::Notice)
}

/// The answer for people and programs.
fn as_json(wanted: &Wanted, chart: &Chart, cells: &[CellChart], summary: &Summary) -> Value {
    let column = |point: PointId| json!({ "point": point.spec().path, "column": column_name(point), "unit": point.spec().unit.symbol() });
    let with = |mut object: Value, more: Value| {
        if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
            object.extend(more);
        }
        object
    };
    let drawn = match chart {
        Chart::Rows(rows) => {
            let series = wanted.points.iter().map(|point| {
                let values: Vec<Option<f32>> = match rows.column(*point) {
                    Some(values) => values.iter().map(|v| Some(*v).filter(|v| !v.is_nan())).collect(),
                    None => vec![None; rows.len()],
                };
                with(column(*point), json!({ "values": values }))
            });
            json!({
                "tier": "every row",
                "timestamps": rows.at_ms().iter().map(|at| rfc3339(*at)).collect::<Vec<_>>(),
                "series": series.collect::<Vec<_>>(),
            })
        }
        Chart::Grid(tier, grid) => {
            let series = grid.series.iter().map(|(point, buckets)| with(column(*point), steps(buckets)));
            json!({
                "tier": tier.words(),
                "first_step": rfc3339(grid.from_ms),
                "step_ms": grid.step_ms,
                "series": series.collect::<Vec<_>>(),
            })
        }
    };
    let statistics = summary.points.iter().map(|(point, bucket)| {
        let there = |value: f32| (bucket.n > 0).then_some(value);
        let more = json!({
            "rows": bucket.n, "mean": bucket.mean(), "std_dev": bucket.std_dev(),
            "min": there(bucket.min), "max": there(bucket.max),
        });
        with(column(*point), more)
    });
    let Flow { out_wh, in_wh, discharging_s, charging_s, known_s } = summary.flow;
    let about = json!({
        "system": wanted.system,
        "from": rfc3339(wanted.range.from_ms),
        "to": rfc3339(wanted.range.to_ms),
        "statistics": statistics.collect::<Vec<_>>(),
        "energy": {
            "out_wh": out_wh, "in_wh": in_wh, "discharging_s": discharging_s, "charging_s": charging_s, "known_s": known_s,
        },
    });
    let cell = |((name, quantity, _), cell): (&(String, CellQuantity, usize), &CellChart)| {
        let about = json!({
            "point": name, "unit": Trace::Cell(*quantity, 0).unit().symbol(),
            "tier": "from minutes", "first_step": rfc3339(cell.from_ms), "step_ms": cell.step_ms,
        });
        with(about, steps(&cell.buckets))
    };
    let cells: Vec<Value> = wanted.cells.iter().zip(cells).map(cell).collect();
    let about = if cells.is_empty() { about } else { with(about, json!({ "cells": cells })) };
    with(about, drawn)
}

/// What is known of each step.
fn steps(buckets: &[Bucket]) -> Value {
    let of =
        |get: fn(&Bucket) -> f32| -> Vec<Option<f32>> { buckets.iter().map(|b| (b.n > 0).then(|| get(b))).collect() };
    json!({
        "rows": buckets.iter().map(|b| b.n).collect::<Vec<_>>(),
        "first": of(|b| b.first), "min": of(|b| b.min), "max": of(|b| b.max), "last": of(|b| b.last),
        "mean": buckets.iter().map(Bucket::mean).collect::<Vec<_>>(),
    })
}

/// Sends the rows an hour at a time. Ends when nobody reads any more.
fn send_csv(history: &History, wanted: &Wanted, parts: &mpsc::Sender<Result<Bytes, std::io::Error>>) {
    let there = history.points(&wanted.system);
    let points: Vec<PointId> = match wanted.points.is_empty() {
        true => columns().filter(|point| LEADING.contains(point) || there.contains(point)).collect(),
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
