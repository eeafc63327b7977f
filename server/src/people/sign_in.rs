//! Signing in and out, and giving the password once more.
//!
//! Whether a password may be tried is asked at once, so that who must wait takes no turn, and when it is its turn to be
//! hashed, so that many at once are counted one after the other. A session gets a new secret at each of these: one that
//! somebody else has set or seen is worth nothing after.

use super::accounts::{self, Refused};
use super::hasher::{self, Of};
use super::{Asker, People, secret};
use domain::audit::Entry;
use domain::people::{Came, Requester, Role, account_name, known_name};
use domain::time::{Mono, Now};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;
use store::{Session, Tables, User};

/// Wrong passwords that are noted in the audit within [`NOTED_TIME`]: nobody fills the disk with them.
const NOTED_MAX: u32 = 60;
const NOTED_TIME: Duration = Duration::from_secs(3_600);
/// What a browser calls itself is kept to this length.
const AGENT_MAX: usize = 120;

const WRONG: &str = "the name or the password is wrong";

/// How many wrong passwords were noted lately.
#[derive(Default)]
pub(super) struct Refusals {
    since: Option<Mono>,
    count: u32,
}

impl Refusals {
    /// Whether one more is noted, or is the last: then it is said that more are not.
    fn note(&mut self, now: Mono) -> Option<bool> {
        if self.since.is_none_or(|since| now.since(since) >= NOTED_TIME) {
            *self = Refusals { since: Some(now), count: 0 };
        }
        self.count += 1;
        (self.count <= NOTED_MAX).then_some(self.count == NOTED_MAX)
    }
}

