//! What tells a CAN bus that works from one that only seems to: the controller's state, rolling counters, and the
//! groups of multiplexed messages. Pure: frames and times come in, faults and words go out.

use crate::describe::Describe;
use crate::device::can_error::{BusEvent, Controller, ControllerWatch, ErrorReport};
use crate::device::can_table::{CanTable, Flaw, Flaws};
use crate::sequence::{Order, SequenceWatch};
use crate::session::FrameLog;
use crate::session::Notices;
use domain::link::LinkFault;
use domain::time::Mono;
use std::time::Duration;

/// Missing groups are looked for this often.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// So many missing groups are named.
const NAMED: usize = 3;
/// What is not seen again for this long is no longer told.
const NOTICE_FOR: Duration = Duration::from_secs(10);

/// The health of one bus.
#[derive(Debug)]
pub(super) struct CanHealth {
    controller: ControllerWatch,
    /// One for each counter of the table.
    counters: Vec<Counter>,
    /// One for each multiplexed message of the table.
    messages: Vec<Groups>,
    /// What is to be told for a while.
    notices: Notices<About>,
    /// What holds for as long as the link runs.
    standing: Vec<String>,
    looked: Mono,
    /// Whether [`CanHealth::summary`] would say something else than before.
    changed: bool,
}

/// What a notice is about; of each there is one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// Frames of this message have another length.
    Length(usize),
    /// This value of this slot cannot be.
    Impossible(usize, usize),
    /// This value of this slot is outside of its range.
    Outside(usize, usize),
    /// This value of this slot is a code without a meaning.
    Unnamed(usize, usize),
    /// Frames of this message have a switch that no group has.
    Group(usize),
    /// Who sends.
    Sender,
}

#[derive(Debug)]
struct Counter {
    watch: SequenceWatch,
    /// The slot of the frame in which it was found frozen.
    frozen: Option<usize>,
}

/// The groups of one message that bring values.
#[derive(Debug)]
struct Groups {
    /// Slot, and whether it is missing.
    slots: Vec<(usize, bool)>,
    /// When the first of them was seen, at the start or after a silence of all.
    since: Option<Mono>,
    /// When the newest of them was seen, at the last look.
    newest: Mono,
}

impl CanHealth {
    /// The health of a bus that `table` decodes.
    pub(super) fn new(table: &CanTable) -> CanHealth {
        let counter = |bits| Counter { watch: SequenceWatch::new(bits), frozen: None };
        let groups = |slots: Vec<usize>| Groups {
            slots: slots.into_iter().map(|s| (s, false)).collect(),
            since: None,
            newest: Mono(0),
        };
        CanHealth {
            controller: ControllerWatch::default(),
            counters: table.counters().into_iter().map(counter).collect(),
            messages: table.multiplexed().into_iter().map(groups).collect(),
            notices: Notices::default(),
            standing: Vec::new(),
            looked: Mono(0),
            changed: false,
        }
    }

    /// The controller as it is now.
    pub(super) fn controller(&self) -> ControllerWatch {
        self.controller
    }

    /// Takes an error frame.
    pub(super) fn error(&mut self, report: &ErrorReport) -> Option<BusEvent> {
        let before = self.controller;
        let event = self.controller.report(report);
        self.changed |= before.state != self.controller.state;
        event
    }

    /// Takes note that a message was received.
    pub(super) fn message(&mut self) -> Option<BusEvent> {
        self.controller.message()
    }

    /// Starts over after a restart of the bus or a new connection: what was counted before says nothing about what
    /// comes now.
    pub(super) fn restart(&mut self) {
        for counter in &mut self.counters {
            counter.watch.forget();
            counter.frozen = None;
        }
        for groups in &mut self.messages {
            groups.since = None;
            groups.slots.iter_mut().for_each(|slot| slot.1 = false);
        }
        self.changed = true;
    }

    /// The socket was opened anew: nothing is known about its controller.
    pub(super) fn reopened(&mut self) {
        self.controller = ControllerWatch::default();
        self.restart();
    }

