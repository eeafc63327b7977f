//! Modbus: asks a device for its registers, again and again.
//!
//! One request is in flight at a time. Any error or time-out drops the connection; it is opened again after 1 to 30 s.
//! A device that answers a request with an exception is not dropped. Where it may be about a single register, the block
//! is asked in parts (see [`parts`]); a block of which nothing is answered rests: a wrong address must neither hammer
//! the device nor hide its other registers. A device that closes connections is not at fault (see [`client`]).
//!
//! Readings have the time of the reply that they came in, and are handed on as soon as it has come.
//!
//! A device that says who it is is asked at every connect and each minute. Another one in its place is
//! refused, and an alarm says what was expected and what answered.

mod check;
mod client;
mod device;
mod exception;
#[cfg(feature = "sockets")]
mod keepalive;
mod parts;
mod plan;
mod request;
pub mod rtu;
mod session;
mod stillness;
mod sunspec;
mod tabled;
#[cfg_attr(not(feature = "sockets"), path = "modbus/tcp_inside.rs")]
mod tcp;
mod wire;

pub use client::{Client, Dial, Framing, WriteFailure};
pub(crate) use device::Device;
pub use exception::Exception;
pub use request::{ReadError, ReadRegisters, Reply, Request, WriteRegisters};

use super::backoff::{self, Backoff};
use super::{Bus, Waits};
use crate::describe::Describe;
use crate::host::time;
use crate::session::Reporter;
use domain::point::DevicePoint;
use domain::write::Setpoint;
use session::Session;
use std::sync::Arc;
use std::time::Duration;
use stillness::Stillness;

/// Why nothing is written before there is a connection.
const NOT_YET: &str = "the link is down: its device has not answered yet";

/// Polls one device.
#[derive(Debug)]
pub(crate) struct Poller {
    dial: Dial,
    period: Duration,
    device: Device,
    /// The serial number that the device must have: as configured, or as it was first.
    serial: Option<String>,
    /// What stands still there, which a new connection does not change.
    stillness: Stillness,
}

impl Bus for Poller {
    fn table(&self) -> Arc<dyn Describe> {
        self.device.table()
    }

    fn device(&self) -> &str {
        self.device.name()
    }

    fn setpoints(&self) -> Vec<Setpoint> {
        self.device.setpoints(self.dial.unit)
    }

    fn device_points(&self, device: &str, usual: Duration) -> Vec<DevicePoint> {
        self.device.device_points(device, usual)
    }

    fn only_settings(&self) -> bool {
        self.device.only_settings()
    }

    fn brings_cells(&self) -> bool {
        self.device.brings_cells()
    }

    fn drive<'a>(&'a mut self, reporter: &'a Reporter) -> Waits<'a, ()> {
        Box::pin(self.run(reporter))
    }
}

impl Poller {
    /// Polls `device` as `dial` says, each `period`. If `serial` is given, a device that says another one is refused.
    pub(crate) fn new(dial: Dial, period: Duration, device: Device, serial: Option<String>) -> Poller {
        let stillness = Stillness::new(!device.only_settings());
        Poller { dial, period, device, serial, stillness }
    }

    async fn run(&mut self, reporter: &Reporter) {
        let mut backoff = Backoff::default();
        loop {
            // Whoever wants to write is told at once, not when the device is there.
            let dialled = reporter.orders.not_sent_during(NOT_YET, Client::dial(self.dial.clone()));
            let error = match dialled.await {
                Ok(client) => {
                    reporter.opened().await;
                    let session = Session::new(client, &self.device, reporter, self.period, &mut self.stillness);
                    session.run(&mut self.serial, &mut backoff).await
                }
                Err(error) => error,
            };
            reporter.record(|r| r.monitor.fault(error.fault(), 1));
            let why = format!("the link is down: {error}");
            match error {
                ReadError::WrongDevice(words) => reporter.wrong_device(words).await,
                error => reporter.closed(error).await,
            }
            reporter.orders.not_sent_during(&why, time::sleep(backoff.next(backoff::random()))).await;
        }
    }
}
