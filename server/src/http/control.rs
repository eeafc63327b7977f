//! Commands over HTTP: what can be commanded, the one door, and what became of a command.
//!
//! Who asks is known before ([`leave`](super::leave)); everything else the engine decides ([`crate::control`]).

use super::AppState;
use super::answer::{json, octets, wants_octets};
use super::asked::{JsonBody, Path, Query};
use super::instant::instant;
use super::leave::Who;
use super::problem::Problem;
use crate::control::Undecided;
use crate::people::{Asker, People, Refused};
use api::control::{
    CommandHistoryResponse, CommandRequest, CommandResponse, CommandStepResponse, CommandsRequest, CommandsResponse,
    ControlRequest, SafeValuesRequest,
};
use api::flight::{CommandFlight, Forecast, ScoreResponse};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::control::{Command, CommandId, CommandReceipt, CommandState, ControlKind, Refusal, StateKind, TooOften};
use domain::people::{Denied, Requester};
use domain::spec::{SiteSpec, SystemSpec};
use domain::time::{Mono, Utc};
use domain::topology::SystemIdx;
use domain::wire::Wire as _;
use domain::words::Words as _;
use std::time::Duration;
use store::{CommandRow, CommandStep, Prediction};

/// A confirmation is good for so long: it is not sent later.
const EXPIRES_AFTER: Duration = Duration::from_secs(30);
/// Commands on a page, if nothing is said, and at most.
const PAGE: i64 = 50;
const PAGE_MAX: i64 = 500;
/// The longest id of a command.
const ID_MAX: usize = 64;

/// `GET /api/v1/control?system=hv`
pub(super) async fn control(
    State(app): State<AppState>,
    Query(asked): Query<ControlRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (index, ..) = app.find(asked.system.as_deref())?;
    let state = app.commands.state(index).ok_or_else(|| Problem::not_found("there is no such system"))?;
    Ok(if wants_octets(&headers) { octets(state.to_bytes()) } else { json(&*state) })
}

/// `POST /api/v1/commands`: answers when the command is on the disk, or refused.
pub(super) async fn command(
    State(app): State<AppState>,
    Who(asker): Who,
    JsonBody(asked): JsonBody<CommandRequest>,
) -> Result<Response, Problem> {
    let Commanded { answer, is_new } = apply(&app, &asker, asked).await?;
    Ok(if is_new { (StatusCode::ACCEPTED, json(answer)).into_response() } else { json(answer) })
}

/// What has become of a command, and whether it was asked for the first time since the start.
pub(super) struct Commanded {
    pub(super) answer: CommandResponse,
    is_new: bool,
}

/// Asks for a command, as whoever `asker` is: by the API and by the page.
///
/// # Errors
/// It is refused, and why.
pub(super) async fn apply(app: &AppState, asker: &Asker, asked: CommandRequest) -> Result<Commanded, Problem> {
    let (index, spec, _) = app.find(Some(&asked.system))?;
    let (system, id) = (spec.id.clone(), command_id(&asked.id)?);
    let control = ControlKind::from_key(&asked.control).ok_or_else(|| {
        let known: Vec<&str> = ControlKind::ALL.iter().map(|kind| kind.spec().key).collect();
        Problem::bad_parameter(format!("control: there is no {:?}; there is {}", asked.control, known.join(", ")))
    })?;
    // Another value by the same id is another command; a step that the value lies between is the same one.
    let admitted = spec.controls.iter().find(|own| own.kind == control).and_then(|own| own.admit(asked.value).ok());
    let is_value = move |value: f64| value == asked.value || Some(value) == admitted;
    // Asked again after a restart, it is the same command still.
    match kept(app, &id).await? {
        Some(known)
            if (&*known.system, &*known.control) != (&*asked.system, &*asked.control) || !is_value(known.value) =>
        {
            return Err(another());
        }
        Some(known) if StateKind::from_word(&known.state) == Ok(StateKind::Refused) => {
            return Err(Problem::new(StatusCode::CONFLICT, known.words));
        }
        Some(answer) => return Ok(Commanded { answer, is_new: false }),
        None => {}
    }
    let hold = asked.hold_s.map(Duration::from_secs);
    let index = SystemIdx(index as u8);
    let wanted = Wanted { system: index, control, value: asked.value, hold, revision: asked.revision };
    let receipt = ask(app, id, wanted, asker.who.clone()).await?;
    match receipt.state {
        _ if (receipt.command.system, receipt.command.control) != (index, control)
            || !is_value(receipt.command.value) =>
        {
            Err(another())
        }
        CommandState::Refused(why) => Err(refused(why)),
        // Nothing of it is on the disk yet, so nothing is promised.
        CommandState::Superseded(by) => Err(Problem::new(
            StatusCode::CONFLICT,
            format!("a command of {by} took its place before it was recorded; nothing of it was sent"),
        )),
        _ => Ok(Commanded { answer: CommandResponse::of(&receipt, &system), is_new: true }),
    }
}

