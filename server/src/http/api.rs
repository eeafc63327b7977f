//! The API: one snapshot each of the state, the cells, the links; recent series.
//!
//! Numbers are in the SI unit that stands beside them. A value that is not there is `null` with its reason.

mod json;

use super::AppState;
use super::asked::{Path, Query};
use super::instant::instant;
use super::problem::Problem;
use crate::hub::Published;
use crate::past::Past;
use axum::Json;
use axum::extract::State;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::link::LinkState;
use domain::reading::CellQuantity;
use domain::series::{RECENT_S, Table, Trace};
use domain::spec::SystemSpec;
pub(super) use domain::time::rfc3339;
use domain::twin::Snapshot;
use domain::wire::Wire as _;
pub(super) use json::table;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use store::{History, StoreError};

/// The binary form, for the page.
pub(super) const OCTETS: &str = "application/octet-stream";

/// Whether the answer should be in the binary form.
pub(super) fn wants_octets(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).is_some_and(|accept| accept == OCTETS)
}

/// An answer in the binary form.
pub(super) fn octets(bytes: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, OCTETS), (CACHE_CONTROL, "no-store")], bytes).into_response()
}

/// An answer in JSON.
pub(super) fn json(value: serde_json::Value) -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(value)).into_response()
}

impl AppState {
    /// The named system, or the first.
    pub(super) fn find(&self, which: Option<&str>) -> Result<(usize, &SystemSpec, Arc<Published>), Problem> {
        let found = match which {
            Some(id) => self.hub.system(id),
            None => self.hub.site.systems.first().map(|spec| (0, spec)),
        };
        let missing = || Problem::not_found(format!("there is no system {:?}", which.unwrap_or_default()));
        let (place, spec) = found.ok_or_else(missing)?;
        let newest = self.hub.newest(place).ok_or_else(missing)?;
        Ok((place, spec, newest))
    }

    /// Asks the history of a system, on a thread that may wait for the disk.
    pub(super) async fn ask_history<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&History) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, String> {
        let place = self.gate.question().await?;
        let store = self.hub.store.clone();
        let asked = self.gate.run(move || {
            // Until the answer is there, even if nobody waits for it any more.
            let _place = place;
            ask(store.history())
        });
        match asked.await {
            Ok(answer) => answer.map_err(|error| format!("the history cannot be read: {error}")),
            Err(_) => Err("the history cannot be read: the server made a mistake; its log says more".to_owned()),
        }
    }
}

impl AppState {
    /// Writes a large answer, on a thread that may take its time: others wait on those of the network meanwhile.
    pub(super) async fn write(&self, write: impl FnOnce() -> Response + Send + 'static) -> Result<Response, Problem> {
        let place = self.gate.question().await.map_err(Problem::busy)?;
        let written = self.gate.run(move || {
            let _place = place;
            write()
        });
        let broken = "the server made a mistake; its log says more";
        written.await.map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, broken))
    }
}

/// Which system; the first, if none is given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfSystem {
    system: Option<String>,
}

/// Which system, and when: now, if no instant is given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AtInstant {
    system: Option<String>,
    at: Option<String>,
}

impl AppState {
    /// The snapshot of a system that is asked for.
    async fn snapshot(&self, asked: &AtInstant) -> Result<(&SystemSpec, Snapshot), Problem> {
        let (place, spec, newest) = self.find(asked.system.as_deref())?;
        let Some(at) = asked.at.as_deref() else { return Ok((spec, newest.snapshot.clone())) };
        let at_ms = instant("at", at)?;
        let ask = move |past: &Past<'_>| Ok((past.snapshot(at_ms)?, past.left_out(at_ms)));
        let (snapshot, left_out) = self.ask_past(place, ask).await?;
        let missing = || match left_out.as_str() {
            "" => Problem::not_found(format!("nothing was recorded at {at}")),
            left_out => Problem::not_found(format!("nothing is known of {at}. {left_out}")),
        };
        Ok((spec, snapshot.ok_or_else(missing)?))
    }
}

/// `GET /api/v1/state?system=hv&at=2026-11-20T13:00:00Z`: points, nodes, alarms, cell statistics.
pub(super) async fn state(State(app): State<AppState>, Query(asked): Query<AtInstant>) -> Result<Response, Problem> {
    let (spec, snapshot) = app.snapshot(&asked).await?;
    Ok(json(json::state(&app.hub.site, spec, &snapshot)))
}

/// The cells of more are a large answer.
const CELLS_AT_ONCE: usize = 600;

/// `GET /api/v1/cells?system=hv&at=2026-11-20T13:00:00Z`: every cell's voltage and temperature.
pub(super) async fn cells(
    State(app): State<AppState>,
    Query(asked): Query<AtInstant>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (spec, snapshot) = app.snapshot(&asked).await?;
    if spec.topology.cells() <= CELLS_AT_ONCE {
        return Ok(json(json::cells(spec, &snapshot)));
    }
    let (large, spec) = (app.large(&headers), spec.clone());
    app.write(move || large.json(json::cells(&spec, &snapshot))).await
}

