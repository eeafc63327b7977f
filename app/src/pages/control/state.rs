//! What is set, what somebody thinks of changing, and what becomes of what was asked from here.

use super::action::{command_action, safe_values_action};
use super::model::{self, Bar, Change};
use super::order::{Order, Wish};
use crate::actions::{ActionError, Answer};
use crate::derived::Derived;
use crate::fetch::{self, NO_SERVER, rest};
use crate::live::Live;
use crate::session::{self, Session};
use ::api::control::{CommandHistoryResponse, CommandResponse, CommandsResponse, ControlResponse, ControlState};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::time::Duration;

/// Time between two looks at what is set, and while a command is under way.
const EVERY: Duration = Duration::from_secs(1);
const UNDER_WAY_EVERY: Duration = Duration::from_millis(250);
/// An answer that does not come is asked for again so often, with the same id, and after this.
const TRIES: u32 = 5;
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// The session is looked at anew each so many looks: rights end.
const SESSION_EVERY: u32 = 20;

/// What the dialog is about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Review {
    /// A change, with the control as it was seen when the dialog was opened: who is faster meanwhile is noticed.
    Change(Box<Change>),
    /// The return to safe values.
    SafeValues,
}

/// How the asking goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Asking {
    /// Nothing is asked.
    #[default]
    Idle,
    /// It is asked, for the so manieth time.
    Under(u32),
    /// It is refused, and why.
    Refused(String),
    /// No answer came: nobody knows whether it arrived.
    Lost,
}

/// A command that was asked from here, with its steps.
pub(super) type Followed = CommandHistoryResponse;

/// What of the system can be commanded, and what is done with it.
#[derive(Clone, Copy)]
pub(super) struct Desk {
    /// The live system.
    pub(super) live: Live,
    /// Who is signed in.
    pub(super) session: Session,
    /// What was seen at the last look.
    pub(super) seen: RwSignal<Option<ControlResponse>>,
    /// Why the last look failed, in words.
    failed: RwSignal<Option<String>>,
    /// What somebody typed: the control, and the text in its field.
    pub(super) draft: RwSignal<Option<(String, String)>>,
    /// What that would change; `None` if nothing is typed, or nothing that can be.
    pub(super) change: Derived<Option<Change>>,
    /// Why nothing can be commanded now; `None` while something can.
    pub(super) bar: Derived<Option<Bar>>,
    /// What the dialog is about; `None` while it is closed.
    pub(super) review: RwSignal<Option<Review>>,
    /// How the asking goes.
    pub(super) asking: RwSignal<Asking>,
    /// For how long the value is to stand, s; `None` until another command.
    pub(super) hold_s: RwSignal<Option<u64>>,
    /// What was asked from here, the newest first.
    pub(super) followed: RwSignal<Vec<Followed>>,
    /// Whether a form that led here had nothing to ask for: all was so already.
    pub(super) unneeded: RwSignal<bool>,
    /// What was commanded last, as the document has it.
    pub(super) history: StoredValue<Option<CommandsResponse>>,
    /// The begin of the id of a form that the browser posts by itself.
    pub(super) form_id: StoredValue<String>,
    /// The last order, to be asked again if no answer came.
    order: StoredValue<Option<Order>>,
    /// How many looks there were.
    looks: StoredValue<u32>,
    timer: StoredValue<Option<TimeoutHandle>>,
}

impl Desk {
    /// The controls of the system on this page. In the browser it looks at them once a second.
    pub(super) fn new(first: Option<super::Start>) -> Desk {
        let live = Live::expect();
        let own = first.filter(|first| first.controls.as_ref().is_none_or(|seen| seen.system == live.system().id));
        let super::Start { controls, session: who, form_id, history, asked } = own.unwrap_or_default();
        let session = Session::follow(who);
        let (seen, failed) = (RwSignal::new(controls), RwSignal::new(None::<String>));
        let draft = RwSignal::new(None::<(String, String)>);
        let lost = live.lost();
        let desk = Desk {
            live,
            session,
            seen,
            failed,
            draft,
            change: Derived::new(move || {
                let (key, text) = draft.get()?;
                seen.with(|seen| {
                    let control = seen.as_ref()?.controls.iter().find(|control| control.control == key)?;
                    let to = model::admit(control, &text).ok()?;
                    Some(Change { control: control.clone(), to })
                })
            }),
            bar: Derived::new(move || {
                let failed = failed.get();
                seen.with(|seen| {
                    session.now.with(|session| {
                        Bar::of(live.past.get(), lost.get(), failed.as_deref(), seen.as_ref(), session.as_ref())
                    })
                })
            }),
            review: RwSignal::new(None),
            asking: RwSignal::new(Asking::Idle),
            hold_s: RwSignal::new(None),
            unneeded: RwSignal::new(asked.as_ref().is_some_and(Vec::is_empty)),
            followed: RwSignal::new(asked.unwrap_or_default()),
            history: StoredValue::new(history),
            form_id: StoredValue::new(form_id),
            order: StoredValue::new(None),
            looks: StoredValue::new(0),
            timer: StoredValue::new(None),
        };
        Effect::new(move |_| desk.look());
        live.on_return(move || {
            session.look();
            desk.look();
        });
        on_cleanup(move || desk.stop());
        desk
    }

