//! What every codec can say of the frames that it decodes.

use crate::ages::Ages;
use domain::link::DecodedValue;
use std::time::Duration;

/// A table that can say what its slots are. A slot is a CAN message with one multiplexer value, or a block of registers.
pub(crate) trait Describe: Send + Sync {
    /// Where a slot's frames come from: `0x250 mux 3`, `reg 0-6`.
    fn key(&self, slot: usize) -> String;
    /// The slot's name for people.
    fn name(&self, slot: usize) -> String;
    /// What the bytes of the slot's frame mean.
    fn decoded(&self, slot: usize, raw: &[u8]) -> Vec<DecodedValue>;
    /// How old its values may be, if those of the link are good for `usual`; zero if only the table itself can tell.
    fn ages(&self, usual: Duration) -> Ages;
}
