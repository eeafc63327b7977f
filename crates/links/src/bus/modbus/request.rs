//! What is asked of a device, what it may answer, and why there may be no answer. Whatever the framing.

use super::exception::Exception;
use crate::device::registers::Area;
use crate::text::time;
use domain::link::LinkFault;
use std::time::Duration;

/// Registers of a unit that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadRegisters {
    /// Unit identifier.
    pub unit: u8,
    /// Which kind of register.
    pub area: Area,
    /// The first register.
    pub address: u16,
    /// How many, 1 to 125.
    pub count: u16,
}

/// Holding registers of a unit that are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteRegisters {
    /// Unit identifier.
    pub unit: u8,
    /// The first register.
    pub address: u16,
    /// What is written, 1 to 123 registers.
    pub words: Vec<u16>,
    /// Whether function 6 is used where it can be: for one register, over Modbus TCP. Else it is function 16.
    pub single: bool,
}

/// What is asked of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Function 3 or 4.
    Read(ReadRegisters),
    /// Function 6 or 16.
    Write(WriteRegisters),
}

impl From<ReadRegisters> for Request {
    fn from(read: ReadRegisters) -> Request {
        Request::Read(read)
    }
}

impl Request {
    /// Its function code.
    pub fn function(&self) -> u8 {
        match self {
            Request::Read(ReadRegisters { area: Area::Holding, .. }) => 3,
            Request::Read(ReadRegisters { area: Area::Input, .. }) => 4,
            Request::Write(write) if write.single && write.words.len() == 1 => 6,
            Request::Write(_) => 16,
        }
    }

    /// The unit that is asked.
    pub fn unit(&self) -> u8 {
        match self {
            Request::Read(read) => read.unit,
            Request::Write(write) => write.unit,
        }
    }
}

/// What a reply says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The registers that were asked for.
    Words(Vec<u16>),
    /// The device has taken what was written, as far as it says.
    Taken,
    /// The device refuses, with this code.
    Exception(u8),
}

/// What is wrong with the reply of another unit, and what to do about it.
pub(super) fn other_unit(found: u8, asked: u8) -> String {
    format!(
        "unit {found} instead of {asked}: is `unit` right? Some gateways always answer with their own; then set \
         `any_unit_in_reply = true`"
    )
}

/// Why there are no registers.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The device could not be reached; why, in words.
    #[error("no connection: {0}")]
    Connect(String),
    /// No connection or no reply in time.
    #[error("no answer within {}", time(*.0))]
    Timeout(Duration),
    /// The device, or something between, closed the connection.
    #[error("the connection was closed")]
    Closed,
    /// A reply that is not the answer to the request.
    #[error("malformed reply: {0}")]
    Malformed(String),
    /// The device is not the one that it should be.
    #[error("{0}")]
    WrongDevice(String),
    /// The device refuses. The connection is good.
    #[error("{0}")]
    Exception(Exception),
}

impl ReadError {
    /// What it counts as.
    pub fn fault(&self) -> LinkFault {
        match self {
            ReadError::Timeout(_) => LinkFault::Timeout,
            ReadError::Malformed(_) => LinkFault::Malformed,
            ReadError::Connect(_) => LinkFault::NoConnection,
            ReadError::Closed | ReadError::WrongDevice(_) | ReadError::Exception(_) => LinkFault::Refused,
        }
    }
}
