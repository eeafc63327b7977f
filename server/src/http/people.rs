//! Signing in and out, accounts, sessions, tokens, arming, the audit: as [`api::people`] says it.
//!
//! Whether somebody may is decided before, by the row of the address ([`leave`](super::leave)); here only what depends on
//! the body. Bodies are JSON alone, which no form of another site can send.

use super::AppState;
use super::answer::{json, octets, wants_octets};
use super::asked::{JsonBody, Path, Query};
use super::cookie;
use super::instant::instant;
use super::leave::{Connected, Who};
use super::problem::Problem;
use crate::people::{Asker, People, Refused, SignedIn, SignsInFrom, accounts};
use crate::times::rfc3339;
use api::json::{Timestamp, Word};
use api::people::{
    ArmingRequest, ArmingResponse, AuditEntry, AuditRequest, AuditResponse, NewTokenResponse, PasswordRequest,
    SessionEntry, SessionResponse, SessionsRequest, SessionsResponse, SetupRequest, SignInRequest, StepUpRequest,
    TokenEntry, TokenRequest, TokensResponse, UserChangeRequest, UserEntry, UserRequest, UsersResponse,
};
use axum::extract::State;
use axum::http::header::{SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::control::Arming;
use domain::engine::Input;
use domain::people::action::Action;
use domain::people::authorize;
use domain::plain::quoted;
use domain::wire::Wire as _;
use store::{AuditFilter, Audited, Session, Token, hex};

/// Entries of the audit on a page, if nothing is said, and at most.
const AUDIT_PAGE: i64 = 100;
const AUDIT_PAGE_MAX: i64 = 500;
/// The longest life of a token, days.
const TOKEN_DAYS_MAX: u32 = 3_650;

fn from(connected: Connected, headers: &HeaderMap) -> SignsInFrom {
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
        armed: people.armed().is_ok_and(|(armed, _)| armed),
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

async fn session_answer(app: &AppState, asker: Asker, headers: &HeaderMap) -> Result<Response, Problem> {
    let answer = session_of(app, asker).await?;
    Ok(if wants_octets(headers) { octets(answer.to_bytes()) } else { json(answer) })
}

/// The answer to who has just given the right password, with their cookie.
async fn signed_in(
    app: &AppState,
    signed_in: SignedIn,
    connected: Connected,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let mut answer = session_answer(app, signed_in.asker, headers).await?;
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
    session_answer(&app, (*asker).clone(), &headers).await
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
    signed_in(&app, done, connected, &headers).await
}

/// `DELETE /api/v1/session`: also for whose session has ended already.
pub(super) async fn sign_out(
    State(app): State<AppState>,
    Who(asker): Who,
    connected: Connected,
) -> Result<Response, Problem> {
    app.people.ask(move |people| people.sign_out(&asker)).await??;
    let mut answer = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = cookie::clear(connected.secure, connected.port) {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(answer)
}

/// The session of who asks. The row of the address lets nobody in who has none.
fn own_session(asker: &Asker) -> Result<Session, Problem> {
    let session = asker.session.as_ref().map(|(session, _)| session.clone());
    session.ok_or_else(|| Problem::new(StatusCode::FORBIDDEN, "only a person who is signed in has a session"))
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
    signed_in(&app, done, connected, &headers).await
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
    let mut answer = signed_in(&app, done, connected, &headers).await?;
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
    signed_in(&app, done, connected, &headers).await
}

/// `GET /api/v1/sessions`
pub(super) async fn sessions(
    State(app): State<AppState>,
    who: Who,
    Query(asked): Query<SessionsRequest>,
) -> Result<Response, Problem> {
    if asked.all {
        who.may(Action::ListPeople)?;
    }
    let asker = who.0;
    let own = own_session(&asker)?.id;
    let all = app.people.ask(|people| Ok::<_, Refused>(people.control()?.read(|tables| tables.sessions())?)).await??;
    let shown = all.into_iter().filter(|session| asked.all || session.name == asker.who.name);
    let entry = |session: Session| SessionEntry {
        id: session.id,
        own: session.id == own,
        name: session.name,
        begun: Timestamp(session.begun),
        seen: Timestamp(session.seen),
        address: session.address,
        agent: session.agent,
    };
    Ok(json(SessionsResponse { sessions: shown.map(entry).collect() }))
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
    let id = number(&id)?;
    let of_others = authorize(&asker.who, Action::EndSessions).is_ok();
    change(&app, move |people, at| accounts::end_session(people.control()?, &asker.who, at, id, of_others)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Changes something, on a thread that may wait for the disk.
async fn change<T: Send + 'static>(
    app: &AppState,
    work: impl FnOnce(&People, domain::time::Utc) -> Result<T, Refused> + Send + 'static,
) -> Result<T, Problem> {
    Ok(app.people.ask(move |people| work(people, people.utc())).await??)
}

async fn all_users(app: &AppState) -> Result<UsersResponse, Problem> {
    let users = app.people.ask(|people| Ok::<_, Refused>(people.control()?.read(|tables| tables.users())?)).await??;
    let entry = |user: store::User| UserEntry {
        name: user.name,
        role: Word(user.role),
        made: Timestamp(user.made),
        made_by: user.made_by,
    };
    Ok(UsersResponse { users: users.into_iter().map(entry).collect() })
}

/// `GET /api/v1/users`
pub(super) async fn users(State(app): State<AppState>) -> Result<Response, Problem> {
    Ok(json(all_users(&app).await?))
}

/// `POST /api/v1/users`
pub(super) async fn add_user(
    State(app): State<AppState>,
    Who(asker): Who,
    connected: Connected,
    JsonBody(asked): JsonBody<UserRequest>,
) -> Result<Response, Problem> {
    connected.unread()?;
    let UserRequest { name, role, password } = asked;
    accounts::check_password(&password.0, &name)?;
    let hash = app.people.hash(password.0).await?;
    let add =
        move |people: &People, at| accounts::add_user(people.control()?, &asker.who, at, (&name, role.0, &hash), false);
    change(&app, add).await?;
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
    let hash = match asked.password {
        Some(password) => {
            accounts::check_password(&password.0, &name)?;
            Some(app.people.hash(password.0).await?)
        }
        None => None,
    };
    let work = move |people: &People, at| {
        let control = people.control()?;
        if let Some(role) = asked.role {
            accounts::set_role(control, &asker.who, at, &name, role.0)?;
        }
        match hash {
            Some(hash) => accounts::set_password(control, &asker.who, at, (&name, &hash), None),
            None => Ok(()),
        }
    };
    change(&app, work).await?;
    Ok(json(all_users(&app).await?))
}

/// `DELETE /api/v1/users/{name}`
pub(super) async fn remove_user(
    State(app): State<AppState>,
    Who(asker): Who,
    Path(name): Path,
) -> Result<Response, Problem> {
    change(&app, move |people, at| accounts::remove_user(people.control()?, &asker.who, at, &name)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn token_entry(token: Token) -> TokenEntry {
    TokenEntry {
        id: token.id,
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
pub(super) async fn tokens(State(app): State<AppState>) -> Result<Response, Problem> {
    let all = app.people.ask(|people| Ok::<_, Refused>(people.control()?.read(|tables| tables.tokens())?)).await??;
    Ok(json(TokensResponse { tokens: all.into_iter().map(token_entry).collect() }))
}

/// `POST /api/v1/tokens`
pub(super) async fn add_token(
    State(app): State<AppState>,
    Who(asker): Who,
    connected: Connected,
    JsonBody(asked): JsonBody<TokenRequest>,
) -> Result<Response, Problem> {
    connected.unread()?;
    let TokenRequest { name, scope, days } = asked;
    if !(1..=TOKEN_DAYS_MAX).contains(&days) {
        return Err(Problem::bad_parameter(format!("days: {days} is not from 1 to {TOKEN_DAYS_MAX}")));
    }
    let add = move |people: &People, at| accounts::add_token(people.control()?, &asker.who, at, (&name, scope.0, days));
    let (token, kept) = change(&app, add).await?;
    Ok((StatusCode::CREATED, json(NewTokenResponse { token, kept: token_entry(kept) })).into_response())
}

/// `DELETE /api/v1/tokens/{id}`
pub(super) async fn end_token(
    State(app): State<AppState>,
    Who(asker): Who,
    Path(id): Path,
) -> Result<Response, Problem> {
    let id = number(&id)?;
    change(&app, move |people, at| accounts::end_token(people.control()?, &asker.who, at, id)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn arming_now(app: &AppState) -> Result<Response, Problem> {
    let (armed, since) = app.people.ask(People::armed).await??;
    let (since, by) = since.unzip();
    Ok(json(ArmingResponse { armed, since: since.map(Timestamp), by }))
}

/// `GET /api/v1/arming`
pub(super) async fn arming(State(app): State<AppState>) -> Result<Response, Problem> {
    arming_now(&app).await
}

/// `POST /api/v1/arming`
pub(super) async fn arm(
    State(app): State<AppState>,
    who: Who,
    JsonBody(asked): JsonBody<ArmingRequest>,
) -> Result<Response, Problem> {
    who.may(if asked.armed { Action::Arm } else { Action::Disarm })?;
    let by = who.0.who.name.clone();
    change(&app, move |people, at| accounts::arm(people.control()?, &who.0.who, at, asked.armed)).await?;
    let arming = Arming { armed: asked.armed, by, at: app.commands.now().utc };
    app.commands.tell(Input::Arm(arming)).await.map_err(|why| Problem::busy(why.to_string()))?;
    arming_now(&app).await
}

/// `GET /api/v1/audit`
pub(super) async fn audit(State(app): State<AppState>, Query(asked): Query<AuditRequest>) -> Result<Response, Problem> {
    let limit = asked.limit.unwrap_or(AUDIT_PAGE);
    if !(1..=AUDIT_PAGE_MAX).contains(&limit) {
        return Err(Problem::bad_parameter(format!("limit: {limit} is not from 1 to {AUDIT_PAGE_MAX}")));
    }
    let at = |name: &str, text: Option<String>| text.map(|text| instant(name, &text).map(rfc3339)).transpose();
    let (from, to) = (at("from", asked.from)?, at("to", asked.to)?);
    let filter = AuditFilter { who: asked.who, action: asked.action, system: asked.system, from, to };
    let before = asked.before.unwrap_or(i64::MAX);
    let ask = move |people: &People| {
        let page = people.control()?.read(|tables| {
            // One more than is shown tells whether there is another page.
            Ok((tables.audit_page(&filter, before, limit + 1)?, tables.audit_head()?))
        })?;
        Ok::<_, Refused>(page)
    };
    let (mut found, head) = app.people.ask(ask).await??;
    let more = found.len() as i64 > limit;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|last| last.seq);
    let entries = found.iter().map(audit_entry).collect();
    Ok(json(AuditResponse { entries, next, head: head.to_string() }))
}

fn audit_entry(audited: &Audited) -> AuditEntry {
    let entry = audited.entry();
    let known = entry.is_some();
    let entry = entry.unwrap_or_default();
    AuditEntry {
        seq: audited.seq,
        hash: hex(&audited.hash),
        at: known.then_some(Timestamp(entry.at)),
        who: known.then_some(entry.who),
        role: entry.role.map(Word),
        came: known.then_some(entry.came),
        address: entry.address,
        action: known.then_some(entry.action),
        system: entry.system,
        subject: entry.subject,
        old: entry.old,
        new: entry.new,
        prediction: entry.prediction,
        result: entry.result,
        read_back: entry.read_back,
        detail: entry.detail,
    }
}
