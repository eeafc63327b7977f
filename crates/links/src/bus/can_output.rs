//! Frames on their way to a CAN bus, the same for every CAN bus: one for each write, and again and again while a lease
//! lasts; and what the device's own frames say of it.
//!
//! Nothing is sent to a bus that is not heard: a link that is down or silent gives its leases up, and does not take them
//! up again by itself. Two setpoints of one message share its frames: each frame carries the values of both
//! (`device::can_setpoint::together`).

use crate::can::{CanFrame, CanId, OwnedFrame};
use crate::device::can_setpoint::CanSetpoint;
use crate::host::time;
use crate::session::{Order, Reporter};
use domain::link::LinkState;
use domain::time::Mono;
use domain::write::{Setpoint, WriteOutcome};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::future::pending;
use std::time::Duration;

/// How long a device may take until its feedback says the new value.
const FEEDBACK_WITHIN: Duration = Duration::from_secs(2);
/// How often it is looked whether the bus is still heard while something is held or waited for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What may be sent on a bus, and what is under way.
#[derive(Debug, Default)]
pub(crate) struct CanOutput {
    setpoints: Vec<CanSetpoint>,
    /// Frames that were sent, by message.
    counts: BTreeMap<CanId, u64>,
    /// By setpoint.
    states: Vec<State>,
    /// Writes that were sent, and whose feedback is waited for.
    waiting: Vec<Waiting>,
}

/// What is known of a setpoint.
#[derive(Clone, Debug, Default)]
struct State {
    /// What the device said last, and when.
    said: Option<(f64, Mono)>,
    /// The value that was sent last, as long as it holds; and whether the device has said it since.
    sent: Option<f64>,
    heard: bool,
    /// Its lease, if it has one: when it ends, and when its next frame is due.
    lease: Option<(Mono, Mono)>,
}

#[derive(Debug)]
struct Waiting {
    order: Order,
    setpoint: usize,
    wanted: f64,
    before: Option<f64>,
    until: Mono,
}

/// A frame that is to be sent now.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) frame: OwnedFrame,
    setpoint: usize,
    /// The write that it is; `None` for one that renews a lease.
    order: Option<Order>,
}

impl CanOutput {
    /// A bus on which these can be set.
    pub(crate) fn new(setpoints: Vec<CanSetpoint>) -> CanOutput {
        CanOutput { states: vec![State::default(); setpoints.len()], setpoints, ..CanOutput::default() }
    }

    /// What can be set.
    pub(crate) fn setpoints(&self) -> Vec<Setpoint> {
        self.setpoints.iter().map(|known| known.setpoint.clone()).collect()
    }

    /// Waits for the next frame that is to be sent. May be dropped at any time.
    pub(crate) async fn next(&mut self, reporter: &Reporter) -> Outgoing {
        if self.setpoints.is_empty() {
            return pending().await;
        }
        loop {
            let outgoing = match self.due() {
                Some(due) => {
                    let wait = due.since(reporter.now().mono).min(LOOK_EVERY);
                    tokio::select! {
                        order = reporter.orders.next() => self.take(order, reporter),
                        () = time::sleep(wait) => self.tick(reporter),
                    }
                }
                None => {
                    let order = reporter.orders.next().await;
                    self.take(order, reporter)
                }
            };
            if let Some(outgoing) = outgoing {
                return outgoing;
            }
        }
    }

    /// When something is due: a frame, the end of a lease, or of the patience with a device.
    fn due(&self) -> Option<Mono> {
        let leases = self.states.iter().filter_map(|state| state.lease).map(|(end, next)| end.min(next));
        leases.chain(self.waiting.iter().map(|waiting| waiting.until)).min()
    }

