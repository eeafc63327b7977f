//! The page Alarms: what is not normal, by cause; what people do about it; what ended, and the figures of a period.
//!
//! ```text
//! snapshot changes --> GET alarms --> groups by cause --> acknowledge, reset, shelve --> POST --> GET alarms
//! ```
//!
//! Read [`model`] (groups, filter and words, pure), [`state`] (looking and asking), then the parts of the page. Without a living
//! page its forms are posted by the browser, and lead back to it.

mod action;
mod ended;
mod figures;
mod filter;
mod form;
mod group;
mod list;
mod model;
mod moments;
mod period;
mod state;

pub use action::{AlarmsAction, PATH as ACTION};

use crate::boot::PageStart;
use crate::components::PageStyle;
use ::api::alarms::AlarmsResponse;
use ::api::people::SessionResponse;
use domain::wire::Wire;
use leptos::prelude::*;
use state::Desk;

/// Where the page is.
pub const PATH: &str = "/alarms";

/// How it looks. It is no part of the first load.
const STYLE: &str = include_str!("../../../style/pages/alarms.css");

/// What the page begins with.
#[derive(Clone, Debug, Default, Wire)]
pub struct Start {
    /// The alarms as they were when the document was made; `None` if that was not known, or they are very many.
    pub alarms: Option<AlarmsResponse>,
    /// Who asked for the document; `None` if that was not known.
    pub session: Option<SessionResponse>,
}

/// The page Alarms.
#[component]
pub fn AlarmsPage() -> impl IntoView {
    let desk = Desk::new(PageStart::take());
    view! {
        <PageStyle css=STYLE />
        <h1 class="visually-hidden">"Alarms"</h1>
        <list::Notice desk />
        <div class="alarms">
            <list::List desk />
            <div class="alarms-past">
                <period::Choice />
                <figures::FiguresCard desk />
                <ended::EndedCard desk />
            </div>
        </div>
    }
    .into_any()
}
