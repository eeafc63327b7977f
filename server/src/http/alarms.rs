//! Alarms over HTTP: what there is, and what people do about it.
//!
//! Who asks is known before ([`leave`](super::leave)); everything else the engine decides ([`crate::alarms`]).

mod past;

pub(super) use past::{history, of_period};

use super::AppState;
use super::answer::{json, octets, wants_octets};
use super::asked::{JsonBody, Query};
use super::instant::instant;
use super::leave::Who;
use super::problem::Problem;
use api::alarms::{
    AcknowledgeAllRequest, AcknowledgeRequest, AlarmRef, AlarmsChangedResponse, AlarmsRequest, AlarmsResponse,
    NamedAlarmsRequest, ShelveRequest,
};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::alarm::{AlarmAction, AlarmName, AlarmRefusal};
use domain::engine::AlarmsDone;
use domain::people::Denied;
use domain::plain::quoted;
use domain::time::Utc;
use domain::topology::SystemIdx;
use domain::wire::Wire as _;
use std::collections::HashMap;
use std::time::Duration;

/// More alarms are a large answer.
pub(super) const ALARMS_AT_ONCE: usize = 200;

/// `GET /api/v1/alarms?system=hv`
pub(super) async fn alarms(
    State(app): State<AppState>,
    Query(asked): Query<AlarmsRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (index, spec, newest) = app.find(asked.system.as_deref())?;
    // What is raised from here on is not in the answer, and was not seen by who gets it.
    let now = app.alarms.utc();
    let records = app.alarms.records(index);
    if records.len() <= ALARMS_AT_ONCE {
        let answer = AlarmsResponse::of(&app.hub.site, spec, &records, &newest.snapshot, now);
        return Ok(if wants_octets(&headers) { octets(answer.to_bytes()) } else { json(answer) });
    }
    let (large, site, spec) = (app.large(&headers), app.hub.site.clone(), spec.clone());
    let written = move || {
        let answer = AlarmsResponse::of(&site, &spec, &records, &newest.snapshot, now);
        match large.wants_octets() {
            true => large.octets(answer.to_bytes()),
            false => large.json(&answer),
        }
    };
    app.write(written).await
}

/// `POST /api/v1/alarms/acknowledge`
pub(super) async fn acknowledge(
    State(app): State<AppState>,
    who: Who,
    JsonBody(asked): JsonBody<AcknowledgeRequest>,
) -> Result<Response, Problem> {
    let seen = asked.seen.as_deref().map(seen).transpose()?;
    ask(&app, &asked.system, AlarmAction::Acknowledge { alarms: names(asked.alarms), seen }, &who).await
}

/// `POST /api/v1/alarms/acknowledge-all`
pub(super) async fn acknowledge_all(
    State(app): State<AppState>,
    who: Who,
    JsonBody(asked): JsonBody<AcknowledgeAllRequest>,
) -> Result<Response, Problem> {
    let seen = seen(&asked.seen)?;
    ask(&app, &asked.system, AlarmAction::AcknowledgeAll { seen }, &who).await
}

/// `POST /api/v1/alarms/reset`
pub(super) async fn reset(
    State(app): State<AppState>,
    who: Who,
    JsonBody(asked): JsonBody<NamedAlarmsRequest>,
) -> Result<Response, Problem> {
    ask(&app, &asked.system, AlarmAction::Reset(names(asked.alarms)), &who).await
}

/// `POST /api/v1/alarms/shelve`
pub(super) async fn shelve(
    State(app): State<AppState>,
    who: Who,
    JsonBody(asked): JsonBody<ShelveRequest>,
) -> Result<Response, Problem> {
    let ShelveRequest { system, alarms, lasts_s, why } = asked;
    let (alarms, lasts) = (names(alarms), Duration::from_secs(lasts_s));
    ask(&app, &system, AlarmAction::Shelve { alarms, lasts, why }, &who).await
}

/// `POST /api/v1/alarms/unshelve`
pub(super) async fn unshelve(
    State(app): State<AppState>,
    who: Who,
    JsonBody(asked): JsonBody<NamedAlarmsRequest>,
) -> Result<Response, Problem> {
    ask(&app, &asked.system, AlarmAction::Unshelve(names(asked.alarms)), &who).await
}

