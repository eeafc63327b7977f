//! What is known of a GX, and the readings that it makes.

use super::rows::{ROWS, Row, Service};
use crate::device::push_plausible;
use domain::point::PointId;
use domain::reading::{NoData, Reading, Target};
use domain::time::Mono;
use std::collections::BTreeMap;

/// More values than any GX has: what speaks of so many batteries is ignored.
const MOST_VALUES: usize = 1_024;

/// The last values of a GX, by row and instance.
///
/// Battery values come from the battery that is configured. If none is, those that the GX gives for the battery that
/// it goes by are taken from the GX, and the others from that battery: the one that the GX names, or else the one with
/// the lowest instance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gx {
    configured: Option<u32>,
    active: Option<u32>,
    values: BTreeMap<(usize, u32), Value>,
}

/// A value, or why there is none, and of which instant.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Value {
    sample: Result<f64, NoData>,
    at: Mono,
}

/// Readings by the instant of their values, oldest first, and how many values could not be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GxReadings {
    /// Readings of one instant each.
    pub readings: BTreeMap<Mono, Vec<Reading>>,
    /// How many values were impossible.
    pub impossible: u32,
}

impl Gx {
    /// A GX of which nothing is known; `battery` is the instance of the battery service, if one is configured.
    pub fn new(battery: Option<u32>) -> Gx {
        Gx { configured: battery, ..Gx::default() }
    }

    /// Takes the value of a row in Victron's sign, as of `at`.
    pub fn put(&mut self, row: usize, instance: u32, sample: Result<f64, NoData>, at: Mono) {
        let known = self.values.len() < MOST_VALUES || self.values.contains_key(&(row, instance));
        if row < ROWS.len() && known {
            self.values.insert((row, instance), Value { sample, at });
        }
    }

    /// The GX names the battery that it goes by: `com.victronenergy.battery/512`. Anything else names none.
    pub fn set_active(&mut self, service: &str) {
        self.active = service.strip_prefix("com.victronenergy.battery/").and_then(|instance| instance.parse().ok());
    }

    /// A service spoke at `at`: what it did not mention is as it was.
    pub fn spoke(&mut self, service: Service, instance: u32, at: Mono) {
        for ((row, of), value) in &mut self.values {
            if *of == instance && ROWS[*row].service == service {
                value.at = value.at.max(at);
            }
        }
    }

    /// A service has gone at `at`, and its values with it.
    pub fn gone(&mut self, service: Service, instance: u32, at: Mono) {
        for ((row, of), value) in &mut self.values {
            if *of == instance && ROWS[*row].service == service {
                *value = Value { sample: Err(NoData::Timeout), at };
            }
        }
    }

    /// The instance of the battery whose values count.
    pub fn battery(&self) -> Option<u32> {
        let lowest = || {
            let instances = self.values.keys().filter(|(row, _)| ROWS[*row].service == Service::Battery);
            instances.map(|(_, instance)| *instance).min()
        };
        self.configured.or(self.active).or_else(lowest)
    }

    /// Whether a row's values of this instance count.
    pub fn counts(&self, row: usize, instance: u32) -> bool {
        ROWS.get(row).is_some_and(|row| row.service != Service::Battery || self.battery() == Some(instance))
    }

    /// All readings of values that are newer than `after`.
    pub fn readings(&self, after: Mono) -> GxReadings {
        let mut found = GxReadings::default();
        let mut points: Vec<PointId> = ROWS.iter().map(|row| row.point).collect();
        points.sort_unstable();
        points.dedup();
        for point in points {
            self.point(point, after, &mut found);
        }
        found
    }

    fn point(&self, point: PointId, after: Mono, found: &mut GxReadings) {
        let battery_has_it = ROWS.iter().any(|row| row.point == point && row.service == Service::Battery);
        let services: &[Service] = match self.configured {
            // Another battery's values must not pass for this one's.
            Some(_) if battery_has_it => &[Service::Battery],
            _ => &[Service::System, Service::Battery],
        };
        let parts = services.iter().map(|service| self.parts(point, *service)).find(|parts| !parts.is_empty());
        let Some(parts) = parts else { return };
        let good = || parts.iter().filter_map(|(row, value)| value.sample.ok().map(|v| (row.ours(v), value.at)));
        let target = Target::Point(point);
        match good().map(|(_, at)| at).min() {
            // A sum is as old as its oldest part.
            Some(at) if at > after => {
                let sum = good().map(|(value, _)| value).sum();
                let readings = found.readings.entry(at).or_default();
                found.impossible += u32::from(push_plausible(readings, target, target.plausible(), sum));
            }
            Some(_) => {}
            None => {
                let newest = parts.iter().map(|(_, value)| value).max_by_key(|value| value.at);
                if let Some(Value { sample: Err(why), at }) = newest.filter(|value| value.at > after) {
                    found.readings.entry(*at).or_default().push(Reading { target, sample: Err(*why) });
                }
            }
        }
        found.readings.retain(|_, readings| !readings.is_empty());
    }

