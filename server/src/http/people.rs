//! Signing in and out, accounts, sessions, tokens, arming, the audit: as [`api::people`] says it.
//!
//! Whether somebody may is decided before, by the row of the address ([`leave`](super::leave)); here only what depends on
//! the body. Bodies are JSON alone, which no form of another site can send. What they change is in [`changes`], for the
//! forms of pages ([`forms`]) too; the audit is in [`audit`].

mod audit;
mod changes;
pub(super) mod forms;

pub(super) use audit::{audit, audit_chain, audit_lines};

use super::AppState;
use super::answer::{json, octets, wants_octets};
use super::asked::{JsonBody, Path, Query};
use super::cookie;
use super::leave::{Connected, Who};
use super::problem::Problem;
use crate::people::{Armed, Asker, People, SignedIn, SignsInFrom};
use api::json::{Timestamp, Word};
use api::people::{
    ArmingRequest, ArmingResponse, PasswordRequest, SessionEntry, SessionResponse, SessionsRequest, SessionsResponse,
    SetupRequest, SignInRequest, StepUpRequest, TokenEntry, TokenRequest, TokensResponse, UserChangeRequest, UserEntry,
    UserRequest, UsersResponse,
};
use axum::extract::State;
use axum::http::header::{SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use changes::own_session;
use domain::people::action::Action;
use domain::plain::quoted;
use domain::wire::Wire;
use serde::Serialize;
use store::{Session, Token};

/// From where somebody signs in.
pub(super) fn from(connected: Connected, headers: &HeaderMap) -> SignsInFrom {
    let agent = headers.get(USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()).into_owned());
    SignsInFrom { address: connected.from, agent: agent.unwrap_or_default() }
}

/// Who is signed in, and what is possible.
fn described(people: &People, asker: &Asker) -> SessionResponse {
    let standing = asker.session.as_ref().map(|(_, standing)| standing);
    let account = asker.session.as_ref().map(|(session, _)| session.role);
    SessionResponse {
        name: Some(asker.who.name.clone()).filter(|name| !name.is_empty()),
        role: asker.who.role.map(Word),
        account_role: account.map(Word),
        rights_left_s: standing.map(|standing| standing.rights_left.as_secs()),
        step_up_left_s: standing.map_or(0, |standing| standing.step_up_left.as_secs()),
        reading_open: people.reading_open(),
        accounts: people.any_account(),
        setup_open: people.setup_is_open(),
        armed: people.armed().is_ok_and(|now| now.armed),
        unusable: people.unusable().map(str::to_owned),
    }
}

/// Who is signed in, for a page that is rendered.
///
/// # Errors
/// The server is too busy to look.
pub(super) async fn session_of(app: &AppState, asker: Asker) -> Result<SessionResponse, Problem> {
    Ok(app.people.ask(move |people| described(people, &asker)).await?)
}

/// An answer in the form that its reader wants.
fn either<T: Wire + Serialize>(answer: &T, headers: &HeaderMap) -> Response {
    if wants_octets(headers) { octets(answer.to_bytes()) } else { json(answer) }
}

