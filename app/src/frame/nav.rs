//! The list of pages: a bar at the left of a desktop, a bar at the bottom of a phone.

use crate::address::Navigation;
use crate::icons::Icon;
use crate::live::Live;
use crate::pages::PAGES;
use crate::whose;
use leptos::prelude::*;

/// The list of the pages that have anything to show of this system.
#[component]
pub(super) fn Nav() -> impl IntoView {
    let live = Live::expect();
    let navigation = Navigation::expect();
    let is_here = move |path| navigation.at().path() == path;
    let system = live.system();
    let links = PAGES
        .iter()
        .filter(|page| page.listed && whose::has(page.path, &system))
        .map(|page| {
            view! {
                <li>
                    <a href=move || navigation.carrying(&live.href(page.path)) aria-current=move || is_here(page.path).then_some("page")>
                        <Icon glyph=page.glyph />
                        <span class="nav-label">{page.name}</span>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <nav class="nav" aria-label="Pages">
            <svg class="logo" viewBox="0 0 32 32" width="32" height="32" role="img" aria-label="Packtwin">
                <rect class="logo-ground" width="32" height="32" rx="8" />
                <path class="logo-cells" d="M8 8h4v16H8zM14 12h4v12h-4zM20 8h4v16h-4z" />
            </svg>
            <ul>{links}</ul>
        </nav>
    }
    .into_any()
}
