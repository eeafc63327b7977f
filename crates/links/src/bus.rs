//! Buses: what moves bytes between a device and us. Each is a loop that receives, decodes through a device's table and
//! reports: a [`Bus`]. Which there are is known to the site file's kinds of links (`config::KINDS`) alone.

mod backoff;
mod can_health;
mod can_input;
mod can_output;
#[cfg(feature = "sockets")]
pub mod candump;
pub mod cannelloni;
#[cfg(feature = "sockets")]
mod https;
pub mod modbus;
#[cfg(feature = "sockets")]
pub mod mqtt;
mod pace;
#[cfg(feature = "sockets")]
pub(crate) mod shared_memory;
#[cfg(feature = "sockets")]
pub(crate) mod socketcan;
#[cfg(feature = "sockets")]
pub(crate) mod victron_mqtt;
#[cfg(feature = "sockets")]
pub(crate) mod vrm;

use self::can_input::CanInput;
use crate::describe::Describe;
use crate::session::Reporter;
use domain::point::DevicePoint;
use domain::write::Setpoint;
use std::fmt::Debug;
use std::future::{Future, ready};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// An address that a link cannot listen on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else listens there.
    #[error("{0} is in use by another program")]
    InUse(SocketAddr),
    /// The machine does not have it.
    #[error("{0} is not an address of this machine")]
    NotHere(SocketAddr),
    /// The system refuses for another reason.
    #[error("{0} cannot be listened on: {why}", why = crate::text::network_error(.1))]
    Refused(SocketAddr, std::io::Error),
}

/// What a method of a bus gives that waits.
pub(crate) type Waits<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What moves bytes between a device and its link, with the device's table.
pub(crate) trait Bus: Debug + Send {
    /// The table that knows what its frames mean.
    fn table(&self) -> Arc<dyn Describe>;

    /// What its register table calls the device; empty where it has none.
    fn device(&self) -> &str {
        ""
    }

    /// The frames of a CAN bus; `None` if it brings none.
    fn can(&self) -> Option<&CanInput> {
        None
    }

    /// What its CAN interface is called in a log, where that is not the link's name.
    fn can_interface(&self) -> Option<&str> {
        None
    }

    /// What others may set on its device.
    fn setpoints(&self) -> Vec<Setpoint> {
        Vec::new()
    }

    /// The points that only its device has, which is called `device`, if the link's values are good for `usual`.
    fn device_points(&self, device: &str, usual: Duration) -> Vec<DevicePoint> {
        let (_, _) = (device, usual);
        Vec::new()
    }

    /// Whether it reads nothing but what is set.
    fn only_settings(&self) -> bool {
        false
    }

    /// Whether it brings cell voltages, if all is as it should be.
    fn brings_cells(&self) -> bool {
        self.can().is_some_and(CanInput::brings_cells)
    }

    /// Takes the address that it listens on, if it listens.
    fn bind(&mut self) -> Waits<'_, Result<(), BindError>> {
        Box::pin(ready(Ok(())))
    }

    /// The address that it listens on, once taken.
    fn local_addr(&self) -> Option<SocketAddr> {
        None
    }

    /// Moves bytes. Ends only when there will be no more; may be dropped at any await.
    fn drive<'a>(&'a mut self, reporter: &'a Reporter) -> Waits<'a, ()>;
}
