//! Who asks, and what they did: accounts, sessions, tokens, arming, the audit.
//!
//! ```text
//! cookie, token -> People::who -> Asker -> domain::people::authorize -> a change with its entry of the audit
//! ```
//!
//! Everything is decided in [`domain::people`] and kept in `control.db` ([`store::Control`]); this is what stands between.
//! All of it waits for the disk: handlers go through [`People::ask`]. The command line uses [`accounts`] on the same file.

pub(crate) mod accounts;
mod change;
pub(crate) mod console;
pub(crate) mod export;
mod hasher;
mod pending;
mod secret;
mod setup;
mod sign_in;

pub(crate) use accounts::Refused;
pub(crate) use pending::Armed;
pub(crate) use setup::VALID as SETUP_VALID;
pub(crate) use sign_in::{SignedIn, SignsInFrom};

use crate::clock::Clock;
use change::Change;
use domain::people::session::{Mark, Standing, Times, standing};
use domain::people::throttle::Throttle;
use domain::people::{Came, Requester, own_name};
use domain::time::{Mono, Now, Utc};
use hasher::Hasher;
use pending::Pending;
use setup::Setup;
use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::{Control, Head, Secret, Session, StoreError};
use tokio::sync::{Semaphore, broadcast, watch};

/// So many handlers ask `control.db` at once; each takes a thread.
const ASKING: usize = 8;
/// When a session or a token was last used is written so often.
const SEEN_EVERY: Duration = Duration::from_secs(60);
/// Whether there is any account is looked up so often: the command line may make one.
const ACCOUNTS_EVERY: Duration = Duration::from_secs(1);
/// Sessions whose times are known to the process, at most; of others it knows what is stored.
const MARKS_MAX: usize = 10_000;
/// Ends of sessions that a stream may be behind before it looks by itself.
const ENDED: usize = 64;
/// Whether a backup is due is looked at so often.
const BACK_UP_LOOK: Duration = Duration::from_secs(3_600);
/// A token that was made later than now was not: the wall clock is wrong. Clocks differ by less.
const JITTER_US: i64 = 60_000_000;

/// The people of a site.
pub(crate) struct People {
    /// The file, or why it cannot be used.
    control: Result<Control, String>,
    clock: Clock,
    hasher: Hasher,
    asking: Semaphore,
    /// Whether the site may be looked at without signing in.
    reading_open: bool,
    state: Mutex<State>,
    /// Accounts of which sessions have ended here, for those who keep a stream open.
    ended: broadcast::Sender<String>,
    /// Held by who writes what is pending.
    writing: Mutex<()>,
}

/// What is known to this process alone.
#[derive(Default)]
struct State {
    throttle: Throttle,
    sessions: HashMap<i64, Marks>,
    /// What is in force here and not in the file yet.
    pending: Pending,
    /// When tokens were last used, as it is stored.
    tokens: HashMap<i64, Mono>,
    accounts: Option<(bool, Mono)>,
    setup: Setup,
    refusals: sign_in::Refusals,
}

/// The times of a session, by the clock of this process.
#[derive(Clone, Copy)]
struct Marks {
    begun: Mark,
    seen: Mark,
    written: Option<Mono>,
}

/// What somebody shows with a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Presented {
    /// What the cookie has.
    pub(crate) cookie: Option<String>,
    /// What stands behind `Authorization: Bearer`.
    pub(crate) bearer: Option<String>,
}

/// Who asks, with what is known of their session.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    /// Who, for every decision.
    pub(crate) who: Requester,
    /// The session, if they are signed in on a page.
    pub(crate) session: Option<(Session, Standing)>,
}

/// Why it is not known who asks.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Unknown {
    /// The token is none of ours, was ended, or is over.
    #[error("{0}")]
    Token(&'static str),
    /// `control.db` cannot be read.
    #[error("{0}")]
    Unusable(String),
}

impl From<Unknown> for Refused {
    fn from(unknown: Unknown) -> Refused {
        match unknown {
            Unknown::Token(words) => Refused::Wrong(words),
            Unknown::Unusable(words) => Refused::Unusable(words),
        }
    }
}

impl People {
    /// The people of the data folder. A `control.db` that is not as it should be lets nobody in, and is not touched.
    pub(crate) fn open(data: &Path, reading_open: bool, clock: Clock) -> Arc<People> {
        let control = Control::open(data).map_err(|error| {
            let words = format!("nobody can sign in or command: {error}");
            tracing::error!("{words}");
            words
        });
        if let Ok(control) = &control {
            warn_of_own_names(control);
        }
        Arc::new(People {
            control,
            clock,
            hasher: Hasher::new(),
            asking: Semaphore::new(ASKING),
            reading_open,
            state: Mutex::default(),
            ended: broadcast::Sender::new(ENDED),
            writing: Mutex::default(),
        })
    }

