//! What is written to a device for one request, or why nothing is.

use super::request::ReadError;
use crate::device::registers::Writable;
use crate::device::sunspec::setpoint::Switch;

/// What is written for one request, in this order, each with a request of its own.
#[derive(Debug)]
pub(super) struct Plan {
    /// The unit that has it.
    pub(super) unit: u8,
    /// The register that says for how long the value is held, and the seconds that are written to it before the value. The
    /// value is written only if the device has them.
    pub(super) hold: Option<(u16, u16)>,
    /// The setpoint.
    pub(super) writable: Writable,
    /// The bit without which the value is not in force; it is set after the value.
    pub(super) switch: Option<Switch>,
}

impl Plan {
    /// Nothing but the value.
    pub(super) fn new(writable: Writable, unit: u8) -> Plan {
        Plan { unit, hold: None, writable, switch: None }
    }
}

/// Why nothing can be written.
#[derive(Debug)]
pub(super) enum PlanError {
    /// It may not be, or the device has not got it.
    Refused(String),
    /// The device does not say what must be known before.
    Read(ReadError),
}

impl From<ReadError> for PlanError {
    fn from(error: ReadError) -> PlanError {
        PlanError::Read(error)
    }
}