/// The id is that of another command.
fn another() -> Problem {
    Problem::new(StatusCode::CONFLICT, "id: another command has it: give each command one of its own")
}

/// `POST /api/v1/commands/safe-values`: one command for each control. Whatever cannot be
/// done is in the answer; the others are done.
pub(super) async fn safe_values(
    State(app): State<AppState>,
    Who(asker): Who,
    JsonBody(asked): JsonBody<SafeValuesRequest>,
) -> Result<Response, Problem> {
    Ok(json(apply_safe_values(&app, &asker, asked).await?))
}

/// Returns a system to its safe values, as whoever `asker` is: by the API and by the page.
///
/// # Errors
/// None of them can be asked for.
pub(super) async fn apply_safe_values(
    app: &AppState,
    asker: &Asker,
    asked: SafeValuesRequest,
) -> Result<CommandsResponse, Problem> {
    let (index, spec, _) = app.find(Some(&asked.system))?;
    let (system, CommandId(id)) = (spec.id.clone(), command_id(&asked.id)?);
    let state = app.commands.state(index).ok_or_else(|| Problem::not_found("there is no such system"))?;
    if !state.read_only.is_empty() {
        return Err(refused(Refusal::ReadOnly));
    }
    let idx = SystemIdx(index as u8);
    let (mut commands, mut refusals) = (Vec::new(), Vec::new());
    for control in &state.controls {
        let Some(kind) = ControlKind::from_key(&control.control) else { continue };
        let id = CommandId(format!("{id}.{}", control.control));
        if let Some(known) = kept(app, &id).await? {
            if known.system != system {
                return Err(another());
            }
            commands.push(known);
            continue;
        }
        // What is as safe, or safer, stays as it is, and so does what is on its way there: the safe value would be wider.
        let is_safe = |value: f64| !control.is_wider(value, control.safe);
        let open = |command: &&CommandResponse| command.under_way || command.state == StateKind::Unknown.word();
        let comes = control.command.as_ref().filter(open).map(|command| command.value);
        if control.present.is_some_and(is_safe) && comes.is_none_or(is_safe) {
            continue;
        }
        let wanted = Wanted { system: idx, control: kind, value: control.safe, hold: None, revision: control.revision };
        let receipt = ask(app, id, wanted, asker.who.clone()).await?;
        commands.push(CommandResponse::of(&receipt, &system));
        refusals.extend(match receipt.state {
            CommandState::Refused(why) => Some(why),
            _ => None,
        });
    }
    // Where nothing at all is done, it is not called done.
    match refusals.pop() {
        Some(why) if refusals.len() + 1 == commands.len() => Err(refused(why)),
        _ => Ok(CommandsResponse { commands, more: false }),
    }
}

