//! The pages. A new one is a file here and a row in [`PAGES`].

pub mod alarms;
pub mod analysis;
mod asked;
pub mod cells;
pub mod control;
mod device_points;
pub mod home;
pub mod lab;
pub mod links;
mod map_quantity;
pub mod overview;
pub mod people;
pub mod trends;
mod when;

use crate::address::Address;
use crate::icons::Glyph;
use crate::lazy::{Chunk, View};
use leptos::prelude::*;
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
    pub code: Code,
    /// Whether it stands in the list of pages. The pages of people are behind their name in the status bar.
    pub listed: bool,
}

/// Where the code of a page is.
pub enum Code {
    /// In what every visitor loads: for pages that a visit begins with.
    Core(View),
    /// In a chunk that is loaded when the page is first opened.
    Lazy(&'static Chunk),
}

impl Page {
    /// What draws it, if its code is there.
    pub fn view(&self) -> Option<View> {
        match self.code {
            Code::Core(view) => Some(view),
            Code::Lazy(chunk) => chunk.view(),
        }
    }
}

/// Every page, in the order of the navigation.
pub const PAGES: &[Page] = &[
    page("/", "Overview", Glyph::Overview, Code::Core(|| view! { <OverviewPage /> }.into_any())),
    page("/cells", "Cells", Glyph::Cells, Code::Lazy(&cells::CHUNK)),
    page("/trends", "Trends", Glyph::Trends, Code::Lazy(&trends::CHUNK)),
    page("/home", "Home energy", Glyph::House, Code::Lazy(&home::CHUNK)),
    page("/control", "Control", Glyph::Control, Code::Lazy(&control::CHUNK)),
    page(alarms::PATH, "Alarms", Glyph::Bell, Code::Lazy(&people::CHUNK)),
    page("/links", "Links", Glyph::Links, Code::Lazy(&links::CHUNK)),
    page("/analysis", "Analysis", Glyph::Analysis, Code::Lazy(&analysis::CHUNK)),
    page("/lab", "Lab", Glyph::Lab, Code::Lazy(&lab::CHUNK)),
    unlisted(people::SETTINGS, "Settings"),
    unlisted(people::AUDIT, "Audit"),
];

const fn page(path: &'static str, name: &'static str, glyph: Glyph, code: Code) -> Page {
    Page { path, name, glyph, code, listed: true }
}

/// A page of people.
const fn unlisted(path: &'static str, name: &'static str) -> Page {
    Page { listed: false, ..page(path, name, Glyph::Person, Code::Lazy(&people::CHUNK)) }
}

/// The place in [`PAGES`] of the page at an address.
pub fn place(address: &Address) -> Option<usize> {
    PAGES.iter().position(|page| page.path == address.path())
}

/// The chunk with the code of the page at an address, if the page is a lazy one.
pub fn chunk(address: &Address) -> Option<&'static Chunk> {
    match PAGES[place(address)?].code {
        Code::Core(_) => None,
        Code::Lazy(chunk) => Some(chunk),
    }
}

/// The title of the document with the page at `place`, and how many critical alarms of the site nobody has acknowledged.
pub fn title(place: Option<usize>, unacknowledged: usize) -> String {
    let name = place.and_then(|place| PAGES.get(place)).map_or("Not found", |page| page.name);
    let told = if unacknowledged > 0 { format!("{unacknowledged} critical \u{b7} ") } else { String::new() };
    format!("{told}{name} \u{b7} Packtwin")
}
