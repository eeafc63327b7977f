//! Carries out a write: read, write, read back. Between two requests of a poll, never beside one.

use super::Session;
use crate::bus::modbus::client::WriteFailure;
use crate::bus::modbus::exception::{Exception, WriteFate};
use crate::bus::modbus::plan::{Plan, PlanError};
use crate::bus::modbus::request::{ReadError, ReadRegisters, WriteRegisters};
use crate::device::registers::Area;
use crate::device::sunspec::setpoint::Switch;
use crate::session::Order;
use domain::write::WriteOutcome::{
    self, Confirmed, Echoed, Exception as Exceptional, Ignored, NotSent, Read, Refused, Sent, Unchanged, Unknown,
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
        let plan = match self.device.plan(&request, &order.terms, &mut self.client).await {
            Ok(plan) => plan,
            Err(PlanError::Refused(why)) => return Ok(Refused(why)),
            Err(PlanError::Read(ReadError::Exception(why))) => return unreadable(why),
            Err(PlanError::Read(error)) => return Err(not_sent(error)),
        };
        let wanted = match request.value.map(|value| plan.writable.words(value)).transpose() {
            Ok(wanted) => wanted,
            Err(why) => return Ok(Refused(why.to_string())),
        };
        let before = match self.see(&plan).await {
            Ok(before) => before,
            Err(ReadError::Exception(why)) => return unreadable(why),
            Err(error) => return Err(not_sent(error)),
        };
        // Whoever answers over a new connection may be another one.
        if self.client.take_reopened() && !self.identify(serial).await.map_err(not_sent)? {
            return Ok(NotSent("the device does not say who it is".to_owned()));
        }
        let Some(words) = wanted else {
            let read = before.value.map(Read);
            return Ok(read.unwrap_or_else(|| NotSent("the device says that it has no value".to_owned())));
        };
        if let Some(end) = request.gives_way(before.value) {
            return Ok(end);
        }
        if before.words == words && request.lease.is_none() && before.is_in_force(&plan) {
            return Ok(Unchanged(plan.writable.value(&words).unwrap_or(f64::NAN)));
        }
        if let Some(why) = order.hindered() {
            return Ok(why);
        }
        order.report(Sent);
        self.write(&plan, &words, &before, order).await
    }

    /// Writes for how long, the value, and that it counts; reads back what the device has then.
    async fn write(
        &mut self,
        plan: &Plan,
        words: &[u16],
        before: &Seen,
        order: &mut Order,
    ) -> Result<WriteOutcome, Broken> {
        if let Some(hold) = plan.hold
            && let Err(why) = self.hold(plan.unit, hold).await?
        {
            return Ok(Exceptional(why));
        }
        let value = (plan.writable.address, words.to_vec(), plan.writable.single);
        let off = plan.switch.filter(|switch| before.mode.is_some_and(|mode| !switch.is_on(mode)));
        let on = off.map(|switch| (switch.address, vec![before.mode.unwrap_or(0) | switch.bit], false));
        // What the device does not take; whether it may do it yet.
        let mut refusal: Option<(Exception, bool)> = None;
        for (nth, (address, words, single)) in [value].into_iter().chain(on).enumerate() {
            match self.client.write(WriteRegisters { unit: plan.unit, address, words, single }).await {
                Ok(()) => {}
                Err(WriteFailure { error: ReadError::Exception(why), .. }) => {
                    let fate = why.write_fate();
                    if matches!(fate, WriteFate::Refused | WriteFate::Busy) && nth == 0 {
                        return Ok(Exceptional(why.to_string()));
                    }
                    refusal = Some((why, fate == WriteFate::NotKnown));
                    break;
                }
                Err(WriteFailure { error, may_be_done: false }) if nth == 0 && plan.hold.is_none() => {
                    return Err(Broken { outcome: NotSent(error.to_string()), error });
                }
                Err(WriteFailure { error, .. }) => return Err(Broken { outcome: Unknown(error.to_string()), error }),
            }
        }
        if refusal.is_none() {
            order.report(Echoed);
        }
        let outcome = self.read_back(plan, words, before.value).await?;
        let wanted = plan.writable.value(words);
        // Of a value that it had before, what it has says nothing.
        let had = before.value.zip(wanted).is_some_and(|(before, wanted)| plan.writable.is_same(before, wanted));
        Ok(match (refusal, outcome) {
            // What the device has decides, whatever it has answered.
            (None, outcome) => outcome,
            (Some(_), Confirmed(value)) if !had => Confirmed(value),
            (Some((why, true)), _) => Unknown(why.to_string()),
            (Some((why, false)), Confirmed(_) | Ignored(_)) => Exceptional(why.to_string()),
            (Some((why, false)), Unknown(unread)) => Unknown(format!("{why}, and {unread}")),
            (Some(_), outcome) => outcome,
        })
    }

    /// Writes for how long a value is to be held. Nothing else is written where the device does not take it: it would keep
    /// the value for longer, maybe for ever, or give it up before it is renewed.
    async fn hold(&mut self, unit: u8, (address, seconds): (u16, u16)) -> Result<Result<(), String>, Broken> {
        let not_sent = |error: ReadError| Broken { outcome: NotSent(error.to_string()), error };
        let write = WriteRegisters { unit, address, words: vec![seconds], single: false };
        let refused = match self.client.write(write).await {
            Ok(()) => None,
            Err(WriteFailure { error: ReadError::Exception(why), .. }) => match why.write_fate() {
                WriteFate::NotKnown | WriteFate::Failed => Some(why),
                WriteFate::Refused | WriteFate::Busy => return Ok(Err(why.to_string())),
            },
            Err(WriteFailure { error, may_be_done: false }) => return Err(not_sent(error)),
            Err(WriteFailure { error, .. }) => return Err(Broken { outcome: Unknown(error.to_string()), error }),
        };
        let there = ReadRegisters { unit, area: Area::Holding, address, count: 1 };
        let mut has = None;
        for settle in [Duration::ZERO].into_iter().chain(SETTLE) {
            crate::host::time::sleep(settle).await;
            has = match self.client.ask(there).await {
                Ok(words) => words.first().copied(),
                Err(ReadError::Exception(_)) => None,
                Err(error) => return Err(Broken { outcome: Unknown(error.to_string()), error }),
            };
            // One that counts down may have begun.
            if has.is_some_and(|has| (seconds - 1..=seconds).contains(&has)) {
                return Ok(Ok(()));
            }
        }
        Ok(Err(match (refused, has) {
            (Some(why), _) => why.to_string(),
            (None, Some(has)) => format!(
                "it is to hold the value for {seconds} s, and says that it would for {has} s (register {address}): the \
                 value was not written"
            ),
            (None, None) => "it does not say for how long it would hold the value: it was not written".to_owned(),
        }))
    }

    /// What the device has, a moment after `words` were written in the place of `before`.
    async fn read_back(&mut self, plan: &Plan, words: &[u16], before: Option<f64>) -> Result<WriteOutcome, Broken> {
        let writable = &plan.writable;
        let wanted = writable.value(words).unwrap_or(f64::NAN);
        let unknown = |why: &dyn std::fmt::Display| Unknown(format!("it cannot be read back: {why}"));
        let mut outcome = Unknown("it cannot be read back".to_owned());
        for settle in SETTLE {
            crate::host::time::sleep(settle).await;
            let seen = match self.see(plan).await {
                Ok(seen) => seen,
                Err(ReadError::Exception(why)) => {
                    outcome = unknown(&why);
                    continue;
                }
                Err(error) => return Err(Broken { outcome: unknown(&error), error }),
            };
            outcome = match seen.value {
                Some(value) => WriteOutcome::of_read_back(value, wanted, before, |a, b| writable.is_same(a, b)),
                None => Unknown("the device says that it has no value".to_owned()),
            };
            if let Confirmed(_) = outcome {
                break;
            }
        }
        Ok(outcome)
    }

    /// Reads what the device has, and whether that is in force.
    async fn see(&mut self, plan: &Plan) -> Result<Seen, ReadError> {
        let (writable, unit, area) = (&plan.writable, plan.unit, Area::Holding);
        let there = ReadRegisters { unit, area, address: writable.address, count: writable.count() };
        let words = self.client.ask(there).await?;
        let mode = match plan.switch {
            Some(Switch { address, .. }) => {
                self.client.ask(ReadRegisters { unit, area, address, count: 1 }).await?.first().copied()
            }
            None => None,
        };
        let mut seen = Seen { value: None, words, mode };
        seen.value = match plan.switch {
            Some(switch) if !seen.is_in_force(plan) => Some(switch.at_rest),
            _ => writable.value(&seen.words),
        };
        Ok(seen)
    }
}

/// What a device has.
struct Seen {
    /// The value that is in force.
    value: Option<f64>,
    /// The registers of the setpoint.
    words: Vec<u16>,
    /// The register that says whether they count, if there is one.
    mode: Option<u16>,
}

impl Seen {
    fn is_in_force(&self, plan: &Plan) -> bool {
        plan.switch.is_none_or(|switch| self.mode.is_some_and(|mode| switch.is_on(mode)))
    }
}

/// The connection broke; what that means for the write.
struct Broken {
    error: ReadError,
    outcome: WriteOutcome,
}
