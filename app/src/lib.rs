//! Pages, components and charts of Packtwin, rendered by the server first and by the browser from then on.
//!
//! ```text
//! shell     the document that the server sends       frame       around every page: navigation, status bar, time bar
//! boot      what the document carries for hydration  pages       one file and one folder per page
//! hydration how the browser takes over a page        playback    the time bar: any instant of the past
//! live      the newest snapshot, from then on        components  cards, readings, chips
//! fetch     requests to the HTTP API                 charts      drawings on a canvas: plain data in, pixels out
//! source    where answers and live frames come from  reading     what can be said of a value
//! address   where the page is, and how to go on      format      numbers, ages and times for people
//! whose     which system an address is about         derived     values that follow from signals
//! actions   what a page tells the server to do
//! problem   alarms as a person wants to read them    icons       one family of icons
//! lazy      code that is loaded with its page        theme       light, dark, or as the system says
//! kept      the last values, for when the server is away  offline  the page that is made of them
//! session   who is signed in, and how that changes
//! sign_in   the document to sign in
//! updates   a page that is older than the server     install     the offer to install the page
//! ```
//!
//! A module knows only what is below it: `layers.rs` has the order, and is its test.
//!
//! Features: `ssr` for the server, `hydrate` for the browser. Code that needs a browser lives in effects and handlers,
//! which the server never runs, so that both sides compile the same files.

// The type of a view grows with what is in it; components erase theirs (`into_any`), pages stay within this.
#![recursion_limit = "256"]
#![allow(unreachable_pub, reason = "the component macro writes public items into private modules")]

pub mod actions;
pub mod address;
pub mod boot;
pub mod charts;
pub mod components;
pub mod derived;
pub mod fetch;
pub mod format;
mod frame;
pub mod hydration;
pub mod icons;
pub mod install;
pub mod kept;
pub mod lazy;
pub mod live;
pub mod offline;
pub mod order;
pub mod pages;
pub mod playback;
pub mod reading;
pub mod session;
pub mod source;
pub mod theme;
pub mod updates;
pub mod whose;

#[cfg(test)]
mod layers;
mod problem;
#[cfg(test)]
mod sample;
#[cfg(feature = "ssr")]
mod shell;
#[cfg(feature = "ssr")]
pub mod sign_in;

#[cfg(feature = "ssr")]
pub use shell::{Assets, of_document, shell};

use address::{Address, Navigation, Prepare, Prepared};
use boot::Boot;
use components::EmptyState;
use derived::Derived;
use domain::spec::SiteSpec;
use frame::Frame;
use leptos::either::Either;
use leptos::prelude::*;
use live::{Live, Start};
use std::sync::Arc;
use theme::ThemeEpoch;

/// The root: live state, frame and pages.
///
/// The server puts a [`Boot`] and an [`Address`] into the context before; the browser reads them from the document. Both
/// render the same first view from them, so nothing moves and nothing flickers when the page is hydrated.
#[component]
pub fn App() -> impl IntoView {
    provide_context(ThemeEpoch(RwSignal::new(0)));
    updates::Updates::provide();
    let boot = use_context::<Boot>().map_or_else(Boot::from_document, Ok);
    let kept = use_context::<kept::KeptAt>().map(kept::KeptAt::age);
    let start = boot.and_then(|boot| Ok((Start { kept, ..Start::of_document(&boot)? }, boot)));
    match start {
        Ok((start, boot)) => view! { <Site start boot /> }.into_any(),
        Err(error) => view! { <p class="boot-error">{error.to_string()}</p> }.into_any(),
    }
}

/// The site, of which one system is followed at a time. Another one has a frame and pages of its own: they are drawn anew.
#[component]
fn Site(start: Start, boot: Boot) -> impl IntoView {
    let site = Arc::new(boot.site);
    let followed = RwSignal::new((0_u32, start));
    let address = use_context::<Address>().unwrap_or_else(Address::current);
    provide_context(boot::PageStart::new(boot.page));
    let navigation = Navigation::provide(address, prepare(Arc::clone(&site), followed));
    navigation.carry(boot.at.map(|at| (live::AT, domain::time::rfc3339(at))));
    move || {
        let (number, start) = followed.get();
        Live::follow(Arc::clone(&site), start);
        let pages = view! { <Pages /> }.into_any();
        // The other branch each time: nothing of the former system's page is used again.
        if number % 2 == 0 { Either::Left(pages) } else { Either::Right(pages) }
    }
}

/// How the code of a page, and the first snapshot of another system, come.
fn prepare(site: Arc<SiteSpec>, followed: RwSignal<(u32, Start)>) -> Prepare {
    Arc::new(move |address| {
        let code = pages::chunk(address).filter(|chunk| chunk.view().is_none());
        let here = followed.with_untracked(|(_, start)| start.place);
        let system = whose::system(address, &site).filter(|place| *place != here);
        if code.is_none() && system.is_none() {
            return None;
        }
        let (site, at) = (Arc::clone(&site), live::instant(address));
        Some(Box::pin(async move {
            if let Some(code) = code {
                code.load().await.ok()?;
            }
            let start = match system {
                Some(system) => Some(Start::ask(&site, system, at).await.ok()?),
                None => None,
            };
            let prepared = move || {
                if let Some(start) = start {
                    followed.update(|followed| *followed = (followed.0.wrapping_add(1), start));
                }
            };
            Some(Box::new(prepared) as Prepared)
        }))
    })
}

#[component]
fn Pages() -> impl IntoView {
    let navigation = Navigation::expect();
    let site = Live::expect().site();
    let named = Derived::new(move || whose::system(&navigation.at(), &site).is_some());
    let place = Derived::new(move || pages::place(&navigation.at()).filter(|_| named.get()));
    let (untold, outdated) = (frame::untold(&Live::expect()), Live::expect().outdated());
    // How many there are now is not known without the server.
    let told = move || if outdated.get() { 0 } else { untold.get().0 };
    Effect::new(move |_| document().set_title(&pages::title(place.get(), told())));
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
    let asked = Navigation::expect().here().field(whose::SYSTEM).unwrap_or_default();
    let way = |(place, system): (usize, &domain::spec::SystemSpec)| {
        view! { <a class="button" href=whose::href("/", place, &site)>{system.name.clone()}</a> }
    };
    let ways = site.systems.iter().enumerate().map(way).collect_view();
    view! {
        <h1 class="visually-hidden">"Not found"</h1>
        <EmptyState title=format!("This site has no system called \u{201c}{asked}\u{201d}") advice="Choose one of its systems." />
        <p class="ways">{ways}</p>
    }
}