/// The answer to who has just given the right password, with their cookie.
async fn signed_in(app: &AppState, signed_in: SignedIn, connected: Connected) -> Result<Response, Problem> {
    let mut answer = json(session_of(app, signed_in.asker).await?);
    if let Some(cookie) = cookie::set(&signed_in.secret, connected.secure, connected.port) {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(answer)
}

/// `GET /api/v1/session`
pub(super) async fn session(
    State(app): State<AppState>,
    Who(asker): Who,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Ok(either(&session_of(&app, (*asker).clone()).await?, &headers))
}

/// `POST /api/v1/session`
pub(super) async fn sign_in(
    State(app): State<AppState>,
    Who(asker): Who,
    connected: Connected,
    headers: HeaderMap,
    JsonBody(asked): JsonBody<SignInRequest>,
) -> Result<Response, Problem> {
    connected.unread()?;
    let old = asker.session.as_ref().map(|(session, _)| session.clone());
    let done = app.people.sign_in(asked.name, asked.password.0, from(connected, &headers), old).await?;
    signed_in(&app, done, connected).await
}

/// `DELETE /api/v1/session`: also for whose session has ended already.
pub(super) async fn sign_out(
    State(app): State<AppState>,
    Who(asker): Who,
    connected: Connected,
) -> Result<Response, Problem> {
    app.people.ask(move |people| people.sign_out(&asker)).await?;
    let mut answer = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = cookie::clear(connected.secure, connected.port) {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(answer)
}

/// `POST /api/v1/session/step-up`
pub(super) async fn step_up(
    State(app): State<AppState>,
    Who(asker): Who,
    connected: Connected,
    headers: HeaderMap,
    JsonBody(asked): JsonBody<StepUpRequest>,
) -> Result<Response, Problem> {
    connected.unread()?;
    let done = app.people.step_up(own_session(&asker)?, asked.password.0, from(connected, &headers)).await?;
    signed_in(&app, done, connected).await
}

/// `POST /api/v1/setup`
pub(super) async fn set_up(
    State(app): State<AppState>,
    connected: Connected,
    headers: HeaderMap,
    JsonBody(asked): JsonBody<SetupRequest>,
) -> Result<Response, Problem> {
    connected.unread()?;
    let account = (asked.name, asked.password.0);
    let done = app.people.set_up(asked.token.0, account, from(connected, &headers)).await?;
    let mut answer = signed_in(&app, done, connected).await?;
    *answer.status_mut() = StatusCode::CREATED;
    Ok(answer)
}

/// `POST /api/v1/password`
pub(super) async fn password(
    State(app): State<AppState>,
    Who(asker): Who,
    connected: Connected,
    headers: HeaderMap,
    JsonBody(asked): JsonBody<PasswordRequest>,
) -> Result<Response, Problem> {
    connected.unread()?;
    let passwords = (asked.old.0, asked.new.0);
    let done = app.people.change_password(own_session(&asker)?, passwords, from(connected, &headers)).await?;
    signed_in(&app, done, connected).await
}

/// `GET /api/v1/sessions`
pub(super) async fn sessions(
    State(app): State<AppState>,
    who: Who,
    Query(asked): Query<SessionsRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if asked.all {
        who.may(Action::ListPeople)?;
    }
    let asker = who.0;
    let own = own_session(&asker)?.id;
    let ask = |people: &People| Ok((people.control()?.list(|tables| tables.sessions())?, people.ended_unrecorded().0));
    let (all, ended) = app.list(ask).await?;
    let shown = all.into_iter().filter(|session| asked.all || session.name == asker.who.name);
    let entry = |session: Session| SessionEntry {
        id: session.id,
        own: session.id == own,
        ended: ended.contains(&session.id),
        name: session.name,
        begun: Timestamp(session.begun),
        seen: Timestamp(session.seen),
        address: session.address,
        agent: session.agent,
    };
    Ok(either(&SessionsResponse { sessions: shown.map(entry).collect() }, &headers))
}

/// The number in an address.
fn number(text: &str) -> Result<i64, Problem> {
    text.parse().map_err(|_| Problem::not_found(format!("there is no {} here: it is a number", quoted(text))))
}

/// `DELETE /api/v1/sessions/{id}`
pub(super) async fn end_session(
    State(app): State<AppState>,
    Who(asker): Who,
    Path(id): Path,
) -> Result<Response, Problem> {
    changes::end_session(&app, (*asker).clone(), number(&id)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn all_users(app: &AppState) -> Result<UsersResponse, Problem> {
    let users = app.list(|people| Ok(people.control()?.list(|tables| tables.users())?)).await?;
    let entry = |user: store::User| UserEntry {
        name: user.name,
        role: Word(user.role),
        made: Timestamp(user.made),
        made_by: user.made_by,
    };
    Ok(UsersResponse { users: users.into_iter().map(entry).collect() })
}

/// `GET /api/v1/users`
pub(super) async fn users(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    Ok(either(&all_users(&app).await?, &headers))
}

/// `POST /api/v1/users`
pub(super) async fn add_user(
    State(app): State<AppState>,
    Who(asker): Who,
    connected: Connected,
    JsonBody(asked): JsonBody<UserRequest>,
) -> Result<Response, Problem> {
    connected.unread()?;
    changes::add_user(&app, (*asker).clone(), asked).await?;
    Ok((StatusCode::CREATED, json(all_users(&app).await?)).into_response())
}

/// `POST /api/v1/users/{name}`
pub(super) async fn change_user(
    State(app): State<AppState>,
    Who(asker): Who,
    connected: Connected,
    Path(name): Path,
    JsonBody(asked): JsonBody<UserChangeRequest>,
) -> Result<Response, Problem> {
    connected.unread()?;
    changes::change_user(&app, (*asker).clone(), name, asked).await?;
    Ok(json(all_users(&app).await?))
}

/// `DELETE /api/v1/users/{name}`
pub(super) async fn remove_user(
    State(app): State<AppState>,
    Who(asker): Who,
    Path(name): Path,
) -> Result<Response, Problem> {
    changes::remove_user(&app, (*asker).clone(), name).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn token_entry(token: Token) -> TokenEntry {
    TokenEntry {
        id: token.id,
        ended: false,
        name: token.name,
        prefix: token.prefix,
        scope: Word(token.scope),
        made: Timestamp(token.made),
        made_by: token.made_by,
        ends: Timestamp(token.ends),
        used: token.used.map(Timestamp),
    }
}

/// `GET /api/v1/tokens`
pub(super) async fn tokens(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    let ask = |people: &People| Ok((people.control()?.list(|tables| tables.tokens())?, people.ended_unrecorded().1));
    let (all, ended) = app.list(ask).await?;
    let entry = |token: Token| TokenEntry { ended: ended.contains(&token.id), ..token_entry(token) };
    Ok(either(&TokensResponse { tokens: all.into_iter().map(entry).collect() }, &headers))
}

/// `POST /api/v1/tokens`
pub(super) async fn add_token(
    State(app): State<AppState>,
    Who(asker): Who,
    connected: Connected,
    JsonBody(asked): JsonBody<TokenRequest>,
) -> Result<Response, Problem> {
    connected.unread()?;
    let made = changes::add_token(&app, (*asker).clone(), asked).await?;
    Ok((StatusCode::CREATED, json(made)).into_response())
}

/// `DELETE /api/v1/tokens/{id}`
pub(super) async fn end_token(
    State(app): State<AppState>,
    Who(asker): Who,
    Path(id): Path,
) -> Result<Response, Problem> {
    changes::end_token(&app, (*asker).clone(), number(&id)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn arming_response(now: Armed) -> ArmingResponse {
    let (since, by) = now.since.unzip();
    ArmingResponse { armed: now.armed, since: since.map(Timestamp), by, recorded: now.recorded }
}

/// `GET /api/v1/arming`
pub(super) async fn arming(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    Ok(either(&arming_response(app.people.ask(People::armed).await??), &headers))
}

/// `POST /api/v1/arming`
pub(super) async fn arm(
    State(app): State<AppState>,
    who: Who,
    headers: HeaderMap,
    JsonBody(asked): JsonBody<ArmingRequest>,
) -> Result<Response, Problem> {
    who.may(if asked.armed { Action::Arm } else { Action::Disarm })?;
    let now = changes::arm(&app, (*who.0).clone(), asked.armed).await?;
    Ok(either(&arming_response(now), &headers))
}