    /// The frame of a write, unless it is not to be sent.
    fn take(&mut self, mut order: Order, reporter: &Reporter) -> Option<Outgoing> {
        let (now, request) = (reporter.now().mono, order.request.clone());
        let index = self.setpoints.iter().position(|known| known.setpoint.name == request.setpoint);
        let outcome = match index {
            None => WriteOutcome::Refused(format!("the link has no setpoint `{}`", request.setpoint)),
            Some(_) if !is_heard(reporter) => WriteOutcome::NotSent(NOT_HEARD.to_owned()),
            Some(index) if request.value.is_none() => self.read(index, now),
            Some(index) => match self.frame(index, request.value, now) {
                Err(outcome) => outcome,
                Ok(frame) => {
                    let known = &self.setpoints[index];
                    let fresh = self.states[index].said.filter(|(_, at)| now.since(*at) <= FEEDBACK_WITHIN);
                    let is_said = known.has_feedback();
                    let gives_way = request.gives_way(fresh.map(|(said, _)| said)).filter(|_| is_said);
                    match fresh {
                        Some((said, _)) if request.lease.is_none() && known.is_same(said, known.carried(&frame)) => {
                            WriteOutcome::Unchanged(said)
                        }
                        _ => match gives_way.or_else(|| order.hindered()) {
                            Some(why) => why,
                            None => {
                                order.report(WriteOutcome::Sent);
                                return Some(Outgoing { frame, setpoint: index, order: Some(order) });
                            }
                        },
                    }
                }
            },
        };
        order.report(outcome);
        None
    }

    /// What the device says it has, if it says that.
    fn read(&self, index: usize, now: Mono) -> WriteOutcome {
        match self.states[index].said {
            Some((said, at)) if now.since(at) <= FEEDBACK_WITHIN => WriteOutcome::Read(said),
            _ if !self.setpoints[index].has_feedback() => WriteOutcome::Unconfirmable,
            _ => WriteOutcome::NotSent(format!("no feedback came within {} s", FEEDBACK_WITHIN.as_secs())),
        }
    }

    /// The frame that sets a setpoint, or that holds what was sent last. No other setpoint of its message changes by it.
    fn frame(&self, index: usize, value: Option<f64>, now: Mono) -> Result<OwnedFrame, WriteOutcome> {
        let known = &self.setpoints[index];
        let count = self.counts.get(&known.id()).copied().unwrap_or(0);
        let others = self.setpoints.iter().zip(&self.states).enumerate();
        let others = others.filter(|(other, (setpoint, _))| *other != index && setpoint.id() == known.id());
        let mut values: Vec<(&str, f64)> = Vec::new();
        for (_, (other, state)) in others.filter(|(_, (other, _))| known.given(other.signal()).is_some()) {
            let said = || state.said.filter(|(_, at)| now.since(*at) <= FEEDBACK_WITHIN).map(|(said, _)| said);
            match (state.sent, other.every) {
                (Some(sent), _) => values.push((other.signal(), sent)),
                // Nothing is held: then `with` says what is sent.
                (None, Some(_)) => {}
                (None, None) => match said() {
                    Some(said) => values.push((other.signal(), said)),
                    None => return Err(WriteOutcome::NotSent(unsaid(other))),
                },
            }
        }
        let value = value.or(self.states[index].sent).unwrap_or(f64::NAN);
        known.frame(value, count, &values).map_err(|why| WriteOutcome::Refused(why.to_string()))
    }

    /// Does what is due; returns a frame that holds a lease.
    fn tick(&mut self, reporter: &Reporter) -> Option<Outgoing> {
        let now = reporter.now().mono;
        if !is_heard(reporter) {
            self.interrupted("the bus is not heard any more");
            return None;
        }
        for index in 0..self.waiting.len() {
            if let Some(mut over) = (self.waiting[index].until <= now).then(|| self.waiting.swap_remove(index)) {
                let said = self.states[over.setpoint].said.filter(|(_, at)| *at > over.until - FEEDBACK_WITHIN);
                let same = |a, b| self.setpoints[over.setpoint].is_same(a, b);
                over.order.report(match said {
                    Some((said, _)) => WriteOutcome::of_read_back(said, over.wanted, over.before, same),
                    None => WriteOutcome::Unknown(format!("no feedback came within {} s", FEEDBACK_WITHIN.as_secs())),
                });
                break;
            }
        }
        for state in &mut self.states {
            // What is not renewed is not sent any more: the device gives it up.
            if state.lease.is_some_and(|(end, _)| end <= now) {
                (state.lease, state.sent) = (None, None);
            }
        }
        let due = self.states.iter().position(|state| state.lease.is_some_and(|(_, next)| next <= now))?;
        match self.frame(due, None, now) {
            Ok(frame) => Some(Outgoing { frame, setpoint: due, order: None }),
            Err(why) => {
                tracing::warn!("Link {}: what was held cannot be sent any more: {why}", reporter.id);
                (self.states[due].lease, self.states[due].sent) = (None, None);
                None
            }
        }
    }

