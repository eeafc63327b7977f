//! A block: neighbouring registers that one request reads, and the values in it.

use super::OwnPoint;
use super::value::Format;
use crate::device::codes::Codes;
use crate::device::unit;
use domain::point::PointId;
use domain::reading::Target;
use serde::Deserialize;

/// The most registers of one read request.
pub const MAX_READ: u16 = 125;

/// Neighbouring registers that one request reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The named unit that is asked; `None` for the link's own.
    pub unit: Option<Unit>,
    /// Which kind of register.
    pub area: Area,
    /// Address of the first, as on the wire.
    pub address: u16,
    /// How many, 1 to 125.
    pub count: u16,
    pub(super) registers: Vec<Register>,
}

impl Block {
    /// How many values it has. They are numbered in the order of their addresses.
    pub fn values(&self) -> usize {
        self.registers.len()
    }

    /// The request for the values from `first` to `last`: address and count.
    pub fn span(&self, first: usize, last: usize) -> (u16, u16) {
        let values = self.registers.get(first..=last).unwrap_or_default();
        let start = values.first().map_or(0, |value| value.offset);
        let end = values.iter().map(|value| value.offset + usize::from(value.format.kind.words())).max();
        (self.address + start as u16, (end.unwrap_or(start) - start) as u16)
    }

    /// The row of the table that each value is of.
    pub fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.registers.iter().map(|value| value.row)
    }

    /// Whether any of its values is needed from a device that refuses these rows.
    pub fn is_needed(&self, refused_rows: &[bool]) -> bool {
        self.registers.iter().any(|value| value.is_used(refused_rows))
    }

    /// The row of a value, if that counts while the device refuses these rows.
    pub fn counting_row(&self, value: usize, refused_rows: &[bool]) -> Option<usize> {
        self.registers.get(value).filter(|register| register.is_used(refused_rows)).map(|register| register.row)
    }

    /// A value as people know it: `register 256 (battery/power)`.
    pub fn name_of(&self, value: usize) -> String {
        let Some(register) = self.registers.get(value) else { return String::new() };
        format!("register {} ({})", usize::from(self.address) + register.offset, register.role.label())
    }
}

/// A named unit's place in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unit(pub(super) usize);

/// The two kinds of registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// Function code 3.
    #[default]
    Holding,
    /// Function code 4.
    Input,
}

/// One value in a block.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Register {
    /// Place in its block.
    pub(super) offset: usize,
    pub(super) role: Role,
    pub(super) format: Format,
    /// Has no value either when this register of the block has none.
    pub(super) needs: Option<usize>,
    /// What its numbers mean, in words.
    pub(super) words: Vec<(i64, String)>,
    /// What its numbers mean to us, if they are codes.
    pub(super) codes: Option<Codes>,
    /// The row of the table.
    pub(super) row: usize,
    /// The row whose place it takes while the device refuses that one.
    pub(super) instead_of: Option<usize>,
}

impl Register {
    /// Whether it counts, if the device refuses these rows.
    pub(super) fn is_used(&self, refused_rows: &[bool]) -> bool {
        self.instead_of.is_none_or(|newer| refused_rows.get(newer).copied().unwrap_or(false))
    }
}

/// What a value is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Role {
    /// It is a point.
    Point(PointId),
    /// It is added to others, which together are a point: the sum's place in the table, and the point.
    Part(usize, PointId),
    /// It is a point of the device's own: its place among these, its name, the values that can be believed.
    Own { index: u16, name: String, unit: &'static str, range: (f32, f32) },
    /// It is shown beside the raw bytes, and nowhere else.
    Shown(String),
}

impl Role {
    pub(super) fn own(index: usize, point: &OwnPoint) -> Role {
        Role::Own { index: index as u16, name: point.name.clone(), unit: point.unit.symbol(), range: point.range }
    }

    /// What its readings are of; `None` if it makes none by itself.
    pub(super) fn target(&self) -> Option<Target> {
        match self {
            Role::Point(point) => Some(Target::Point(*point)),
            Role::Own { index, .. } => Some(Target::Device(*index)),
            Role::Part(..) | Role::Shown(_) => None,
        }
    }

    /// Its name for people who look at raw bytes.
    pub(super) fn label(&self) -> &str {
        match self {
            Role::Point(point) | Role::Part(_, point) => point.spec().path,
            Role::Own { name, .. } => name,
            Role::Shown(label) => label,
        }
    }

    /// Its unit as text.
    pub(super) fn symbol(&self) -> &'static str {
        match self {
            Role::Point(point) | Role::Part(_, point) => unit::symbol(Target::Point(*point)),
            Role::Own { unit, .. } => unit,
            Role::Shown(_) => "",
        }
    }
}
