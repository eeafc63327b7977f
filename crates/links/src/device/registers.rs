//! Register tables: which Modbus registers of a device mean what. A device is one TOML file; `registers/BLUEPRINT.toml`
//! explains every key.
//!
//! ```text
//! words of one request --Block::decode--> readings, parts of sums --RegisterTable::finish--> all readings of a poll
//! ```

mod block;
mod decode;
mod load;
#[cfg(test)]
mod tables;
mod value;
mod write;

use crate::ages::Ages;
use crate::describe::Describe;
use domain::link::DecodedValue;
use domain::point::{DevicePoint, MaxAge, PointId};
use domain::reading::Target;
use std::time::Duration;

pub use crate::device::poll::{Events, Odd, Poll};
pub use block::{Area, Block, MAX_READ, Unit};
pub use load::{TableError, is_point_name};
pub use value::{RegisterType, WordOrder};
pub use write::{EncodeError, Writable};

/// A device's registers, grouped into the requests that fetch them.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisterTable {
    /// The device's name for people.
    pub name: String,
    /// What is read in each poll, in the order of reading.
    pub blocks: Vec<Block>,
    /// Where the device says who it is, if it does.
    pub identity: Option<Block>,
    /// Named units and their identifiers.
    units: Vec<(String, u8)>,
    /// What can be set.
    setpoints: Vec<Writable>,
    /// Points that are added up from several registers, and from how many.
    sums: Vec<(PointId, usize)>,
    /// Every point, and the max age that the table gives it.
    max_ages: Vec<(PointId, Option<Duration>)>,
    /// The point of each row; `None` for those of the device's own and those that are only shown.
    row_points: Vec<Option<PointId>>,
    /// The points of the device's own, each with its row. A reading is of [`Target::Device`] with the place here.
    own_points: Vec<(OwnPoint, usize)>,
}

/// A point that only this device has.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnPoint {
    /// Its name within the device: `3/power`.
    pub name: String,
    /// The unit of its values.
    pub unit: domain::point::Unit,
    /// Step of its values, in the unit.
    pub resolution: f32,
    /// The values that can be believed, inclusive.
    pub range: (f32, f32),
    /// A value older than this is stale; as the link's values, if not given.
    pub max_age: Option<Duration>,
    /// Beyond these values there is an alarm.
    pub limits: domain::point::PointLimits,
}

impl RegisterTable {
    /// The unit identifier that a block is asked of; `default` for those that name none.
    pub fn unit(&self, block: &Block, default: u8) -> u8 {
        self.unit_of(block.unit, default)
    }

    /// The identifier of a named unit; `default` for none.
    pub fn unit_of(&self, unit: Option<Unit>, default: u8) -> u8 {
        unit.and_then(|Unit(index)| self.units.get(index)).map_or(default, |(_, id)| *id)
    }

    /// What can be set.
    pub fn setpoints(&self) -> &[Writable] {
        &self.setpoints
    }

    /// Whether it has nothing but what can be set: no row is a point of the twin.
    pub fn only_settings(&self) -> bool {
        !self.setpoints.is_empty() && self.row_points.iter().all(Option::is_none)
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.row_points.len()
    }

    /// Whether a row is a point, and not only shown.
    pub fn is_point(&self, row: usize) -> bool {
        self.row_points.get(row).is_some_and(Option::is_some) || self.own_points.iter().any(|(_, of)| *of == row)
    }

    /// The points of the device's own that these rows are.
    pub(crate) fn own_points_of(&self, rows: &[usize]) -> impl Iterator<Item = Target> {
        let indices = self.own_points.iter().zip(0..).filter(|((_, row), _)| rows.contains(row));
        indices.map(|(_, index)| Target::Device(index))
    }

    /// The points of the device named `device`, if the link's values are good for `usual`.
    pub fn device_points(&self, device: &str, usual: Duration) -> Vec<DevicePoint> {
        let point = |(point, _): &(OwnPoint, usize)| DevicePoint {
            path: format!("{device}/{}", point.name),
            unit: point.unit,
            resolution: point.resolution,
            max_age: point.max_age.unwrap_or(usual),
            limits: point.limits,
        };
        self.own_points.iter().map(point).collect()
    }

    /// Which of its points may be older than the catalogue says, if the link's values are good for `usual`: as the table
    /// says, else `usual` if that is longer.
    pub fn max_ages(&self, usual: Duration) -> Vec<MaxAge> {
        let ages = self.max_ages.iter().map(|(point, given)| MaxAge {
            point: *point,
            age: given.unwrap_or_else(|| usual.max(point.spec().max_age)),
        });
        ages.filter(|max| max.age != max.point.spec().max_age).collect()
    }

    /// Gives a named unit another identifier.
    ///
    /// # Errors
    /// The table has no unit of this name; the error lists those that it has.
    pub fn set_unit(&mut self, name: &str, id: u8) -> Result<(), String> {
        let known: Vec<&str> = self.units.iter().map(|(known, _)| known.as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let unit = self.units.iter_mut().find(|(known, _)| known == name);
        let (_, unit_id) = unit.ok_or_else(|| format!("the table has no unit `{name}`; it has {known}"))?;
        *unit_id = id;
        Ok(())
    }
}

impl Describe for RegisterTable {
    fn key(&self, slot: usize) -> String {
        let block = &self.blocks[slot];
        let unit = block.unit.and_then(|Unit(index)| self.units.get(index));
        let unit = unit.map_or(String::new(), |(_, id)| format!("unit {id} "));
        let last = block.address + (block.count - 1);
        if last == block.address { format!("{unit}reg {last}") } else { format!("{unit}reg {}-{last}", block.address) }
    }

    fn name(&self, slot: usize) -> String {
        let area = match self.blocks[slot].area {
            Area::Holding => "holding registers",
            Area::Input => "input registers",
        };
        format!("{}, {area}", self.name)
    }

    fn decoded(&self, slot: usize, raw: &[u8]) -> Vec<DecodedValue> {
        let words: Vec<u16> = raw.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        self.blocks[slot].texts(&words, |_| false)
    }

    fn ages(&self, usual: Duration) -> Ages {
        Ages { points: self.max_ages(usual), cells: None }
    }
}
