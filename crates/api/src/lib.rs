//! What page, programs and server say to one another: every request and every answer, once.
//!
//! | form | for | made by |
//! |---|---|---|
//! | JSON | programs | serde's derive; words, digits and instants by [`json`] |
//! | binary | the page, which asks with `Accept: application/octet-stream` | `#[derive(Wire)]`, see [`domain::wire`] |
//! | OpenAPI 3.1 | who writes programs | [`openapi`], from the table of [`operations`] and the types' own documentation |
//!
//! One module for each part of the API; each begins with what is asked and goes on with what is answered. Numbers are in
//! the unit that their field's name or documentation says. What is not known is `null`, with its reason where there is
//! one, and never zero. Nothing here does I/O.
//!
//! The page has all of it, too, and pays for none of the JSON: what is not called is not linked.

pub mod alarms;
pub mod analysis;
pub mod cells;
pub mod control;
pub mod devices;
pub mod flight;
pub mod history;
pub mod home;
pub mod json;
pub mod lab;
pub mod links;
pub mod openapi;
pub mod operations;
pub mod people;
pub mod playback;
pub mod problem;
pub mod recordings;
pub mod series;
pub mod server;
pub mod state;
pub mod victron;