/// `GET /api/v1/devices?system=hv`: the points of a system's devices, in the order in which the live stream has them.
pub(super) async fn devices(
    State(app): State<AppState>,
    Query(asked): Query<OfSystem>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (_, spec, _) = app.find(asked.system.as_deref())?;
    Ok(if wants_octets(&headers) { octets(spec.device_points.to_vec().to_bytes()) } else { json(json::devices(spec)) })
}

/// `GET /api/v1/links`: every link's state and counters.
pub(super) async fn links(State(app): State<AppState>) -> Response {
    let now = (app.hub.clock)();
    let statuses: Vec<_> = app.hub.links.iter().map(|link| link.status()).collect();
    json(json::links(&app.hub.site, &statuses, now))
}

/// `GET /api/v1/links/{id}/frames`: the newest raw frames beside their decoded values.
pub(super) async fn frames(
    State(app): State<AppState>,
    Path(id): Path,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let place = app.hub.site.links.iter().position(|link| link.id == id);
    let link = place.and_then(|place| app.hub.links.get(place));
    let link = link.ok_or_else(|| Problem::not_found(format!("there is no link {id:?}")))?;
    let rows = link.frames((app.hub.clock)());
    Ok(if wants_octets(&headers) { octets(rows.to_bytes()) } else { json(json::frames(&rows)) })
}

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

/// What a series request asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeriesQuery {
    system: Option<String>,
    /// Paths of points, separated by commas.
    points: Option<String>,
    /// A cell, `7.12` or its number from 0: its voltage and temperature.
    cell: Option<String>,
    /// How far back, s.
    seconds: Option<u32>,
    /// From where; now, if not given.
    until: Option<String>,
}

/// `GET /api/v1/series?points=battery/power,load/power&cell=7.12&seconds=600`: the last seconds or those before `until`.
/// Of the last minute every sample, before it the lowest and the highest of each second, then of each five; before
/// `until` every sample. A row without values says that there was nothing for a while.
pub(super) async fn series(
    State(app): State<AppState>,
    Query(query): Query<SeriesQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (place, spec, newest) = app.find(query.system.as_deref())?;
    let seconds = query.seconds.unwrap_or(RECENT_S);
    if !(1..=RECENT_S).contains(&seconds) {
        return Err(Problem::bad_parameter(format!("seconds: {seconds} is not from 1 to {RECENT_S}")));
    }
    let mut traces = Vec::new();
    for path in names(query.points.as_deref().unwrap_or_default())? {
        traces.push(
            Trace::of_point(path, spec)
                .ok_or_else(|| Problem::bad_parameter(format!("points: there is no {path:?}")))?,
        );
    }
    if let Some(text) = query.cell.as_deref() {
        let cell = domain::lab::parse_cell(text, &spec.topology)
            .ok_or_else(|| Problem::bad_parameter(format!("cell: {} has no cell {text:?}", spec.id)))?;
        traces.extend(CellQuantity::ALL.map(|quantity| Trace::Cell(quantity, cell as u16)));
    }
    if traces.is_empty() {
        return Err(Problem::bad_parameter("points or cell: name at least one"));
    }
    let large = app.large(&headers);
    let written = move |table: &Table| match large.wants_octets() {
        true => large.octets(table.to_bytes()),
        false => large.json(json::table(table)),
    };
    match query.until.as_deref() {
        Some(until) => {
            let until_ms = instant("until", until)?;
            let ask = move |past: &Past<'_>| past.table(until_ms, seconds, &traces).map(|table| written(&table));
            app.ask_past(place, ask).await
        }
        None => {
            let from = newest.snapshot.now.utc - Duration::from_secs(u64::from(seconds));
            let (hub, place_of_question) = (app.hub.clone(), app.gate.question().await);
            let place_of_question = place_of_question.map_err(Problem::busy)?;
            let answer = app.gate.run(move || {
                let _place = place_of_question;
                hub.table(place, from, &traces).map(|table| written(&table))
            });
            answer.await.ok().flatten().ok_or_else(|| Problem::not_found("this system keeps no recent past"))
        }
    }
}

/// `GET /readyz`: 200 when every link is up and history is written, else 503 and what is not.
pub(super) async fn ready(State(app): State<AppState>) -> (StatusCode, String) {
    let mut missing: Vec<String> = (app.hub.site.links.iter().zip(&app.hub.links))
        .map(|(spec, link)| (spec, link.status().state))
        .filter(|(_, state)| !matches!(state, LinkState::Up | LinkState::Ended))
        .map(|(spec, state)| format!("link {}: {}\n", spec.id, state.word()))
        .collect();
    if let Some(error) = app.hub.store.health().error {
        missing.push(format!("history: {error}\n"));
    }
    if missing.is_empty() {
        (StatusCode::OK, "ready\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, missing.concat())
    }
}
