//! Alarms of a period: what ended, and its figures.

use super::super::AppState;
use super::super::answer::{json, octets, wants_octets};
use super::super::asked::Query;
use super::super::history::Span;
use super::super::problem::Problem;
use api::alarms::{AlarmFiguresResponse, AlarmHistoryResponse, AlarmPeriodRequest, EndedAlarm};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::alarm::{AlarmName, AlarmRecord, Happening, Seen, figures, occurrences};
use domain::spec::{SiteSpec, SystemSpec};
use domain::time::Utc;
use domain::wire::Wire;
use serde::Serialize;
use std::cmp::Reverse;
use store::{Event, EventKind, History, Range, StoreError};

/// So many events of a period are read, the newest.
const EVENTS_MAX: usize = 100_000;
/// So many alarms that ended are told, the newest.
const ENDED_MAX: usize = 200;
/// Acknowledgements of a period that are read, the newest.
const SEEN_MAX: i64 = 100_000;

/// A period of a system, and what happened in it.
struct Period {
    system: String,
    from: Utc,
    to: Utc,
    happened: Vec<Happening>,
    /// Since when it was recorded; `to` if nothing of it was.
    recorded: Utc,
    /// Whether all of it is there.
    whole: bool,
}

/// `GET /api/v1/alarms/history?system=hv&from=2026-11-20`
pub(in crate::http) async fn history(
    State(app): State<AppState>,
    Query(asked): Query<AlarmPeriodRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Period { system, from, to, happened, whole, .. } = period(&app, &asked).await?;
    let mut alarms: Vec<EndedAlarm> = occurrences(&happened).iter().filter_map(EndedAlarm::of).collect();
    // What was raised before is told, what ended before is not.
    alarms.retain(|alarm| (from..to).contains(&alarm.ended));
    alarms.sort_by_key(|alarm| Reverse(alarm.ended));
    let more = alarms.len() > ENDED_MAX || !whole;
    alarms.truncate(ENDED_MAX);
    let answer = AlarmHistoryResponse { system, from, to, alarms, more };
    Ok(written(&answer, &headers))
}

/// `GET /api/v1/alarms/figures?system=hv&from=2026-11-20`
pub(in crate::http) async fn of_period(
    State(app): State<AppState>,
    Query(asked): Query<AlarmPeriodRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Period { system, from, to, happened, recorded, whole } = period(&app, &asked).await?;
    let seen = seen(&app, &system, from, to).await?;
    let figures = figures(&happened, &seen, recorded, to);
    Ok(written(&AlarmFiguresResponse::of(figures, system, (from, to), whole), &headers))
}

fn written<T: Wire + Serialize>(answer: &T, headers: &HeaderMap) -> Response {
    if wants_octets(headers) { octets(answer.to_bytes()) } else { json(answer) }
}

async fn period(app: &AppState, asked: &AlarmPeriodRequest) -> Result<Period, Problem> {
    let (index, spec, newest) = app.find(asked.system.as_deref())?;
    let Span { range, .. } = app.span(index, &asked.from, &asked.to, None)?;
    let now = newest.snapshot.now.utc;
    let from = Utc(range.from_ms.saturating_mul(1_000));
    // What is to come is no quiet time.
    let to = Utc(range.to_ms.saturating_mul(1_000).min(now.0 + 1_000)).max(Utc(from.0 + 1));
    let (system, id) = (spec.id.clone(), spec.id.clone());
    let (records, site, spec) = (app.alarms.records(index), app.hub.site.clone(), spec.clone());
    let read = move |history: &History| {
        let (events, whole) = events(history, &id, range)?;
        // Alarms are kept at once, before the first row.
        let first_ms = history.coverage(&id).first_ms.into_iter().chain(events.iter().map(|event| event.at_ms)).min();
        let recorded = first_ms.map_or(to, |ms| Utc(ms.saturating_mul(1_000)).clamp(from, to));
        let mut happened: Vec<Happening> = records
            .iter()
            .filter_map(|record| stands_since_before(record, from, &site, &spec))
            .chain(events.into_iter().filter_map(happening))
            .collect();
        happened.sort_by_key(|of| of.at);
        Ok((happened, recorded, whole))
    };
    let read = app.ask_history(read).await;
    let (happened, recorded, whole) = read.map_err(|words| Problem::new(StatusCode::SERVICE_UNAVAILABLE, words))?;
    Ok(Period { system, from, to, happened, recorded, whole })
}

fn events(history: &History, system: &str, range: Range) -> Result<(Vec<Event>, bool), StoreError> {
    let events = history.events(system, range, EVENTS_MAX)?;
    let whole = events.len() < EVENTS_MAX;
    Ok((events, whole))
}

fn happening(event: Event) -> Option<Happening> {
    let raised = match event.kind {
        EventKind::Raised => true,
        EventKind::Cleared => false,
        EventKind::Deleted => return None,
    };
    let Event { at_ms, rule, subject, severity, words, .. } = event;
    let name = AlarmName { rule, subject };
    Some(Happening { at: Utc(at_ms.saturating_mul(1_000)), raised, name, severity, words })
}

/// What stands now and was raised before the period: in it nothing tells of it.
fn stands_since_before(record: &AlarmRecord, from: Utc, site: &SiteSpec, spec: &SystemSpec) -> Option<Happening> {
    let life = record.life.as_ref().filter(|life| life.ended.is_none() && life.since < from)?;
    let rule = record.rule.rule()?;
    let name = AlarmName { rule: rule.id.to_owned(), subject: record.subject.name(site, spec) };
    Some(Happening { at: life.since, raised: true, name, severity: rule.severity, words: String::new() })
}

/// When alarms were acknowledged in the period; none without `control.db`.
async fn seen(app: &AppState, system: &str, from: Utc, to: Utc) -> Result<Vec<Seen>, Problem> {
    let system = system.to_owned();
    app.list(move |people| match people.control() {
        Ok(control) => Ok(control.list(|tables| tables.alarms_seen(&system, from, to, SEEN_MAX))?),
        Err(_) => Ok(Vec::new()),
    })
    .await
}
