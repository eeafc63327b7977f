//! What history answers, as the messages that pages draw from. Pure.

use crate::past::Readings;
use api::history::Statistics;
use domain::point::{PointId, Unit};
use domain::series::{Series, Table, Trace};
use domain::time::Utc;
use store::{Bucket, Chart, Grid};

/// The curves of `points`: every row, or four of each step.
pub(super) fn table(chart: &Chart, points: &[PointId]) -> Table {
    let rows = match chart {
        Chart::Rows(rows) => rows,
        Chart::Grid(_, grid) => return four_a_step(grid),
    };
    let series = points.iter().map(|point| {
        let values = rows.column(*point).unwrap_or_default();
        Series::of(*point, values.iter().map(|v| Some(*v).filter(|v| !v.is_nan())).collect())
    });
    Table { at: rows.at_ms().iter().map(|at| Utc(at * 1_000)).collect(), series: series.collect() }
}

/// Of each step its first, lower and higher extreme (in the order that joins well) and last value, spread over it.
fn four_a_step(grid: &Grid) -> Table {
    let steps = grid.series.first().map_or(0, |(_, buckets)| buckets.len());
    let columns = grid.series.iter().map(|(point, buckets)| Series::of(*point, four_each(buckets)));
    Table { at: four_times(grid.from_ms, grid.step_ms, steps), series: columns.collect() }
}

fn four_times(from_ms: i64, step_ms: i64, steps: usize) -> Vec<Utc> {
    let indices = [0, step_ms / 3, 2 * step_ms / 3, step_ms - 1];
    (0..steps as i64).flat_map(|k| indices.map(|index| Utc((from_ms + k * step_ms + index) * 1_000))).collect()
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
            Curves::Minutes(MinuteCurves { from_ms, step_ms, curves }) => (
                curves.first().map_or_else(Vec::new, |buckets| four_times(*from_ms, *step_ms, buckets.len())),
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
        let table = table(&Chart::Rows(rows), &[PointId::Voltage]);
        assert_eq!(table.at, [Utc(0), Utc(500_000)]);
        assert_eq!(table.series[0].values, [Some(53.0), None]);
    }

    #[test]
    fn a_step_keeps_its_ends_and_extremes_in_the_order_that_joins_well() {
        let buckets = vec![Bucket::of(&[2.0, 1.0, 9.0, 3.0]), Bucket::default(), Bucket::of(&[5.0, 9.0, 1.0, 4.0])];
        let grid = Grid { from_ms: 3_000, step_ms: 3_000, series: vec![(PointId::Current, buckets)] };
        let table = table(&Chart::Grid(Tier::Counted, grid), &[PointId::Current]);
        assert_eq!(
            table.at[..5].iter().map(|at| at.0 / 1_000).collect::<Vec<_>>(),
            [3_000, 4_000, 5_000, 5_999, 6_000]
        );
        let some = |values: [f32; 4]| values.map(Some);
        let expected = [some([2.0, 1.0, 9.0, 3.0]), [None; 4], some([5.0, 9.0, 1.0, 4.0])].concat();
        assert_eq!(table.series[0].values, expected);
    }
}