    /// Whether nothing of the system can ever be commanded.
    pub(super) fn read_only(self) -> bool {
        self.seen.with(|seen| seen.as_ref().is_some_and(|seen| !seen.read_only.is_empty()))
    }

    /// Whether it is not known yet what can be commanded, nor why not.
    pub(super) fn is_asking(self) -> bool {
        self.seen.with(Option::is_none) && self.failed.with(Option::is_none)
    }

    /// A control as it was seen last.
    pub(super) fn control(self, key: &str) -> Option<ControlState> {
        self.seen.with(|seen| seen.as_ref()?.controls.iter().find(|control| control.control == key).cloned())
    }

    /// What stands in the field of a control: what was typed, else what is set. Nothing while that is not known: a choice
    /// or a slider that stood somewhere would say what nobody has read.
    pub(super) fn text(self, control: &ControlState) -> String {
        let typed = self
            .draft
            .with(|draft| draft.as_ref().filter(|(key, _)| *key == control.control).map(|(_, text)| text.clone()));
        typed.unwrap_or_else(|| model::field_text(control))
    }

    /// Somebody types a value, or moves a slider.
    pub(super) fn think_of(self, key: &str, text: String) {
        self.draft.set(Some((key.to_owned(), text)));
    }

    /// Opens the dialog. Another order begins.
    pub(super) fn open(self, review: Review) {
        self.asking.set(Asking::Idle);
        self.order.set_value(None);
        self.review.set(Some(review));
    }

    /// Opens it for the change that is thought of, if that can be.
    pub(super) fn open_change(self) {
        if let Some(change) = self.change.get_untracked().filter(|change| !change.is_none()) {
            self.open(Review::Change(Box::new(change)));
        }
    }

    /// Closes it.
    pub(super) fn close(self) {
        self.review.set(None);
        self.asking.set(Asking::Idle);
    }

    fn stop(self) {
        if let Some(timer) = self.timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    }

    /// Looks at what is set, and again later.
    pub(super) fn look(self) {
        self.stop();
        let looks = self.looks.get_value();
        self.looks.set_value(looks.wrapping_add(1));
        if looks % SESSION_EVERY == SESSION_EVERY - 1 && !document().hidden() {
            self.session.look();
        }
        spawn_local(async move {
            // In the past nothing changes; but what can be commanded at all has to be known there, too.
            let past = self.live.past.get_untracked();
            if !document().hidden() && (!past || self.seen.with_untracked(Option::is_none)) {
                self.look_once().await;
            }
            let Some(under_way) =
                self.followed.try_with_untracked(|followed| followed.iter().any(|followed| followed.command.under_way))
            else {
                return;
            };
            let under_way = under_way
                || self.seen.with_untracked(|seen| {
                    let mut controls = seen.iter().flat_map(|seen| &seen.controls);
                    controls.any(|control| control.command.as_ref().is_some_and(|command| command.under_way))
                });
            let every = if under_way { UNDER_WAY_EVERY } else { EVERY };
            // Another look may have begun meanwhile.
            self.stop();
            self.timer.set_value(set_timeout_with_handle(move || self.look(), every).ok());
        });
    }