    /// Takes the number that a frame of `slot` has in a rolling counter. Says what is wrong with it, how many times,
    /// and whether the frame's values must not be used.
    pub(super) fn count(&mut self, counter: usize, number: u32, slot: usize) -> Option<(LinkFault, u32, bool)> {
        let counter = &mut self.counters[counter];
        let order = counter.watch.observe(number);
        let was_frozen = counter.frozen.is_some();
        match order {
            Order::Frozen => counter.frozen = Some(slot),
            Order::Next | Order::Gap(_) => counter.frozen = None,
            Order::Late => {}
        }
        self.changed |= was_frozen != counter.frozen.is_some();
        match order {
            Order::Next => None,
            Order::Gap(lost) => Some((LinkFault::Lost, lost, false)),
            Order::Late => Some((LinkFault::OutOfOrder, 1, true)),
            Order::Frozen => Some((LinkFault::FrozenCounter, 1, true)),
        }
    }

    /// Takes what was wrong with a frame of `slot` that was read.
    pub(super) fn flaws(&mut self, table: &CanTable, slot: usize, flaws: Flaws, frame: &[u8], now: Mono) {
        if flaws.length {
            self.notice(About::Length(table.message(slot)), now, || table.length_message(slot, frame.len()));
        }
        if !flaws.of_values() {
            return;
        }
        for (index, flaw) in table.flawed(slot, frame) {
            let about = match flaw {
                Flaw::Impossible => About::Impossible(slot, index),
                Flaw::Outside => About::Outside(slot, index),
                Flaw::Unnamed => About::Unnamed(slot, index),
            };
            self.notice(about, now, || table.flaw_message(slot, index, flaw, frame));
        }
    }

    /// Tells `words` until this was not seen for a while. The words are made once.
    pub(super) fn notice(&mut self, about: About, now: Mono, words: impl FnOnce() -> String) {
        self.notices.see(about, now, words);
    }

    /// No longer tells anything about this.
    pub(super) fn forget(&mut self, about: About) {
        self.notices.forget(&about);
    }

    /// Tells `words` for as long as the link runs.
    pub(super) fn standing(&mut self, words: String) {
        self.standing.push(words);
        self.changed = true;
    }

    /// Looks for groups that stay away for longer than `patience` while others of their message arrive. Returns how
    /// many have just gone missing.
    pub(super) fn look(&mut self, log: &FrameLog, patience: Duration, now: Mono) -> u32 {
        if now.since(self.looked) < LOOK_EVERY {
            return 0;
        }
        self.looked = now;
        self.notices.expire(NOTICE_FOR, now);
        let mut gone = 0;
        for groups in &mut self.messages {
            let Some(newest) = groups.slots.iter().filter_map(|slot| log.last(slot.0)).max() else { continue };
            // A message that is silent as a whole misses no part, and when it speaks again not all parts come at once.
            if newest.since(std::mem::replace(&mut groups.newest, newest)) > patience {
                groups.since = None;
            }
            let since = *groups.since.get_or_insert(newest);
            for (slot, missing) in &mut groups.slots {
                let last = log.last(*slot).unwrap_or(since).max(since);
                let was = std::mem::replace(missing, newest.since(last) > patience);
                gone += u32::from(*missing && !was);
                self.changed |= *missing != was;
            }
        }
        gone
    }

    /// What is wrong, in words, if that has changed since the last call; empty if all is well.
    pub(super) fn news(&mut self, table: &CanTable) -> Option<String> {
        let changed = self.notices.take_changed() | std::mem::take(&mut self.changed);
        changed.then(|| self.summary(table))
    }

    fn summary(&self, table: &CanTable) -> String {
        let mut words = Vec::new();
        if self.controller.state != Controller::Active {
            words.push(format!("the CAN controller is {}", self.controller.label()));
        }
        for slot in self.counters.iter().filter_map(|counter| counter.frozen) {
            words.push(format!("the counter of {} ({}) stands still", table.name(slot), table.key(slot)));
        }
        for groups in &self.messages {
            let missing: Vec<usize> = groups.slots.iter().filter(|slot| slot.1).map(|slot| slot.0).collect();
            let Some(first) = missing.first() else { continue };
            let keys: Vec<String> = missing.iter().take(NAMED).map(|slot| table.key(*slot)).collect();
            let more = if missing.len() > NAMED { ", …" } else { "" };
            let (count, all) = (missing.len(), groups.slots.len());
            words.push(format!(
                "{count} of {all} groups of {} are missing: {}{more}",
                table.name(*first),
                keys.join(", ")
            ));
        }
        words.extend(self.notices.messages());
        words.extend(self.standing.iter().cloned());
        words.join("; ")
    }
}
