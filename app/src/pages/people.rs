//! The pages of people, Settings and Audit: one chunk, for who opens one opens the other. The page Alarms is in it, too: it
//! shares much with them, and each further chunk costs every first visit 2 KB.
//!
//! Read [`unknown`] (nobody knows yet who is signed in) and [`asked`](super::asked) (an answer of the API, asked again after
//! each change), then the pages.

mod audit;
mod settings;
mod unknown;

use crate::address::Navigation;
use crate::components::PageStyle;
use crate::live::Live;
use crate::pages::alarms::{self, AlarmsPage};
use audit::AuditPage;
use leptos::prelude::*;
use settings::SettingsPage;

/// The addresses of the pages.
pub const SETTINGS: &str = "/settings";
/// See [`SETTINGS`].
pub const AUDIT: &str = "/audit";

/// Their style sheet, which the document to sign in shares.
pub const STYLE: &str = include_str!("../../../style/pages/people.css");

crate::lazy_page!(CHUNK, people, PeoplePage);

/// The page at this address.
#[component]
pub fn PeoplePage() -> impl IntoView {
    let page = match Navigation::expect().here().path() {
        alarms::PATH => return view! { <AlarmsPage /> }.into_any(),
        AUDIT => view! { <AuditPage /> }.into_any(),
        _ => view! { <SettingsPage /> }.into_any(),
    };
    view! { <PageStyle css=STYLE /> {page} }.into_any()
}

/// The ways between the pages of people, for they are in no list of pages.
#[component]
fn PeopleWays(
    /// The address of this one.
    here: &'static str,
) -> impl IntoView {
    let live = Live::expect();
    let way = move |path: &'static str, name: &'static str| {
        view! { <a href=live.href(path) aria-current=(path == here).then_some("page")>{name}</a> }
    };
    view! { <nav class="people-ways" aria-label="People">{way(SETTINGS, "Settings")} {way(AUDIT, "Audit")}</nav> }
        .into_any()
}
