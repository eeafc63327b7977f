//! What history answers, as the messages that pages draw from. Pure.

use crate::past::Readings;
use api::history::Statistics;
use domain::point::{PointId, Unit};
use domain::series::{Series, Table, Trace};
use domain::time::Utc;
use store::{Bucket, Chart, Grid};

/// The curves of `points`: every row, or four of each step, of which nothing is known at `known_to_ms` and after it.
pub(super) fn table(chart: &Chart, points: &[PointId], known_to_ms: i64) -> Table {
    let rows = match chart {
        Chart::Rows(rows) => rows,
        Chart::Grid(_, grid) => return four_a_step(grid, known_to_ms),
    };
    let series = points.iter().map(|point| {
        let values = rows.column(*point).unwrap_or_default();
        Series::of(*point, values.iter().map(|v| Some(*v).filter(|v| !v.is_nan())).collect())
    });
    Table { at: rows.at_ms().iter().map(|at| Utc(at * 1_000)).collect(), series: series.collect() }
}

/// Of each step its first, lower and higher extreme (in the order that joins well) and last value, spread over it.
fn four_a_step(grid: &Grid, known_to_ms: i64) -> Table {
    let steps = grid.series.first().map_or(0, |(_, buckets)| buckets.len());
    let columns = grid.series.iter().map(|(point, buckets)| Series::of(*point, four_each(buckets)));
    Table { at: four_times(grid.from_ms, grid.step_ms, steps, known_to_ms), series: columns.collect() }
}

/// Four instants of each step, spread over what is known of it: a step that has just begun is no line into the future.
fn four_times(from_ms: i64, step_ms: i64, steps: usize, known_to_ms: i64) -> Vec<Utc> {
    let of_step = |k: i64| {
        let begin_ms = from_ms + k * step_ms;
        // One that begins later has no values, and keeps its place.
        let known_ms = if known_to_ms > begin_ms { step_ms.min(known_to_ms - begin_ms) } else { step_ms };
        [0, known_ms / 3, 2 * known_ms / 3, known_ms - 1].map(|index| Utc((begin_ms + index) * 1_000))
    };
    (0..steps as i64).flat_map(of_step).collect()
}

fn four_each(buckets: &[Bucket]) -> Vec<Option<f32>> {
    let of = |bucket: &Bucket| match bucket.n {
        0 => [None; 4],
        _ if bucket.first <= bucket.last => [bucket.first, bucket.min, bucket.max, bucket.last].map(Some),
        _ => [bucket.first, bucket.max, bucket.min, bucket.last].map(Some),
    };
    buckets.iter().flat_map(of).collect()
}

/// A single cell or a device point.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Single {
    /// The name by which it was asked for.
    pub(super) name: String,
    /// What it is; `None` for a device point that no link brings any more.
    pub(super) trace: Option<Trace>,
    /// The unit of its values.
    pub(super) unit: Unit,
    /// The step of its digits.
    pub(super) resolution: f32,
}

/// What is known of single cells and device points, in the order in which they were asked for.
pub(super) enum Curves {
    /// Every reading.
    Readings(Readings),
    /// Minutes.
    Minutes(MinuteCurves),
}

/// Steps of whole minutes.
#[derive(Default)]
pub(super) struct MinuteCurves {
    /// When the first step begins, ms since 1970-01-01 UTC.
    pub(super) from_ms: i64,
    /// How long each step is, ms.
    pub(super) step_ms: i64,
    /// Nothing is known of this instant and what follows, ms since 1970-01-01 UTC.
    pub(super) known_to_ms: i64,
    /// Of each its steps, as many for each.
    pub(super) curves: Vec<Vec<Bucket>>,
}

impl Curves {
    /// The curves, under the names by which they were asked for.
    pub(super) fn table(&self, singles: &[Single]) -> Table {
        let known = |value: &f32| Some(*value).filter(|value| !value.is_nan());
        let (at, values): (Vec<Utc>, Vec<Vec<Option<f32>>>) = match self {
            Curves::Readings(Readings { at_ms, values }) => (
                at_ms.iter().map(|at| Utc(at * 1_000)).collect(),
                values.iter().map(|values| values.iter().map(known).collect()).collect(),
            ),
            Curves::Minutes(MinuteCurves { from_ms, step_ms, known_to_ms, curves }) => (
                curves
                    .first()
                    .map_or_else(Vec::new, |buckets| four_times(*from_ms, *step_ms, buckets.len(), *known_to_ms)),
                curves.iter().map(|buckets| four_each(buckets)).collect(),
            ),
        };
        let series = singles.iter().zip(values).map(|(single, values)| Series {
            name: single.name.clone(),
            unit: single.unit,
            resolution: single.resolution,
            values,
        });
        Table { at, series: series.collect() }
    }

