//! What a Victron GX says of its battery, for programs: `/victron/battery/current`, `/victron/battery/history` and
//! `/victron/health`, documented in `docs/home-energy.md`.
//!
//! Signs are Victron's: charging is positive. Timestamps are whole seconds, a value that is not there is `null`.

mod query;
mod reading;

use super::AppState;
use super::answer::json;
use crate::hub::Published;
use api::victron::{
    BatteryReading as VictronReading, CurrentReading, CurrentResponse, Failed, FailureResponse, Health, HealthResponse,
    HistoryResponse, Success, whole_seconds,
};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::link::LinkState;
use domain::point::PointId;
use domain::spec::SystemSpec;
use domain::time::Utc;
use links::LinkHandle;
use query::HistoryQuery;
use reading::{BatteryReading, POINTS};
use std::sync::Arc;
use store::Range;

const HOUR_MS: i64 = 3_600_000;

/// What went wrong, in the form of these endpoints.
#[derive(Debug)]
pub(super) struct Failure(StatusCode, String);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Failure(status, error) = self;
        (status, json(FailureResponse { status: Failed::Error, error })).into_response()
    }
}

/// The link to the Victron GX, and the system that it belongs to.
struct Source<'a> {
    link: &'a LinkHandle,
    spec: &'a SystemSpec,
    newest: Arc<Published>,
}

impl AppState {
    fn victron(&self) -> Result<Source<'_>, Failure> {
        let found = self.hub.site.victron().and_then(|(idx, link)| {
            let index = link.system.0 as usize;
            let (link, spec) = (self.hub.links.get(idx.0 as usize)?, self.hub.site.systems.get(index)?);
            Some(Source { link, spec, newest: self.hub.newest(index)? })
        });
        let words = "this site has no link to a Victron GX; docs/home-energy.md says which links are";
        found.ok_or_else(|| Failure(StatusCode::NOT_FOUND, words.to_owned()))
    }
}

fn no_history(words: String) -> Failure {
    Failure(StatusCode::INTERNAL_SERVER_ERROR, words)
}

fn no_reading(source: &Source<'_>) -> Failure {
    let status = source.link.status();
    let why = match (status.reason.as_str(), status.state) {
        ("", state) => format!("the link is {}", state.word()),
        (reason, _) => reason.to_owned(),
    };
    Failure(StatusCode::SERVICE_UNAVAILABLE, format!("there is no reading of the battery yet: {why}"))
}

/// `GET /victron/battery/current`
pub(super) async fn current(State(app): State<AppState>) -> Result<Response, Failure> {
    let source = app.victron()?;
    let reading = BatteryReading::of_snapshot(&source.newest.snapshot).ok_or_else(|| no_reading(&source))?;
    let installation = source.link.installation();
    Ok(json(current_of(installation, reading.response(source.spec.nominal_v), (app.hub.clock)().utc)))
}

pub(super) fn current_of(installation: Option<u64>, reading: VictronReading, now: Utc) -> CurrentResponse {
    let data = CurrentReading { installation_id: installation.map(|number| number.to_string()), reading };
    CurrentResponse { status: Success::Success, data, timestamp: (now.0 as f64 / 1e3).round() / 1e3 }
}

pub(super) fn history_of(data: Vec<VictronReading>, hours: u32) -> HistoryResponse {
    HistoryResponse { status: Success::Success, count: data.len(), hours, data }
}

/// `GET /victron/battery/history?hours=24&limit=100`
pub(super) async fn history(
    State(app): State<AppState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let unreadable = |words| Failure(StatusCode::UNPROCESSABLE_ENTITY, words);
    let HistoryQuery { hours, limit } =
        HistoryQuery::parse(query.as_deref().unwrap_or_default()).map_err(unreadable)?;
    let source = app.victron()?;
    let (system, range) = (source.spec.id.clone(), last_hours(&app, hours));
    let (large, nominal_v) = (app.large(&headers), source.spec.nominal_v);
    let without = BatteryReading::of_snapshot(&source.newest.snapshot).is_none();
    let answer = app.ask_history(move |history| {
        let rows = history.rows(&system, range, &POINTS)?;
        let readings = reading::evenly(BatteryReading::of_rows(&rows), limit);
        let responses = || readings.iter().map(|reading| reading.response(nominal_v)).collect();
        let answer = || large.json(&history_of(responses(), hours));
        Ok((!(readings.is_empty() && without)).then(answer))
    });
    answer.await.map_err(no_history)?.ok_or_else(|| no_reading(&source))
}

/// `GET /victron/health`
pub(super) async fn health(State(app): State<AppState>) -> Result<Response, Failure> {
    let source = app.victron()?;
    let (system, range) = (source.spec.id.clone(), last_hours(&app, 24));
    let rows = app.ask_history(move |history| history.rows(&system, range, &POINTS)).await.map_err(no_history)?;
    // What `history` gives, without its limit.
    let readings = BatteryReading::of_rows(&rows).len();
    let (attempts, polling, state) = (source.link.attempts(), source.link.polling(), source.link.status().state);
    // A cloud's client knows more of its own requests than what became of them.
    let (last, success, failures) = match polling {
        Some(polling) => (polling.last_attempt, polling.last_success, polling.failures),
        None => (attempts.last, attempts.last_success, attempts.failures),
    };
    let fresh = [PointId::Voltage, PointId::Soc].iter().any(|point| source.newest.snapshot.point(*point).is_ok());
    let data = Health {
        poller_running: !matches!(state, LinkState::Idle | LinkState::Ended),
        last_poll_attempt: last.map(whole_seconds),
        last_successful_poll: success.map(whole_seconds),
        consecutive_failures: failures,
        is_healthy: state == LinkState::Up && fresh,
        readings_count_24h: readings,
        api_requests_this_hour: polling.map_or(0, |polling| polling.requests_last_hour),
        rate_limit_max: polling.map(|polling| polling.requests_per_hour),
    };
    Ok(json(HealthResponse { status: Success::Success, data }))
}

fn last_hours(app: &AppState, hours: u32) -> Range {
    let now_ms = (app.hub.clock)().utc.0.div_euclid(1_000);
    Range::new(now_ms - i64::from(hours) * HOUR_MS, now_ms + 1)
}
