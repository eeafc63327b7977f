//! The last value of anything, its age, and why there is no newer one.

use crate::point::{MaxAge, PointId};
use crate::reading::{NoData, NodeQuantity, Sample};
use crate::time::Mono;
use std::time::Duration;

/// The last value of a point, its time, and why there is no newer one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot {
    value: f32,
    at: Mono,
    no_data: Option<NoData>,
    /// When it was last said that there is no value.
    no_data_at: Mono,
}

impl Default for Slot {
    fn default() -> Slot {
        Slot { value: 0.0, at: Mono(0), no_data: Some(NoData::NotPresent), no_data_at: Mono(0) }
    }
}

impl Slot {
    /// A slot of which this is known: the last good value with its time, and why there is no newer one. Without a
    /// value and a reason, nothing was ever received.
    pub fn restored(last: Option<(f32, Mono)>, no_data: Option<NoData>) -> Slot {
        match last.filter(|(_, at)| at.0 > 0) {
            Some((value, at)) => Slot { value, at, no_data, no_data_at: Mono(0) },
            None => Slot { no_data: no_data.or(Some(NoData::NotPresent)), ..Slot::default() },
        }
    }

    /// Takes a sample of the instant `at`; one that is older than what is known already, a value or that there was none,
    /// changes nothing.
    pub fn set(&mut self, sample: Sample, at: Mono) {
        match sample {
            _ if at < self.at.max(self.no_data_at) => {}
            Ok(value) => *self = Slot { value, at, no_data: None, ..*self },
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

/// The last value of every point of a system, and how old it may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Points {
    slots: [Slot; PointId::COUNT],
    max_ages: [Duration; PointId::COUNT],
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
        let given = |point: usize| max_ages.iter().find(|given| given.point as usize == point).map(|given| given.age);
        Points {
            slots: [Slot::default(); PointId::COUNT],
            max_ages: std::array::from_fn(|point| given(point).unwrap_or(PointId::ALL[point].spec().max_age)),
        }
    }

    /// The point's slot.
    pub fn slot(&self, point: PointId) -> &Slot {
        &self.slots[point as usize]
    }

    /// A value of the point that is older than this is stale.
    pub fn max_age(&self, point: PointId) -> Duration {
        self.max_ages[point as usize]
    }

    /// Takes a sample of `point` received at `at`.
    pub fn set(&mut self, point: PointId, sample: Sample, at: Mono) {
        self.slots[point as usize].set(sample, at);
    }

    /// Sets all that is known of `point`.
    pub fn restore(&mut self, point: PointId, slot: Slot) {
        self.slots[point as usize] = slot;
    }

    /// The point's value if it is good and fresh at `now`, else why not.
    pub fn sample(&self, point: PointId, now: Mono) -> Sample {
        self.slot(point).sample(now, self.max_age(point))
    }
}

/// An AFE node: one per module.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Node([Slot; NodeQuantity::ALL.len()]);

/// A node that has not reported for this long is stale.
pub const NODE_MAX_AGE: Duration = Duration::from_millis(1_500);

impl Node {
    /// One quantity's slot.
    pub fn slot(&self, quantity: NodeQuantity) -> &Slot {
        &self.0[quantity as usize]
    }

    /// Takes a sample received at `at`.
    pub fn set(&mut self, quantity: NodeQuantity, sample: Sample, at: Mono) {
        self.0[quantity as usize].set(sample, at);
    }

    /// Sets all that is known of one quantity.
    pub fn restore(&mut self, quantity: NodeQuantity, slot: Slot) {
        self.0[quantity as usize] = slot;
    }

    /// The value if it is good and fresh at `now`, else why not.
    pub fn sample(&self, quantity: NodeQuantity, now: Mono) -> Sample {
        self.slot(quantity).sample(now, NODE_MAX_AGE)
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
            let (mut slot, mut column) = (Slot::default(), Column::new(2));
            for (at, sample) in news {
                slot.set(*sample, s(*at));
                column.set(1, *sample, s(*at));
            }
            assert_eq!(slot.sample(s(6), day), shown, "{news:?}");
            assert_eq!(column.sample(1, s(6)), shown, "a cell: {news:?}");
            assert_eq!(column.sample(0, s(6)), Err(NoData::NotPresent));
        }
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
