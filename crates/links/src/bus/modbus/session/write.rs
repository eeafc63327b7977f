//! Carries out a write: read, write, read back. Between two requests of a poll, never beside one.

use super::Session;
use crate::bus::modbus::client::WriteFailure;
use crate::bus::modbus::request::{ReadError, ReadRegisters, WriteRegisters};
use crate::device::registers::{Area, Writable};
use crate::session::Order;
use domain::write::WriteOutcome::{self, Confirmed, Echoed, Mismatch, NotSent, Rejected, Sent, Unchanged, Unknown};
use std::time::Duration;

/// Between a write and each time that it is read back: devices need a moment until a value is theirs.
const SETTLE: [Duration; 3] = [Duration::from_millis(50), Duration::from_millis(200), Duration::from_millis(500)];

impl Session<'_> {
    /// Carries out every write that waits.
    ///
    /// # Errors
    /// The connection is gone, or leads to another device.
    pub(super) async fn writes(&mut self, serial: &mut Option<String>) -> Result<(), ReadError> {
        while let Some(order) = self.reporter.orders.take() {
            self.carry_out(order, serial).await?;
        }
        Ok(())
    }

    /// Carries out one write, and says at each step what has become of it. If it ends in the middle, the order itself
    /// says that (see [`Order`]).
    pub(super) async fn carry_out(&mut self, mut order: Order, serial: &mut Option<String>) -> Result<(), ReadError> {
        let outcome = self.steps(&mut order, serial).await;
        let (bytes, refusals) = (self.client.take_received(), self.client.take_refusals());
        let now = self.reporter.now().mono;
        self.reporter.record(|r| {
            r.monitor.received(0, bytes, now);
            r.monitor.fault(domain::link::LinkFault::Refused, refusals);
        });
        match outcome {
            Ok(outcome) => {
                order.tell(outcome);
                Ok(())
            }
            Err(Broken { error, outcome }) => {
                order.tell(outcome);
                Err(error)
            }
        }
    }

    async fn steps(&mut self, order: &mut Order, serial: &mut Option<String>) -> Result<WriteOutcome, Broken> {
        let request = order.request.clone();
        let Some(writable) = self.device.writable(&request.setpoint) else {
            return Ok(NotSent(format!("the link has no setpoint `{}`", request.setpoint)));
        };
        let words = match writable.words(request.value) {
            Ok(words) => words,
            Err(why) => return Ok(NotSent(why.to_string())),
        };
        let unit = self.device.unit_of(writable, self.client.unit());
        let there = ReadRegisters { unit, area: Area::Holding, address: writable.address, count: writable.count() };
        let not_sent = |error: ReadError| Broken { outcome: NotSent(error.to_string()), error };
        let before = match self.client.ask(there).await {
            Ok(before) => before,
            Err(ReadError::Exception(why)) => return Ok(Rejected(format!("its registers cannot be read: {why}"))),
            Err(error) => return Err(not_sent(error)),
        };
        // Whoever answers over a new connection may be another one.
        if self.client.take_reopened() && !self.identify(serial).await.map_err(not_sent)? {
            return Ok(NotSent("the device does not say who it is".to_owned()));
        }
        if before == words {
            return Ok(Unchanged(writable.value(&words).unwrap_or(request.value)));
        }
        if self.reporter.now().mono > request.deadline {
            return Ok(NotSent("its time was over before it could be sent".to_owned()));
        }
        order.tell(Sent);
        let write = WriteRegisters { unit, address: writable.address, words: words.clone(), single: writable.single };
        match self.client.write(write).await {
            Ok(()) => order.tell(Echoed),
            Err(WriteFailure { error: ReadError::Exception(why), .. }) => return Ok(Rejected(why.to_string())),
            Err(WriteFailure { error, may_be_done: false }) => return Err(not_sent(error)),
            Err(WriteFailure { error, .. }) => return Err(Broken { outcome: Unknown(error.to_string()), error }),
        }
        self.read_back(writable, there, &words).await
    }

    /// What the device has, a moment after it has taken `words`.
    async fn read_back(
        &mut self,
        writable: &Writable,
        there: ReadRegisters,
        words: &[u16],
    ) -> Result<WriteOutcome, Broken> {
        let wanted = writable.value(words).unwrap_or(f64::NAN);
        let mut outcome = Unknown("it was taken, but cannot be read back".to_owned());
        for settle in SETTLE {
            crate::host::time::sleep(settle).await;
            outcome = match self.client.ask(there).await {
                Ok(read) => match writable.value(&read) {
                    Some(value) if writable.is_same(value, wanted) => return Ok(Confirmed(value)),
                    Some(value) => Mismatch(value),
                    None => Unknown("it was taken, but the device says that it has no value".to_owned()),
                },
                Err(ReadError::Exception(why)) => Unknown(format!("it was taken, but cannot be read back: {why}")),
                Err(error) => {
                    let outcome = Unknown(format!("it was taken, but cannot be read back: {error}"));
                    return Err(Broken { outcome, error });
                }
            };
        }
        Ok(outcome)
    }
}

/// The connection broke; what that means for the write.
struct Broken {
    error: ReadError,
    outcome: WriteOutcome,
}
