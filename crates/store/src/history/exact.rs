//! Questions that no rollup can answer, or whose answer shall come from every row: plain loops over mapped columns, a day
//! at a time, on as many cores as there are.

use super::fold::Mean;
use super::{Found, History, Range, places};
use crate::day::DAY_MS;
use crate::error::StoreError;
use crate::rollup::flow::held_s;
use crate::rollup::{Bucket, Flow, Fold as _, LEVELS_MS};
use crate::segment::Segment;
use domain::point::PointId;
pub use domain::sag::Sag;
use domain::sag::SagFinder;
use std::cell::RefCell;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// More cores than this bring little: the memory is the limit.
const THREADS_MAX: usize = 4;

/// A sag lasts some seconds, and its level looks back half a minute: so far around a range rows are looked at, ms, that no
/// sag at its ends is missed or cut.
pub const SAG_MARGIN_MS: i64 = 60_000;

/// The sags of the pack voltage that begin in a range.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sags {
    /// How many.
    pub count: u64,
    /// The fastest fall in all of them, V/s, negative; 0 without any.
    pub fastest_v_s: f32,
    /// The worst, deepest first.
    pub worst: Vec<Sag>,
}

/// How much of the battery's power was used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Headroom {
    /// For how long power and its limit were known, s.
    pub known_s: f64,
    /// For how long at least the share was drawn, s.
    pub above_s: f64,
    /// How many times.
    pub times: u64,
    /// The longest time, s.
    pub longest_s: f64,
    /// The largest share of the limit that was drawn, 1 for all of it.
    pub peak_share: f64,
}

/// The rows of one part of a range: a sealed day, or the tail.
pub(super) struct Part<'a> {
    pub(super) at_ms: &'a [i64],
    held_s: &'a [f32],
    pub(super) columns: Vec<&'a [f32]>,
}

