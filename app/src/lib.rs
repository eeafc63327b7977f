//! Pages, components and charts of Packtwin, rendered by the server first and by the browser from then on.
//!
//! ```text
//! shell     the document that the server sends       components  cards, readings, chips, the frame around a page
//! boot      what the document carries for hydration  charts      drawings on a canvas: plain data in, pixels out
//! live      the newest moment, from then on          pages       one file and one folder per page
//! api       requests to the HTTP API                 format      numbers, ages and times for people
//! problem   alarms as a person wants to read them    icons       one family of icons
//! ```
//!
//! Features: `ssr` for the server, `hydrate` for the browser. Code that needs a browser lives in effects and handlers,
//! which the server never runs, so that both sides compile the same files.

// The type of a view grows with what is in it; components erase theirs (`into_any`), pages stay within this.
#![recursion_limit = "256"]
#![allow(unreachable_pub, reason = "the component macro writes public items into private modules")]

pub mod api;
pub mod boot;
pub mod charts;
pub mod components;
pub mod format;
pub mod icons;
pub mod live;
pub mod pages;
mod problem;
#[cfg(test)]
mod sample;
#[cfg(feature = "ssr")]
mod shell;

#[cfg(feature = "ssr")]
pub use shell::{Assets, shell};

use boot::Boot;
use components::{EmptyState, Frame, ThemeEpoch};
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;
use live::Live;
use pages::cells::CellsPage;
use pages::lab::LabPage;
use pages::links::LinksPage;
use pages::overview::OverviewPage;

/// The root: live state, frame and routes.
///
/// The server puts a [`Boot`] into the context before; the browser reads it from the document. Both render the same
/// first view from it, so nothing moves and nothing flickers when the page comes to life.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_context(ThemeEpoch(RwSignal::new(0)));
    let boot = use_context::<Boot>().map_or_else(Boot::from_document, Ok);
    match boot.and_then(|boot| Live::provide(&boot)) {
        Ok(_) => view! { <Pages /> }.into_any(),
        Err(error) => view! { <p class="boot-error">{error.to_string()}</p> }.into_any(),
    }
}

#[component]
fn Pages() -> impl IntoView {
    view! {
        <Title formatter=|page: String| if page.is_empty() { "Packtwin".to_owned() } else { format!("{page} \u{b7} Packtwin") } />
        <Router>
            <Frame>
                <FlatRoutes fallback=NotFound>
                    <Route path=path!("/") view=OverviewPage />
                    <Route path=path!("/cells") view=CellsPage />
                    <Route path=path!("/links") view=LinksPage />
                    <Route path=path!("/lab") view=LabPage />
                </FlatRoutes>
            </Frame>
        </Router>
    }
}

#[component]
fn NotFound() -> impl IntoView {
    view! {
        <Title text="Not found" />
        <h1 class="visually-hidden">"Not found"</h1>
        <EmptyState title="There is no such page" advice="Choose one of the pages in the list." />
    }
}
