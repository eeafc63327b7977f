//! The frame around every page: the rail of pages, the status strip, what must not be missed, the page itself, and the
//! time bar.
//!
//! One list of pages serves the rail of the desktop and the bar of the phone; the style sheet moves it.

mod notices;
mod rail;
mod strip;
mod systems;
mod time_bar;

use crate::alive::Later;
use crate::live::Live;
use crate::updates::NewVersion;
use leptos::prelude::*;
use notices::Notices;
use rail::Rail;
use strip::Strip;
use time_bar::TimePlace;

/// The frame around a page.
#[component]
pub fn Frame(children: Children) -> impl IntoView {
    let live = Live::expect();
    let (past, lost) = (live.past, live.lost());
    view! {
        <a class="skip-link" href="#main">
            "Skip to the page"
        </a>
        <div class="frame" data-past=move || past.get().to_string() data-lost=move || lost.get().to_string()>
            <Later><Rail /></Later>
            <Later><Strip /></Later>
            <div class="notices">
                <Later><Notices /></Later>
                <Later><NewVersion /></Later>
            </div>
            <main id="main" class="page" tabindex="-1">
                <Later>{children()}</Later>
            </main>
            <TimePlace />
        </div>
    }
}
