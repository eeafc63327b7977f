//! What models are made of.

use domain::point::PointId;

/// A model.
pub(super) struct Table {
    /// Name for people.
    pub(super) name: &'static str,
    /// Registers of the fixed part, with id and length.
    pub(super) fixed: u16,
    /// Registers of each group that follows; 0 without groups.
    pub(super) group: u16,
    /// Fields of the fixed part.
    pub(super) fields: &'static [Field],
    /// Fields of a group, from its own beginning.
    pub(super) group_fields: &'static [Field],
}

/// A field of 16 bits.
pub(super) struct Field {
    /// Offset of its register.
    pub(super) at: u16,
    /// Its name in the model.
    pub(super) name: &'static str,
    /// Whether it is two's complement.
    pub(super) signed: bool,
    /// Offset of its scale factor; 0 without.
    pub(super) factor: u16,
    /// Unit of the scaled value.
    pub(super) unit: &'static str,
    /// What it is to us.
    pub(super) is: Meaning,
}

/// What a field is to us.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    /// Shown beside the raw registers, and nowhere else.
    Shown,
    /// A point.
    Point(PointId),
    /// A point whose sign is that of the device.
    Outward(PointId),
    /// The voltage of the group's cell.
    CellVoltage,
    /// The temperature of the group's cell.
    CellTemperature,
}
