//! The pages. A new one is a file here and a row in [`PAGES`].

pub mod cells;
pub mod lab;
pub mod links;
pub mod overview;

use crate::address::Address;
use crate::icons::Glyph;
use cells::CellsPage;
use lab::LabPage;
use leptos::prelude::*;
use links::LinksPage;
use overview::OverviewPage;

/// A page.
pub struct Page {
    /// Its address.
    pub path: &'static str,
    /// Its name for people.
    pub name: &'static str,
    /// Its icon.
    pub glyph: Glyph,
    /// Draws it.
    pub view: fn() -> AnyView,
}

/// Every page, in the order of the rail.
pub const PAGES: &[Page] = &[
    Page { path: "/", name: "Overview", glyph: Glyph::Overview, view: || view! { <OverviewPage /> }.into_any() },
    Page { path: "/cells", name: "Cells", glyph: Glyph::Cells, view: || view! { <CellsPage /> }.into_any() },
    Page { path: "/links", name: "Links", glyph: Glyph::Links, view: || view! { <LinksPage /> }.into_any() },
    Page { path: "/lab", name: "Lab", glyph: Glyph::Lab, view: || view! { <LabPage /> }.into_any() },
];

/// The place in [`PAGES`] of the page at an address.
pub fn place(address: &Address) -> Option<usize> {
    PAGES.iter().position(|page| page.path == address.path())
}

/// The title of the document with the page at `place`.
pub fn title(place: Option<usize>) -> String {
    let name = place.and_then(|place| PAGES.get(place)).map_or("Not found", |page| page.name);
    format!("{name} \u{b7} Packtwin")
}
