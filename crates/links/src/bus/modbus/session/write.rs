//! Carries out a write: read, write, read back. Between two requests of a poll, never beside one.

use super::Session;
use crate::bus::modbus::client::WriteFailure;
use crate::bus::modbus::exception::Exception;
use crate::bus::modbus::plan::{Plan, PlanError};
use crate::bus::modbus::request::{ReadError, ReadRegisters, WriteRegisters};
use crate::device::registers::Area;
use crate::session::Order;
use domain::write::WriteOutcome::{
    self, Confirmed, Echoed, Exception as Exceptional, NotSent, Read, Refused, Sent, Unchanged, Unknown,
};
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
                order.report(outcome);
                Ok(())
            }
            Err(Broken { error, outcome }) => {
                order.report(outcome);
                Err(error)
            }
        }
    }

    async fn steps(&mut self, order: &mut Order, serial: &mut Option<String>) -> Result<WriteOutcome, Broken> {
        let request = order.request.clone();
        let not_sent = |error: ReadError| Broken { outcome: NotSent(error.to_string()), error };
        let unreadable = |why: Exception| Ok(NotSent(format!("its registers cannot be read: {why}")));
        let plan = match self.device.plan(&request, &mut self.client).await {
            Ok(plan) => plan,
            Err(PlanError::Refused(why)) => return Ok(Refused(why)),
            Err(PlanError::Read(ReadError::Exception(why))) => return unreadable(why),
            Err(PlanError::Read(error)) => return Err(not_sent(error)),
        };
        let writable = &plan.writable;
        let wanted = match request.value.map(|value| writable.words(value)).transpose() {
            Ok(wanted) => wanted,
            Err(why) => return Ok(Refused(why.to_string())),
        };
        let address = writable.address;
        let there = ReadRegisters { unit: plan.unit, area: Area::Holding, address, count: writable.count() };
        let before = match self.client.ask(there).await {
            Ok(before) => before,
            Err(ReadError::Exception(why)) => return unreadable(why),
            Err(error) => return Err(not_sent(error)),
        };
        // Whoever answers over a new connection may be another one.
        if self.client.take_reopened() && !self.identify(serial).await.map_err(not_sent)? {
            return Ok(NotSent("the device does not say who it is".to_owned()));
        }
        let Some(words) = wanted else {
            let read = writable.value(&before).map(Read);
            return Ok(read.unwrap_or_else(|| NotSent("the device says that it has no value".to_owned())));
        };
        if let Some(end) = request.gives_way(writable.value(&before)) {
            return Ok(end);
        }
        if before == words && request.lease.is_none() && plan.last.is_none() {
            return Ok(Unchanged(writable.value(&words).unwrap_or(f64::NAN)));
        }
        if let Some(why) = order.hindered() {
            return Ok(why);
        }
        order.report(Sent);
        let one = |(address, word): (u16, u16)| (address, vec![word], false);
        let value = (address, words.clone(), writable.single);
        let writes = plan.first.iter().copied().map(one).chain([value]).chain(plan.last.map(one));
        for (nth, (address, words, single)) in writes.enumerate() {
            match self.client.write(WriteRegisters { unit: plan.unit, address, words, single }).await {
                Ok(()) => {}
                Err(WriteFailure { error: ReadError::Exception(why), .. }) => return Ok(Exceptional(why.to_string())),
                Err(WriteFailure { error, may_be_done: false }) if nth == 0 => return Err(not_sent(error)),
                Err(WriteFailure { error, .. }) => return Err(Broken { outcome: Unknown(error.to_string()), error }),
            }
        }
        order.report(Echoed);
        self.read_back(&plan, there, &words, writable.value(&before)).await
    }

    /// What the device has, a moment after it has taken `words` in the place of `before`.
    async fn read_back(
        &mut self,
        plan: &Plan,
        there: ReadRegisters,
        words: &[u16],
        before: Option<f64>,
    ) -> Result<WriteOutcome, Broken> {
        let writable = &plan.writable;
        let wanted = writable.value(words).unwrap_or(f64::NAN);
        let mut outcome = Unknown("it was taken, but cannot be read back".to_owned());
        for settle in SETTLE {
            crate::host::time::sleep(settle).await;
            outcome = match self.look(there).await? {
                Ok(read) => match writable.value(&read) {
                    Some(value) => WriteOutcome::of_read_back(value, wanted, before, |a, b| writable.is_same(a, b)),
                    None => Unknown("it was taken, but the device says that it has no value".to_owned()),
                },
                Err(unknown) => unknown,
            };
            if let Confirmed(_) = outcome {
                return Ok(match plan.last {
                    Some((address, word)) => match self.look(ReadRegisters { address, count: 1, ..there }).await? {
                        Ok(read) if read == [word] => outcome,
                        Ok(_) => Unknown(format!(
                            "the device has the value, but register {address} does not say that it counts"
                        )),
                        Err(unknown) => unknown,
                    },
                    None => outcome,
                });
            }
        }
        Ok(outcome)
    }

    /// Reads registers that were written.
    async fn look(&mut self, there: ReadRegisters) -> Result<Result<Vec<u16>, WriteOutcome>, Broken> {
        let unknown = |why: &dyn std::fmt::Display| Unknown(format!("it was taken, but cannot be read back: {why}"));
        match self.client.ask(there).await {
            Ok(words) => Ok(Ok(words)),
            Err(ReadError::Exception(why)) => Ok(Err(unknown(&why))),
            Err(error) => Err(Broken { outcome: unknown(&error), error }),
        }
    }
}

/// The connection broke; what that means for the write.
struct Broken {
    error: ReadError,
    outcome: WriteOutcome,
}