    /// How long the steps are, ms; 0 for readings.
    pub(super) fn step_ms(&self) -> u64 {
        match self {
            Curves::Minutes(minutes) if !minutes.curves.is_empty() => minutes.step_ms as u64,
            _ => 0,
        }
    }

    /// What the values of each are.
    pub(super) fn statistics(&self) -> Vec<Statistics> {
        match self {
            Curves::Readings(readings) => readings.values.iter().map(|v| statistics(&Bucket::of(v))).collect(),
            // How far readings lie apart within a minute is not kept, and the deviation of means would be too small.
            Curves::Minutes(minutes) => {
                let of =
                    |buckets: &Vec<Bucket>| Statistics { std_dev: f32::NAN, ..statistics(&Bucket::whole(buckets)) };
                minutes.curves.iter().map(of).collect()
            }
        }
    }
}

/// What the values behind a bucket are; all zero if there are none.
pub(super) fn statistics(bucket: &Bucket) -> Statistics {
    Statistics {
        n: u64::from(bucket.n),
        mean: bucket.mean().unwrap_or_default() as f32,
        std_dev: bucket.std_dev().unwrap_or_default() as f32,
        min: bucket.min,
        max: bucket.max,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::{Block, Tier};

    #[test]
    fn rows_stay_as_they_are_and_what_has_no_column_is_empty() {
        let rows = Block::from_columns(vec![0, 500], [(PointId::Voltage, vec![53.0, f32::NAN])]);
        let table = table(&Chart::Rows(rows), &[PointId::Voltage], i64::MAX);
        assert_eq!(table.at, [Utc(0), Utc(500_000)]);
        assert_eq!(table.series[0].values, [Some(53.0), None]);
    }

    #[test]
    fn a_step_keeps_its_ends_and_extremes_in_the_order_that_joins_well() {
        let buckets = vec![Bucket::of(&[2.0, 1.0, 9.0, 3.0]), Bucket::default(), Bucket::of(&[5.0, 9.0, 1.0, 4.0])];
        let grid = Grid { from_ms: 3_000, step_ms: 3_000, series: vec![(PointId::Current, buckets)] };
        let table = table(&Chart::Grid(Tier::Counted, grid), &[PointId::Current], 12_000);
        assert_eq!(
            table.at[..5].iter().map(|at| at.0 / 1_000).collect::<Vec<_>>(),
            [3_000, 4_000, 5_000, 5_999, 6_000]
        );
        let some = |values: [f32; 4]| values.map(Some);
        let expected = [some([2.0, 1.0, 9.0, 3.0]), [None; 4], some([5.0, 9.0, 1.0, 4.0])].concat();
        assert_eq!(table.series[0].values, expected);
    }

    #[test]
    fn a_step_that_has_just_begun_is_drawn_as_far_as_it_is_known() {
        let times = |known_to_ms| -> Vec<i64> {
            four_times(60_000, 60_000, 2, known_to_ms).into_iter().map(|at| at.0 / 1_000).collect()
        };
        for (known_to_ms, last) in [
            // All of it; the first fifteen seconds; the first reading alone; nothing: it keeps its place, without values.
            (180_000, [120_000, 140_000, 160_000, 179_999]),
            (135_000, [120_000, 125_000, 130_000, 134_999]),
            (120_001, [120_000; 4]),
            (120_000, [120_000, 140_000, 160_000, 179_999]),
        ] {
            assert_eq!(times(known_to_ms), [[60_000, 80_000, 100_000, 119_999], last].concat(), "{known_to_ms}");
        }
        let minutes = MinuteCurves {
            from_ms: 60_000,
            step_ms: 60_000,
            known_to_ms: 75_000,
            curves: vec![vec![Bucket::of(&[412.0])]],
        };
        assert_eq!(Curves::Minutes(minutes).table(&[]).at.last(), Some(&Utc(74_999_000)));
    }
}
