//! What the page knows: the alarms as the server has them, or as they were at the instant of the past that is shown; and what
//! it asks for.

use super::action::alarms_action;
use super::model::{self, Group};
use crate::actions::{ActionError, Answer};
use crate::derived::Derived;
use crate::fetch::{self, FetchError, NO_SERVER, SingleFlight};
use crate::format::sentence;
use crate::live::Live;
use crate::session::{May, Session};
use ::api::alarms::AlarmsResponse;
use domain::alarm::{RuleIdx, Standing, Subject};
use domain::people::action::Action;
use domain::time::Utc;
use domain::twin::Snapshot;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::collections::HashMap;
use std::time::Duration;

/// The server is asked again after this, for what no snapshot tells: who has seen what, and what is on the shelf.
const EVERY: Duration = Duration::from_secs(5);
/// The same while there are very many.
const EVERY_OF_MANY: Duration = Duration::from_secs(30);
/// More are very many.
const MANY: usize = 200;

/// Why nothing can be done about alarms now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Off {
    /// It is not known yet who asks.
    Unknown,
    /// The page shows the past.
    Past,
    /// The server cannot be reached.
    NoServer,
    /// They did nothing for long.
    Idle,
    /// They may not, and why; and whether signing in would help.
    May(String, bool),
}

impl Off {
    /// The reason, and what to do about it.
    pub(super) fn words(&self) -> String {
        match self {
            Off::Unknown => "Looking up who is signed in\u{2026}".to_owned(),
            Off::Past => {
                "This is the past: what was active at this instant. Nothing can be done about it here.".to_owned()
            }
            Off::NoServer => format!("{NO_SERVER}: nothing can be acknowledged, reset or shelved until it is back."),
            Off::Idle => {
                "You did nothing here for long: give your password on Settings to do something about alarms.".to_owned()
            }
            Off::May(why, _) => format!("{}.", sentence(why)),
        }
    }
}

/// How it went with what was asked for last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing was asked for.
    #[default]
    Nothing,
    /// It is on its way.
    Under,
    /// Done, in words.
    Done(String),
    /// Refused, and why.
    Refused(String),
}

/// The page's view of the alarms of one system.
#[derive(Clone, Copy)]
pub(super) struct Desk {
    pub(super) live: Live,
    pub(super) session: Session,
    /// The alarms in groups; `None` until they are known.
    pub(super) groups: Derived<Option<Vec<Group>>>,
    /// Up to when these alarms are: what is acknowledged was seen then.
    pub(super) seen_at: Derived<Option<Utc>>,
    /// Why there are none, in words.
    pub(super) failed: RwSignal<Option<String>>,
    /// Why nothing can be done now.
    pub(super) off: Derived<Option<Off>>,
    /// How it went.
    pub(super) said: RwSignal<Said>,
    answer: RwSignal<Option<AlarmsResponse>>,
    flight: SingleFlight,
    timer: StoredValue<Option<TimeoutHandle>>,
}

impl Desk {
    /// The alarms of the system on this page. In the browser it asks for them, and again when something of them changes.
    pub(super) fn new(first: Option<super::Start>) -> Desk {
        let live = Live::expect();
        let own = first.filter(|first| first.alarms.as_ref().is_none_or(|seen| seen.system == live.system().id));
        let super::Start { alarms, session: who } = own.unwrap_or_default();
        let session = Session::follow(who);
        let answer = RwSignal::new(alarms);
        let (past, lost) = (live.past, live.lost());
        let (site, system) = (live.site(), live.system());
        let groups = Derived::new(move || {
            // A page that begins without the server has what the last snapshot knew.
            if past.get() || (lost.get() && answer.with(Option::is_none)) {
                let then = live.snapshot.with(|snapshot| AlarmsResponse::then(&site, &system, snapshot));
                return Some(model::groups(&then.alarms));
            }
            answer.with(|answer| answer.as_ref().map(|answer| model::groups(&answer.alarms)))
        });
        let desk = Desk {
            live,
            session,
            groups,
            seen_at: Derived::new(move || answer.with(|answer| answer.as_ref().map(|answer| answer.timestamp))),
            failed: RwSignal::new(None),
            off: Derived::new(move || off(past.get(), lost.get(), session)),
            said: RwSignal::new(Said::default()),
            answer,
            flight: SingleFlight::default(),
            timer: StoredValue::new(None),
        };
        let changes = live.map(marks);
        Effect::new(move |_| {
            changes.track();
            past.track();
            untrack(|| desk.look());
        });
        live.on_return(move || {
            session.look();
            desk.look();
        });
        on_cleanup(move || desk.stop());
        desk
    }

    fn stop(self) {
        if let Some(timer) = self.timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    }

    /// Asks for the alarms, and again later.
    pub(super) fn look(self) {
        self.flight.ask(move || self.ask());
        self.stop();
        let many = self.answer.with_untracked(|answer| answer.as_ref().is_some_and(|of| of.alarms.len() > MANY));
        let every = if many { EVERY_OF_MANY } else { EVERY };
        self.timer.set_value(set_timeout_with_handle(move || self.look(), every).ok());
    }

    async fn ask(self) -> Result<(), FetchError> {
        // In the past nothing is asked: the snapshot has what was active.
        if self.live.past.get_untracked() || document().hidden() {
            return Ok(());
        }
        let path = format!("/api/v1/alarms?system={}", self.live.system().id);
        let answer = fetch::get::<AlarmsResponse>(path).await;
        match &answer {
            Ok(answer) => {
                self.failed.try_set(None);
                self.answer.try_set(Some(answer.clone()));
            }
            // That the server is away is told by the live stream, which knows it better.
            Err(FetchError::NoServer) => {}
            Err(why) => drop(self.failed.try_set(Some(why.to_string()))),
        }
        answer.map(drop)
    }

    /// Does `what` with the fields of a form.
    pub(super) fn send(self, what: &'static str, mut fields: HashMap<String, String>) {
        fields.insert("system".to_owned(), self.live.system().id.clone());
        self.said.set(Said::Under);
        spawn_local(async move {
            let said = match alarms_action(what.to_owned(), fields).await {
                Ok(Answer(done)) => Said::Done(model::done(what, done.changed)),
                Err(ActionError(why)) => {
                    // It may say that the rights are over.
                    self.session.look();
                    Said::Refused(sentence(&why))
                }
            };
            self.said.try_set(said);
            if !self.answer.is_disposed() {
                self.look();
            }
        });
    }
}

/// What of a snapshot says that the alarms are others now.
fn marks(snapshot: &Snapshot) -> Vec<(RuleIdx, Subject, Utc, Standing)> {
    let all = snapshot.alarms.iter().chain(&snapshot.waiting);
    all.map(|alarm| (alarm.rule, alarm.subject, alarm.since, alarm.standing)).collect()
}

fn off(past: bool, lost: bool, session: Session) -> Option<Off> {
    if past {
        return Some(Off::Past);
    }
    if lost {
        return Some(Off::NoServer);
    }
    // Acknowledging, resetting and shelving need the same.
    match session.may(Action::AcknowledgeAlarms) {
        May::Yes => None,
        May::Unknown => Some(session.failed.get().map_or(Off::Unknown, |why| Off::May(why, false))),
        May::AfterPassword => Some(Off::Idle),
        May::No(why) => Some(Off::May(why, session.name().is_none() && session.accounts())),
    }
}
