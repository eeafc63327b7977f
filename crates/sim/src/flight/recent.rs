//! The last minutes: what polarises the cells now, and the load that goes on.

use domain::point::PointId;
use domain::series::Table;
use domain::time::Utc;

/// The load of so many last seconds counts for the one that goes on.
const LOAD_S: f64 = 300.0;
/// A value stands no longer than this, s.
const LONGEST_S: f64 = 15.0;

/// A current that flowed for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// How long, s.
    pub seconds: f32,
    /// Pack current, A, discharge positive.
    pub current_a: f32,
}

/// What is known of the last minutes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recent {
    /// The pack's current, oldest first, up to now.
    pub current: Vec<Stretch>,
    /// Mean load, W; `None` if it is not known.
    pub load_w: Option<f32>,
}

impl Recent {
    /// From a table of the last minutes ([`domain::recent::Recent::table`], `/api/v1/recent`) up to `now`. Each value stands
    /// until the next one, but no longer than 15 s.
    pub fn of(table: &Table, now: Utc) -> Recent {
        let values =
            |point: PointId| table.find(point.spec().path).map(|series| &series.values[..]).unwrap_or_default();
        let seconds = |from: Utc, to: Utc| ((to.0 - from.0) as f64 / 1e6).clamp(0.0, LONGEST_S);
        let until = |row: usize| table.at.get(row + 1).copied().unwrap_or(now);
        let held = || table.at.iter().enumerate().map(|(row, at)| (row, seconds(*at, until(row))));

        let currents = values(PointId::Current);
        let stretch = |(row, seconds): (usize, f64)| {
            let current_a = (*currents.get(row)?)?;
            Some(Stretch { seconds: seconds as f32, current_a })
        };
        let loads = values(PointId::LoadPower);
        let (mut energy_j, mut known_s) = (0.0, 0.0);
        for (row, seconds) in held().filter(|(row, _)| (now.0 - table.at[*row].0) as f64 <= LOAD_S * 1e6) {
            if let Some(Some(load_w)) = loads.get(row) {
                energy_j += f64::from(*load_w) * seconds;
                known_s += seconds;
            }
        }
        let load_w = (known_s > 0.0).then(|| (energy_j / known_s) as f32);
        Recent { current: held().filter_map(stretch).collect(), load_w }
    }

    /// How much of the last minutes is known, s.
    pub(super) fn known_s(&self) -> f32 {
        self.current.iter().map(|stretch| stretch.seconds).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::series::Series;

    #[test]
    fn each_value_stands_until_the_next_but_not_over_a_gap() {
        let at = [0, 200_000, 60_000_000, 61_000_000].map(Utc).to_vec();
        let series = vec![
            Series::of(PointId::Current, vec![Some(10.0), Some(20.0), None, Some(40.0)]),
            Series::of(PointId::LoadPower, vec![Some(60e3), Some(80e3), Some(90e3), None]),
        ];
        let recent = Recent::of(&Table { at, series }, Utc(62_000_000));
        let stretch = |seconds, current_a| Stretch { seconds, current_a };
        assert_eq!(recent.current, [stretch(0.2, 10.0), stretch(15.0, 20.0), stretch(1.0, 40.0)]);
        let mean_w = (60e3 * 0.2 + 80e3 * 15.0 + 90e3) / 16.2;
        assert!(recent.load_w.is_some_and(|w| (w - mean_w).abs() < 1.0), "{recent:?}");
        assert_eq!(Recent::of(&Table::default(), Utc(0)), Recent::default());
    }
}
