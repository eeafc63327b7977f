//! A minute of every device point: lowest, mean and highest value, and of how many snapshots. What is kept of device points
//! when the full tape is gone, by their stable names.

use crate::minute::MINUTE_MS;
use crate::point::{DevicePoint, Unit};
use crate::twin::Snapshot;
use std::collections::HashMap;
use std::sync::Arc;

/// What a device point is called in history.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PointName {
    /// Its stable name: the link's id and the point's name within the device, `gpu-hall/gpu/3/power`.
    pub path: String,
    /// The unit of its values.
    pub unit: Unit,
}

/// What is kept of a device point in a minute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PointMinute {
    /// The lowest value, in the point's unit; NaN without any.
    pub min: f32,
    /// The mean of the snapshots, likewise.
    pub mean: f32,
    /// The highest value, likewise.
    pub max: f32,
    /// Of how many snapshots: those in which the value was good and fresh.
    pub n: u32,
}

impl PointMinute {
    /// Nothing is known.
    pub const NONE: PointMinute = PointMinute { min: f32::NAN, mean: f32::NAN, max: f32::NAN, n: 0 };

    /// Adds another part of the same minute: the mean by the number of snapshots behind each.
    pub fn join(&mut self, other: &PointMinute) {
        if other.n == 0 {
            return;
        }
        if self.n == 0 {
            *self = *other;
            return;
        }
        let (a, b) = (f64::from(self.n), f64::from(other.n));
        self.mean = ((f64::from(self.mean) * a + f64::from(other.mean) * b) / (a + b)) as f32;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.n = self.n.saturating_add(other.n);
    }
}

/// One minute of UTC of a system's device points.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceMinute {
    /// Which: whole minutes since 1970-01-01 UTC.
    pub minute: i64,
    /// The points; minutes that have the same ones share them.
    pub names: Arc<[PointName]>,
    /// What is known of each, in their order.
    pub values: Vec<PointMinute>,
}

impl DeviceMinute {
    /// The points of which anything is known.
    pub fn known(&self) -> impl Iterator<Item = (&PointName, &PointMinute)> {
        self.names.iter().zip(&self.values).filter(|(_, value)| value.n > 0)
    }

    /// What is known of the point with this name; `None` if nothing is.
    pub fn get(&self, path: &str) -> Option<(&PointName, &PointMinute)> {
        self.known().find(|(name, _)| name.path == path)
    }

    /// Adds another part of the same minute, as after a restart. The points of both are in it, in the order of this one.
    pub fn join(&mut self, other: &DeviceMinute) {
        if self.names == other.names {
            self.values.iter_mut().zip(&other.values).for_each(|(mine, theirs)| mine.join(theirs));
            return;
        }
        let mut names = self.names.to_vec();
        let mut places: HashMap<PointName, usize> =
            names.iter().enumerate().map(|(place, name)| (name.clone(), place)).collect();
        for (name, value) in other.known() {
            let place = *places.entry(name.clone()).or_insert_with(|| {
                names.push(name.clone());
                self.values.push(PointMinute::NONE);
                names.len() - 1
            });
            self.values[place].join(value);
        }
        self.names = names.into();
    }
}

/// A running sum of the values of one point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sum {
    min: f32,
    max: f32,
    sum: f64,
    n: u32,
}

/// Collects the snapshots of the running minute.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeviceMinutes {
    minute: Option<i64>,
    names: Arc<[PointName]>,
    /// A tenth of each point's step: finer digits of a mean say nothing, and cost room.
    steps: Vec<f64>,
    sums: Vec<Sum>,
}

impl DeviceMinutes {
    /// Takes a snapshot of a system with these points: values that are good and fresh in it count. Returns the minute
    /// before when another has begun and anything was known in it.
    pub fn push(&mut self, points: &[DevicePoint], snapshot: &Snapshot) -> Option<DeviceMinute> {
        if points.is_empty() {
            return None;
        }
        let minute = snapshot.now.utc.0.div_euclid(1_000 * MINUTE_MS);
        let done = if self.minute == Some(minute) { None } else { self.finish() };
        self.minute = Some(minute);
        if self.names.len() != points.len() {
            let name = |point: &DevicePoint| PointName { path: point.path.clone(), unit: point.unit };
            self.names = points.iter().map(name).collect();
            self.steps = points.iter().map(|point| f64::from(point.resolution) / 10.0).collect();
            self.sums = vec![Sum::default(); points.len()];
        }
        for (point, sum) in self.sums.iter_mut().enumerate() {
            let Ok(value) = snapshot.state.devices.sample(point, snapshot.now.mono) else { continue };
            let first = sum.n == 0;
            sum.min = if first { value } else { sum.min.min(value) };
            sum.max = if first { value } else { sum.max.max(value) };
            sum.sum += f64::from(value);
            sum.n += 1;
        }
        done
    }