/// What becomes of the session that somebody has when they give their password.
#[derive(Clone, Copy)]
enum Before<'a> {
    /// They have none, or it is nothing to this.
    None,
    /// It ends, and another begins.
    Ends(&'a Session),
    /// It goes on under a new secret.
    GoesOn(&'a Session),
}

/// Somebody who has just given the right password.
pub(crate) struct SignedIn {
    /// For the cookie: kept nowhere else.
    pub(crate) secret: String,
    /// Who they are from now on.
    pub(crate) asker: Asker,
}

/// Where somebody signs in from.
#[derive(Clone, Debug)]
pub(crate) struct SignsInFrom {
    /// The address.
    pub(crate) address: IpAddr,
    /// What the browser calls itself.
    pub(crate) agent: String,
}

impl People {
    /// Signs somebody in; a session that they have with `old` ends.
    pub(crate) async fn sign_in(
        self: &Arc<Self>,
        name: String,
        password: String,
        from: SignsInFrom,
        old: Option<Session>,
    ) -> Result<SignedIn, Refused> {
        let of = self.turn(&name, &from, false).await?;
        let people = self.clone();
        let work = move || {
            let user = people.try_password(&name, &password, &from, None)?;
            people.begin(&user, &from, old.as_ref().map_or(Before::None, Before::Ends), "signed-in")
        };
        self.hasher.in_turn(of, work).await?
    }

    /// The password once more: the session goes on under a new secret, with all its rights.
    pub(crate) async fn step_up(
        self: &Arc<Self>,
        session: Session,
        password: String,
        from: SignsInFrom,
    ) -> Result<SignedIn, Refused> {
        let of = self.turn(&session.name, &from, true).await?;
        let people = self.clone();
        let work = move || {
            let user = people.try_password(&session.name, &password, &from, Some(&session))?;
            people.begin(&user, &from, Before::GoesOn(&session), "stepped-up")
        };
        self.hasher.in_turn(of, work).await?
    }

    /// Another password for the own account: all its other sessions end, and this one goes on under another secret.
    pub(crate) async fn change_password(
        self: &Arc<Self>,
        session: Session,
        (old, new): (String, String),
        from: SignsInFrom,
    ) -> Result<SignedIn, Refused> {
        accounts::check_password(&new, &session.name)?;
        let of = self.turn(&session.name, &from, true).await?;
        let people = self.clone();
        let work = move || {
            let user = people.try_password(&session.name, &old, &from, Some(&session))?;
            let hash = hasher::hash(&new).map_err(Refused::Unusable)?;
            let who = of_page(&user, &from);
            let own = Some(session.id);
            accounts::set_password(people.control()?, &who, people.now().utc, (&user.name, &hash), own)?;
            people.tell_ended(&user.name);
            people.begin(&user, &from, Before::GoesOn(&session), "signed-in")
        };
        self.hasher.in_turn(of, work).await?
    }

    /// Hashes a password for an account that somebody makes or changes, in turn with those who sign in.
    pub(crate) async fn hash(&self, who: &Requester, password: String) -> Result<String, Refused> {
        let of = Of::new(&who.name, true, who.address.unwrap_or(Ipv4Addr::LOCALHOST.into()));
        self.hasher.in_turn(of, move || hasher::hash(&password)).await?.map_err(Refused::Unusable)
    }

    /// Makes the first admin and signs them in.
    pub(crate) async fn set_up(
        self: &Arc<Self>,
        token: String,
        (name, password): (String, String),
        from: SignsInFrom,
    ) -> Result<SignedIn, Refused> {
        self.control()?;
        accounts::check_password(&password, &name)?;
        let name = account_name(&name)?;
        let of = Of::new(&name, false, from.address);
        let people = self.clone();
        let work = move || {
            let now = people.now();
            // The token is tried as a password is, as that of an account that nobody can have.
            const OF: &str = "(setup)";
            people.state().throttle.admit(OF, from.address, false, now.mono).map_err(Refused::Wait)?;
            if people.any_account() {
                return Err(Refused::Conflict("there is an account already: sign in with it".to_owned()));
            }
            if !people.state().setup.fits(&token, now.mono) {
                people.state().throttle.wrong(OF, from.address, false, now.mono);
                return Err(Refused::Wrong(
                    "this is not the token on the server's console, or its 15 minutes are over: restart packtwin, or use \
                     `packtwin user add NAME --role admin` on its machine",
                ));
            }
            let hash = hasher::hash(&password).map_err(Refused::Unusable)?;
            let who = Requester::unclaimed(from.address);
            let control = people.control()?;
            accounts::add_user(control, &who, now.utc, (&name, Role::Admin, &hash), true)?;
            people.state().setup.close();
            people.state().accounts = None;
            let user = control.read(|tables| tables.user(&name))?;
            let user = user.ok_or_else(|| Refused::Unusable("the new account is gone again".to_owned()))?;
            people.begin(&user, &from, Before::None, "signed-in")
        };
        self.hasher.in_turn(of, work).await?
    }

    /// Whose turn it is to try a password of this account.
    ///
    /// # Errors
    /// They must wait first.
    async fn turn(self: &Arc<Self>, name: &str, from: &SignsInFrom, signed_in: bool) -> Result<Of, Refused> {
        let (name, address) = (known_name(name).unwrap_or_default(), from.address);
        let ask = move |people: &People| {
            let (_, familiar) = people.admitted(&name, address)?;
            Ok(Of::new(&name, familiar || signed_in, address))
        };
        self.ask(ask).await?
    }

    /// The account of this name, and whether it was used at this address before.
    ///
    /// # Errors
    /// Its password may not be tried now.
    fn admitted(&self, name: &str, address: IpAddr) -> Result<(Option<User>, bool), Refused> {
        let at = address.to_canonical().to_string();
        let ask = |tables: &mut Tables<'_>| Ok((tables.user(name)?, tables.is_familiar(name, &at)?));
        let (user, familiar) = self.control()?.read(ask)?;
        self.state().throttle.admit(name, address, familiar, self.now().mono).map_err(Refused::Wait)?;
        Ok((user, familiar))
    }

    /// The account whose password this is. `session` is that of who is signed in already and gives it once more.
    fn try_password(
        &self,
        name: &str,
        password: &str,
        from: &SignsInFrom,
        session: Option<&Session>,
    ) -> Result<User, Refused> {
        let control = self.control()?;
        let now = self.now();
        // A name that nobody can have takes as long as any other.
        let name = known_name(name).unwrap_or_default();
        let address = from.address.to_canonical().to_string();
        let (user, familiar) = self.admitted(&name, from.address)?;
        let right = hasher::is_right(password, self.hasher.of(user.as_ref().map(|user| user.password.as_str())));
        if let (true, Some(user)) = (right, user) {
            self.state().throttle.right(&name, from.address);
            return Ok(user);
        }
        let noted = {
            let mut state = self.state();
            state.throttle.wrong(&name, from.address, familiar, now.mono);
            state.refusals.note(now.mono)
        };
        tracing::warn!(%address, "a wrong name or password");
        if let Some(last) = noted {
            let (who, action) = match session {
                Some(session) => (of_session(session, from), "step-up-refused"),
                None => (Requester::anonymous(from.address, false), "sign-in-refused"),
            };
            let detail = last.then(|| "more of them in this hour are only in the log".to_owned());
            // What was typed for a name may be a password.
            let entry = Entry { detail, result: Some(WRONG.to_owned()), ..Entry::of(&who, now.utc, action) };
            control.write(|tables| tables.audit(entry))?;
        }
        Err(Refused::Wrong(if session.is_some() { "the password is wrong" } else { WRONG }))
    }

    /// Begins a session, or lets one go on.
    fn begin(&self, user: &User, from: &SignsInFrom, before: Before<'_>, action: &str) -> Result<SignedIn, Refused> {
        // One that has ended does not go on.
        self.write_pending()?;
        let now: Now = self.now();
        let secret = secret::session()?;
        let agent: String = from.agent.chars().filter(|c| !c.is_control()).take(AGENT_MAX).collect();
        let address = from.address.to_canonical().to_string();
        let hashed = secret::hashed(&secret);
        let who = of_page(user, from);
        let session = self.control()?.write(|tables| {
            tables.forget_sessions(now.utc - domain::people::session::LONGEST)?;
            let is = (user.id, now.utc, (&*address, &*agent));
            let goes_on = match before {
                Before::GoesOn(old) => tables.renew_session(old.id, &hashed, is)?,
                Before::Ends(old) => {
                    tables.end_session(old.id)?;
                    false
                }
                Before::None => false,
            };
            if !goes_on {
                tables.add_session(&hashed, is)?;
            }
            tables.audit(Entry { subject: Some(user.name.clone()), ..Entry::of(&who, now.utc, action) })?;
            tables.session(&hashed)
        })?;
        let session = session.ok_or_else(|| Refused::Unusable("the new session is gone again".to_owned()))?;
        if let Before::Ends(old) = before {
            self.state().sessions.remove(&old.id);
            self.tell_ended(&old.name);
        }
        self.mark_begun(session.id, now);
        let (standing, _) = self.look_at(&session, false, now);
        let standing = standing.ok_or_else(|| Refused::Unusable("the new session is over already".to_owned()))?;
        let stepped_up = !standing.step_up_left.is_zero();
        let who = Requester { role: Some(standing.role), stepped_up, ..who };
        Ok(SignedIn { secret, asker: Asker { who, session: Some((session, standing)) } })
    }
}

/// Somebody who is signed in, and has given a wrong password.
fn of_session(session: &Session, from: &SignsInFrom) -> Requester {
    Requester {
        name: session.name.clone(),
        role: Some(session.role),
        came: Came::Page,
        stepped_up: false,
        address: Some(from.address),
    }
}

/// Somebody who has just given the right password.
fn of_page(user: &User, from: &SignsInFrom) -> Requester {
    Requester {
        name: user.name.clone(),
        role: Some(user.role),
        came: Came::Page,
        stepped_up: false,
        address: Some(from.address),
    }
}
