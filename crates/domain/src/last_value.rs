//! The last value of anything, its age, and why there is no newer one.

mod devices;

pub use devices::DeviceValues;

use crate::point::{MaxAge, PointId};
use crate::reading::{NoData, NodeQuantity, Sample};
use crate::time::Mono;
use std::time::Duration;

/// The last value of a point, its time, and why there is no newer one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LastValue {
    value: f32,
    at: Mono,
    no_data: Option<NoData>,
    /// When it was last said that there is no value.
    no_data_at: Mono,
}

impl Default for LastValue {
    fn default() -> LastValue {
        LastValue { value: 0.0, at: Mono(0), no_data: Some(NoData::NotPresent), no_data_at: Mono(0) }
    }
}

impl LastValue {
    /// One of which this is known: the last good value with its time, and why there is no newer one. Without a
    /// value and a reason, nothing was ever received.
    pub fn restored(last: Option<(f32, Mono)>, no_data: Option<NoData>) -> LastValue {
        match last.filter(|(_, at)| at.0 > 0) {
            Some((value, at)) => LastValue { value, at, no_data, no_data_at: Mono(0) },
            None => LastValue { no_data: no_data.or(Some(NoData::NotPresent)), ..LastValue::default() },
        }
    }

    /// Takes a sample of the instant `at`; one that is older than what is known already, a value or that there was none,
    /// changes nothing.
    pub fn set(&mut self, sample: Sample, at: Mono) {
        match sample {
            _ if at < self.at.max(self.no_data_at) => {}
            Ok(value) => *self = LastValue { value, at, no_data: None, ..*self },
            Err(why) => (self.no_data, self.no_data_at) = (Some(why), at),
        }
    }

    /// The value if it is good and not older than `max_age` at `now`, else why not.
    pub fn sample(&self, now: Mono, max_age: Duration) -> Sample {
        match self.no_data {
            Some(why) => Err(why),
            None if now.since(self.at) > max_age => Err(NoData::Stale),
            None => Ok(self.value),
        }
    }

    /// The last good value and when it came, however old; `None` if there never was one.
    pub fn last(&self) -> Option<(f32, Mono)> {
        (self.at.0 > 0).then_some((self.value, self.at))
    }

    /// What the device last said: `None` for a good value, else why there was none. Age is not looked at.
    pub fn reported(&self) -> Option<NoData> {
        self.no_data
    }
}

/// Where the battery's power comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PowerFrom {
    /// No good value is known yet.
    #[default]
    Nowhere,
    /// A device says it.
    Measured,
    /// No device says it: it is voltage times current.
    Derived,
}

/// The last value of every point of a system, and how old it may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Points {
    values: [LastValue; PointId::COUNT],
    max_ages: [Duration; PointId::COUNT],
    power_from: PowerFrom,
}

impl Default for Points {
    /// Nothing is known; ages are those of the catalogue.
    fn default() -> Points {
        Points::new(&[])
    }
}

impl Points {
    /// Nothing is known; ages are those of the catalogue unless given here.
    pub fn new(max_ages: &[MaxAge]) -> Points {
        Points {
            values: [LastValue::default(); PointId::COUNT],
            max_ages: std::array::from_fn(|point| MaxAge::of(PointId::ALL[point], max_ages)),
            power_from: PowerFrom::Nowhere,
        }
    }

    /// Where the battery's power comes from.
    pub fn power_from(&self) -> PowerFrom {
        self.power_from
    }

    /// Says where the battery's power comes from, as another [`Points::power_from`] did.
    pub fn set_power_from(&mut self, from: PowerFrom) {
        self.power_from = from;
    }

    /// Takes a reading of `point` received at `at`. Of a battery whose devices say voltage and current but not its power,
    /// the power follows from them, as old as the older of both.
    pub fn take(&mut self, point: PointId, sample: Sample, at: Mono) {
        match point {
            PointId::Power if sample.is_ok() => self.power_from = PowerFrom::Measured,
            // That a device has no power does not take away what follows from its other values.
            PointId::Power if self.power_from == PowerFrom::Derived => return,
            _ => {}
        }
        self.set(point, sample, at);
        if matches!(point, PointId::Voltage | PointId::Current) && self.power_from != PowerFrom::Measured {
            self.derive_power(at);
        }
    }

    fn derive_power(&mut self, now: Mono) {
        let (voltage, current) = (self.sample(PointId::Voltage, now), self.sample(PointId::Current, now));
        let at = |point| self.last_value(point).last().map_or(Mono(0), |(_, at)| at);
        let at = at(PointId::Voltage).min(at(PointId::Current));
        if let (Ok(voltage_v), Ok(current_a)) = (voltage, current) {
            self.power_from = PowerFrom::Derived;
            self.set(PointId::Power, Ok(voltage_v * current_a), at);
        }
    }

    /// What is known of the point.
    pub fn last_value(&self, point: PointId) -> &LastValue {
        &self.values[point as usize]
    }

    /// A value of the point that is older than this is stale.
    pub fn max_age(&self, point: PointId) -> Duration {
        self.max_ages[point as usize]
    }

    /// Takes a sample of `point` received at `at`.
    pub fn set(&mut self, point: PointId, sample: Sample, at: Mono) {
        self.values[point as usize].set(sample, at);
    }

    /// Sets all that is known of `point`.
    pub fn restore(&mut self, point: PointId, last: LastValue) {
        self.values[point as usize] = last;
    }

