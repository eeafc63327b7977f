//! The list of pages: a bar at the left of a desktop, a bar at the bottom of a phone.

use crate::address::Navigation;
use crate::icons::{Glyph, Icon};
use crate::live::Live;
use crate::pages::{PAGES, Page};
use crate::whose;
use leptos::prelude::*;

/// The most entries that a phone's bar has room for. With more pages, the last entry opens the others.
const BAR_ENTRIES: usize = 5;
/// The list of the others.
const OTHERS: &str = "other-pages";

/// The list of the pages that have anything to show of this system.
#[component]
pub(super) fn Nav() -> impl IntoView {
    let system = Live::expect().system();
    let pages: Vec<&'static Page> = PAGES.iter().filter(|page| page.listed && whose::has(page.path, &system)).collect();
    let first = if pages.len() <= BAR_ENTRIES { pages.len() } else { BAR_ENTRIES - 1 };
    let (bar, others) = pages.split_at(first);
    let entries = bar.iter().map(|page| view! { <Entry page /> }).collect_view();
    let others = (!others.is_empty()).then(|| view! { <Others pages=others.to_vec() /> });
    view! {
        <nav class="nav" aria-label="Pages">
            <svg class="logo" viewBox="0 0 32 32" width="32" height="32" role="img" aria-label="Packtwin">
                <rect class="logo-ground" width="32" height="32" rx="8" />
                <path class="logo-cells" d="M8 8h4v16H8zM14 12h4v12h-4zM20 8h4v16h-4z" />
            </svg>
            <ul>{entries} {others}</ul>
        </nav>
    }
    .into_any()
}

/// The way to a page.
#[component]
fn Entry(page: &'static Page) -> impl IntoView {
    let live = Live::expect();
    let navigation = Navigation::expect();
    let here = move || (navigation.at().path() == page.path).then_some("page");
    view! {
        <li>
            <a href=move || navigation.carrying(&live.href(page.path)) aria-current=here>
                <Icon glyph=page.glyph />
                <span class="nav-label">{page.name}</span>
            </a>
        </li>
    }
    .into_any()
}

/// The pages that a phone's bar has no room for. Elsewhere they stand below the first.
#[component]
fn Others(pages: Vec<&'static Page>) -> impl IntoView {
    let navigation = Navigation::expect();
    let entries = pages.iter().map(|page| view! { <Entry page /> }).collect_view();
    let here = move || pages.iter().any(|page| navigation.at().path() == page.path);
    view! {
        <li class="nav-others">
            <button type="button" class="nav-more" popovertarget=OTHERS data-here=move || here().then_some("")>
                <Icon glyph=Glyph::More />
                <span class="nav-label">"More"</span>
            </button>
            // A script of the document closes it (`shell::of_document`).
            <ul id=OTHERS popover="auto">{entries}</ul>
        </li>
    }
    .into_any()
}
