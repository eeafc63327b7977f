//! Pages, components and charts of Packtwin, rendered by the server first and by the browser from then on.
//!
//! ```text
//! shell     the document that the server sends       components  cards, readings, chips, the frame around a page
//! boot      what the document carries for hydration  charts      drawings on a canvas: plain data in, pixels out
//! live      the newest snapshot, from then on          pages       one file and one folder per page
//! actions   what a page tells the server to do
//! api       requests to the HTTP API                 format      numbers, ages and times for people
//! address   where the page is, and how to go on      derived     values that follow from signals
//! problem   alarms as a person wants to read them    icons       one family of icons
//! whose     which system an address is about
//! alive     how a rendered page comes to life
//! lazy      code that is loaded with its page          playback  the time bar: any instant of the past
//! kept      the last values, for when the server is away
//! updates   a page that is older than the server       install     the offer to install the page
//! ```
//!
//! Features: `ssr` for the server, `hydrate` for the browser. Code that needs a browser lives in effects and handlers,
//! which the server never runs, so that both sides compile the same files.

// The type of a view grows with what is in it; components erase theirs (`into_any`), pages stay within this.
#![recursion_limit = "256"]
#![allow(unreachable_pub, reason = "the component macro writes public items into private modules")]

pub mod actions;
pub mod address;
pub mod alive;
pub mod api;
pub mod boot;
pub mod charts;
pub mod components;
pub mod derived;
pub mod format;
pub mod icons;
pub mod install;
pub mod kept;
pub mod lazy;
pub mod live;
pub mod order;
pub mod pages;
pub mod playback;
pub mod updates;
pub mod whose;

mod problem;
#[cfg(test)]
mod sample;
#[cfg(feature = "ssr")]
mod shell;

#[cfg(feature = "ssr")]
pub use shell::{Assets, shell};

use address::{Address, Navigation};
use boot::Boot;
use components::{EmptyState, Frame, ThemeEpoch};
use derived::Derived;
use leptos::prelude::*;
use live::Live;

/// The root: live state, frame and pages.
///
/// The server puts a [`Boot`] and an [`Address`] into the context before; the browser reads them from the document. Both
/// render the same first view from them, so nothing moves and nothing flickers when the page comes to life.
#[component]
pub fn App() -> impl IntoView {
    provide_context(ThemeEpoch(RwSignal::new(0)));
    updates::Updates::provide();
    let navigation = Navigation::provide(use_context::<Address>().unwrap_or_else(Address::current), pages::chunk);
    let boot = use_context::<Boot>().map_or_else(Boot::from_document, Ok);
    let at = boot.as_ref().ok().and_then(|boot| boot.at);
    match boot.and_then(|boot| Live::provide(&boot)) {
        Ok(_) => {
            navigation.carry(at.map(|at| (live::AT, domain::time::rfc3339(at))));
            view! { <Pages /> }.into_any()
        }
        Err(error) => view! { <p class="boot-error">{error.to_string()}</p> }.into_any(),
    }
}

#[component]
fn Pages() -> impl IntoView {
    let navigation = Navigation::expect();
    let site = Live::expect().site();
    let named = Derived::new(move || whose::system(&navigation.at(), &site).is_some());
    let place = Derived::new(move || pages::place(&navigation.at()).filter(|_| named.get()));
    Effect::new(move |_| document().set_title(&pages::title(place.get())));
    view! {
        <Frame>
            {move || match place.get().and_then(|place| pages::PAGES[place].view()) {
                Some(view) => view(),
                None if named.get() => view! { <NotFound /> }.into_any(),
                None => view! { <NoSuchSystem /> }.into_any(),
            }}
        </Frame>
    }
}

#[component]
fn NotFound() -> impl IntoView {
    let live = Live::expect();
    view! {
        <h1 class="visually-hidden">"Not found"</h1>
        <EmptyState title="There is no such page" advice="The address may be mistyped, or of another version." />
        <p class="ways"><a class="button" href=live.href("/")>"Go to the overview"</a></p>
    }
}

#[component]
fn NoSuchSystem() -> impl IntoView {
    let site = Live::expect().site();
    let asked = Navigation::expect().at().field(whose::SYSTEM).unwrap_or_default();
    let way = |(place, system): (usize, &domain::spec::SystemSpec)| {
        view! { <a class="button" rel="external" href=whose::href("/", place, &site)>{system.name.clone()}</a> }
    };
    let ways = site.systems.iter().enumerate().map(way).collect_view();
    view! {
        <h1 class="visually-hidden">"Not found"</h1>
        <EmptyState title=format!("This site has no system called \u{201c}{asked}\u{201d}") advice="Choose one of its systems." />
        <p class="ways">{ways}</p>
    }
}
