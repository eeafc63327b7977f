//! The last values of points that only a device has.

use super::LastValue;
use crate::reading::{NoData, Sample};
use crate::time::Mono;
use std::time::Duration;

/// The last values of a system's device points, in the order of [`SystemSpec::device_points`].
///
/// [`SystemSpec::device_points`]: crate::spec::SystemSpec::device_points
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeviceValues {
    values: Vec<LastValue>,
    max_ages: Vec<Duration>,
}

impl DeviceValues {
    /// Points that may be so old, of which nothing is known.
    pub fn new(max_ages: Vec<Duration>) -> DeviceValues {
        DeviceValues { values: vec![LastValue::default(); max_ages.len()], max_ages }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// What is known of a point: nothing, if there is none with this number.
    pub fn last_value(&self, point: usize) -> LastValue {
        self.values.get(point).copied().unwrap_or_default()
    }

    /// A value of the point that is older than this is stale.
    pub fn max_age(&self, point: usize) -> Duration {
        self.max_ages.get(point).copied().unwrap_or_default()
    }

    /// Takes a sample received at `at`; of a point that does not exist it changes nothing.
    pub fn set(&mut self, point: usize, sample: Sample, at: Mono) {
        if let Some(last) = self.values.get_mut(point) {
            last.set(sample, at);
        }
    }

    /// Sets all that is known of a point.
    pub fn restore(&mut self, point: usize, known: LastValue) {
        if let Some(last) = self.values.get_mut(point) {
            *last = known;
        }
    }

    /// The point's value if it is good and fresh at `now`, else why not.
    pub fn sample(&self, point: usize, now: Mono) -> Sample {
        self.values.get(point).map_or(Err(NoData::NotPresent), |last| last.sample(now, self.max_age(point)))
    }
}