/// `GET /api/v1/commands?system=hv&before=...&limit=50`: newest first.
pub(super) async fn commands(
    State(app): State<AppState>,
    Query(asked): Query<CommandsRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = asked.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Problem::bad_parameter(format!("limit: {limit} is not from 1 to {PAGE_MAX}")));
    }
    let before = asked.before.map(|text| instant("before", &text)).transpose()?;
    let before = before.map_or(Utc(i64::MAX), |ms| Utc(ms.saturating_mul(1_000)));
    let (site, large) = (app.hub.site.clone(), app.large(&headers));
    app.list(move |people| Ok(large.either(&newest(people, &site, asked.system.as_deref(), before, limit)?))).await
}

/// The newest commands before an instant, `limit` at most.
pub(super) async fn listed(
    app: &AppState,
    system: Option<String>,
    before: Utc,
    limit: i64,
) -> Result<CommandsResponse, Problem> {
    let site = app.hub.site.clone();
    app.list(move |people| newest(people, &site, system.as_deref(), before, limit)).await
}

fn newest(
    people: &People,
    site: &SiteSpec,
    system: Option<&str>,
    before: Utc,
    limit: i64,
) -> Result<CommandsResponse, Refused> {
    let (mut rows, mut predictions) = people
        .control()?
        .list(|tables| Ok((tables.commands(system, before, limit + 1)?, tables.predictions(system, before, limit)?)))?;
    let more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    let commands = rows.into_iter().map(|row| {
        let flight = predictions.remove(&row.id).and_then(flight);
        of_row(site, row, flight.as_ref())
    });
    Ok(CommandsResponse { commands: commands.collect(), more })
}

/// `GET /api/v1/commands/{id}`: a command with all of its steps.
pub(super) async fn history(
    State(app): State<AppState>,
    Path(id): Path,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let answer = with_steps(&app, id).await?.ok_or_else(|| Problem::not_found("there is no command with this id"))?;
    Ok(if wants_octets(&headers) { octets(answer.to_bytes()) } else { json(answer) })
}

/// What a form has asked for by an id: one command, or one for each control.
pub(super) async fn asked_by(app: &AppState, system: &SystemSpec, id: &str) -> Vec<CommandHistoryResponse> {
    let ids = system.controls.iter().map(|control| format!("{id}.{}", control.kind.spec().key));
    let mut found = Vec::new();
    for id in std::iter::once(id.to_owned()).chain(ids) {
        found.extend(with_steps(app, id).await.ok().flatten());
    }
    found.retain(|told| told.command.system == system.id);
    found
}

/// A command with all of its steps, if there is one with this id.
async fn with_steps(app: &AppState, id: String) -> Result<Option<CommandHistoryResponse>, Problem> {
    let ask = move |people: &People| {
        let found = people
            .control()?
            .read(|tables| Ok((tables.command(&id)?, tables.command_steps(&id)?, tables.prediction(&id)?)))?;
        Ok::<_, Refused>(found)
    };
    let (row, steps, prediction) = app.people.ask(ask).await??;
    let Some(row) = row else { return Ok(None) };
    let flight = prediction.and_then(flight);
    let step = |step: CommandStep| CommandStepResponse { at: step.at, state: step.state, words: step.words };
    let steps = steps.into_iter().map(step).collect();
    Ok(Some(CommandHistoryResponse { command: of_row(&app.hub.site, row, flight.as_ref()), steps, flight }))
}

/// What somebody wants.
struct Wanted {
    system: SystemIdx,
    control: ControlKind,
    value: f64,
    hold: Option<Duration>,
    revision: u64,
}

async fn ask(app: &AppState, id: CommandId, wanted: Wanted, by: Requester) -> Result<CommandReceipt, Problem> {
    let now = app.commands.now();
    let Wanted { system, control, value, hold, revision } = wanted;
    let expires: Mono = now.mono + EXPIRES_AFTER;
    let command = Command { id, system, control, value, hold, by, at: now.utc, expires, revision };
    app.commands.ask(command).await.map_err(not_now)
}