    /// Returns what was collected of the running minute, if anything.
    pub fn finish(&mut self) -> Option<DeviceMinute> {
        let minute = self.minute.take()?;
        let values: Vec<PointMinute> = self.sums.iter().zip(&self.steps).map(|(sum, step)| mean(sum, *step)).collect();
        self.sums.fill(Sum::default());
        let known = values.iter().any(|value| value.n > 0);
        known.then(|| DeviceMinute { minute, names: Arc::clone(&self.names), values })
    }
}

fn mean(sum: &Sum, step: f64) -> PointMinute {
    let Sum { min, max, sum, n } = *sum;
    if n == 0 {
        return PointMinute::NONE;
    }
    let mean = sum / f64::from(n);
    // As `telemetry::rounded`: by the whole number of steps in a unit, which is exact.
    let per_unit = (1.0 / step).round();
    let rounded = if per_unit >= 1.0 { (mean * per_unit).round() / per_unit } else { mean };
    PointMinute { min, mean: (rounded as f32).clamp(min, max), max, n }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{NoData, Reading, Target};
    use crate::spec::SystemSpec;
    use crate::time::{Mono, Now, Utc};
    use crate::twin::SystemState;
    use std::time::Duration;

    fn spec(paths: &[&str]) -> SystemSpec {
        let point = |path: &&str| DevicePoint {
            path: (*path).to_owned(),
            unit: Unit::Watt,
            resolution: 1.0,
            max_age: Duration::from_secs(3),
            limits: Default::default(),
        };
        SystemSpec {
            device_points: paths.iter().map(point).collect(),
            ..crate::engine::tests::site().systems[0].clone()
        }
    }

    #[test]
    fn what_is_good_and_fresh_counts_and_a_minute_ends_when_another_begins() {
        let spec = spec(&["hall/gpu/0/power", "hall/gpu/1/power", "hall/gpu/2/power"]);
        let mut minutes = DeviceMinutes::default();
        let mut snapshot = Snapshot { state: SystemState::new(&spec), ..Snapshot::default() };
        let mut done = Vec::new();
        for second in 0..70_i64 {
            snapshot.now = Now { utc: Utc(second * 1_000_000), mono: Mono(1 + second as u64 * 1_000_000) };
            let set = |point: u16, sample| (Reading { target: Target::Device(point), sample }, snapshot.now.mono);
            let (first, at) = set(0, Ok(300.0 + (second % 3) as f32));
            snapshot.state.apply(first, at);
            // Silent after the tenth second, and stale three seconds later.
            if second < 10 {
                let (second, at) = set(1, Ok(70.0));
                snapshot.state.apply(second, at);
            }
            let (third, at) = set(2, Err(NoData::Error));
            snapshot.state.apply(third, at);
            done.extend(minutes.push(&spec.device_points, &snapshot));
        }
        let [minute] = &done[..] else { panic!("{done:?}") };
        assert_eq!(minute.minute, 0);
        let known: Vec<_> = minute.known().map(|(name, value)| (name.path.as_str(), *value)).collect();
        let value = |min, mean, max, n| PointMinute { min, mean, max, n };
        let expected =
            [("hall/gpu/0/power", value(300.0, 301.0, 302.0, 60)), ("hall/gpu/1/power", value(70.0, 70.0, 70.0, 13))];
        assert_eq!(known, expected);
        assert_eq!(
            (minute.get("hall/gpu/2/power"), minute.get("hall/gpu/1/power").map(|(_, v)| v.n)),
            (None, Some(13))
        );
        assert_eq!(minutes.finish().map(|rest| (rest.minute, rest.values[0].n)), Some((1, 10)));
        assert_eq!(minutes.finish(), None);
    }

    #[test]
    fn parts_of_a_minute_join_by_name_also_when_the_points_have_changed() {
        let part = |names: &[&str], n: u32, mean: f32| DeviceMinute {
            minute: 7,
            names: names.iter().map(|path| PointName { path: (*path).to_owned(), unit: Unit::Watt }).collect(),
            values: vec![PointMinute { min: mean - 1.0, mean, max: mean + 1.0, n }; names.len()],
        };
        let mut same = part(&["a/x", "a/y"], 30, 10.0);
        same.join(&part(&["a/x", "a/y"], 10, 14.0));
        assert_eq!(same.values, [PointMinute { min: 9.0, mean: 11.0, max: 15.0, n: 40 }; 2]);
        let mut other = part(&["a/x"], 30, 10.0);
        other.join(&part(&["b/x", "a/x"], 30, 20.0));
        let known: Vec<_> = other.known().map(|(name, value)| (name.path.as_str(), value.mean, value.n)).collect();
        assert_eq!(known, [("a/x", 15.0, 60), ("b/x", 20.0, 30)]);
    }
}
