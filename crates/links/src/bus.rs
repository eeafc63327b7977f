//! Buses: what moves bytes between a device and us. Each is a loop that receives, decodes through a device's table and
//! reports; [`Bus`] is the one place that knows all of them.

mod backoff;
mod can_health;
mod can_input;
pub mod candump;
pub mod cannelloni;
mod https;
pub mod modbus;
pub mod mqtt;
mod pace;
pub(crate) mod shared_memory;
pub(crate) mod socketcan;
pub(crate) mod victron_mqtt;
pub(crate) mod vrm;

use self::can_input::CanInput;
use crate::device::victron::ROWS;
use crate::frames::Describe;
use crate::link::{Ages, BindError, Reporter};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// A link's bus with its device's table.
#[derive(Debug)]
pub(crate) enum Bus {
    /// CAN frames in UDP packets.
    Cannelloni(cannelloni::Receiver),
    /// CAN frames from a log.
    Candump(candump::Replay),
    /// CAN frames from an interface of Linux.
    Socketcan(socketcan::Receiver),
    /// Registers, asked for.
    Modbus(modbus::Poller),
    /// Values that a Victron GX publishes.
    VictronMqtt(victron_mqtt::Listener),
    /// Values, asked of Victron's cloud.
    Vrm(Box<vrm::Vrm>),
    /// Cells that another program of this machine writes.
    SharedMemory(shared_memory::Poller),
}

impl Bus {
    /// The table that knows what its frames mean.
    pub(crate) fn table(&self) -> Arc<dyn Describe> {
        match self {
            Bus::Cannelloni(bus) => bus.table(),
            Bus::Candump(bus) => bus.table(),
            Bus::Socketcan(bus) => bus.table(),
            Bus::Modbus(bus) => bus.table(),
            Bus::VictronMqtt(bus) => bus.table(),
            Bus::Vrm(bus) => bus.table(),
            Bus::SharedMemory(bus) => bus.table(),
        }
    }

    /// What its register table calls the device; empty where it has none.
    pub(crate) fn device(&self) -> &str {
        match self {
            Bus::Modbus(bus) => bus.device(),
            _ => "",
        }
    }

    /// The frames of a CAN bus; `None` if it brings none.
    fn can(&self) -> Option<&CanInput> {
        match self {
            Bus::Cannelloni(bus) => Some(bus.input()),
            Bus::Candump(bus) => Some(bus.input()),
            Bus::Socketcan(bus) => Some(bus.input()),
            Bus::Modbus(_) | Bus::VictronMqtt(_) | Bus::Vrm(_) | Bus::SharedMemory(_) => None,
        }
    }

    /// How old its values may be, if those of the link are good for `usual`; zero if only the DBC file can tell.
    pub(crate) fn ages(&self, usual: Duration) -> Ages {
        match self {
            Bus::Modbus(bus) => bus.ages(usual),
            Bus::VictronMqtt(_) | Bus::Vrm(_) => Ages::of(ROWS.iter().map(|row| row.point), false, usual),
            Bus::SharedMemory(_) => Ages::of([], true, usual),
            Bus::Cannelloni(_) | Bus::Candump(_) | Bus::Socketcan(_) => {
                let given = (!usual.is_zero()).then_some(usual);
                self.can().map(|can| can.ages(given)).unwrap_or_default()
            }
        }
    }

    /// What a person should know of its DBC file, if it has one.
    pub(crate) fn file_warnings(&self) -> Vec<String> {
        self.can().map_or_else(Vec::new, CanInput::file_warnings)
    }

    /// How often something arrives at least, where a DBC file says it.
    pub(crate) fn cycle(&self) -> Option<Duration> {
        self.can().and_then(CanInput::cycle)
    }

    /// Whether it brings cell voltages, if all is as it should be.
    pub(crate) fn brings_cells(&self) -> bool {
        match self {
            Bus::Modbus(bus) => bus.brings_cells(),
            Bus::VictronMqtt(_) | Bus::Vrm(_) => false,
            Bus::Cannelloni(bus) => bus.brings_cells(),
            Bus::Candump(bus) => bus.brings_cells(),
            Bus::Socketcan(bus) => bus.brings_cells(),
            Bus::SharedMemory(_) => true,
        }
    }

    /// What its CAN interface is called in a log: the name that Linux has for it, or else the link's; `None` if it
    /// brings no CAN frames.
    pub(crate) fn can_interface<'a>(&'a self, link: &'a str) -> Option<&'a str> {
        match self {
            Bus::Socketcan(bus) => Some(bus.interface()),
            Bus::Cannelloni(_) | Bus::Candump(_) => Some(link),
            Bus::Modbus(_) | Bus::VictronMqtt(_) | Bus::Vrm(_) | Bus::SharedMemory(_) => None,
        }
    }

    /// Takes the address that it listens on.
    pub(crate) async fn bind(&mut self) -> Result<(), BindError> {
        match self {
            Bus::Cannelloni(bus) => bus.bind().await,
            Bus::Candump(_)
            | Bus::Socketcan(_)
            | Bus::Modbus(_)
            | Bus::VictronMqtt(_)
            | Bus::Vrm(_)
            | Bus::SharedMemory(_) => Ok(()),
        }
    }

    /// The address that it listens on, once taken.
    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Bus::Cannelloni(bus) => bus.local_addr(),
            Bus::Candump(_)
            | Bus::Socketcan(_)
            | Bus::Modbus(_)
            | Bus::VictronMqtt(_)
            | Bus::Vrm(_)
            | Bus::SharedMemory(_) => None,
        }
    }

    /// Moves bytes. Returns only when there will be no more; may be dropped at any await.
    pub(crate) async fn drive(&mut self, reporter: &Reporter) {
        match self {
            Bus::Cannelloni(bus) => bus.drive(reporter).await,
            Bus::Candump(bus) => bus.drive(reporter).await,
            Bus::Socketcan(bus) => bus.drive(reporter).await,
            Bus::Modbus(bus) => bus.drive(reporter).await,
            Bus::VictronMqtt(bus) => bus.drive(reporter).await,
            Bus::Vrm(bus) => bus.drive(reporter).await,
            Bus::SharedMemory(bus) => bus.drive(reporter).await,
        }
    }
}
