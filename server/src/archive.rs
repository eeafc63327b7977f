//! History by the command line: made, taken in, given out. While a server runs only the last goes.

mod candump;
mod export;
mod generate;
mod import;

pub(crate) use export::export;
pub(crate) use generate::{begin_with_history, generate};
pub(crate) use import::import;
