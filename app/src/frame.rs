//! The frame around every page: the list of pages, the status bar, what must not be missed, the page itself, and the
//! time bar.
//!
//! One list of pages serves the bar at the left of a desktop and the bar of the phone; the style sheet moves it.

mod nav;
mod notices;
mod status_bar;
mod systems;
mod time_bar;

use crate::hydration::DeferHydration;
use crate::live::Live;
use crate::updates::NewVersion;
use leptos::prelude::*;
use nav::Nav;
use notices::Notices;
pub(crate) use notices::untold;
use status_bar::StatusBar;
use time_bar::TimePlace;

/// The frame around a page.
#[component]
pub fn Frame(children: Children) -> impl IntoView {
    let live = Live::expect();
    let (past, lost) = (live.past, live.lost());
    // For what is around the page.
    Effect::new(move |_| {
        if let Some(root) = document().document_element() {
            let _ = root.toggle_attribute_with_force("data-past", past.get());
        }
    });
    view! {
        <a class="skip-link" href="#main">
            "Skip to the page"
        </a>
        <div class="frame" data-past=move || past.get().to_string() data-lost=move || lost.get().to_string()>
            <DeferHydration><Nav /></DeferHydration>
            <DeferHydration><StatusBar /></DeferHydration>
            <div class="notices">
                <DeferHydration><Notices /></DeferHydration>
                <DeferHydration><NewVersion /></DeferHydration>
            </div>
            <main id="main" class="page" tabindex="-1">
                <DeferHydration>{children()}</DeferHydration>
            </main>
            <TimePlace />
        </div>
    }
}
