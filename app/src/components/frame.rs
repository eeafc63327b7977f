//! The frame around every page: the rail of pages, the status strip, and the page itself.
//!
//! One list of pages serves the rail of the desktop and the bar of the phone; the style sheet moves it.

mod rail;
mod strip;

use leptos::prelude::*;
use rail::Rail;
use strip::Strip;

/// The frame around a page.
#[component]
pub fn Frame(children: Children) -> impl IntoView {
    view! {
        <a class="skip-link" href="#main">
            "Skip to the page"
        </a>
        <div class="frame">
            <Rail />
            <Strip />
            <main id="main" class="page" tabindex="-1">
                {children()}
            </main>
        </div>
    }
}