    /// Does what waits for the disk on a thread that may.
    pub(crate) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&People) -> T + Send + 'static,
    ) -> Result<T, Refused> {
        // It is never closed.
        let _permit = self.asking.acquire().await.map_err(|_| Refused::Busy)?;
        let people = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&people)).await;
        done.map_err(|_| Refused::Unusable("the server made a mistake; its log says more".to_owned()))
    }

    /// Makes a backup of `control.db` once a day, until the stop.
    pub(crate) async fn back_up_daily(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let back_up = |people: &People| -> Result<(), Refused> {
            let control = people.control()?;
            // Where nobody has an account there is nothing to lose.
            if control.read(|tables| tables.audit_head())? != Head::NONE
                && let Some(path) = control.back_up(people.utc())?
            {
                tracing::info!("accounts and audit are backed up to {}", path.display());
            }
            Ok(())
        };
        while !*stop.borrow() {
            if self.unusable().is_none()
                && let Err(error) = self.ask(back_up).await.and_then(|done| done)
            {
                tracing::error!("accounts and audit are not backed up: {error}");
            }
            tokio::select! {
                () = tokio::time::sleep(BACK_UP_LOOK) => {}
                changed = stop.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Whether the site may be looked at without signing in.
    pub(crate) fn reading_open(&self) -> bool {
        self.reading_open
    }

    /// Why nobody can sign in or command at all; `None` if all is well.
    pub(crate) fn unusable(&self) -> Option<&str> {
        self.control.as_ref().err().map(String::as_str)
    }

    /// The file, for whoever keeps more in it.
    ///
    /// # Errors
    /// It cannot be used, and why.
    pub(crate) fn control(&self) -> Result<&Control, Refused> {
        self.control.as_ref().map_err(|words| Refused::Unusable(words.clone()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The instant for records.
    pub(crate) fn utc(&self) -> Utc {
        self.now().utc
    }

    fn now(&self) -> Now {
        (self.clock)()
    }

    /// Whether there is any account. If that cannot be read, there may be one.
    pub(crate) fn any_account(&self) -> bool {
        let now = self.now().mono;
        if let Some((any, at)) = self.state().accounts
            && now.since(at) < ACCOUNTS_EVERY
        {
            return any;
        }
        let any = match &self.control {
            Ok(control) => control.read(|tables| tables.any_user()).unwrap_or(true),
            Err(_) => true,
        };
        self.state().accounts = Some((any, now));
        any
    }

    /// Somebody who shows nothing and wants no more than to look.
    pub(crate) fn stranger(&self, address: IpAddr) -> Asker {
        Asker { who: Requester::anonymous(address, self.reading_open), session: None }
    }

    /// Who asks without showing anything.
    pub(crate) fn nobody(&self, address: IpAddr) -> Asker {
        let unclaimed = address.to_canonical().is_loopback() && !self.any_account();
        let who =
            if unclaimed { Requester::unclaimed(address) } else { Requester::anonymous(address, self.reading_open) };
        Asker { who, session: None }
    }

    /// Who asks. `active` if a person does something, and does not only have a page open.
    ///
    /// # Errors
    /// What is shown is worth nothing, or cannot be looked up. A cookie that is worth nothing is as none.
    pub(crate) fn who(&self, shown: &Presented, address: IpAddr, active: bool) -> Result<Asker, Unknown> {
        if let Some(bearer) = &shown.bearer {
            return self.by_token(bearer, address);
        }
        let Some(cookie) = &shown.cookie else { return Ok(self.nobody(address)) };
        let control = self.control.as_ref().map_err(|words| Unknown::Unusable(words.clone()))?;
        let unusable = |error: StoreError| Unknown::Unusable(error.to_string());
        let secret = secret::hashed(cookie);
        let Some(session) = control.read(|tables| tables.session(&secret)).map_err(unusable)? else {
            return Ok(self.nobody(address));
        };
        if self.is_pending(Change::EndSession(session.id)) {
            return Ok(self.nobody(address));
        }
        let now = self.now();
        let (standing, write) = self.look_at(&session, active, now);
        let Some(standing) = standing else { return Ok(self.nobody(address)) };
        if write {
            // A session that could not be noted as used ends earlier; that is no reason to refuse what it asks for.
            let noted = control.write(|tables| tables.see_session(session.id, now.utc));
            noted.unwrap_or_else(|error| tracing::warn!("{error}"));
        }
        let who = Requester {
            name: session.name.clone(),
            role: Some(standing.role),
            came: Came::Page,
            stepped_up: !standing.step_up_left.is_zero(),
            address: Some(address),
        };
        Ok(Asker { who, session: Some((session, standing)) })
    }

    /// What a session is worth now, and whether it should be written that it was used.
    fn look_at(&self, session: &Session, active: bool, now: Now) -> (Option<Standing>, bool) {
        let mut state = self.state();
        if state.sessions.len() >= MARKS_MAX {
            state.sessions.clear();
        }
        let kept = Marks { begun: Mark::kept(session.begun), seen: Mark::kept(session.seen), written: None };
        let marks = state.sessions.entry(session.id).or_insert(kept);
        let times = Times { begun: marks.begun, seen: marks.seen };
        let found = standing(times, session.role, now);
        // Who has lost their rights by doing nothing does not get them back by doing something.
        let has_rights = found.is_some_and(|standing| standing.role == session.role);
        if !active || !has_rights {
            return (found, false);
        }
        marks.seen = Mark::at(now);
        let write = marks.written.is_none_or(|written| now.mono.since(written) >= SEEN_EVERY);
        if write {
            marks.written = Some(now.mono);
        }
        let times = Times { seen: marks.seen, ..times };
        (standing(times, session.role, now), write)
    }

    /// Says that sessions of an account have ended.
    pub(crate) fn tell_ended(&self, name: &str) {
        // Nobody may listen.
        let _ = self.ended.send(name.to_ascii_lowercase());
    }

    /// The accounts of which sessions end from now on.
    pub(crate) fn follow_ended(&self) -> broadcast::Receiver<String> {
        self.ended.subscribe()
    }

    /// Whether a session has not ended, under whatever secret.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn stands(&self, id: i64) -> Result<bool, Refused> {
        let found = self.control()?.read(|tables| tables.session_by_id(id))?;
        let found = found.filter(|_| !self.is_pending(Change::EndSession(id)));
        Ok(found.is_some_and(|session| self.look_at(&session, false, self.now()).0.is_some()))
    }

    /// A session that has just begun.
    fn mark_begun(&self, id: i64, now: Now) {
        let mark = Mark::at(now);
        self.state().sessions.insert(id, Marks { begun: mark, seen: mark, written: Some(now.mono) });
    }

    fn by_token(&self, bearer: &str, address: IpAddr) -> Result<Asker, Unknown> {
        let control = self.control.as_ref().map_err(|words| Unknown::Unusable(words.clone()))?;
        let unusable = |error: StoreError| Unknown::Unusable(error.to_string());
        let secret: Secret = secret::hashed(bearer);
        let found = control.read(|tables| tables.token(&secret)).map_err(unusable)?;
        let token = found.filter(|token| !self.is_pending(Change::EndToken(token.id)));
        let token = token.ok_or(Unknown::Token("this token is not known here, or was ended"))?;
        let now = self.now();
        if now.utc >= token.ends {
            return Err(Unknown::Token("this token is over: an admin can make another one"));
        }
        if now.utc.0 < token.made.0 - JITTER_US {
            return Err(Unknown::Token("this token is not valid yet: the server's clock is wrong"));
        }
        let due = self.state().tokens.get(&token.id).is_none_or(|used| now.mono.since(*used) >= SEEN_EVERY);
        if due {
            self.state().tokens.insert(token.id, now.mono);
            let noted = control.write(|tables| tables.use_token(token.id, now.utc));
            noted.unwrap_or_else(|error| tracing::warn!("{error}"));
        }
        Ok(Asker { who: Requester::token(&token.name, token.scope, address), session: None })
    }
}

/// Warns of accounts and tokens from before with names that are Packtwin's own: what they do is told as if nobody had.
fn warn_of_own_names(control: &Control) {
    let named = |tables: &mut store::Tables<'_>| {
        let users: Vec<String> = tables.users()?.into_iter().map(|user| user.name).collect();
        let tokens: Vec<String> = tables.tokens()?.into_iter().map(|token| token.name).collect();
        Ok((users, tokens))
    };
    let Ok((users, tokens)) = control.read(named) else { return };
    for name in users.iter().filter_map(|name| own_name(name)) {
        tracing::warn!(
            "there is an account {name:?}, which is Packtwin's own name: what it does looks as if nobody had done it. Make \
             another one with `packtwin user add`, then `packtwin user remove {name}`"
        );
    }
    for name in tokens.iter().filter_map(|name| own_name(name)) {
        tracing::warn!(
            "there is a token {name:?}, which is Packtwin's own name: make another one with `packtwin token add`, then \
             `packtwin token revoke {name}`"
        );
    }
}

#[cfg(test)]
mod tests;
