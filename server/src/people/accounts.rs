//! What is done to accounts, tokens and arming: each with its entry of the audit, in one transaction. The pages, programs
//! and the command line do it here; whether they may is decided before. What takes rights away while a server runs is in
//! [`pending`](super::pending).

use super::change::Change;
use super::secret::{self, NoRandom};
use domain::audit::Entry;
use domain::people::password::{self, BadPassword};
use domain::people::{BadName, Denied, Requester, Role, Scope, account_name, known_name};
use domain::time::Utc;
use domain::words::Words as _;
use std::time::Duration;
use store::{Control, StoreError, Tables, Token};

/// Why something is not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// They may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A name that nobody can have.
    #[error(transparent)]
    BadName(#[from] BadName),
    /// A password that is not taken.
    #[error(transparent)]
    BadPassword(#[from] BadPassword),
    /// The password or the token on the console is not the right one.
    #[error("{0}")]
    Wrong(&'static str),
    /// Not before so long.
    #[error("too many wrong passwords: try again in {} s", .0.as_secs().max(1))]
    Wait(Duration),
    /// Too many wait.
    #[error("too many are signing in: try again in a few seconds")]
    Busy,
    /// It does not fit what is there.
    #[error("{0}")]
    Conflict(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// It would go over the network for all to read.
    #[error(
        "a password or token may not come over a connection that others can read: use https, or the machine itself. A \
         server behind a proxy must be told so, by --behind-proxy, and the proxy must say who asks and by what: \
         X-Forwarded-For, X-Forwarded-Proto"
    )]
    Readable,
    /// `control.db` cannot be used.
    #[error("{0}")]
    Unusable(String),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Refused {
        tracing::error!("{error}");
        Refused::Unusable(format!("nothing was changed: {error}"))
    }
}

impl From<NoRandom> for Refused {
    fn from(error: NoRandom) -> Refused {
        Refused::Unusable(error.to_string())
    }
}

/// An outcome of a transaction that changed nothing, or its result.
type Outcome<T> = Result<T, Refused>;

pub(super) fn entry(who: &Requester, at: Utc, action: &str, subject: &str) -> Entry {
    Entry { subject: Some(subject.to_owned()), ..Entry::of(who, at, action) }
}

fn no_account(name: &str) -> Refused {
    Refused::NotFound(format!("there is no account {name:?}"))
}

/// Whether taking away this account, or its role, would leave nobody who can say who may do what.
fn last_admin(tables: &mut Tables<'_>, role: Role) -> Result<bool, store::Failed> {
    Ok(role == Role::Admin && tables.admins()? <= 1)
}

const LAST_ADMIN: &str = "this is the last admin: make another one first";

/// Makes an account. `first` if it must be the first one. Its password is checked here, and hashed by the caller, for
/// that takes long.
pub(crate) fn add_user(
    control: &Control,
    who: &Requester,
    at: Utc,
    (name, role, hash): (&str, Role, &str),
    first: bool,
) -> Outcome<()> {
    let name = account_name(name)?;
    control.write(|tables| {
        if first && tables.any_user()? {
            return Ok(Err(Refused::Conflict("there is an account already: sign in with it".to_owned())));
        }
        if tables.user(&name)?.is_some() {
            return Ok(Err(Refused::Conflict(format!("there is an account {name:?} already"))));
        }
        if tables.tokens()?.iter().any(|token| token.name == name) {
            return Ok(Err(Refused::Conflict(format!("there is a token {name:?}: nobody could tell the two apart"))));
        }
        // Who makes the first admin is that admin.
        let by = if first { name.as_str() } else { who.name.as_str() };
        tables.add_user(&name, role, hash, at, by)?;
        tables.audit(Entry { new: Some(role.as_word().to_owned()), ..entry(who, at, "user-added", &name) })?;
        Ok(Ok(()))
    })?
}

/// Checks a new password for an account of this name.
pub(crate) fn check_password(password: &str, name: &str) -> Outcome<()> {
    let name = &known_name(name)?;
    Ok(password::check(password, name)?)
}

/// Gives an account another role. Its sessions end; so do the tokens of somebody who is no admin any more.
pub(crate) fn set_role(control: &Control, who: &Requester, at: Utc, name: &str, role: Role) -> Outcome<()> {
    let name = known_name(name)?;
    control.write(|tables| {
        let Some(user) = tables.user(&name)? else { return Ok(Err(no_account(&name))) };
        if role == user.role {
            return Ok(Ok(()));
        }
        if last_admin(tables, user.role)? {
            return Ok(Err(Refused::Conflict(LAST_ADMIN.to_owned())));
        }
        tables.set_role(user.id, role)?;
        tables.end_sessions_of(user.id, None)?;
        let tokens = if role < Role::Admin { tables.end_tokens_by(&name)? } else { Vec::new() };
        let [old, new] = [user.role, role].map(|role| Some(role.as_word().to_owned()));
        tables.audit(Entry { old, new, detail: ended(&tokens), ..entry(who, at, "role-changed", &name) })?;
        Ok(Ok(()))
    })?
}

fn ended(tokens: &[String]) -> Option<String> {
    (!tokens.is_empty()).then(|| format!("its tokens ended: {}", tokens.join(", ")))
}

/// Gives an account another password, hashed already. Its sessions end, but for one.
pub(crate) fn set_password(
    control: &Control,
    who: &Requester,
    at: Utc,
    (name, hash): (&str, &str),
    but: Option<i64>,
) -> Outcome<()> {
    let name = known_name(name)?;
    control.write(|tables| {
        let Some(user) = tables.user(&name)? else { return Ok(Err(no_account(&name))) };
        tables.set_password(user.id, hash)?;
        tables.end_sessions_of(user.id, but)?;
        tables.audit(entry(who, at, "password-changed", &name))?;
        Ok(Ok(()))
    })?
}

/// Removes an account, its sessions, and the tokens that it made.
pub(crate) fn remove_user(control: &Control, who: &Requester, at: Utc, name: &str) -> Outcome<()> {
    let name = known_name(name)?;
    control.write(|tables| {
        let Some(user) = tables.user(&name)? else { return Ok(Err(no_account(&name))) };
        if last_admin(tables, user.role)? {
            return Ok(Err(Refused::Conflict(LAST_ADMIN.to_owned())));
        }
        tables.remove_user(user.id)?;
        let tokens = tables.end_tokens_by(&name)?;
        let old = Some(user.role.as_word().to_owned());
        tables.audit(Entry { old, detail: ended(&tokens), ..entry(who, at, "user-removed", &name) })?;
        Ok(Ok(()))
    })?
}

/// Makes a token: itself, which is kept nowhere, and what is kept of it.
pub(crate) fn add_token(
    control: &Control,
    who: &Requester,
    at: Utc,
    (name, scope, days): (&str, Scope, u32),
) -> Outcome<(String, Token)> {
    let name = account_name(name)?;
    let (token, prefix) = secret::token()?;
    let hashed = secret::hashed(&token);
    let ends = at + Duration::from_secs(u64::from(days) * 86_400);
    let kept = control.write(|tables| {
        if tables.user(&name)?.is_some() {
            return Ok(Err(Refused::Conflict(format!(
                "there is an account {name:?}: nobody could tell the two apart"
            ))));
        }
        let added = tables.add_token((&name, scope), (&prefix, &hashed), (at, &who.name), ends)?;
        let Some(id) = added else {
            return Ok(Err(Refused::Conflict(format!("there is a token {name:?} already"))));
        };
        let detail = Some(format!("for {days} days, begins with {prefix}"));
        let new = Some(scope.as_word().to_owned());
        tables.audit(Entry { new, detail, ..entry(who, at, "token-added", &name) })?;
        let (made_by, used) = (who.name.clone(), None);
        Ok(Ok(Token { id, name, prefix, scope, made: at, made_by, ends, used }))
    })??;
    Ok((token, kept))
}

/// Ends a token.
pub(crate) fn end_token(control: &Control, who: &Requester, at: Utc, id: i64) -> Outcome<()> {
    let (change, entry) = token_end(control, who, at, id)?;
    Ok(control.write(|tables| change.write(tables, entry))?)
}

/// What it is to end a token.
pub(super) fn token_end(control: &Control, who: &Requester, at: Utc, id: i64) -> Outcome<(Change, Entry)> {
    let token = control.read(|tables| Ok(tables.tokens()?.into_iter().find(|token| token.id == id)))?;
    let token = token.ok_or_else(|| Refused::NotFound(format!("there is no token {id}")))?;
    let old = Some(token.scope.as_word().to_owned());
    Ok((Change::EndToken(id), Entry { old, ..entry(who, at, "token-ended", &token.name) }))
}

/// Lets operators command. Where they may already, nothing is written.
pub(super) fn arm(control: &Control, who: &Requester, at: Utc) -> Outcome<()> {
    control.write(|tables| {
        if tables.armed()?.is_some_and(|(armed, _)| armed) {
            return Ok(());
        }
        tables.arm(true, at, &who.name)?;
        let [old, new] = ["disarmed", "armed"].map(|word| Some(word.to_owned()));
        tables.audit(Entry { old, new, ..Entry::of(who, at, "control-armed") })?;
        Ok(())
    })?;
    Ok(())
}
