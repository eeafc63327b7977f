//! Readings: a value with its time, or the reason why there is none.

use crate::link::LinkIdx;
use crate::point::PointId;
use crate::time::Now;
use crate::topology::SystemIdx;

/// Why there is no value. Shown in words, never drawn as zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum NoData {
    /// Nothing has been received for it since the process started; what was received before, history knows.
    NotPresent = 1,
    /// The device did not answer in time.
    Timeout = 2,
    /// The last good value is older than its max age.
    Stale = 3,
    /// The device sent a value that cannot be.
    OutOfRange = 4,
    /// The device itself says that it has no valid value.
    Error = 5,
}

impl NoData {
    /// Every reason, by wire code.
    pub const ALL: [NoData; 5] =
        [NoData::NotPresent, NoData::Timeout, NoData::Stale, NoData::OutOfRange, NoData::Error];

    /// The reason in words, for a person and in the API.
    pub fn words(self) -> &'static str {
        match self {
            NoData::NotPresent => "not received",
            NoData::Timeout => "no answer",
            NoData::Stale => "stale",
            NoData::OutOfRange => "out of range",
            NoData::Error => "marked invalid by its device",
        }
    }

    /// The reason with this wire code, if there is one.
    pub fn from_code(code: u8) -> Option<NoData> {
        NoData::ALL.into_iter().find(|reason| *reason as u8 == code)
    }
}

/// A value in the SI unit of its point, or why there is none. Never NaN, never infinite.
pub type Sample = Result<f32, NoData>;

/// A quantity that every cell has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CellQuantity {
    /// Cell voltage, V.
    Voltage = 0,
    /// Cell temperature, °C.
    Temperature = 1,
}

impl CellQuantity {
    /// Every cell quantity, in wire order.
    pub const ALL: [CellQuantity; 2] = [CellQuantity::Voltage, CellQuantity::Temperature];

    /// The quantity's path in site files and in the API.
    pub fn path(self) -> &'static str {
        match self {
            CellQuantity::Voltage => "cells/voltage",
            CellQuantity::Temperature => "cells/temperature",
        }
    }

    /// The values that can be believed, inclusive, in the quantity's unit.
    pub fn plausible(self) -> (f32, f32) {
        match self {
            CellQuantity::Voltage => (0.0, 6.0),
            CellQuantity::Temperature => (-60.0, 200.0),
        }
    }
}

/// A quantity that every analog front end (AFE) node has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum NodeQuantity {
    /// Node state: 0 working, 1 delayed, 2 lost.
    State = 0,
    /// Delay of the node's last answer, s.
    Delay = 1,
}

impl NodeQuantity {
    /// The value of [`NodeQuantity::State`] from which a node does not answer.
    pub const LOST: f32 = 2.0;

    /// Every node quantity, in wire order.
    pub const ALL: [NodeQuantity; 2] = [NodeQuantity::State, NodeQuantity::Delay];

    /// The quantity's path in site files and in the API.
    pub fn path(self) -> &'static str {
        match self {
            NodeQuantity::State => "nodes/state",
            NodeQuantity::Delay => "nodes/delay",
        }
    }

    /// The values that can be believed, inclusive, in the quantity's unit.
    pub fn plausible(self) -> (f32, f32) {
        match self {
            NodeQuantity::State => (0.0, 2.0),
            NodeQuantity::Delay => (0.0, 3_600.0),
        }
    }
}

/// No device point has a larger value, in any unit.
pub const DEVICE_VALUE_MAX: f32 = 1e15;

/// What a reading is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A point of the system.
    Point(PointId),
    /// One cell, counted from 0 over the system.
    Cell(CellQuantity, u16),
    /// One AFE node, counted from 0 over the system.
    Node(NodeQuantity, u16),
    /// A point of a device, by its number in [`SystemSpec::device_points`](crate::spec::SystemSpec::device_points).
    Device(u16),
}

impl Target {
    /// The values that can be believed, inclusive, in the target's unit.
    pub fn plausible(self) -> (f32, f32) {
        match self {
            Target::Point(point) => point.spec().plausible,
            Target::Cell(quantity, _) => quantity.plausible(),
            Target::Node(quantity, _) => quantity.plausible(),
            // What the device can say, its table knows: the codec has looked. A register's largest number, which some devices
            // send for "no value", is none in any unit.
            Target::Device(_) => (-DEVICE_VALUE_MAX, DEVICE_VALUE_MAX),
        }
    }
}

/// One decoded value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// What it is about.
    pub target: Target,
    /// The value, or why there is none.
    pub sample: Sample,
}

/// What one packet, poll or sweep brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The link that it came over.
    pub link: LinkIdx,
    /// The system that it is about.
    pub system: SystemIdx,
    /// When the server received it; for values that say when they were measured, that.
    pub at: Now,
    /// The values.
    pub readings: Vec<Reading>,
}