/// Why nothing was decided, with the status that programs go by.
pub(super) fn not_now(why: Undecided) -> Problem {
    match why {
        Undecided::NoLink => Problem::new(StatusCode::CONFLICT, why.to_string()),
        Undecided::Ending | Undecided::TooSlow => Problem::busy(why.to_string()),
    }
}

/// A refusal with the status that programs go by.
fn refused(why: Refusal) -> Problem {
    let status = match &why {
        Refusal::NoSystem | Refusal::NoControl(_) => StatusCode::NOT_FOUND,
        Refusal::Denied(Denied::SignIn(_)) => StatusCode::UNAUTHORIZED,
        Refusal::Denied(_) => StatusCode::FORBIDDEN,
        Refusal::Value(_) | Refusal::Hold(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::ReadOnly
        | Refusal::Changed(..)
        | Refusal::StartedAgain(_)
        | Refusal::Interlock(..)
        | Refusal::BeyondBms(_)
        | Refusal::Expired => StatusCode::CONFLICT,
        Refusal::TooOften(_) | Refusal::TurnedAway(_) => StatusCode::TOO_MANY_REQUESTS,
        Refusal::CannotRecord(_) => StatusCode::INSUFFICIENT_STORAGE,
    };
    let problem = Problem::new(status, why.to_string());
    match why {
        Refusal::TurnedAway(wait) | Refusal::TooOften(TooOften::Gap(_, wait)) => problem.again_after(wait),
        _ => problem,
    }
}

fn command_id(text: &str) -> Result<CommandId, Problem> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    match !text.is_empty() && text.len() <= ID_MAX && text.chars().all(plain) {
        true => Ok(CommandId(text.to_owned())),
        false => {
            Err(Problem::bad_parameter(format!("id: use 1 to {ID_MAX} letters, digits and hyphens, as a UUID has")))
        }
    }
}

/// What the journal has of a command.
async fn kept(app: &AppState, id: &CommandId) -> Result<Option<CommandResponse>, Problem> {
    let id = id.0.clone();
    let ask = move |people: &People| {
        let found = people.control()?.read(|tables| Ok((tables.command(&id)?, tables.prediction(&id)?)))?;
        Ok::<_, Refused>(found)
    };
    let (row, prediction) = app.people.ask(ask).await??;
    let flight = prediction.and_then(flight);
    Ok(row.map(|row| of_row(&app.hub.site, row, flight.as_ref())))
}

/// What was predicted of a command; `None` if it cannot be read, because a newer version has written it.
fn flight(kept: Prediction) -> Option<CommandFlight> {
    let Prediction { made, due, prediction, scored } = kept;
    let prediction: Forecast = serde_json::from_str(&prediction).ok()?;
    let (scored_at, score) = match scored {
        Some((at, score)) => (Some(at), serde_json::from_str::<ScoreResponse>(&score).ok()),
        None => (None, None),
    };
    Some(CommandFlight { made_at: made, due_at: due, prediction, scored_at, score })
}

fn of_row(site: &SiteSpec, row: CommandRow, flight: Option<&CommandFlight>) -> CommandResponse {
    let words = ControlKind::from_key(&row.control).map_or_else(|| row.value.to_string(), |kind| kind.words(row.value));
    let kind = site.kind_of(&row.system);
    let under_way = StateKind::from_word(&row.last.state).is_ok_and(StateKind::is_under_way);
    CommandResponse {
        id: row.id,
        system: row.system,
        control: row.control,
        value: row.value,
        value_words: words,
        by: row.who,
        asked_at: row.asked,
        at: row.last.at,
        state: row.last.state,
        words: row.last.words,
        under_way,
        prediction: flight.map(|flight| flight.prediction.wanted.words(kind)).unwrap_or_default(),
        score: flight.and_then(|flight| flight.score.as_ref()).map(|score| score.words.clone()).unwrap_or_default(),
    }
}
