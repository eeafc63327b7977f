//! Charts: plain data in, pixels out.
//!
//! Draw functions are pure: no signal, no fetch, no clock. [`heatmap`] turns cells into a raster, [`line`] draws lines
//! through any plotters backend; both are tested without a browser. [`canvas`] is the thin glue to the browser, and each
//! chart's `view` is its component: placeholder on the server, drawing in the browser, one animation frame per change.

#[cfg(feature = "hydrate")]
pub mod canvas;
pub mod heatmap;
pub mod line;
pub mod palette;
pub mod theme;
