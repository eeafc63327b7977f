//! Points and a cell of the last minutes, at full rate.

use super::AppState;
use super::asked::Query;
use super::instant::instant;
use super::problem::Problem;
use crate::past::Past;
use api::series::{SeriesRequest, SeriesResponse};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::plain::quoted;
use domain::reading::CellQuantity;
use domain::recent::RECENT_S;
use domain::series::{Table, Trace};
use domain::wire::Wire as _;
use std::time::Duration;

/// Names in one request at most: more than there are points, and than cells that are drawn at once.
const NAMES_MAX: usize = 128;

/// The names of a list that is separated by commas, each once.
pub(super) fn names(list: &str) -> Result<Vec<&str>, Problem> {
    let mut names: Vec<&str> = Vec::new();
    for name in list.split(',').filter(|name| !name.is_empty()) {
        if !names.contains(&name) {
            names.push(name);
        }
        if names.len() > NAMES_MAX {
            return Err(Problem::bad_parameter(format!("points: ask for at most {NAMES_MAX} at once")));
        }
    }
    Ok(names)
}

/// `GET /api/v1/series?points=battery/power,load/power&cell=7.12&seconds=600`: samples at full rate, the last ones or
/// those before `until`.
pub(super) async fn series(
    State(app): State<AppState>,
    Query(query): Query<SeriesRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (index, spec, newest) = app.find(query.system.as_deref())?;
    let seconds = query.seconds.unwrap_or(RECENT_S);
    if !(1..=RECENT_S).contains(&seconds) {
        return Err(Problem::bad_parameter(format!("seconds: {seconds} is not from 1 to {RECENT_S}")));
    }
    let mut traces = Vec::new();
    for path in names(query.points.as_deref().unwrap_or_default())? {
        let point = Trace::of_point(path, spec);
        traces.push(point.ok_or_else(|| Problem::bad_parameter(format!("points: there is no {}", quoted(path))))?);
    }
    if let Some(text) = query.cell.as_deref() {
        let cell = domain::lab::parse_cell(text, &spec.topology)
            .ok_or_else(|| Problem::bad_parameter(format!("cell: {} has no cell {}", spec.id, quoted(text))))?;
        traces.extend(CellQuantity::ALL.map(|quantity| Trace::Cell(quantity, cell as u16)));
    }
    if traces.is_empty() {
        return Err(Problem::bad_parameter("points or cell: name at least one"));
    }
    let large = app.large(&headers);
    let written = move |table: &Table| match large.wants_octets() {
        true => large.octets(table.to_bytes()),
        false => large.json(&SeriesResponse::from(table)),
    };
    match query.until.as_deref() {
        Some(until) => {
            let until_ms = instant("until", until)?;
            let ask = move |past: &Past<'_>| past.table(until_ms, seconds, &traces).map(|table| written(&table));
            app.ask_past(index, ask).await
        }
        None => {
            let from = newest.snapshot.now.utc - Duration::from_secs(u64::from(seconds));
            let (hub, permit) = (app.hub.clone(), app.gate.question().await);
            let permit = permit.map_err(Problem::busy)?;
            let answer = app.gate.run(move || {
                let _permit = permit;
                hub.table(index, from, &traces).map(|table| written(&table))
            });
            answer.await.ok().flatten().ok_or_else(|| Problem::not_found("this system keeps no recent past"))
        }
    }
}
