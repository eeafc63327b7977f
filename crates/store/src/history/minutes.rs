//! What questions about minutes share: where they are, and what to do while a file of theirs is replaced or damaged.

use super::{ATTEMPTS, DAMAGED_MAX, History, Range};
use crate::day::Day;
use crate::error::StoreError;
use crate::index::Kept;
use crate::minutes::{self, MinuteDay, Tail, day_of};
use domain::minute::MINUTE_MS;
use std::path::PathBuf;
use std::sync::Arc;

/// What there is of a system's minutes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MinuteCoverage {
    /// When the first minute began, ms since 1970-01-01 UTC; `None` if there is none.
    pub first_ms: Option<i64>,
    /// When the last minute ended.
    pub end_ms: Option<i64>,
    /// The most cells, or device points, that any minute or day has.
    pub width: usize,
    /// The sealed days, in their order.
    pub days: Vec<MinuteDay>,
}

/// All of a system's minutes at one instant, as files for another program and what is in none of them.
#[derive(Clone, Debug)]
pub struct MinuteParts<M> {
    /// The sealed days with their files, oldest first. A file may be replaced by a longer one at any time.
    pub sealed: Vec<(MinuteDay, PathBuf)>,
    /// The minutes that are not sealed, oldest first.
    pub tail: Vec<Arc<M>>,
}

/// What of a system's minutes lies in a range of minutes.
pub(super) struct Found<M> {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) days: Vec<MinuteDay>,
    pub(super) tail: Tail<M>,
}

impl<M: Kept> Found<M> {
    /// The most that any minute or day has.
    pub(super) fn width(&self) -> usize {
        let sealed = self.days.iter().map(|day| day.width as usize);
        sealed.chain(self.tail.values().map(|minute| minute.width())).max().unwrap_or(0)
    }
}

impl History {
    /// What there is of a system's minutes.
    pub(super) fn minute_coverage<M: Kept>(&self, system: &str) -> MinuteCoverage {
        let found = self.find_minutes::<M>(system, i64::MIN, i64::MAX);
        let first = found.days.first().map(|day| day.first_minute);
        let last = found.days.last().map(|day| day.last_minute);
        let tail = (found.tail.keys().next().copied(), found.tail.keys().next_back().copied());
        MinuteCoverage {
            first_ms: first.into_iter().chain(tail.0).min().map(|minute| minute * MINUTE_MS),
            end_ms: last.into_iter().chain(tail.1).max().map(|minute| (minute + 1) * MINUTE_MS),
            width: found.width(),
            days: found.days,
        }
    }

    /// The parts that the past of a system's minutes consists of now. A damaged day is left out, which is told.
    pub(super) fn minute_parts<M: Kept>(&self, system: &str) -> MinuteParts<M> {
        let found = self.find_minutes::<M>(system, i64::MIN, i64::MAX);
        let file = |day: MinuteDay| {
            let sound = self.checks.check(system, day.sealed(M::KIND)).ok();
            sound.map(|()| (day, M::KIND.path(&self.data, system, day.day)))
        };
        MinuteParts {
            sealed: found.days.into_iter().filter_map(file).collect(),
            tail: found.tail.into_values().collect(),
        }
    }

    /// Hands out the minutes of a range in their order, each whole: a day at a time is in memory.
    ///
    /// # Errors
    /// A file cannot be read, or `each` fails.
    pub(super) fn each_whole_minute<M: Kept, E: From<StoreError>>(
        &self,
        system: &str,
        range: Range,
        mut each: impl FnMut(&M) -> Result<(), E>,
    ) -> Result<(), E> {
        let (from, to) = minutes_of(range);
        let found = self.find_minutes::<M>(system, from, to);
        let mut tail = found.tail;
        for day in found.days {
            match self.checks.check(system, day.sealed(M::KIND)) {
                Err(StoreError::DayDamaged { .. }) => continue,
                checked => checked?,
            }
            let mut minutes = M::minutes(&M::KIND.path(&self.data, system, day.day), day.day)?;
            let end = minutes::first_minute(day.day) + minutes::DAY_MINUTES;
            let later = tail.split_off(&end);
            let before = std::mem::replace(&mut tail, later);
            before.into_values().for_each(|minute| minutes::add(&mut minutes, Arc::unwrap_or_clone(minute)));
            for minute in minutes.range(from..to).map(|(_, minute)| minute) {
                each(minute)?;
            }
        }
        tail.values().try_for_each(|minute| each(minute))
    }

    /// As [`History::consistent`], of minutes.
    pub(super) fn consistent_minutes<M: Kept, T>(
        &self,
        system: &str,
        (from, to): (i64, i64),
        answer: impl Fn(&Found<M>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (mut attempt, mut damaged) = (1, 0);
        loop {
            let found = self.find_minutes(system, from, to);
            let answer = answer(&found);
            if matches!(answer, Err(StoreError::DayDamaged { .. })) && damaged < DAMAGED_MAX {
                damaged += 1;
                continue;
            }
            let replaced = || {
                let same = |of: &MinuteDay, now: Option<&MinuteDay>| now == Some(of);
                let now = self
                    .index
                    .with(system, |indexed| found.days.iter().all(|of| same(of, M::of(indexed).days.get(&of.day))));
                now == Some(false)
            };
            if answer.is_ok() || attempt == ATTEMPTS || !replaced() {
                return answer;
            }
            attempt += 1;
        }
    }

    fn find_minutes<M: Kept>(&self, system: &str, from: i64, to: i64) -> Found<M> {
        let found = self.index.with(system, |indexed| {
            let of = M::of(indexed);
            let (first, last) = (day_of(from.max(-1 << 40)), day_of(to.min(1 << 40)));
            let days = if first <= last { of.days.range(first..=last) } else { of.days.range(Day(0)..Day(0)) };
            let days = days.map(|(_, day)| *day).filter(|day| day.last_minute >= from && day.first_minute < to);
            let tail = of.tail.range(from..to.max(from)).map(|(at, minute)| (*at, Arc::clone(minute)));
            Found { from, to, days: days.collect(), tail: tail.collect() }
        });
        found.unwrap_or_else(|| Found { from, to, days: Vec::new(), tail: Tail::new() })
    }
}

/// The whole minutes that begin in a range of full ones.
pub(super) fn minutes_of(range: Range) -> (i64, i64) {
    (range.from_ms.div_euclid(MINUTE_MS), range.to_ms.div_euclid(MINUTE_MS))
}
