//! What the simulation does, and the way to tell it something else.

use super::action::{PATH, lab_action};
use super::form;
use crate::actions::{ActionError, Answer};
use crate::boot::PageStart;
use crate::derived::Derived;
use crate::fetch;
use crate::live::Live;
use crate::session::{May, Session};
use crate::source::DEMO;
use domain::lab::{LabCommand, LabState};
use domain::people::action::Action;
use domain::spec::SystemKind;
use domain::topology::Topology;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::time::Duration;

/// Time between two looks at the simulation.
const EVERY: Duration = Duration::from_secs(2);

/// Why nothing can be commanded in the past.
const PRESENT_ONLY: &str = "Go live to use the lab";

/// The simulated system of this page.
#[derive(Clone, Copy)]
pub(super) struct Lab {
    /// The live system.
    pub(super) live: Live,
    /// How its cells are arranged.
    pub(super) topology: Topology,
    /// What the system is for.
    pub(super) kind: SystemKind,
    /// What the simulation does; `None` until it is known, and while the server is away.
    pub(super) state: Derived<Option<LabState>>,
    /// Why nothing can be commanded now, in words; `None` while it can.
    pub(super) off: Derived<Option<String>>,
    /// Why who looks may not use it; `None` while they may, or it is not known.
    pub(super) denied: Derived<Option<String>>,
    /// What the simulation did at the last look.
    seen: RwSignal<Option<LabState>>,
    /// Why the last look failed, in words.
    pub(super) failed: RwSignal<Option<String>>,
    /// Whether the page has been hydrated. Before that the browser checks and posts the forms by itself.
    pub(super) hydrated: RwSignal<bool>,
}

/// How it went with a form.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Outcome {
    /// Not sent yet.
    #[default]
    Idle,
    /// Sent, no answer yet.
    Pending,
    /// Done, in words.
    Done(String),
    /// Refused.
    Refused {
        /// The field at fault, if it is one.
        field: Option<&'static str>,
        /// Why, in words.
        why: String,
    },
}

/// Why somebody may not use the lab. The demo in the browser knows nobody, and is everybody's.
fn denied(may: &May) -> Option<String> {
    match may {
        _ if DEMO => None,
        May::Unknown | May::Yes => None,
        May::AfterPassword => {
            Some("you have done nothing for a while; give your password again in Settings".to_owned())
        }
        May::No(why) => Some(why.clone()),
    }
}

impl Lab {
    /// The lab of the system on this page. In the browser it looks at the simulation every two seconds.
    pub(super) fn new() -> Lab {
        let live = Live::expect();
        let seen = RwSignal::new(live.first_lab());
        let away = live.needs_server();
        let session = Session::follow(PageStart::take::<super::Start>().and_then(|start| start.session));
        let denied = Derived::new(move || denied(&session.may(Action::UseLab)));
        let lab = Lab {
            state: Derived::new(move || seen.get().filter(|_| away.get().is_none())),
            off: Derived::new(move || {
                let off = away.get().or(live.past.get().then_some(PRESENT_ONLY));
                off.map(str::to_owned).or_else(|| denied.get())
            }),
            denied,
            seen,
            live,
            topology: live.system().topology,
            kind: live.system().kind,
            failed: RwSignal::new(None),
            hydrated: RwSignal::new(false),
        };
        let timer = StoredValue::new(None::<IntervalHandle>);
        Effect::new(move |_| {
            lab.hydrated.set(true);
            lab.look();
            let again = move || {
                if !document().hidden() {
                    lab.look();
                }
            };
            timer.set_value(set_interval_with_handle(again, EVERY).ok());
        });
        live.on_return(move || lab.look());
        on_cleanup(move || {
            if let Some(Some(timer)) = timer.try_get_value() {
                timer.clear();
            }
        });
        lab
    }

    fn look(self) {
        let path = format!("/api/v1/lab?system={}", self.live.system().id);
        spawn_local(async move {
            let answer = fetch::get::<LabState>(path).await;
            self.failed.try_set(answer.as_ref().err().map(ToString::to_string));
            if let Ok(state) = answer {
                self.seen.try_set(Some(state));
            }
        });
    }

    /// Checks the fields of a form, sends them, and says in `outcome` how it went.
    pub(super) fn send(self, fields: Vec<(&'static str, String)>, outcome: RwSignal<Outcome>) {
        let field = |name: &str| fields.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str());
        let command = match LabCommand::from_fields(field, &self.topology, self.kind) {
            Ok(command) => command,
            Err(error) => {
                outcome.set(Outcome::Refused { field: Some(form::field_of(&error)), why: form::advice(&error) });
                return;
            }
        };
        outcome.set(Outcome::Pending);
        let (topology, system) = (self.topology, self.live.system().id.clone());
        if DEMO {
            spawn_local(async move {
                let done = fetch::post::<LabState>(PATH, &fields).await;
                self.sent(done.map_err(|why| why.to_string()), form::answer(command, &topology), outcome);
            });
            return;
        }
        let fields = fields.into_iter().filter(|(name, _)| *name != "system");
        let fields = fields.map(|(name, value)| (name.to_owned(), value)).collect();
        spawn_local(async move {
            let done = lab_action(system, fields).await.map(|Answer(state)| state).map_err(|ActionError(why)| why);
            self.sent(done, form::answer(command, &topology), outcome);
        });
    }

    /// Says how it went: what the simulation does now, or why it was not done.
    fn sent(self, done: Result<LabState, String>, words: String, outcome: RwSignal<Outcome>) {
        match done {
            Ok(state) => {
                self.seen.try_set(Some(state));
                outcome.try_set(Outcome::Done(words));
            }
            Err(why) => {
                outcome.try_set(Outcome::Refused { field: None, why });
            }
        }
    }
}
