//! A reading of the battery as Victron would say it: charging is positive. Pure.

use super::seconds;
use domain::point::PointId;
use domain::time::Utc;
use domain::twin::Snapshot;
use serde_json::{Value, json};
use store::{Block, IDLE_A};

/// What a reading is made of.
pub(super) const POINTS: [PointId; 5] =
    [PointId::Soc, PointId::Voltage, PointId::Current, PointId::Power, PointId::Temperature];

/// One reading: its time, and the values of [`POINTS`] with our signs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::http) struct BatteryReading {
    pub(super) at: Utc,
    pub(super) values: [Option<f32>; POINTS.len()],
}

impl BatteryReading {
    /// The newest: what is fresh, at the time of the newest value. `None` if there never was a value.
    pub(super) fn of_snapshot(snapshot: &Snapshot) -> Option<BatteryReading> {
        let last =
            POINTS.iter().filter_map(|point| snapshot.state.points.slot(*point).last()).map(|(_, at)| at).max()?;
        let at = snapshot.now.utc - snapshot.now.mono.since(last);
        Some(BatteryReading { at, values: POINTS.map(|point| snapshot.point(point).ok()) })
    }

    /// Those of history, oldest first: of each second the last one. Rows without any value are none.
    pub(super) fn of_rows(rows: &Block) -> Vec<BatteryReading> {
        let columns = POINTS.map(|point| rows.column(point));
        let mut readings: Vec<BatteryReading> = Vec::new();
        for (row, at_ms) in rows.at_ms().iter().enumerate() {
            let value = |column: Option<&[f32]>| column.map(|values| values[row]).filter(|value| !value.is_nan());
            let reading = BatteryReading { at: Utc(at_ms * 1_000), values: columns.map(value) };
            if reading.values.iter().all(Option::is_none) {
                continue;
            }
            match readings.last_mut() {
                Some(last) if last.second() == reading.second() => *last = reading,
                _ => readings.push(reading),
            }
        }
        readings
    }

    fn second(&self) -> i64 {
        self.at.0.div_euclid(1_000_000)
    }

    /// As the endpoints tell it, of a battery of this nominal voltage, V.
    pub(super) fn to_json(self, nominal_v: f32) -> Value {
        let [soc, voltage, current, power, temperature] = self.values;
        json!({
            "timestamp": seconds(self.at),
            "soc": rounded(soc, 2),
            "voltage": rounded(voltage, 2),
            "current": rounded(current.map(|a| -a), 2),
            "power": rounded(power.map(|w| -w), 1),
            "state": state(voltage, current, power, nominal_v),
            "temperature": rounded(temperature, 1),
        })
    }
}

/// `limit` (at least one) of the readings, evenly from the first to the last; all of them if they are no more.
pub(super) fn evenly(readings: Vec<BatteryReading>, limit: usize) -> Vec<BatteryReading> {
    let last = readings.len().saturating_sub(1);
    if readings.len() <= limit {
        return readings;
    }
    match limit {
        0 | 1 => vec![readings[last]],
        _ => (0..limit).map(|i| readings[(i * last + (limit - 1) / 2) / (limit - 1)]).collect(),
    }
}

/// What the battery does, by its current, or by its power if the current is not known.
fn state(voltage: Option<f32>, current: Option<f32>, power: Option<f32>, nominal_v: f32) -> Option<&'static str> {
    let by_power = || power.map(|w| w / voltage.filter(|v| *v > 1.0).unwrap_or(nominal_v));
    Some(match current.or_else(by_power)? {
        a if a >= IDLE_A => "discharging",
        a if a <= -IDLE_A => "charging",
        _ => "idle",
    })
}

fn rounded(value: Option<f32>, digits: i32) -> Value {
    let scale = 10_f64.powi(digits);
    // Adding zero makes a plain one of a negative zero.
    value.map_or(Value::Null, |value| json!((f64::from(value) * scale).round() / scale + 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(second: i64, values: [Option<f32>; 5]) -> BatteryReading {
        BatteryReading { at: Utc(second * 1_000_000), values }
    }

    #[test]
    fn charging_is_positive_and_what_is_missing_is_null() {
        for (values, expected) in [
            (
                [Some(99.3), Some(54.09), Some(1.1), Some(59.5), Some(25.9)],
                json!({ "timestamp": "2025-10-12T22:48:19Z", "soc": 99.3, "voltage": 54.09, "current": -1.1,
                        "power": -59.5, "state": "discharging", "temperature": 25.9 }),
            ),
            (
                [None, Some(53.0), Some(-20.0), None, None],
                json!({ "timestamp": "2025-10-12T22:48:19Z", "soc": null, "voltage": 53.0, "current": 20.0,
                        "power": null, "state": "charging", "temperature": null }),
            ),
            (
                [None; 5],
                json!({ "timestamp": "2025-10-12T22:48:19Z", "soc": null, "voltage": null, "current": null,
                        "power": null, "state": null, "temperature": null }),
            ),
        ] {
            assert_eq!(reading(1_760_309_299, values).to_json(51.2), expected);
        }
    }

    #[test]
    fn nothing_is_plain_zero() {
        let text = reading(0, [None, None, Some(0.0), Some(0.0), None]).to_json(51.2).to_string();
        assert!(text.contains("\"current\":0.0") && text.contains("\"state\":\"idle\""), "{text}");
    }

    #[test]
    fn the_state_follows_the_current_or_else_the_power() {
        for (voltage, current, power, expected) in [
            (None, Some(0.5), None, Some("discharging")),
            (None, Some(-0.5), None, Some("charging")),
            (None, Some(0.4), Some(900.0), Some("idle")),
            (Some(52.0), None, Some(-900.0), Some("charging")),
            (None, None, Some(20.0), Some("idle")),
            (Some(52.0), None, None, None),
        ] {
            assert_eq!(state(voltage, current, power, 51.2), expected, "{voltage:?} {current:?} {power:?}");
        }
    }

    #[test]
    fn thinning_is_even_and_keeps_both_ends() {
        let readings: Vec<BatteryReading> = (0..1_000).map(|s| reading(s, [Some(s as f32); 5])).collect();
        for limit in [2, 3, 7, 100, 999, 1_000, 2_000] {
            let thinned = evenly(readings.clone(), limit);
            assert_eq!(thinned.len(), limit.min(1_000));
            assert_eq!((thinned[0], thinned[thinned.len() - 1]), (readings[0], readings[999]), "{limit}");
            let steps = thinned.windows(2).map(|pair| pair[1].second() - pair[0].second());
            let (shortest, longest) = (steps.clone().min().unwrap(), steps.max().unwrap());
            assert!(shortest > 0 && longest - shortest <= 1, "{limit}: {shortest} to {longest} s");
        }
        assert_eq!(evenly(readings.clone(), 1), [readings[999]]);
        assert_eq!(evenly(Vec::new(), 5), []);
    }

    #[test]
    fn a_second_has_one_reading_and_a_row_without_values_is_none() {
        let rows = Block::from_columns(
            vec![1_000, 1_500, 2_000, 2_500, 4_000],
            [
                (PointId::Soc, vec![50.0, 51.0, f32::NAN, f32::NAN, f32::NAN]),
                (PointId::Voltage, vec![f32::NAN, f32::NAN, f32::NAN, f32::NAN, 52.0]),
            ],
        );
        let none = [None; 5];
        let soc = [Some(51.0), None, None, None, None];
        let expected =
            [BatteryReading { at: Utc(1_500_000), values: soc }, reading(4, [None, Some(52.0), none[0], None, None])];
        assert_eq!(BatteryReading::of_rows(&rows), expected);
    }
}
