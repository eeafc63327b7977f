//! Physics of the cells: pure, with no clock and no I/O, so that it also runs in the browser.
//!
//! ```text
//!   V = OCV(SoC) + h * M(SoC) - I * R0 - V1 - V2        I > 0 discharges
//! ```
//!
//! R0 is instant, V1 and V2 are two RC pairs (25 s and 600 s), h in -1 to 1 is the hysteresis that follows charge
//! throughput. Resistances grow in the cold and at low SoC. Parameters and their sources: [`parameters`].

pub mod cells;
pub mod pack;
pub mod parameters;
mod thermal;

pub use cells::Cells;
pub use pack::{Pack, PackSpec};
