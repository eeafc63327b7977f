//! The last minutes: what polarises the cells now, and the load that goes on.

use domain::flight::LoadProfile;
use domain::point::PointId;
use domain::recent::RECENT_S;
use domain::series::Table;
use domain::time::Utc;

/// The load of so many last seconds counts for the one that goes on.
const LOAD_S: f64 = 300.0;
/// A value stands no longer than this, s.
const LONGEST_S: f64 = 15.0;

/// Steps of the load that is repeated, s.
const REPEATED_STEP_S: f32 = 5.0;

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
    /// From a table of the last minutes ([`domain::recent::Recent::table`], `/api/v1/series`) up to `now`. Each value stands
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

    /// The load of the last minutes, to be repeated: means of 5 s, and where they are not known the one before. `None` if
    /// half of it is not known.
    pub fn repeated(table: &Table, now: Utc) -> Option<LoadProfile> {
        let loads = &table.find(PointId::LoadPower.spec().path)?.values;
        let first = *table.at.first()?;
        let seconds = |at: Utc| ((at.0 - first.0) as f64 / 1e6) as f32;
        let steps = (seconds(now) / REPEATED_STEP_S) as usize;
        let mut sums = vec![(0.0_f32, 0.0_f32); steps];
        for (row, at) in table.at.iter().enumerate() {
            let until_s = table.at.get(row + 1).map_or(seconds(now), |next| seconds(*next));
            let (step, held_s) = ((seconds(*at) / REPEATED_STEP_S) as usize, (until_s - seconds(*at)).max(1e-3));
            if let (Some(sum), Some(Some(load_w))) = (sums.get_mut(step), loads.get(row)) {
                *sum = (sum.0 + load_w * held_s, sum.1 + held_s);
            }
        }
        let known: Vec<Option<f32>> =
            sums.iter().map(|sum| (sum.1 > 0.0).then(|| (sum.0 / sum.1).max(0.0).round())).collect();
        let mut last_w = known.iter().find_map(|load_w| *load_w)?;
        let enough = 2 * known.iter().flatten().count() >= known.len();
        let mut held = |load_w: &Option<f32>| {
            last_w = load_w.unwrap_or(last_w);
            last_w
        };
        let load_w = known.iter().map(&mut held).collect();
        enough.then_some(LoadProfile::Repeated { load_w, step_s: REPEATED_STEP_S })
    }

    /// That a load which is repeated was recorded for less than [`RECENT_S`], in words.
    pub fn short_words(load: &LoadProfile) -> Option<String> {
        let LoadProfile::Repeated { load_w, step_s } = load else { return None };
        let seconds = load_w.len() as f32 * step_s;
        let recorded =
            if seconds < 120.0 { format!("{seconds:.0} s") } else { format!("{:.0} min", (seconds / 60.0).floor()) };
        (seconds < 0.9 * RECENT_S as f32)
            .then(|| format!("the load was recorded for {recorded} only, which are repeated"))
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
    fn the_load_of_the_last_minutes_can_be_repeated() {
        let at = (0..100).map(|row| Utc(row * 200_000)).collect();
        let load = |row: u16| (!(25..50).contains(&row)).then_some(if row < 50 { 40e3 } else { 200e3 });
        let table = Table { at, series: vec![Series::of(PointId::LoadPower, (0..100).map(load).collect())] };
        let Some(LoadProfile::Repeated { load_w, step_s }) = Recent::repeated(&table, Utc(20_000_000)) else {
            panic!("it is known")
        };
        assert_eq!((&load_w, step_s), (&vec![40e3, 40e3, 200e3, 200e3], 5.0));
        let repeated = |steps: usize| LoadProfile::Repeated { load_w: vec![40e3; steps], step_s };
        for (steps, words) in [
            (4, Some("the load was recorded for 20 s only, which are repeated")),
            (40, Some("the load was recorded for 3 min only, which are repeated")),
            (118, None),
        ] {
            assert_eq!(Recent::short_words(&repeated(steps)).as_deref(), words);
        }
        assert_eq!(Recent::short_words(&LoadProfile::Held), None);
        assert_eq!(Recent::repeated(&table, Utc(60_000_000)), None, "most of it is not known");
        assert_eq!(Recent::repeated(&Table::default(), Utc(0)), None);
    }

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
