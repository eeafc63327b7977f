//! Questions about device points, by their stable names: one over time, all that are known, all minutes. From their
//! minutes, wherever these are.

use super::cells::steps;
use super::minutes::{MinuteCoverage, MinuteParts, minutes_of};
use super::{History, Range};
use crate::devices::file;
use crate::error::StoreError;
use crate::index::SystemIndex;
use crate::rollup::{Bucket, Fold as _};
use crate::sealed::Kind;
use domain::device_minute::{DeviceMinute, PointMinute, PointName};
use domain::minute::MINUTE_MS;
use domain::point::Unit;
use std::collections::{BTreeMap, BTreeSet};

/// Names are looked for in so many of the newest sealed days.
const NEWEST: usize = 30;

/// One device point over time.
#[derive(Clone, Debug, PartialEq)]
pub struct PointChart {
    /// The unit in which the newest of its values is kept; `None` if there is no value.
    pub unit: Option<Unit>,
    /// When the first bucket begins, ms since 1970-01-01 UTC.
    pub from_ms: i64,
    /// How long each bucket is, ms: whole minutes.
    pub step_ms: i64,
    /// What is known of each step. First and last are means of a minute; `n` counts snapshots; squares are those of means.
    /// Values in another unit than the newest, as after a change of a register table, are left out.
    pub buckets: Vec<Bucket>,
}

impl History {
    /// What there is of a system's device points.
    pub fn device_coverage(&self, system: &str) -> MinuteCoverage {
        self.minute_coverage::<DeviceMinute>(system)
    }

    /// The parts that the past of a system's device points consists of now. A damaged day is left out, which is told.
    pub fn device_parts(&self, system: &str) -> MinuteParts<DeviceMinute> {
        self.minute_parts(system)
    }

    /// Hands out the minutes of a range in their order, each whole: a day at a time is in memory.
    ///
    /// # Errors
    /// A file cannot be read, or `each` fails.
    pub fn each_device_minute<E: From<StoreError>>(
        &self,
        system: &str,
        range: Range,
        each: impl FnMut(&DeviceMinute) -> Result<(), E>,
    ) -> Result<(), E> {
        self.each_whole_minute(system, range, each)
    }

    /// What a chart of the device point with this name over `range` is drawn from, `width` pixels wide (at least one). A
    /// name that is not known has no values.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn device_chart(&self, system: &str, range: Range, path: &str, width: usize) -> Result<PointChart, StoreError> {
        let (range, step_ms, steps) = steps(range, width);
        self.consistent_minutes::<DeviceMinute, _>(system, minutes_of(range), |found| {
            let mut minutes: BTreeMap<i64, (Unit, PointMinute)> = BTreeMap::new();
            let mut newest = None;
            let mut take = |unit: Unit, minute: i64, value: &PointMinute| {
                if (found.from..found.to).contains(&minute) {
                    // A minute in two parts: one was sealed before the other came.
                    minutes.entry(minute).or_insert((unit, PointMinute::NONE)).1.join(value);
                    newest = newest.max(Some((minute, unit as u8)));
                }
            };
            for of in &found.days {
                self.checks.check(system, of.sealed(Kind::Devices))?;
                let sealed = file::point(&Kind::Devices.path(&self.data, system, of.day), of, path)?;
                sealed.iter().for_each(|(PointName { unit, .. }, minute, value)| take(*unit, *minute, value));
            }
            for minute in found.tail.values() {
                let known = minute.get(path);
                known.into_iter().for_each(|(name, value)| take(name.unit, minute.minute, value));
            }
            let unit = newest.and_then(|(_, number)| Unit::ALL.into_iter().find(|unit| *unit as u8 == number));
            let mut buckets = vec![Bucket::default(); steps];
            for (minute, (_, value)) in minutes.iter().filter(|(_, (of, _))| Some(*of) == unit) {
                let place = ((minute * MINUTE_MS - range.from_ms) / step_ms) as usize;
                buckets[place].fold(&bucket(value));
            }
            Ok(PointChart { unit, from_ms: range.from_ms, step_ms, buckets })
        })
    }

    /// The names of all device points of which anything is known: in the newest sealed days, so many, or since. A damaged
    /// day is left out.
    pub fn device_names(&self, system: &str) -> BTreeSet<String> {
        let of = |indexed: &SystemIndex| {
            let mut names = BTreeSet::new();
            for minute in indexed.devices.tail.values() {
                let new = minute.known().filter(|(name, _)| !names.contains(&name.path));
                let new: Vec<String> = new.map(|(name, _)| name.path.clone()).collect();
                names.extend(new);
            }
            (names, indexed.devices.days.values().rev().take(NEWEST).copied().collect::<Vec<_>>())
        };
        let (mut names, days) = self.index.with(system, of).unwrap_or_default();
        for of in days {
            let sound = self.checks.check(system, of.sealed(Kind::Devices));
            let found = sound.and_then(|()| file::names(&Kind::Devices.path(&self.data, system, of.day)));
            names.extend(found.into_iter().flatten());
        }
        names
    }

    /// Whether anything is known of a device point with this name: in the newest sealed days, so many, or since.
    pub fn knows_device_point(&self, system: &str, path: &str) -> bool {
        let of = |indexed: &SystemIndex| {
            let tail = indexed.devices.tail.values().any(|minute| minute.get(path).is_some());
            (tail, indexed.devices.days.values().rev().take(NEWEST).copied().collect::<Vec<_>>())
        };
        let (tail, days) = self.index.with(system, of).unwrap_or_default();
        tail || days.iter().any(|of| {
            let minutes = || file::point(&Kind::Devices.path(&self.data, system, of.day), of, path);
            let sound = self.checks.check(system, of.sealed(Kind::Devices));
            sound.and_then(|()| minutes()).is_ok_and(|minutes| !minutes.is_empty())
        })
    }
}

fn bucket(value: &PointMinute) -> Bucket {
    let PointMinute { min, mean, max, n } = *value;
    let (sum, sum_sq) = (f64::from(mean), f64::from(mean) * f64::from(mean));
    let count = f64::from(n);
    Bucket { n, first: mean, min, max, last: mean, sum: sum * count, sum_sq: sum_sq * count }
}