impl History {
    /// The energy through the battery, row by row.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn energy_exact(&self, system: &str, range: Range) -> Result<Flow, StoreError> {
        let parts = self.each(system, range, &[PointId::Voltage, PointId::Current], |part| {
            Flow::of(part.columns[0], part.columns[1], part.held_s)
        })?;
        let mut whole = Flow::default();
        parts.iter().for_each(|part| whole.fold(part));
        Ok(whole)
    }

    /// The mean of a point by hour of the day, row by row, in a zone that is `offset_ms` ahead of UTC.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn hourly_exact(
        &self,
        system: &str,
        range: Range,
        point: PointId,
        offset_ms: i64,
    ) -> Result<[Mean; 24], StoreError> {
        let hour_ms = LEVELS_MS[2];
        let parts = self.each(system, range, &[point], |part| {
            let mut hours = [Mean::default(); 24];
            let mut start = 0;
            while let Some(at_ms) = part.at_ms.get(start) {
                let local_ms = at_ms + offset_ms;
                let end_ms = (local_ms.div_euclid(hour_ms) + 1) * hour_ms - offset_ms;
                let end = start + part.at_ms[start..].partition_point(|at| *at < end_ms);
                let bucket = Bucket::of(&part.columns[0][start..end]);
                let hour = &mut hours[(local_ms.rem_euclid(DAY_MS) / hour_ms) as usize];
                *hour = Mean { n: hour.n + u64::from(bucket.n), sum: hour.sum + bucket.sum };
                start = end;
            }
            hours
        })?;
        let mut whole = [Mean::default(); 24];
        for (hour, more) in parts.iter().flat_map(|part| part.iter().enumerate()) {
            whole[hour] = Mean { n: whole[hour].n + more.n, sum: whole[hour].sum + more.sum };
        }
        Ok(whole)
    }

    /// Where the pack voltage was deeper below its recent level than `limit_pct` (%, see [`domain::sag`]), and the `worst`
    /// of these sags.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn sags(&self, system: &str, range: Range, limit_pct: f32, worst: usize) -> Result<Sags, StoreError> {
        let (from_ms, to_ms) = (range.from_ms.saturating_sub(SAG_MARGIN_MS), range.to_ms.saturating_add(SAG_MARGIN_MS));
        let points = [PointId::Voltage, PointId::Current];
        // In their order, on one core: midnight does not end a sag.
        let begin = || (SagFinder::new(limit_pct), Vec::new());
        let (finder, mut sags) =
            self.in_order(system, Range::new(from_ms, to_ms), &points, begin, |(finder, sags), part| {
                let rows = part.at_ms.iter().zip(part.columns[0]).zip(part.columns[1]);
                sags.extend(rows.filter_map(|((at_ms, voltage), current)| finder.take(*at_ms, *voltage, *current)));
            })?;
        sags.extend(finder.finish());
        sags.retain(|sag| (range.from_ms..range.to_ms).contains(&sag.at_ms));
        let (count, fastest_v_s) = (sags.len() as u64, sags.iter().map(|sag| sag.velocity_v_s).fold(0.0, f32::min));
        sags.sort_by(|a, b| b.depth_pct.total_cmp(&a.depth_pct).then(a.at_ms.cmp(&b.at_ms)));
        sags.truncate(worst);
        Ok(Sags { count, fastest_v_s, worst: sags })
    }

    /// For how long at least `share` (1 for all) of the discharge limit was drawn.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn headroom(&self, system: &str, range: Range, share: f64) -> Result<Headroom, StoreError> {
        let points = [PointId::Voltage, PointId::Current, PointId::SopDischarge];
        let parts = self.each(system, range, &points, |part| headroom(part, share))?;
        let mut whole = Headroom::default();
        for part in parts {
            whole.known_s += part.known_s;
            whole.above_s += part.above_s;
            whole.times += part.times;
            whole.longest_s = whole.longest_s.max(part.longest_s);
            whole.peak_share = whole.peak_share.max(part.peak_share);
        }
        Ok(whole)
    }

    /// Asks each sealed day in the range, and the tail, for its part, oldest first.
    pub(super) fn each<T: Send>(
        &self,
        system: &str,
        range: Range,
        points: &[PointId],
        ask: impl Fn(&Part<'_>) -> T + Sync,
    ) -> Result<Vec<T>, StoreError> {
        self.consistent(system, range, points, |found| {
            let cores = thread::available_parallelism().map_or(1, NonZero::get);
            let threads = cores.min(THREADS_MAX).min(found.segments.len()).max(1);
            let answers: Mutex<Vec<(usize, Result<T, StoreError>)>> = Mutex::default();
            let next = AtomicUsize::new(0);
            let work = || {
                while let Some((place, segment)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|k| Some((k, found.segments.get(k)?)))
                {
                    let answer = self.ask_day(system, segment, range, points, &ask);
                    answers.lock().unwrap_or_else(PoisonError::into_inner).push((place, answer));
                }
            };
            thread::scope(|scope| {
                (1..threads).for_each(|_| drop(scope.spawn(work)));
                work();
            });
            let mut answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
            answers.sort_by_key(|(place, _)| *place);
            let mut all = answers.into_iter().map(|(_, answer)| answer).collect::<Result<Vec<T>, StoreError>>()?;
            all.extend(ask_tail(found, points, &ask));
            Ok(all)
        })
    }

    /// Takes each sealed day in the range, and the tail, into what `begin` makes, oldest first.
    fn in_order<T>(
        &self,
        system: &str,
        range: Range,
        points: &[PointId],
        begin: impl Fn() -> T,
        take: impl Fn(&mut T, &Part<'_>),
    ) -> Result<T, StoreError> {
        self.consistent(system, range, points, |found| {
            let whole = RefCell::new(begin());
            let take = |part: &Part<'_>| take(&mut whole.borrow_mut(), part);
            found.segments.iter().try_for_each(|segment| self.ask_day(system, segment, range, points, take))?;
            ask_tail(found, points, take);
            Ok(whole.into_inner())
        })
    }

    fn ask_day<T>(
        &self,
        system: &str,
        segment: &Segment,
        range: Range,
        points: &[PointId],
        ask: impl Fn(&Part<'_>) -> T,
    ) -> Result<T, StoreError> {
        let at_ms = self.columns.at_ms(system, segment)?;
        let held_s = self.columns.held_s(system, segment)?;
        let columns = self.columns.points(system, segment, points)?;
        let rows = places(&at_ms, range);
        let columns = columns.iter().map(|values| &values[rows.clone()]).collect();
        Ok(ask(&Part { at_ms: &at_ms[rows.clone()], held_s: &held_s[rows], columns }))
    }
}

fn ask_tail<T>(found: &Found, points: &[PointId], ask: impl Fn(&Part<'_>) -> T) -> Option<T> {
    let tail = &found.tail;
    if tail.is_empty() {
        return None;
    }
    let none = vec![f32::NAN; tail.len()];
    let columns = points.iter().map(|point| tail.column(*point).unwrap_or(&none)).collect();
    Some(ask(&Part { at_ms: tail.at_ms(), held_s: &held_s(tail.at_ms(), None), columns }))
}

fn headroom(part: &Part<'_>, share: f64) -> Headroom {
    let mut found = Headroom::default();
    let mut running_s = 0.0;
    let columns = part.columns[0].iter().zip(part.columns[1]).zip(part.columns[2]).zip(part.held_s);
    for (((voltage, current), limit_w), held_s) in columns {
        let power_w = f64::from(*voltage) * f64::from(*current);
        let used = power_w / f64::from(*limit_w);
        if !used.is_finite() {
            running_s = 0.0;
            continue;
        }
        let held_s = f64::from(*held_s);
        found.known_s += held_s;
        found.peak_share = found.peak_share.max(used);
        if used < share {
            running_s = 0.0;
            continue;
        }
        found.times += u64::from(running_s == 0.0);
        running_s += held_s;
        found.above_s += held_s;
        found.longest_s = found.longest_s.max(running_s);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headroom_counts_the_time_at_the_limit() {
        let voltage = [800.0_f32; 6];
        let current = [10.0, 95.0, 100.0, 10.0, f32::NAN, 90.0];
        let limit = [80_000.0_f32, 80_000.0, 80_000.0, 80_000.0, 80_000.0, 0.0];
        let part = Part { at_ms: &[], held_s: &[0.5; 6], columns: vec![&voltage, &current, &limit] };
        let expected = Headroom { known_s: 2.0, above_s: 1.0, times: 1, longest_s: 1.0, peak_share: 1.0 };
        assert_eq!(headroom(&part, 0.9), expected);
    }
}