    /// What a service says of a point: one value, or those that are added up.
    fn parts(&self, point: PointId, service: Service) -> Vec<(&'static Row, Value)> {
        let of_point = |row: &Row| row.point == point && row.service == service;
        let rows = ROWS.iter().enumerate().filter(|(_, row)| of_point(row));
        let value = |(index, row): (usize, &'static Row)| {
            let mut instances = self.values.range((index, 0)..=(index, u32::MAX));
            let known = instances.find(|((_, instance), _)| self.counts(index, *instance));
            known.map(|(_, value)| (row, *value))
        };
        rows.filter_map(value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::reading::Sample;

    fn put(gx: &mut Gx, service: Service, instance: u32, path: &str, sample: Result<f64, NoData>, at: u64) {
        gx.put(Row::find(service, path).unwrap(), instance, sample, Mono(at));
    }

    fn all(gx: &Gx) -> Vec<(u64, &'static str, Sample)> {
        let path = |reading: &Reading| match reading.target {
            Target::Point(point) => point.spec().path,
            other => panic!("{other:?}"),
        };
        let found = gx.readings(Mono(0)).readings;
        found.iter().flat_map(|(at, readings)| readings.iter().map(|r| (at.0, path(r), r.sample))).collect()
    }

    use Service::{Battery, System};

    #[test]
    fn phases_add_up_and_a_sum_is_as_old_as_its_oldest_part() {
        let mut gx = Gx::default();
        put(&mut gx, System, 0, "Ac/Consumption/L1/Power", Ok(1_000.0), 7);
        put(&mut gx, System, 0, "Ac/Consumption/L2/Power", Ok(500.0), 5);
        // A phase that there is not, is nothing.
        put(&mut gx, System, 0, "Ac/Consumption/L3/Power", Err(NoData::Error), 3);
        put(&mut gx, System, 0, "Ac/Grid/L1/Power", Err(NoData::Error), 9);
        put(&mut gx, System, 0, "Dc/Battery/Soc", Ok(101.0), 9);
        assert_eq!(all(&gx), [(5, "load/power", Ok(1_500.0)), (9, "grid/power", Err(NoData::Error))]);
        assert_eq!(gx.readings(Mono(0)).impossible, 1);
        assert_eq!(gx.readings(Mono(9)), GxReadings::default(), "what was found is not found again");
    }

    #[test]
    fn the_battery_that_counts() {
        let mut gx = Gx::default();
        for instance in [256, 512] {
            put(&mut gx, Battery, instance, "System/MinCellVoltage", Ok(3.0 + f64::from(instance) / 1_024.0), 1);
            put(&mut gx, Battery, instance, "Soc", Ok(f64::from(instance) / 16.0), 1);
        }
        let cell = |volts| (1, "battery/cell_voltage_min", Ok(volts));
        assert_eq!(all(&gx), [(1, "battery/soc", Ok(16.0)), cell(3.25)], "the lowest, if nothing else is known");
        put(&mut gx, System, 0, "Dc/Battery/Soc", Ok(77.0), 1);
        gx.set_active("com.victronenergy.battery/512");
        assert_eq!(all(&gx), [(1, "battery/soc", Ok(77.0)), cell(3.5)], "the one that the GX goes by");
        gx.set_active("com.victronenergy.vebus/257");
        assert_eq!(gx.battery(), Some(256));
        let configured = |instance| Gx { configured: Some(instance), ..gx.clone() };
        assert_eq!(all(&configured(512)), [(1, "battery/soc", Ok(32.0)), cell(3.5)]);
        assert_eq!(all(&configured(7)), [], "another battery's values do not pass for this one's");
    }

    #[test]
    fn a_service_that_speaks_confirms_what_it_does_not_mention() {
        let mut gx = Gx::default();
        put(&mut gx, System, 0, "Dc/Battery/Soc", Ok(50.0), 1);
        put(&mut gx, Battery, 512, "Soh", Ok(99.0), 1);
        gx.spoke(System, 0, Mono(4));
        assert_eq!(all(&gx), [(1, "battery/soh", Ok(99.0)), (4, "battery/soc", Ok(50.0))]);
    }
}
