//! Carries out a write over MQTT, one at a time.
//!
//! ```text
//! R/... --> N/... the value before: the same? then nothing is sent
//! W/... --> N/... the wanted value: confirmed; another, or none in time: asked with R/... what there is
//! ```
//!
//! A broker takes whatever is published, so only what the GX itself says counts. What was sent is never sent again.

use super::Session;
use crate::bus::mqtt::MqttError;
use crate::bus::mqtt::packet;
use crate::device::victron::setpoint::GxSetpoint;
use crate::session::Order;
use domain::time::{Mono, Now};
use domain::write::WriteOutcome::{self, Confirmed, NotSent, Read, Refused, Sent, Unchanged, Unknown};
use std::time::Duration;

/// How long a GX may take to say which value it has.
const ANSWERED_WITHIN: Duration = Duration::from_secs(2);
/// How long it may take until it says that it has the new one.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(3);
/// How often it is asked meanwhile.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// A GX that has not spoken for so long does not listen either: it publishes for 60 s after it was asked to.
const SPOKE_WITHIN: Duration = Duration::from_secs(60);

/// A write that is being carried out.
#[derive(Debug)]
pub(super) struct Writing {
    order: Order,
    /// Its place among the setpoints.
    setpoint: usize,
    /// The bytes that set the value, and what they say; `None` if it is only read.
    wanted: Option<(Vec<u8>, f64)>,
    step: Step,
    /// When the step began, and when the GX was asked last.
    since: Mono,
    asked: Mono,
}

#[derive(Debug)]
enum Step {
    /// The GX is asked for the value that it has.
    Reading,
    /// The value was sent in the place of `before`. What it has said since: `None` for nothing.
    Written { before: Option<f64>, said: Option<Option<f64>> },
}

impl Session<'_> {
    /// Takes a write, and asks the GX for the value that it has.
    ///
    /// # Errors
    /// The connection is gone.
    pub(super) async fn begin_write(&mut self, mut order: Order) -> Result<(), MqttError> {
        let now = self.reporter.now().mono;
        let request = &order.request;
        let index = self.setpoints.iter().position(|known| known.setpoint.name == request.setpoint);
        let Some((index, portal)) = index.zip(self.portal.clone()) else {
            order.report(match index {
                None => Refused(format!("the link has no setpoint `{}`", request.setpoint)),
                Some(_) => NotSent("the portal id of the GX is not known yet".to_owned()),
            });
            return Ok(());
        };
        let spoke = self.spoke.values().any(|at| now.since(*at) < SPOKE_WITHIN);
        if !spoke || !self.pending.ids.is_empty() {
            order.report(NotSent("the GX has not spoken for a minute, or does not publish yet".to_owned()));
            return Ok(());
        }
        match request.value.map(|value| self.setpoints[index].payload(value)).transpose() {
            Ok(wanted) => {
                let (since, asked) = (now, now);
                self.writing = Some(Writing { order, setpoint: index, wanted, step: Step::Reading, since, asked });
                self.client.send(&packet::publish(&self.setpoints[index].read_topic(&portal), b"")).await
            }
            Err(why) => {
                order.report(Refused(why.to_string()));
                Ok(())
            }
        }
    }

    /// Takes what the GX says of the setpoint that is being written.
    ///
    /// # Errors
    /// The connection is gone.
    pub(super) async fn see_write(&mut self, topic: &str, payload: &[u8], now: Now) -> Result<(), MqttError> {
        let (Some(portal), Some(writing)) = (self.portal.clone(), &mut self.writing) else { return Ok(()) };
        let setpoint = &self.setpoints[writing.setpoint];
        let Some(value) = setpoint.said(&portal, topic, payload) else { return Ok(()) };
        let Some((bytes, wanted)) = &writing.wanted else {
            let nothing = || NotSent("the GX says that it has no value".to_owned());
            self.end_write(value.map_or_else(nothing, Read));
            return Ok(());
        };
        let is_wanted = value.filter(|value| GxSetpoint::is_same(*value, *wanted));
        let request = &writing.order.request;
        let end = match (&mut writing.step, is_wanted) {
            (Step::Reading, Some(value)) if request.lease.is_none() => Unchanged(value),
            (Step::Reading, _) => {
                if let Some(why) = request.gives_way(value).or_else(|| writing.order.hindered()) {
                    self.end_write(why);
                    return Ok(());
                }
                writing.order.report(Sent);
                writing.step = Step::Written { before: value, said: None };
                (writing.since, writing.asked) = (now.mono, now.mono);
                let bytes = packet::publish(&setpoint.write_topic(&portal), bytes);
                return self.client.send(&bytes).await;
            }
            (Step::Written { .. }, Some(value)) => Confirmed(value),
            (Step::Written { said, .. }, None) => {
                *said = Some(value);
                return Ok(());
            }
        };
        self.end_write(end);
        Ok(())
    }

    /// Asks again, and gives up a GX that takes too long.
    ///
    /// # Errors
    /// The connection is gone.
    pub(super) async fn look_after_write(&mut self) -> Result<(), MqttError> {
        let now = self.reporter.now().mono;
        let (Some(portal), Some(writing)) = (self.portal.clone(), &mut self.writing) else { return Ok(()) };
        let waited = now.since(writing.since);
        match &writing.step {
            Step::Reading if waited >= ANSWERED_WITHIN => {
                let path = self.setpoints[writing.setpoint].notified(&portal);
                self.end_write(NotSent(format!("the GX does not say which value it has: is {path} right?")));
            }
            Step::Written { before, said } if waited >= CONFIRMED_WITHIN => {
                let end = match said {
                    Some(Some(value)) => {
                        let wanted = writing.wanted.as_ref().map_or(f64::NAN, |(_, wanted)| *wanted);
                        WriteOutcome::of_read_back(*value, wanted, *before, GxSetpoint::is_same)
                    }
                    Some(None) => Unknown("the GX says that it has no value".to_owned()),
                    None => Unknown(format!("the GX has said nothing of it within {} s", CONFIRMED_WITHIN.as_secs())),
                };
                self.end_write(end);
            }
            // Only changes are published: a value that was there already is to be asked for.
            Step::Written { .. } if now.since(writing.asked) >= ASK_EVERY => {
                writing.asked = now;
                let topic = self.setpoints[writing.setpoint].read_topic(&portal);
                return self.client.send(&packet::publish(&topic, b"")).await;
            }
            Step::Reading | Step::Written { .. } => {}
        }
        Ok(())
    }

    fn end_write(&mut self, outcome: WriteOutcome) {
        if let Some(mut writing) = self.writing.take() {
            writing.order.report(outcome);
        }
    }
}
