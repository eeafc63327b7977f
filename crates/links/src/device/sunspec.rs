//! SunSpec: devices that describe their registers themselves. Pure.
//!
//! ```text
//! 40000 "SunS" | 1, 66, ... | 802, 62, ... | 805, 122, ... | 0xFFFF, 0
//!        marker  id, length, registers; next model           end
//! ```
//!
//! The models that we know are tables in [`models`]; all others are passed over. Index, count and length of what repeats
//! come from the device, so each is checked against the table and against the cells that the system has.

mod decode;
pub mod layout;
mod models;

use crate::device::registers::Poll;
use crate::device::sign::Sign;
use crate::frames::Describe;
use domain::link::DecodedValue;
use domain::topology::Topology;
use layout::{Layout, Model};
pub use models::SERIAL;
use std::sync::{Arc, Mutex, PoisonError};

/// "SunS": what a device's map begins with.
pub const MARKER: [u16; 2] = [0x5375, 0x6E53];
/// Where the marker may be, in the order of looking.
pub const BASES: [u16; 3] = [40_000, 0, 50_000];

/// A SunSpec device: what is known of its map, and the system that it belongs to.
#[derive(Debug)]
pub struct SunSpec {
    topology: Topology,
    /// What positive power and current mean to it; the models do not say.
    sign: Sign,
    /// As it was found at the last connect.
    layout: Mutex<Arc<Layout>>,
}

impl SunSpec {
    /// A device of a system with these cells, whose map is not known yet.
    pub fn new(topology: Topology, sign: Sign) -> SunSpec {
        SunSpec { topology, sign, layout: Mutex::default() }
    }

    /// The cells of its system.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Its map.
    pub fn layout(&self) -> Arc<Layout> {
        self.layout.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the map that was found.
    pub fn set_layout(&self, layout: Layout) {
        *self.layout.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(layout);
    }

    /// Adds what the words of a model say.
    ///
    /// # Errors
    /// They are not those of the model that was found there: the map has changed.
    pub fn decode(&self, model: &Model, words: &[u16], poll: &mut Poll) -> Result<(), String> {
        match words {
            [id, length, ..] if (*id, *length) == (model.id, model.length) => {
                decode::readings(model, words, self, poll);
                Ok(())
            }
            _ => Err(format!("model {} is no longer at {}", model.id, model.address)),
        }
    }

    /// Adds that none of a model's points and cells has an answer.
    pub fn lost(&self, model: &Model, poll: &mut Poll) {
        decode::lost(model, self, poll);
    }
}

impl Describe for SunSpec {
    fn key(&self, slot: usize) -> String {
        let layout = self.layout();
        layout.models.get(slot).map_or(String::new(), |m| format!("model {} reg {}", m.id, m.address))
    }

    fn name(&self, slot: usize) -> String {
        let layout = self.layout();
        layout.models.get(slot).and_then(|model| models::table(model.id)).map_or(String::new(), |t| t.name.to_owned())
    }

    fn decoded(&self, slot: usize, raw: &[u8]) -> Vec<DecodedValue> {
        let words: Vec<u16> = raw.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        self.layout().models.get(slot).map_or(Vec::new(), |model| decode::texts(model, &words))
    }
}