fn names(alarms: Vec<AlarmRef>) -> Vec<AlarmName> {
    alarms.into_iter().map(|AlarmRef { rule, subject }| AlarmName { rule, subject }).collect()
}

fn seen(text: &str) -> Result<Utc, Problem> {
    Ok(Utc(instant("seen", text)?.saturating_mul(1_000)))
}

/// What the form of a page asks for: the same as the addresses of the API, by its word.
pub(super) async fn of_form(
    app: &AppState,
    who: &Who,
    what: &str,
    fields: &HashMap<String, String>,
) -> Result<AlarmsChangedResponse, Problem> {
    let text = |name: &str| fields.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let need = |name: &str| text(name).ok_or_else(|| Problem::bad_parameter(format!("{name}: it is missing")));
    let action = match what {
        "acknowledge" => {
            AlarmAction::Acknowledge { alarms: lines(need("alarms")?), seen: text("seen").map(seen).transpose()? }
        }
        "acknowledge-all" => AlarmAction::AcknowledgeAll { seen: seen(need("seen")?)? },
        "reset" => AlarmAction::Reset(lines(need("alarms")?)),
        "unshelve" => AlarmAction::Unshelve(lines(need("alarms")?)),
        "shelve" => {
            let lasts = need("lasts_s")?.parse().map(Duration::from_secs);
            let lasts = lasts.map_err(|_| Problem::bad_parameter("lasts_s: it is no number of seconds"))?;
            AlarmAction::Shelve {
                alarms: lines(need("alarms")?),
                lasts,
                why: text("why").unwrap_or_default().to_owned(),
            }
        }
        _ => return Err(Problem::bad_parameter(format!("what: nothing is called {}", quoted(what)))),
    };
    who.may(action.needs())?;
    done(app, need("system")?, action, who).await
}

/// Alarms by name, one in a line: the id of the rule, a blank, the subject.
fn lines(text: &str) -> Vec<AlarmName> {
    let name = |line: &str| {
        let (rule, subject) = line.split_once(' ').unwrap_or((line, ""));
        AlarmName { rule: rule.to_owned(), subject: subject.to_owned() }
    };
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(name).collect()
}

/// Answers when it is on the disk, or refused.
async fn ask(app: &AppState, system: &str, action: AlarmAction, who: &Who) -> Result<Response, Problem> {
    done(app, system, action, who).await.map(json)
}

async fn done(
    app: &AppState,
    system: &str,
    action: AlarmAction,
    Who(asker): &Who,
) -> Result<AlarmsChangedResponse, Problem> {
    let (index, ..) = app.find(Some(system))?;
    app.alarms.admit(&action, &asker.who).map_err(too_often)?;
    let answer = app.alarms.ask(SystemIdx(index as u8), action, asker.who.clone()).await;
    let answer = answer.map_err(|why| Problem::busy(why.to_string()))?;
    let AlarmsDone { changed } = answer.map_err(refused)?;
    Ok(AlarmsChangedResponse { changed: changed as u64 })
}

fn too_often(wait: Duration) -> Problem {
    let words = format!("too many orders about alarms: try again in {} s", wait.as_secs_f64().ceil());
    Problem::new(StatusCode::TOO_MANY_REQUESTS, words).again_after(wait)
}

/// A refusal with the status that programs go by.
fn refused(why: AlarmRefusal) -> Problem {
    let status = match &why {
        AlarmRefusal::NoSystem | AlarmRefusal::Unknown(_) => StatusCode::NOT_FOUND,
        AlarmRefusal::Denied(Denied::SignIn(_)) => StatusCode::UNAUTHORIZED,
        AlarmRefusal::Denied(_) => StatusCode::FORBIDDEN,
        AlarmRefusal::Count(_) | AlarmRefusal::NotShelved(_) => StatusCode::UNPROCESSABLE_ENTITY,
        AlarmRefusal::RaisedSince(..) | AlarmRefusal::NotReset { .. } => StatusCode::CONFLICT,
        AlarmRefusal::CannotRecord(_) => StatusCode::INSUFFICIENT_STORAGE,
    };
    Problem::new(status, why.to_string())
}
