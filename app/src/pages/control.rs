//! The page Control: what of a system is set, what a change would bring, and what becomes of a command.
//!
//! ```text
//! slider --> draft --> flight check (the twin, in the browser) --> review --> confirm --> steps, live --> history
//! ```
//!
//! Read [`model`] and [`outlook`] (what is said, pure), [`state`] (looking and asking), [`flight`] (the twin), then the parts
//! of the page. Without a living page the forms lead to a page with the review, and that one posts the command.

mod action;
mod bar;
mod card;
mod check;
mod flight;
mod history;
mod interlocks;
mod model;
mod night;
mod order;
mod outlook;
mod progress;
mod review;
mod state;
mod then;

pub use action::{COMMAND, CommandAction, SAFE_VALUES, SafeValuesAction};
pub use history::LISTED;

use crate::address::Navigation;
use crate::boot::PageStart;
use crate::components::{EmptyState, PageStyle};
use crate::derived::Derived;
use ::api::control::{CommandHistoryResponse, CommandsResponse, ControlResponse};
use ::api::people::SessionResponse;
use card::ControlCard;
use domain::wire::Wire;
use leptos::prelude::*;
use state::{Desk, Review};

crate::lazy_page!(CHUNK, control, ControlPage);

/// Where the page is.
const PATH: &str = "/control";
/// Where its review stands in a document without a living page.
const REVIEW: &str = "/control#control-review";

/// The field of its address that names what a form has asked for, by its id: it stands on the page with its steps.
pub const ASKED: &str = "asked";

/// How it looks. It is no part of the first load.
const STYLE: &str = include_str!("../../../style/pages/control.css");

/// What the page begins with.
#[derive(Clone, Debug, Default, Wire)]
pub struct Start {
    /// The controls as they were when the document was made; `None` if that was not known.
    pub controls: Option<ControlResponse>,
    /// Who asked for the document; `None` if that was not known.
    pub session: Option<SessionResponse>,
    /// The begin of the ids of commands whose forms the browser posts by itself.
    pub form_id: String,
    /// What was commanded last, until the instant of the page; `None` if that was not known.
    pub history: Option<CommandsResponse>,
    /// What the form has asked for that led here, with its steps; none where everything was so already. `None` if none led.
    pub asked: Option<Vec<CommandHistoryResponse>>,
}

/// The page Control.
#[component]
pub fn ControlPage() -> impl IntoView {
    let desk = Desk::new(PageStart::take());
    let flight = flight::Flight::new(desk);
    asked_for(desk);
    let (live, past) = (desk.live, desk.live.past);
    let keys = Derived::new(move || {
        let keys = |seen: &ControlResponse| seen.controls.iter().map(|control| control.control.clone()).collect();
        desk.seen.with(|seen| seen.as_ref().map_or_else(Vec::<String>::new, keys))
    });
    let read_only = Derived::new(move || desk.read_only());
    let why = Derived::new(move || {
        desk.seen.with(|seen| seen.as_ref().map_or_else(String::new, |seen| seen.read_only.clone()))
    });
    view! {
        <PageStyle css=STYLE />
        <h1 class="visually-hidden">"Control"</h1>
        <div class="control-top">
            <bar::Notice desk />
            <night::NightBar desk />
        </div>
        <div hidden=past><progress::Progress desk /></div>
        // How tall the cards are is not known before what can be commanded is: what stood below them would move.
        <div class="control" hidden=move || desk.is_asking() data-read-only=move || read_only.get().to_string() data-past=move || past.get().to_string()>
            <then::Then desk />
            <div class="control-cards" hidden=move || past.get() && !read_only.get()>
                    <For each=move || keys.get() key=|key| key.clone() let:key>
                        <ControlCard desk flight key />
                    </For>
                    {move || read_only.get().then(|| {
                        let title = format!("{} is read-only", live.system().name);
                        let advice = Derived::new(move || format!("Nothing of it can be commanded: {}. The manual has a page about it, \u{201c}Let Packtwin control\u{201d}.", why.get()));
                        view! { <section class="card" aria-label="Controls"><EmptyState title advice /></section> }
                    })}
            </div>
            <check::CheckCard flight desk />
            <interlocks::Interlocks desk />
            <history::History desk />
        </div>
        <div hidden=past><review::ReviewDialog desk flight /></div>
    }
}

/// What the address asks for: `/control?review=discharge-limit&value=75` opens the dialog with it, as links from elsewhere
/// and forms without a living page do. It is done once, when it is known what can be commanded.
fn asked_for(desk: Desk) {
    let here = Navigation::expect().here();
    let asked = here.field("review").map(|key| (key, here.field("value").unwrap_or_default()));
    let asked = StoredValue::new(asked);
    let open = move || {
        if desk.seen.with(Option::is_none) {
            return;
        }
        match asked.try_update_value(Option::take).flatten() {
            Some((key, _)) if key == "safe-values" => desk.open(Review::SafeValues),
            Some((key, value)) => {
                desk.think_of(&key, value);
                desk.open_change();
            }
            None => {}
        }
    };
    untrack(open);
    Effect::new(move |_| open());
}
