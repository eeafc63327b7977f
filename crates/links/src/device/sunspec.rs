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
mod events;
pub mod layout;
mod models;
pub mod setpoint;
mod types;

use crate::ages::Ages;
use crate::describe::Describe;
use crate::device::poll::{Events, Poll};
use crate::device::registers::MAX_READ;
use crate::device::sign::Sign;
use domain::link::DecodedValue;
use domain::point::PointId;
use domain::reading::{Reading, Target};
use domain::time::Now;
use domain::topology::Topology;
use layout::{Layout, Model};
pub use models::SERIAL;
use setpoint::ModelSetpoint;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// "Not implemented".
const NOTHING: u16 = 0xFFFF;
/// The same of signed fields and of scale factors.
const NOTHING_SIGNED: u16 = 0x8000;

/// "SunS": what a device's map begins with.
pub const MARKER: [u16; 2] = [0x5375, 0x6E53];
/// Where the marker may be, in the order of looking.
pub const BASES: [u16; 3] = [40_000, 50_000, 0];

/// A SunSpec device: what is known of its map, and the system that it belongs to.
#[derive(Debug)]
pub struct SunSpec {
    topology: Topology,
    /// What positive power and current mean to it; the models do not say.
    sign: Sign,
    /// The most registers of one request.
    max_read: u16,
    /// What others may set.
    setpoints: Vec<ModelSetpoint>,
    /// As it was found at the last connect.
    layout: Mutex<Arc<Layout>>,
    /// Where the chain of models was found to end in silence: nothing is asked there again.
    silent_at: Mutex<Option<u16>>,
}

impl SunSpec {
    /// A device of a system with these cells, whose map is not known yet.
    pub fn new(topology: Topology, sign: Sign) -> SunSpec {
        let (layout, silent_at) = (Mutex::default(), Mutex::default());
        SunSpec { topology, sign, max_read: MAX_READ, setpoints: Vec::new(), layout, silent_at }
    }

    /// The same device, of which at most so many registers may be asked at once.
    pub fn with_max_read(mut self, max_read: u16) -> SunSpec {
        self.max_read = max_read;
        self
    }

    /// The same device, of which others may set these points.
    pub fn with_setpoints(mut self, setpoints: Vec<ModelSetpoint>) -> SunSpec {
        self.setpoints = setpoints;
        self
    }

    /// What others may set.
    pub fn setpoints(&self) -> &[ModelSetpoint] {
        &self.setpoints
    }

    /// The setpoint with this name.
    pub fn setpoint(&self, name: &str) -> Option<&ModelSetpoint> {
        self.setpoints.iter().find(|known| known.setpoint.name == name)
    }

    /// The most registers of one request.
    pub fn max_read(&self) -> u16 {
        self.max_read
    }

    /// Every point that a SunSpec device may bring; some more than once.
    pub fn points() -> Vec<PointId> {
        models::points()
    }

    /// Where its chain of models ends in silence, if it does.
    pub fn silent_at(&self) -> Option<u16> {
        *self.silent_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers that nothing is answered from `address` on, or forgets it.
    pub fn set_silent_at(&self, address: Option<u16>) {
        *self.silent_at.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }

    /// The battery's heartbeat among the words of a slot, if it has one.
    pub fn heartbeat(&self, slot: usize, words: &[Option<u16>]) -> Option<u16> {
        let layout = self.layout();
        let is_battery = layout.models.get(slot).is_some_and(|model| model.id == models::BATTERY);
        words.get(models::HEARTBEAT).copied().flatten().filter(|beat| is_battery && *beat != NOTHING)
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
                if let Some(events) = events::of_model(model, words) {
                    let (all, at) = poll.events.unwrap_or((Events::default(), poll.at));
                    poll.events = Some((all.and(events), at));
                }
                Ok(())
            }
            _ => Err(format!("model {} is no longer at {}", model.id, model.address)),
        }
    }

    /// What the models of a round report together, with the time of the first.
    pub fn finish(&self, poll: &mut Poll) -> Vec<(Now, Reading)> {
        let Some((events, at)) = poll.events.take() else { return Vec::new() };
        let reading = |point, set: u32| (at, Reading { target: Target::Point(point), sample: Ok(set as f32) });
        vec![reading(PointId::BmsAlarms, events.alarms), reading(PointId::BmsWarnings, events.warnings)]
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
        let layout = self.layout();
        let Some(model) = layout.models.get(slot) else { return Vec::new() };
        let mut texts = decode::texts(model, &words);
        if let Some(events) = events::of_model(model, &words) {
            texts.push(DecodedValue { name: "Evt".to_owned(), text: events.label() });
        }
        texts
    }

    /// Which models it has is known only once it has been asked, so every point that there may be counts.
    fn ages(&self, usual: Duration) -> Ages {
        Ages::of(SunSpec::points(), true, usual)
    }
}