    /// A frame was sent, or not, and why.
    pub(crate) fn sent(&mut self, outgoing: Outgoing, result: Result<(), impl Display>, reporter: &Reporter) {
        let now = reporter.now().mono;
        let Outgoing { frame, setpoint: index, order } = outgoing;
        let (known, state) = (&self.setpoints[index], &mut self.states[index]);
        if let Err(why) = result {
            (state.lease, state.sent) = (None, None);
            if let Some(mut order) = order {
                order.report(WriteOutcome::NotSent(why.to_string()));
            }
            return;
        }
        *self.counts.entry(known.id()).or_default() += 1;
        let next = known.every.map(|every| now + every);
        if let (Some((_, due)), Some(next)) = (&mut state.lease, next) {
            *due = next;
        }
        let Some(mut order) = order else { return };
        // What the device says from now on is about this value.
        for mut former in self.waiting.extract_if(.., |waiting| waiting.setpoint == index) {
            let why = "another value was sent before this one was confirmed".to_owned();
            former.order.report(WriteOutcome::Unknown(why));
        }
        let wanted = known.carried(&frame);
        (state.sent, state.heard) = (Some(wanted), state.heard && state.sent == Some(wanted));
        state.lease = next.zip(order.request.lease).map(|(next, lease)| (now + lease, next));
        if known.has_feedback() {
            let before = state.said.map(|(said, _)| said);
            let until = now + FEEDBACK_WITHIN;
            self.waiting.push(Waiting { order, setpoint: index, wanted, before, until });
        } else {
            order.report(WriteOutcome::Unconfirmable);
        }
    }

    /// Looks at a frame of the device.
    pub(crate) fn see(&mut self, frame: &CanFrame<'_>, at: Mono) {
        for (index, known) in self.setpoints.iter().enumerate() {
            let Some(said) = known.fed_back(frame) else { continue };
            let state = &mut self.states[index];
            state.said = Some((said, at));
            state.heard |= state.sent.is_some_and(|sent| known.is_same(said, sent));
            // It was changed at the device: that is not written over. One step beside may be how the device counts.
            let is_another = |sent: f64| (said - sent).abs() > known.setpoint.step * 1.1;
            if state.heard && state.sent.is_some_and(is_another) {
                (state.lease, state.sent, state.heard) = (None, None, false);
            }
            let is_done = |waiting: &mut Waiting| waiting.setpoint == index && known.is_same(said, waiting.wanted);
            for mut done in self.waiting.extract_if(.., is_done) {
                done.order.report(WriteOutcome::Confirmed(said));
            }
        }
    }

    /// The bus is gone: nothing is held any more, and nobody knows what has become of what was sent.
    pub(crate) fn interrupted(&mut self, why: &str) {
        for state in &mut self.states {
            *state = State::default();
        }
        for mut waiting in self.waiting.drain(..) {
            waiting.order.report(WriteOutcome::Unknown(why.to_owned()));
        }
    }
}

/// Why nothing is sent.
const NOT_HEARD: &str = "the link is down: nothing is heard of its device, so nothing is sent to it";

/// Why a frame that would change another setpoint too is not sent.
fn unsaid(other: &CanSetpoint) -> String {
    let (signal, name) = (other.signal(), &other.setpoint.name);
    format!(
        "its frame also sets `{signal}`, and the device has not said for {} s which value `{name}` has",
        FEEDBACK_WITHIN.as_secs()
    )
}

fn is_heard(reporter: &Reporter) -> bool {
    reporter.record(|record| record.monitor.status(reporter.now().mono).state) == LinkState::Up
}
