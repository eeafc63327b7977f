//! A chart's rows or buckets as one table of curves. Pure.

use domain::point::PointId;
use domain::series::{Series, Table};
use domain::time::Utc;
use store::{Bucket, Chart};

/// Between two rows further apart than so many usual steps there is a gap.
const GAP_STEPS: i64 = 5;
/// No shorter stretch is a gap, ms.
const GAP_MIN_MS: i64 = 5_000;

/// The curves of `points`. Of a bucket the lowest and the highest value remain, in their likely order; a gap is a row
/// without values.
pub(super) fn table(chart: &Chart, points: &[PointId]) -> Table {
    let (at_ms, columns) = match chart {
        Chart::Rows(block) => {
            let (at_ms, places) = with_gaps(block.at_ms());
            let value = |column: &[f32], place: &Option<usize>| place.map(|i| column[i]).filter(|v| !v.is_nan());
            let column = |point: &PointId| match block.column(*point) {
                Some(values) => places.iter().map(|place| value(values, place)).collect(),
                None => vec![None; at_ms.len()],
            };
            let columns: Vec<_> = points.iter().map(column).collect();
            (at_ms, columns)
        }
        Chart::Grid(_, grid) => {
            let buckets = grid.series.first().map_or(0, |(_, buckets)| buckets.len());
            let quarter = grid.step_ms / 4;
            let middle = |i: usize| grid.from_ms + i as i64 * grid.step_ms + grid.step_ms / 2;
            let at_ms = (0..buckets).flat_map(|i| [middle(i) - quarter, middle(i) + quarter]).collect();
            let column = |point: &PointId| match grid.series.iter().find(|(of, _)| of == point) {
                Some((_, buckets)) => buckets.iter().flat_map(ends).collect(),
                None => vec![None; 2 * buckets],
            };
            (at_ms, points.iter().map(column).collect())
        }
    };
    Table {
        at: at_ms.into_iter().map(|ms: i64| Utc(ms * 1_000)).collect(),
        series: points.iter().zip(columns).map(|(point, values)| Series::of(*point, values)).collect(),
    }
}

/// The lowest and the highest value of a bucket, rising if it rose.
fn ends(bucket: &Bucket) -> [Option<f32>; 2] {
    match bucket.n {
        0 => [None, None],
        _ if bucket.first <= bucket.last => [Some(bucket.min), Some(bucket.max)],
        _ => [Some(bucket.max), Some(bucket.min)],
    }
}

/// The times with one more in each gap, and which row each is of.
fn with_gaps(at_ms: &[i64]) -> (Vec<i64>, Vec<Option<usize>>) {
    let mut steps: Vec<i64> = at_ms.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.sort_unstable();
    let usual = steps.get(steps.len() / 2).copied().unwrap_or(0);
    let longest = (GAP_STEPS * usual).max(GAP_MIN_MS);
    let (mut times, mut places) = (Vec::with_capacity(at_ms.len()), Vec::with_capacity(at_ms.len()));
    for (i, at) in at_ms.iter().enumerate() {
        if let Some(before) = i.checked_sub(1).map(|i| at_ms[i]).filter(|before| at - before > longest) {
            times.push(before + (at - before) / 2);
            places.push(None);
        }
        times.push(*at);
        places.push(Some(i));
    }
    (times, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::{Block, Grid, Tier};

    #[test]
    fn single_rows_stay_and_a_gap_becomes_a_row_without_values() {
        let rows =
            Block::from_columns(vec![0, 500, 1_000, 60_000], [(PointId::Voltage, vec![53.0, f32::NAN, 53.2, 53.3])]);
        let table = table(&Chart::Rows(rows), &[PointId::Voltage, PointId::Soc]);
        assert_eq!(table.at.iter().map(|at| at.0 / 1_000).collect::<Vec<_>>(), [0, 500, 1_000, 30_500, 60_000]);
        assert_eq!(table.series[0].values, [Some(53.0), None, Some(53.2), None, Some(53.3)]);
        assert_eq!((table.series[1].name.as_str(), &table.series[1].values), ("battery/soc", &vec![None; 5]));
    }

    #[test]
    fn a_bucket_keeps_its_lowest_and_highest_value() {
        let falling = Bucket::of(&[5.0, 9.0, 1.0]);
        let grid = Grid {
            from_ms: 0,
            step_ms: 1_000,
            series: vec![(PointId::Current, vec![Bucket::of(&[1.0, 2.0, 3.0]), Bucket::default(), falling])],
        };
        let table = table(&Chart::Grid(Tier::Counted, grid), &[PointId::Current]);
        assert_eq!(table.series[0].values, [Some(1.0), Some(3.0), None, None, Some(9.0), Some(1.0)]);
        assert_eq!(table.at.iter().map(|at| at.0 / 1_000).collect::<Vec<_>>(), [250, 750, 1_250, 1_750, 2_250, 2_750]);
    }
}
