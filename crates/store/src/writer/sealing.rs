//! Once a minute: full hours of the tail are sealed.
//!
//! ```text
//! what is due -> orders -> a thread makes the new files -> the writer puts one a cycle in its place and registers it
//! ```
//!
//! The writer goes on storing while a file is made. Until the last one is in its place it changes no other file of a day;
//! one that was changed all the same (set aside because it is damaged) is not replaced, and its hour is sealed anew.

use super::Writer;
use super::making::{Entry, Made, NotMade, Order, make};
use crate::error::StoreError;
use crate::index::{Kept, SystemIndex};
use crate::numbers::state_of;
use crate::sealed::Kind;
use crate::trust::Clock;
use domain::device_minute::DeviceMinute;
use domain::minute::CellMinute;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

const HOUR_MS: i64 = 3_600_000;
const HOUR_MINUTES: i64 = 60;
/// How long after an hour's end it is sealed: rows may come a little late.
const SEAL_AFTER_MS: i64 = 60_000;
/// So often a day's file is tried that turns out to be another than was thought.
const TRIES: usize = 3;

/// What became of an order.
type Outcome = (Order, Result<Option<Made>, NotMade>);

/// What is being sealed.
#[derive(Default)]
pub(super) struct Sealing {
    /// Makes new files.
    thread: Option<JoinHandle<Vec<Outcome>>>,
    /// Files that are made and not in their places yet.
    made: VecDeque<Outcome>,
    /// Whether any of these went into its place: then more may be due.
    any: bool,
    /// What went wrong with the first that did.
    error: Option<StoreError>,
}

/// What putting a file into its place has led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Put {
    Done,
    /// The day's file is another one now: to be made anew.
    Again,
    Nothing,
}

impl Sealing {
    pub(super) fn is_busy(&self) -> bool {
        self.thread.is_some() || !self.made.is_empty()
    }

    /// Whether all files are made.
    #[cfg(test)]
    pub(super) fn is_made(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for the thread, and drops what was made.
    pub(super) fn abandon(&mut self) {
        let made = self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        for (_, outcome) in self.made.drain(..).chain(made) {
            if let Ok(Some(made)) = outcome {
                made.written.discard();
            }
        }
    }
}

impl Writer {
    /// Seals what is due and deletes what is too old. A failure is told and tried again a minute later; it stops nothing.
    /// With `waits`, all that is due is sealed when this returns; else a thread begins with it.
    pub(super) fn maintain(&mut self, now: Instant, waits: bool) {
        self.go_on_sealing(now, waits);
        // Until all is in its place the files of days stay as they are.
        if self.sealing.is_busy() || now < self.seal_at || self.db.is_none() {
            return;
        }
        self.seal_at = now + super::EXPIRE_EVERY;
        // Each for itself: what keeps one from the disk need not keep the other.
        let clock = self.settle_clock(now);
        let taken_in = self.register_replaced();
        let rows = self.adopt_one();
        let cells = self.adopt_one_of_minutes::<CellMinute>();
        let devices = self.adopt_one_of_minutes::<DeviceMinute>();
        let kept = clock.and(taken_in).and(rows).and(cells).and(devices).and(self.expire_sealed(now));
        if self.adopt.iter().any(|of| !of.is_empty()) {
            self.seal_at = now;
        }
        // Readings of a clock that went back wait until it is known which time was right.
        let orders = if matches!(self.clock, Clock::Behind(_)) { Vec::new() } else { self.due() };
        let sealed = match (orders.is_empty(), waits) {
            (true, _) => Ok(true),
            (false, true) => orders.iter().map(|order| self.seal(order)).fold(Ok(true), Result::and),
            (false, false) => self.begin(orders).map(|()| false),
        };
        match kept.and(sealed) {
            // Whether it can be sealed is not known yet.
            Ok(false) => {}
            done => self.tell_sealed(done.map(drop)),
        }
    }

    /// What keeps history from being sealed is told once.
    fn tell_sealed(&mut self, done: Result<(), StoreError>) {
        let words = done.err().map(|error| format!("history is not sealed: {error}"));
        if let Some(words) = words.as_ref().filter(|words| self.seal_error.as_ref() != Some(words)) {
            tracing::error!("{words}");
        }
        self.seal_error = words;
    }

    /// The full hours of every system's tails.
    fn due(&self) -> Vec<Order> {
        let mut orders = Vec::new();
        for system in self.index.systems() {
            let ends = |indexed: &SystemIndex| Some((*indexed.tail.at_ms().first()?, *indexed.tail.at_ms().last()?));
            if let Some((oldest_ms, newest_ms)) = self.index.with(&system, ends).flatten() {
                let before_ms = (newest_ms - SEAL_AFTER_MS).div_euclid(HOUR_MS) * HOUR_MS;
                orders.extend((oldest_ms < before_ms).then(|| self.order(&system, Kind::Pack, before_ms)));
            }
            orders.extend(self.minutes_due::<CellMinute>(&system));
            orders.extend(self.minutes_due::<DeviceMinute>(&system));
        }
        orders
    }