    /// The point's value if it is good and fresh at `now`, else why not.
    pub fn sample(&self, point: PointId, now: Mono) -> Sample {
        self.last_value(point).sample(now, self.max_age(point))
    }
}

/// An AFE node: one per module.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Node([LastValue; NodeQuantity::ALL.len()]);

/// A node that has not reported for this long is stale.
pub const NODE_MAX_AGE: Duration = Duration::from_millis(1_500);

impl Node {
    /// What is known of one quantity.
    pub fn last_value(&self, quantity: NodeQuantity) -> &LastValue {
        &self.0[quantity as usize]
    }

    /// Takes a sample received at `at`.
    pub fn set(&mut self, quantity: NodeQuantity, sample: Sample, at: Mono) {
        self.0[quantity as usize].set(sample, at);
    }

    /// Sets all that is known of one quantity.
    pub fn restore(&mut self, quantity: NodeQuantity, last: LastValue) {
        self.0[quantity as usize] = last;
    }

    /// The value if it is good and fresh at `now`, else why not.
    pub fn sample(&self, quantity: NodeQuantity, now: Mono) -> Sample {
        self.last_value(quantity).sample(now, NODE_MAX_AGE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::Column;

    #[test]
    fn older_news_change_nothing() {
        let s = |seconds: u64| Mono(Mono::START.0 + seconds * 1_000_000);
        let day = Duration::from_secs(86_400);
        let (old, new, no) = (Ok(1.0), Ok(2.0), Err(NoData::Error));
        for (news, shown) in [
            (&[(5, new), (4, old)][..], new),
            (&[(5, new), (4, no)], new),
            (&[(3, new), (5, no), (4, old)], no),
            (&[(5, no), (4, old)], no),
            (&[(5, no), (5, new)], new),
            (&[(5, no), (6, new), (4, no)], new),
        ] {
            let (mut last, mut column) = (LastValue::default(), Column::new(2));
            for (at, sample) in news {
                last.set(*sample, s(*at));
                column.set(1, *sample, s(*at));
            }
            assert_eq!(last.sample(s(6), day), shown, "{news:?}");
            assert_eq!(column.sample(1, s(6)), shown, "a cell: {news:?}");
            assert_eq!(column.sample(0, s(6)), Err(NoData::NotPresent));
        }
    }

    #[test]
    fn power_follows_from_voltage_and_current_until_a_device_says_it() {
        use PointId::{Current, Power, Voltage};
        let s = |tenths: u64| Mono(Mono::START.0 + tenths * 100_000);
        let no = Err(NoData::Error);
        let mut points = Points::default();
        for (tenth, point, sample, power, from) in [
            (1, Voltage, Ok(50.0), Err(NoData::NotPresent), PowerFrom::Nowhere),
            (2, Current, Ok(-20.0), Ok(-1_000.0), PowerFrom::Derived),
            (3, Power, no, Ok(-1_000.0), PowerFrom::Derived),
            (4, Voltage, Ok(51.0), Ok(-1_020.0), PowerFrom::Derived),
            // The current is too old for a product with the new voltage.
            (30, Voltage, Ok(60.0), Err(NoData::Stale), PowerFrom::Derived),
            (31, Current, Ok(10.0), Ok(600.0), PowerFrom::Derived),
            (32, Power, Ok(590.0), Ok(590.0), PowerFrom::Measured),
            (33, Current, Ok(90.0), Ok(590.0), PowerFrom::Measured),
            (34, Power, no, no, PowerFrom::Measured),
            (35, Voltage, Ok(61.0), no, PowerFrom::Measured),
        ] {
            points.take(point, sample, s(tenth));
            assert_eq!((points.sample(Power, s(tenth)), points.power_from()), (power, from), "at {tenth} tenths");
        }
    }

    #[test]
    fn derived_power_is_as_old_as_the_older_value_and_may_be_as_old() {
        let slow = [MaxAge { point: PointId::Voltage, age: Duration::from_secs(15) }];
        let mut points = Points::new(&slow);
        points.take(PointId::Voltage, Ok(50.0), Mono(5_000_000));
        points.take(PointId::Current, Ok(20.0), Mono(6_000_000));
        assert_eq!(points.last_value(PointId::Power).last(), Some((1_000.0, Mono(5_000_000))));
        assert_eq!(points.sample(PointId::Power, Mono(12_000_000)), Ok(1_000.0));
        let own = [slow[0], MaxAge { point: PointId::Power, age: Duration::from_secs(3) }];
        assert_eq!(Points::new(&own).max_age(PointId::Power), Duration::from_secs(3));
    }

    #[test]
    fn a_slow_source_has_longer_until_its_values_are_stale() {
        let slow = [MaxAge { point: PointId::GridPower, age: Duration::from_secs(30) }];
        for (max_ages, after_s, fresh) in
            [(&[][..], 1, true), (&[], 2, false), (&slow, 2, true), (&slow, 30, true), (&slow, 31, false)]
        {
            let mut points = Points::new(max_ages);
            for point in [PointId::GridPower, PointId::Voltage] {
                points.set(point, Ok(1.0), Mono(5_000_000));
            }
            let now = Mono(5_000_000 + after_s * 1_000_000);
            assert_eq!(points.sample(PointId::GridPower, now).is_ok(), fresh, "after {after_s} s");
            assert_eq!(points.sample(PointId::Voltage, now).is_ok(), after_s < 2, "another point, after {after_s} s");
        }
    }
}
