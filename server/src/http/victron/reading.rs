//! A reading of the battery as Victron would say it: charging is positive. Pure.

use api::victron::BatteryReading as VictronReading;
use domain::point::PointId;
use domain::time::Utc;
use domain::twin::Snapshot;
use store::Block;

/// What a reading is made of.
pub(super) const POINTS: [PointId; 5] =
    [PointId::Soc, PointId::Voltage, PointId::Current, PointId::Power, PointId::Temperature];

/// One reading: its time, and the values of [`POINTS`] with our signs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BatteryReading {
    at: Utc,
    values: [Option<f32>; POINTS.len()],
}

impl BatteryReading {
    /// The newest: what is fresh, at the time of the newest value. `None` if there never was a value.
    pub(super) fn of_snapshot(snapshot: &Snapshot) -> Option<BatteryReading> {
        let last = POINTS
            .iter()
            .filter_map(|point| snapshot.state.points.last_value(*point).last())
            .map(|(_, at)| at)
            .max()?;
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
    pub(super) fn response(self, nominal_v: f32) -> VictronReading {
        VictronReading::of(self.at, self.values, nominal_v)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(second: i64, values: [Option<f32>; 5]) -> BatteryReading {
        BatteryReading { at: Utc(second * 1_000_000), values }
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
