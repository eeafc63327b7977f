//! A state of charge held against the current that was measured: our own count, and what no current explains. Pure.

mod count;
mod watch;

pub use count::{CHARGE_EFFICIENCY, Count, Full, FullBy, Lost, Measured, count};
pub use watch::{Move, SocWatch, WINDOW, moves};