    /// A minute is handed over when it has ended, so that the first one of an hour tells that the hour before is full.
    fn minutes_due<M: Kept>(&self, system: &str) -> Option<Order> {
        let (oldest, newest) = self.index.with(system, |indexed| {
            let tail = &M::of(indexed).tail;
            Some((*tail.first_key_value()?.0, *tail.last_key_value()?.0))
        })??;
        let before = newest.div_euclid(HOUR_MINUTES) * HOUR_MINUTES;
        (oldest < before).then(|| self.order(system, M::KIND, before))
    }

    fn order(&self, system: &str, kind: Kind, before: i64) -> Order {
        let to_take_in = self.adopt[kind as usize].iter().filter(|(of, _)| of == system).map(|(_, day)| *day);
        let (folder, to_take_in) = (self.folder.clone(), to_take_in.collect());
        Order { folder, system: system.to_owned(), kind, before, to_take_in }
    }

    /// Has a thread make the new files.
    fn begin(&mut self, orders: Vec<Order>) -> Result<(), StoreError> {
        let work = move || orders.into_iter().map(|order| (order.clone(), make(&order))).collect();
        let thread = std::thread::Builder::new().name("seal".to_owned()).spawn(work);
        self.sealing = Sealing { thread: Some(thread.map_err(StoreError::io(&self.folder))?), ..Sealing::default() };
        Ok(())
    }

    /// Puts what was made into its place: one file, or with `waits` all of them.
    fn go_on_sealing(&mut self, now: Instant, waits: bool) {
        if self.sealing.thread.as_ref().is_some_and(|thread| waits || thread.is_finished()) {
            match self.sealing.thread.take().map(JoinHandle::join) {
                Some(Ok(made)) => self.sealing.made.extend(made),
                _ => self.sealing.error = Some(StoreError::io(&self.folder)(io::Error::other("sealing broke off"))),
            }
        } else if self.sealing.made.is_empty() {
            return;
        }
        while let Some((order, made)) = self.sealing.made.pop_front() {
            match self.put_made(&order, made) {
                Ok(put) => self.sealing.any |= put == Put::Done,
                Err(error) => drop(self.sealing.error.get_or_insert(error)),
            }
            if !waits {
                break;
            }
        }
        if !self.sealing.is_busy() {
            let Sealing { any, error, .. } = std::mem::take(&mut self.sealing);
            if any {
                self.seal_at = now;
            }
            self.tell_sealed(error.map_or(Ok(()), Err));
        }
    }

    /// Seals all of an order, here and now.
    fn seal(&mut self, order: &Order) -> Result<bool, StoreError> {
        // It writes beside the same files.
        self.sealing.abandon();
        let mut again = 0;
        loop {
            match self.put_made(order, make(order))? {
                Put::Done => {}
                Put::Again if again < TRIES => again += 1,
                Put::Again | Put::Nothing => return Ok(true),
            }
        }
    }

    /// Seals everything of a system, here and now.
    pub(super) fn seal_all(&mut self, system: &str) -> Result<(), StoreError> {
        self.register_replaced()?;
        Kind::ALL.into_iter().try_for_each(|kind| self.seal(&self.order(system, kind, i64::MAX)).map(drop))
    }

    /// Puts a file that was made into its place and registers it.
    fn put_made(&mut self, order: &Order, made: Result<Option<Made>, NotMade>) -> Result<Put, StoreError> {
        let Order { system, kind, .. } = order;
        let (system, kind) = (system.as_str(), *kind);
        let Made { day, there, looked, taken, written, entry } = match made {
            Ok(None) => return Ok(Put::Nothing),
            Ok(Some(made)) => made,
            Err(NotMade::LookAgain(day)) => return self.look_again(system, kind, day).map(|()| Put::Again),
            // Put aside, it does not keep what is new from being sealed.
            Err(NotMade::Unreadable(day, words)) => {
                return self.damaged((system, kind, day), &words).map(|()| Put::Again);
            }
            Err(NotMade::Failed(error)) => return Err(error),
        };
        let path = kind.path(&self.folder, system, day);
        let index = Arc::clone(&self.index);
        let _replacing = index.replacing();
        if state_of(&path).ok() != there || self.db.is_none() {
            written.discard();
            return Ok(Put::Again);
        }
        self.doubt(system, kind, day)?;
        let Some(db) = &mut self.db else { return Ok(Put::Again) };
        db.replacing(system, &entry.sealed(kind), taken)?;
        let registered = written.put().and_then(|()| match &entry {
            Entry::Pack(segment, rollups) => db.sealed(system, segment, rollups, taken),
            Entry::Minutes(of) => db.minutes_sealed(kind, system, of, taken),
        });
        if let Err(error) = registered {
            // Its entry is not this file's any more: until it is registered, nobody shall call it damaged.
            self.adopt[kind as usize].push((system.to_owned(), day));
            self.index.forget(system, kind, day);
            return Err(error);
        }
        if looked && !index.has_day(system, kind, day) {
            // It was only being replaced when it was called damaged.
            index.take_back(system, kind, day);
        }
        match entry {
            Entry::Pack(segment, _) => index.sealed(system, segment, order.before),
            Entry::Minutes(of) => index.minutes_sealed(kind, system, of, order.before),
        }
        tracing::debug!(system, %day, "{} sealed", kind.name());
        Ok(Put::Done)
    }
}
