//! Questions that no rollup can answer, or whose answer shall come from every row: plain loops over mapped columns, a day
//! at a time, on as many cores as there are.

use super::fold::Mean;
use super::{Found, History, Range, places};
use crate::day::DAY_MS;
use crate::error::StoreError;
use crate::rollup::flow::{held_s, longest_ms, period_ms};
use crate::rollup::{Bucket, Flow, Fold as _, LEVELS_MS};
use crate::segment::Segment;
use domain::point::PointId;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// More cores than this bring little: the memory is the limit.
const THREADS_MAX: usize = 4;

/// A drop of the pack voltage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sag {
    /// When it began, ms since 1970-01-01 UTC.
    pub at_ms: i64,
    /// How long the voltage went on falling, ms.
    pub duration_ms: i64,
    /// The fastest fall from one row to the next, V/s, negative.
    pub velocity_v_s: f32,
    /// How far the voltage fell, V.
    pub depth_v: f32,
    /// The current at its end, A, discharge positive; NaN if not known.
    pub current_a: f32,
}

/// The falls of the pack voltage in a range.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sags {
    /// How many steps from one row to the next fell faster than asked.
    pub steps: u64,
    /// The fastest of all, V/s; 0 without any fall.
    pub fastest_v_s: f32,
    /// The worst sags, fastest first.
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

    /// Where the pack voltage fell faster than `limit_v_s` (negative, V/s), and the `worst` of these sags.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn sags(&self, system: &str, range: Range, limit_v_s: f32, worst: usize) -> Result<Sags, StoreError> {
        let parts = self.each(system, range, &[PointId::Voltage, PointId::Current], |part| sags(part, limit_v_s))?;
        let mut whole = Sags::default();
        for part in parts {
            whole.steps += part.steps;
            whole.fastest_v_s = whole.fastest_v_s.min(part.fastest_v_s);
            whole.worst.extend(part.worst);
        }
        whole.worst.sort_by(|a, b| a.velocity_v_s.total_cmp(&b.velocity_v_s));
        whole.worst.truncate(worst);
        Ok(whole)
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

fn sags(part: &Part<'_>, limit_v_s: f32) -> Sags {
    let (at_ms, voltage, current) = (part.at_ms, part.columns[0], part.columns[1]);
    let longest_ms = longest_ms(period_ms(at_ms));
    let mut found = Sags::default();
    let mut running: Option<(usize, Sag)> = None;
    // First without a branch for each row; few are fast enough to look at.
    let velocity = |k: usize| (voltage[k] - voltage[k - 1]) / ((at_ms[k] - at_ms[k - 1]) as f32 / 1e3);
    for k in 1..at_ms.len() {
        let (fall_v, step_ms) = (voltage[k] - voltage[k - 1], at_ms[k] - at_ms[k - 1]);
        // NaN falls nowhere.
        let falls = fall_v < 0.0 && step_ms > 0 && step_ms <= longest_ms;
        if !falls {
            continue;
        }
        let v_s = velocity(k);
        found.fastest_v_s = found.fastest_v_s.min(v_s);
        if v_s >= limit_v_s {
            continue;
        }
        found.steps += 1;
        let sag = match running.take() {
            Some((last, mut sag)) if last + 1 == k => {
                sag.duration_ms += step_ms;
                sag.velocity_v_s = sag.velocity_v_s.min(v_s);
                sag.depth_v -= fall_v;
                Sag { current_a: current[k], ..sag }
            }
            before => {
                found.worst.extend(before.map(|(_, sag)| sag));
                Sag {
                    at_ms: at_ms[k - 1],
                    duration_ms: step_ms,
                    velocity_v_s: v_s,
                    depth_v: -fall_v,
                    current_a: current[k],
                }
            }
        };
        running = Some((k, sag));
    }
    found.worst.extend(running.map(|(_, sag)| sag));
    found
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
    fn falls_that_follow_one_another_are_one_sag() {
        let at_ms: Vec<i64> = (0..10).map(|k| k * 200).chain([60_000, 60_200]).collect();
        let voltage = [830.0, 800.0, 775.0, 776.0, 776.0, 750.0, 751.0, 749.0, f32::NAN, 700.0, 500.0, 499.0];
        let current: Vec<f32> = (0..12).map(|k| k as f32).collect();
        let part = Part { at_ms: &at_ms, held_s: &[], columns: vec![&voltage, &current] };
        let found = sags(&part, -100.0);
        assert_eq!((found.steps, found.fastest_v_s), (3, -150.0));
        let expected = [
            Sag { at_ms: 0, duration_ms: 400, velocity_v_s: -150.0, depth_v: 55.0, current_a: 2.0 },
            Sag { at_ms: 800, duration_ms: 200, velocity_v_s: -130.0, depth_v: 26.0, current_a: 5.0 },
        ];
        assert_eq!(found.worst, expected);
    }

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
