//! Modbus: asks a device for its registers, again and again.
//!
//! One request is in flight at a time. Any error or time-out drops the connection; it is opened again after 1 to 30 s.
//! A device that answers a request with an exception is not dropped, but that request rests just as long: a wrong
//! address must neither hammer the device nor hide its other registers.
//!
//! A device that says who it is is asked at every connect and each minute. Another one in its place is
//! refused, and an alarm says what was expected and what answered.

mod client;
mod counted;
mod device;
mod exception;
mod keepalive;
pub mod rtu;
mod session;
mod sunspec;
mod tcp;

pub use client::{Client, Framing, Question, ReadError};
pub(crate) use device::Device;
pub use exception::Exception;

use super::backoff::{self, Backoff};
use crate::frames::Describe;
use crate::link::Reporter;
use domain::point::MaxAge;
use session::Session;
use std::sync::Arc;
use std::time::Duration;

/// Where a device is, and how it is spoken to.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// Host and port.
    pub(crate) address: String,
    pub(crate) framing: Framing,
    /// The unit that is asked if the device's table names no other.
    pub(crate) unit: u8,
    /// Longest wait for a connection or an answer.
    pub(crate) timeout: Duration,
    /// Time between two polls.
    pub(crate) poll: Duration,
}

/// Polls one device.
#[derive(Debug)]
pub(crate) struct Poller {
    endpoint: Endpoint,
    device: Device,
    /// The serial number that the device must have: as configured, or as it was first.
    serial: Option<String>,
}

impl Poller {
    /// Polls `device` at `endpoint`. If `serial` is given, a device that says another one is refused.
    pub(crate) fn new(endpoint: Endpoint, device: Device, serial: Option<String>) -> Poller {
        Poller { endpoint, device, serial }
    }

    pub(crate) fn table(&self) -> Arc<dyn Describe> {
        self.device.table()
    }

    pub(crate) fn device(&self) -> &str {
        self.device.name()
    }

    pub(crate) fn max_ages(&self) -> Vec<MaxAge> {
        self.device.max_ages(self.endpoint.poll)
    }

    pub(crate) async fn drive(&mut self, reporter: &Reporter) {
        let mut backoff = Backoff::default();
        loop {
            let Endpoint { address, framing, unit, timeout, poll } = &self.endpoint;
            let error = match Client::connect(address, *framing, *unit, *timeout).await {
                Ok(client) => {
                    reporter.opened().await;
                    let session = Session::new(client, &self.device, reporter, *poll);
                    session.run(&mut self.serial, &mut backoff).await
                }
                Err(error) => error,
            };
            reporter.record(|r| r.monitor.fault(error.fault(), 1));
            match error {
                ReadError::Stranger(words) => reporter.stranger(words).await,
                error => reporter.closed(error).await,
            }
            tokio::time::sleep(backoff.next(backoff::random())).await;
        }
    }
}
