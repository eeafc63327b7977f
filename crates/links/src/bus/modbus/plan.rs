//! What is written to a device for one request, or why nothing is.

use super::request::ReadError;
use crate::device::registers::Writable;

/// What is written for one request, in this order, each with a request of its own.
#[derive(Debug)]
pub(super) struct Plan {
    /// The unit that has it.
    pub(super) unit: u8,
    /// Registers that are written before the value.
    pub(super) first: Vec<(u16, u16)>,
    /// The setpoint.
    pub(super) writable: Writable,
    /// A register that is written after it, so that the value counts, if it does not say so already.
    pub(super) last: Option<(u16, u16)>,
}

impl Plan {
    /// Nothing but the value.
    pub(super) fn new(writable: Writable, unit: u8) -> Plan {
        Plan { unit, first: Vec::new(), writable, last: None }
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
