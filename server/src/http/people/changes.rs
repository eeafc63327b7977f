//! What is changed about people: for the API and for the forms of pages. Whether they may is decided before.

use super::super::AppState;
use super::super::control::not_now;
use super::super::problem::Problem;
use super::token_entry;
use crate::people::{Armed, Asker, People, Refused, accounts};
use api::people::{NewTokenResponse, TokenRequest, UserChangeRequest, UserRequest};
use axum::http::StatusCode;
use domain::control::Arming;
use domain::engine::Input;
use domain::people::action::Action;
use domain::people::authorize;
use domain::time::Utc;
use store::Session;

/// The longest life of a token, days.
const TOKEN_DAYS_MAX: u32 = 3_650;

/// Changes something, on a thread that may wait for the disk.
async fn change<T: Send + 'static>(
    app: &AppState,
    work: impl FnOnce(&People, Utc) -> Result<T, Refused> + Send + 'static,
) -> Result<T, Problem> {
    Ok(app.people.ask(move |people| work(people, people.utc())).await??)
}

/// The session of who asks; a program and nobody have none.
pub(super) fn own_session(asker: &Asker) -> Result<Session, Problem> {
    let session = asker.session.as_ref().map(|(session, _)| session.clone());
    session.ok_or_else(|| Problem::new(StatusCode::FORBIDDEN, "only a person who is signed in has a session"))
}

pub(super) async fn end_session(app: &AppState, asker: Asker, id: i64) -> Result<(), Problem> {
    let of_others = authorize(&asker.who, Action::EndSessions).is_ok();
    change(app, move |people, _| people.end_session(&asker.who, id, of_others)).await
}

pub(super) async fn add_user(app: &AppState, asker: Asker, asked: UserRequest) -> Result<(), Problem> {
    let UserRequest { name, role, password } = asked;
    accounts::check_password(&password.0, &name)?;
    let hash = app.people.hash(&asker.who, password.0).await?;
    let add =
        move |people: &People, at| accounts::add_user(people.control()?, &asker.who, at, (&name, role.0, &hash), false);
    change(app, add).await
}

pub(super) async fn change_user(
    app: &AppState,
    asker: Asker,
    name: String,
    asked: UserChangeRequest,
) -> Result<(), Problem> {
    let hash = match asked.password {
        Some(password) => {
            accounts::check_password(&password.0, &name)?;
            Some(app.people.hash(&asker.who, password.0).await?)
        }
        None => None,
    };
    let work = move |people: &People, at| {
        let control = people.control()?;
        if let Some(role) = asked.role {
            accounts::set_role(control, &asker.who, at, &name, role.0)?;
            people.tell_ended(&name);
        }
        if let Some(hash) = hash {
            accounts::set_password(control, &asker.who, at, (&name, &hash), None)?;
            people.tell_ended(&name);
        }
        Ok(())
    };
    change(app, work).await
}

pub(super) async fn remove_user(app: &AppState, asker: Asker, name: String) -> Result<(), Problem> {
    let remove = move |people: &People, at| {
        accounts::remove_user(people.control()?, &asker.who, at, &name)?;
        people.tell_ended(&name);
        Ok(())
    };
    change(app, remove).await
}

pub(super) async fn add_token(app: &AppState, asker: Asker, asked: TokenRequest) -> Result<NewTokenResponse, Problem> {
    let TokenRequest { name, scope, days } = asked;
    if !(1..=TOKEN_DAYS_MAX).contains(&days) {
        return Err(Problem::bad_parameter(format!("days: {days} is not from 1 to {TOKEN_DAYS_MAX}")));
    }
    let add = move |people: &People, at| accounts::add_token(people.control()?, &asker.who, at, (&name, scope.0, days));
    let (token, kept) = change(app, add).await?;
    Ok(NewTokenResponse { token, kept: token_entry(kept) })
}

pub(super) async fn end_token(app: &AppState, asker: Asker, id: i64) -> Result<(), Problem> {
    change(app, move |people, _| people.end_token(&asker.who, id)).await
}

/// Says whether operators may command, in the file and to the engine.
pub(super) async fn arm(app: &AppState, asker: Asker, armed: bool) -> Result<Armed, Problem> {
    let by = asker.who.name.clone();
    if !armed {
        // At once, whatever the disk does meanwhile.
        let now = Arming { armed, by: by.clone(), at: app.commands.now().utc };
        let _ = app.commands.tell(Input::Arm(now)).await;
    }
    // What was said last holds in both.
    let _turn = app.arming.lock().await;
    let said = if armed {
        change(app, move |people, _| people.arm(&asker.who)).await?
    } else {
        // It counts whatever becomes of the rest.
        let since = Some((app.commands.now().utc, by));
        let unknown = Armed { armed: false, since, recorded: false };
        app.people.ask(move |people| people.disarm(&asker.who)).await.unwrap_or(unknown)
    };
    match app.commands.tell(Input::Arm(said.clone().arming())).await {
        Err(why) if armed => Err(not_now(why)),
        _ => Ok(said),
    }
}
