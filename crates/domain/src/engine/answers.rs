//! What people do about alarms, and what of alarms is kept on the disk.
//!
//! ```text
//! order  -> decided, done in the book -> Output::KeepAlarms --disk--> Input::AlarmsKept -> Output::AlarmsAnswered
//! cycle  -> what changed by itself    -> Output::KeepAlarms --disk--> Input::AlarmsKept
//! ```
//!
//! What is handed out to be kept is the state of the instant, in the order of the instants: the last one that is on the disk
//! is what was. An order that cannot be kept is taken back and refused; what changed by itself is kept later.

use super::Output;
use crate::alarm::answer::{Decided, decide};
use crate::alarm::{AlarmAction, AlarmName, AlarmOrder, AlarmRefusal, KeptAlarm, Row, Seen};
use crate::audit::Entry;
use crate::spec::SystemIdx;
use crate::time::{Mono, Now};
use crate::twin::Site;
use std::collections::BTreeMap;
use std::time::Duration;

/// After the disk has failed, what changed by itself is tried again after so long.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Alarms that are to be made durable, all of them or none.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmKeep {
    /// By which [`super::Input::AlarmsKept`] answers.
    pub batch: u64,
    /// The system.
    pub system: SystemIdx,
    /// What is to be kept in the place of what was kept of each.
    pub alarms: Vec<KeptAlarm>,
    /// What somebody has acknowledged by it, and since when it stood: for the figures.
    pub seen: Vec<(AlarmName, Seen)>,
    /// What the audit is to have with it.
    pub audit: Option<Entry>,
}

/// An order that was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmsDone {
    /// How many alarms it changed; 0 if all was so already.
    pub changed: usize,
}

/// Batches that are on their way to the disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    next: u64,
    under_way: BTreeMap<u64, Batch>,
    /// Orders of what is so already, but not yet on the disk: they are asked again then.
    waiting: Vec<AlarmOrder>,
    /// Nothing that changed by itself is handed out before.
    hold_until: Option<Mono>,
}

#[derive(Clone, Debug)]
struct Batch {
    system: SystemIdx,
    places: Vec<u32>,
    order: Option<Ordered>,
}

/// An order whose answer waits.
#[derive(Clone, Debug)]
struct Ordered {
    ticket: u64,
    /// The rows before it.
    before: Vec<Row>,
    /// The rows after it.
    after: Vec<Row>,
}

impl Answers {
    /// Does what somebody wants; it is answered at once if nothing is to be kept for it.
    pub(super) fn order(&mut self, site: &mut Site, order: &AlarmOrder, now: Now) -> Vec<Output> {
        let ticket = order.ticket;
        let answered = |result| vec![Output::AlarmsAnswered(ticket, result)];
        let idx = order.system;
        let (Some(spec), Some(system)) = (site.spec.system(order.system), site.systems.get_mut(usize::from(idx.0)))
        else {
            return answered(Err(AlarmRefusal::NoSystem));
        };
        let Decided { rows: after, entry } = match decide(&system.alarms, (&site.spec, spec), order, now) {
            Ok(decided) => decided,
            Err(refusal) => return answered(Err(refusal)),
        };
        if after.is_empty() {
            if self.under_way.values().any(|batch| batch.system == idx && batch.order.is_some()) {
                let mut order = order.clone();
                // What is raised while it waits was not seen.
                if let AlarmAction::Acknowledge { seen, .. } = &mut order.action {
                    seen.get_or_insert(now.utc);
                }
                self.waiting.push(order);
                return Vec::new();
            }
            return answered(Ok(AlarmsDone { changed: 0 }));
        }
        let mut before = after.clone();
        system.alarms.swap(&mut before);
        let places: Vec<u32> = after.iter().map(|(place, ..)| *place).collect();
        let alarms = system.alarms.kept(&places, &site.spec, spec);
        let seen = seen(&before, &after, &alarms, now);
        let order = Some(Ordered { ticket, before, after });
        let batch = self.begin(Batch { system: idx, places, order });
        vec![Output::KeepAlarms(Box::new(AlarmKeep { batch, system: idx, alarms, seen, audit: Some(entry) }))]
    }

    /// What of a system's alarms changed by itself, to be kept.
    pub(super) fn cycle(&mut self, site: &mut Site, idx: SystemIdx, now: Mono) -> Option<Output> {
        if self.hold_until.is_some_and(|until| now < until) {
            return None;
        }
        self.hold_until = None;
        let spec = site.spec.system(idx)?;
        let book = &mut site.systems.get_mut(usize::from(idx.0))?.alarms;
        let places = book.take_unsaved();
        if places.is_empty() {
            return None;
        }
        let alarms = book.kept(&places, &site.spec, spec);
        let batch = self.begin(Batch { system: idx, places, order: None });
        Some(Output::KeepAlarms(Box::new(AlarmKeep { batch, system: idx, alarms, seen: Vec::new(), audit: None })))
    }

    /// A batch is on the disk, or why it is not.
    pub(super) fn kept(&mut self, site: &mut Site, batch: u64, result: Result<(), String>, now: Now) -> Vec<Output> {
        let Some(batch) = self.under_way.remove(&batch) else { return Vec::new() };
        let is_order = batch.order.is_some();
        let mut outputs = self.answered(site, batch, result, now);
        if is_order {
            let waiting = std::mem::take(&mut self.waiting);
            outputs.extend(waiting.into_iter().flat_map(|order| self.order(site, &order, now)));
        }
        outputs
    }

    fn answered(&mut self, site: &mut Site, batch: Batch, result: Result<(), String>, now: Now) -> Vec<Output> {
        let Batch { system, places, order } = batch;
        let Some(system) = site.systems.get_mut(usize::from(system.0)) else { return Vec::new() };
        match (result, order) {
            (Ok(()), None) => Vec::new(),
            (Ok(()), Some(order)) => {
                vec![Output::AlarmsAnswered(order.ticket, Ok(AlarmsDone { changed: places.len() }))]
            }
            (Err(why), order) => {
                self.hold_until = Some(now.mono + AGAIN_AFTER);
                system.alarms.keep_again(&places);
                let Some(Ordered { ticket, before, after }) = order else { return Vec::new() };
                system.alarms.take_back(before, &after, now.utc);
                vec![Output::AlarmsAnswered(ticket, Err(AlarmRefusal::CannotRecord(why)))]
            }
        }
    }

    fn begin(&mut self, batch: Batch) -> u64 {
        self.next += 1;
        self.under_way.insert(self.next, batch);
        self.next
    }
}

/// Which of the rows were acknowledged by what made `after` of `before`. One that is normal then was over already.
fn seen(before: &[Row], after: &[Row], alarms: &[KeptAlarm], now: Now) -> Vec<(AlarmName, Seen)> {
    let of = |(((_, before, _), (_, after, _)), alarm): ((&Row, &Row), &KeptAlarm)| {
        let open = before.as_deref().filter(|life| life.acknowledged.is_none())?;
        let is_seen = after.as_deref().is_none_or(|life| life.acknowledged.is_some());
        is_seen.then(|| (alarm.name.clone(), Seen { raised: open.since, at: now.utc }))
    };
    before.iter().zip(after).zip(alarms).filter_map(of).collect()
}

#[cfg(test)]
mod tests;
