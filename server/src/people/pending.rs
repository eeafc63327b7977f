//! What takes rights away: in force at once, also where it cannot be written, and written as soon as it can be.
//!
//! On a full disk nobody can be given anything, nor can anybody sign in; but a session ends, a token ends, and control is
//! disarmed. Each is asked for as often as somebody likes, and written once. An end of the process before the disk takes
//! it loses it, so whoever looks at it is told that it is not recorded yet.

use super::change::Change;
use super::{Asker, People, Refused, accounts};
use domain::audit::Entry;
use domain::control::Arming;
use domain::people::Requester;
use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;
use store::Tables;
use tokio::sync::watch;

/// What could not be written is tried again so often.
const WRITE_AGAIN: Duration = Duration::from_secs(30);

/// Changes that are in force and not written, each with what the audit is to have of it.
pub(super) type Pending = BTreeMap<Change, Entry>;

/// Whether operators may command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Armed {
    /// Whether they may.
    pub(crate) armed: bool,
    /// Since when, and by whom; `None` if nobody ever said.
    pub(crate) since: Option<(domain::time::Utc, String)>,
    /// Whether that is on the disk.
    pub(crate) recorded: bool,
}

impl Armed {
    /// As the engine takes it.
    pub(crate) fn arming(self) -> Arming {
        let (at, by) = self.since.unwrap_or_default();
        Arming { armed: self.armed, by, at }
    }
}

impl People {
    /// Ends the own session.
    pub(crate) fn sign_out(&self, asker: &Asker) {
        let Some((session, _)) = &asker.session else { return };
        let entry = Entry::of(&asker.who, self.utc(), "signed-out");
        let entry = Entry { subject: Some(session.name.clone()), ..entry };
        self.take_away(Change::EndSession(session.id), entry);
        self.tell_ended(&session.name);
    }

    /// Ends a session; of another account only if `of_others`.
    ///
    /// # Errors
    /// There is none of theirs, or the file cannot be read.
    pub(crate) fn end_session(&self, who: &Requester, id: i64, of_others: bool) -> Result<(), Refused> {
        let found =
            self.control()?.read(|tables| Ok(tables.sessions()?.into_iter().find(|session| session.id == id)))?;
        let Some(session) = found.filter(|session| of_others || session.name == who.name) else {
            return Err(Refused::NotFound(format!("there is no session {id} of yours")));
        };
        let detail = Some(format!("from {}, {}", session.address, session.agent));
        let entry = Entry { detail, ..accounts::entry(who, self.utc(), "session-ended", &session.name) };
        self.take_away(Change::EndSession(id), entry);
        self.tell_ended(&session.name);
        Ok(())
    }

    /// Ends a token.
    ///
    /// # Errors
    /// There is none, or the file cannot be read.
    pub(crate) fn end_token(&self, who: &Requester, id: i64) -> Result<(), Refused> {
        let (change, entry) = accounts::token_end(self.control()?, who, self.utc(), id)?;
        self.take_away(change, entry);
        Ok(())
    }

    /// Lets nobody command any more. Where nobody may already, nothing is written.
    pub(crate) fn disarm(&self, who: &Requester) -> Armed {
        let at = self.utc();
        if !matches!(self.armed(), Ok(Armed { armed: false, .. })) {
            let word = |armed: &str| Some(armed.to_owned());
            let entry = Entry::of(who, at, "control-disarmed");
            self.take_away(Change::Disarm, Entry { old: word("armed"), new: word("disarmed"), ..entry });
        }
        self.armed().unwrap_or_else(|_| Armed { armed: false, since: Some((at, who.name.clone())), recorded: false })
    }

    /// Lets operators command.
    ///
    /// # Errors
    /// It cannot be written, or not what was done before it: nothing is changed.
    pub(crate) fn arm(&self, who: &Requester) -> Result<Armed, Refused> {
        self.write_pending()?;
        accounts::arm(self.control()?, who, self.utc())?;
        self.armed()
    }

    /// Whether operators may command, since when and by whom. Everything that is not a plain yes is no.
    ///
    /// # Errors
    /// The file cannot be read, and nobody has disarmed control since.
    pub(crate) fn armed(&self) -> Result<Armed, Refused> {
        if let Some(entry) = self.state().pending.get(&Change::Disarm) {
            return Ok(Armed { armed: false, since: Some((entry.at, entry.who.clone())), recorded: false });
        }
        let (armed, setting) = self.control()?.read(|tables| tables.armed())?.unzip();
        let since = setting.map(|setting| (setting.at, setting.by));
        Ok(Armed { armed: armed.unwrap_or(false), since, recorded: true })
    }

    /// Whether this has been done, and is not written yet.
    pub(super) fn is_pending(&self, change: Change) -> bool {
        self.state().pending.contains_key(&change)
    }

    /// The sessions and the tokens that have ended, which is not written yet.
    pub(crate) fn ended_unrecorded(&self) -> (Vec<i64>, Vec<i64>) {
        let state = self.state();
        let (mut sessions, mut tokens) = (Vec::new(), Vec::new());
        for change in state.pending.keys() {
            match change {
                Change::EndSession(id) => sessions.push(*id),
                Change::EndToken(id) => tokens.push(*id),
                Change::Disarm => {}
            }
        }
        (sessions, tokens)
    }

    fn take_away(&self, change: Change, entry: Entry) {
        let mut state = self.state();
        if let Change::EndSession(id) = change {
            state.sessions.remove(&id);
        }
        state.pending.entry(change).or_insert(entry);
        drop(state);
        // Told where it fails; it is tried again.
        let _ = self.write_pending();
    }

    /// Writes what is in force and not written yet, in one go.
    ///
    /// # Errors
    /// It cannot be written, and stays for the next time.
    pub(super) fn write_pending(&self) -> Result<(), Refused> {
        // One after the other: each is written once.
        let _turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let pending = self.state().pending.clone();
        if pending.is_empty() {
            return Ok(());
        }
        let written = self.control().and_then(|control| {
            let write = |tables: &mut Tables<'_>| {
                pending.iter().try_for_each(|(change, entry)| change.write(tables, entry.clone()))
            };
            Ok(control.write(write)?)
        });
        match &written {
            Ok(()) => self.state().pending.retain(|change, _| !pending.contains_key(change)),
            Err(error) => tracing::warn!("{} changes are in force and cannot be recorded yet: {error}", pending.len()),
        }
        written
    }

    /// Writes what could not be written at once, until the stop, and at the stop once more.
    pub(crate) async fn write_pending_later(self: std::sync::Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            tokio::select! {
                () = tokio::time::sleep(WRITE_AGAIN) => {}
                changed = stop.changed() => if changed.is_err() { return },
            }
            if !self.state().pending.is_empty() {
                let _ = self.ask(|people| people.write_pending()).await;
            }
        }
    }
}
