//! The pages. A new one is a file here, a row in [`PAGES`] and a route in [`crate::App`].

pub mod cells;
pub mod lab;
pub mod links;
pub mod overview;

use crate::icons::Glyph;

/// A page in the rail.
pub struct PageLink {
    /// Its address.
    pub path: &'static str,
    /// Its name for people.
    pub name: &'static str,
    /// Its icon.
    pub glyph: Glyph,
}

/// Every page, in the order of the rail.
pub const PAGES: &[PageLink] = &[
    PageLink { path: "/", name: "Overview", glyph: Glyph::Overview },
    PageLink { path: "/cells", name: "Cells", glyph: Glyph::Cells },
    PageLink { path: "/links", name: "Links", glyph: Glyph::Links },
    PageLink { path: "/lab", name: "Lab", glyph: Glyph::Lab },
];