    async fn look_once(self) {
        let answer = fetch::get::<ControlResponse>(format!("/api/v1/control?system={}", self.live.system().id)).await;
        match answer {
            Ok(answer) => {
                self.failed.try_set(None);
                self.seen.try_set(Some(answer));
            }
            // That the server is away is told by the live stream, which knows it better.
            Err(fetch::FetchError::NoServer) => return,
            Err(why) => {
                self.failed.try_set(Some(why.to_string()));
                return;
            }
        }
        let now = self.seen.with_untracked(|seen| seen.as_ref().map(|seen| seen.timestamp)).unwrap_or_default();
        let Some(followed) = self.followed.try_get_untracked() else { return };
        for of in followed.iter().filter(|of| model::goes_on(&of.command, now)) {
            let state = |of: &CommandResponse| (of.state.clone(), of.at);
            if self.stands(&of.command).map(|now| state(&now)) == Some(state(&of.command)) && !of.steps.is_empty() {
                continue;
            }
            let path = format!("/api/v1/commands/{}", of.command.id);
            if let Ok(told) = fetch::get::<Followed>(path).await {
                self.told(told);
            }
        }
    }

    /// The same command, as its control has it.
    fn stands(self, command: &CommandResponse) -> Option<CommandResponse> {
        let now = self.control_untracked(&command.control)?.command;
        now.filter(|now| now.id == command.id)
    }

    fn control_untracked(self, key: &str) -> Option<ControlState> {
        untrack(|| self.control(key))
    }

    /// Takes what is told of a command that was asked from here.
    fn told(self, told: Followed) {
        self.followed.try_update(|followed| {
            if let Some(of) = followed.iter_mut().find(|of| of.command.id == told.command.id) {
                *of = told;
            }
        });
    }

    /// Asks for what the dialog is about, first with the password once more if it is given.
    pub(super) fn confirm(self, password: Option<String>) {
        let Some(wish) = self.wish() else { return };
        // What nobody has answered is asked again as the same.
        let again = self.order.get_value().filter(|order| order.wish.is_same(&wish));
        let order = again.unwrap_or_else(|| Order { id: new_id(), wish });
        self.order.set_value(Some(order.clone()));
        self.asking.set(Asking::Under(1));
        spawn_local(async move {
            if let Some(password) = password {
                if let Err(ActionError(why)) = session::step_up(password).await {
                    self.asking.try_set(Asking::Refused(why));
                    return;
                }
                self.session.look();
            }
            let mut tries = 1;
            let answer = loop {
                match send(&order, &self.live.system().id).await {
                    Err(ActionError(why)) if why == NO_SERVER && tries < TRIES => {
                        tries += 1;
                        self.asking.try_set(Asking::Under(tries));
                        rest(AGAIN_AFTER).await;
                    }
                    answer => break answer,
                }
            };
            self.answered(answer);
        });
    }

    fn answered(self, answer: Result<Vec<CommandResponse>, ActionError>) {
        match answer {
            Ok(commands) => {
                let of = |command| Followed { command, ..Followed::default() };
                self.unneeded.try_set(commands.is_empty());
                self.followed.try_set(commands.into_iter().map(of).collect());
                self.order.try_update_value(|order| *order = None);
                self.asking.try_set(Asking::Idle);
                self.draft.try_set(None);
                self.review.try_set(None);
                self.look();
            }
            Err(ActionError(why)) if why == NO_SERVER => drop(self.asking.try_set(Asking::Lost)),
            Err(ActionError(why)) => {
                self.order.try_update_value(|order| *order = None);
                // It says who was faster, or that the rights are over: both are to be seen.
                self.session.look();
                self.look();
                self.asking.try_set(Asking::Refused(why));
            }
        }
    }

    /// What the dialog asks for.
    fn wish(self) -> Option<Wish> {
        match self.review.get_untracked()? {
            Review::SafeValues => Some(Wish::SafeValues),
            Review::Change(change) => Some(Wish::Command {
                control: change.control.control,
                value: change.to,
                revision: change.control.revision,
                hold_s: self.hold_s.get_untracked(),
            }),
        }
    }
}

async fn send(order: &Order, system: &str) -> Result<Vec<CommandResponse>, ActionError> {
    let (id, system) = (order.id.clone(), system.to_owned());
    match order.wish.clone() {
        Wish::Command { control, value, revision, hold_s } => {
            let Answer(command) = command_action(id, system, control, value, revision, hold_s).await?;
            Ok(vec![command])
        }
        Wish::SafeValues => safe_values_action(id, system).await.map(|Answer(answer)| answer.commands),
    }
}

/// A new id: 128 random bits.
fn new_id() -> String {
    let mut bytes = [0; 16];
    // Every browser has it. Without it the clock has to do, which no other command has had.
    let filled = window().crypto().is_ok_and(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).is_ok());
    if !filled {
        bytes[8..].copy_from_slice(&(js_sys::Date::now() as u64).to_be_bytes());
    }
    super::order::uuid(bytes)
}
