//! Devices: what the bytes of a bus mean. Pure codecs and tables: no sockets, no clock, no state.

pub mod can_checksum;
pub mod can_error;
pub mod can_map;
pub mod can_setpoint;
pub mod can_table;
pub(crate) mod codes;
pub mod dbc;
mod poll;
pub mod registers;
pub mod setpoint;
pub mod shared_cells;
pub mod sign;
pub mod sunspec;
pub mod unit;
pub mod victron;

use domain::reading::{NoData, Reading, Target};

/// Adds a reading of `value`, unless it cannot be.
///
/// Returns whether it was impossible: not a number, infinite, or outside what is plausible for its target. Such a
/// value makes no reading at all, so the last good one ages.
fn push_plausible(readings: &mut Vec<Reading>, target: Target, plausible: (f32, f32), value: f64) -> bool {
    let value = value as f32;
    let possible = (plausible.0..=plausible.1).contains(&value);
    if possible {
        readings.push(Reading { target, sample: Ok(value) });
    }
    !possible
}

/// Adds a reading that says that the device itself has no valid value.
fn push_invalid(readings: &mut Vec<Reading>, target: Target) {
    readings.push(Reading { target, sample: Err(NoData::Error) });
}
