//! Rows as columns, and what is said of their values.

use api::history::{EnergyFlow, Statistics};
use domain::energy::{Flow, held_s};
use domain::point::PointId;
use domain::series::{Series, Table};
use domain::telemetry::Row;
use domain::time::Utc;

/// Lengths of a step, s: those of a clock, so that steps stay where they are when a chart is moved.
const STEPS_S: [i64; 10] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
/// Rows are shown one by one up to this many for each pixel.
const ROWS_PER_PIXEL: usize = 2;

/// The values of a point, NaN for none.
pub(super) fn column(rows: &[&Row], point: PointId) -> Vec<f32> {
    rows.iter().map(|row| row.get(point)).collect()
}

/// What to draw of `points`, for so many pixels, and the length of a step, ms: 0 for every row.
pub(super) fn chart(rows: &[&Row], points: &[PointId], width: usize) -> (Table, i64) {
    let at_ms: Vec<i64> = rows.iter().map(|row| row.at_ms).collect();
    let known = |value: f32| Some(value).filter(|value| !value.is_nan());
    if rows.len() <= ROWS_PER_PIXEL * width.max(1) {
        let series = points.iter().map(|of| Series::of(*of, column(rows, *of).into_iter().map(known).collect()));
        return (Table { at: at_ms.iter().map(|at| Utc(at * 1_000)).collect(), series: series.collect() }, 0);
    }
    let (first_ms, last_ms) = (at_ms[0], at_ms[at_ms.len() - 1]);
    let ideal_ms = (last_ms - first_ms) / width.max(1) as i64;
    let step_ms = STEPS_S.map(|s| s * 1_000).into_iter().rfind(|step| *step <= ideal_ms).unwrap_or(1_000);
    let start_ms = first_ms.div_euclid(step_ms) * step_ms;
    let steps = ((last_ms - start_ms) / step_ms + 1) as usize;
    let places = [0, step_ms / 3, 2 * step_ms / 3, step_ms - 1];
    let at = (0..steps as i64).flat_map(|k| places.map(|place| Utc((start_ms + k * step_ms + place) * 1_000)));
    let series = points.iter().map(|of| {
        let mut values = vec![None; 4 * steps];
        for row in rows {
            let (value, step) = (row.get(*of), ((row.at_ms - start_ms) / step_ms) as usize);
            if !value.is_nan() {
                fold(&mut values[4 * step..4 * step + 4], value);
            }
        }
        values.chunks_exact_mut(4).for_each(in_order);
        Series::of(*of, values)
    });
    (Table { series: series.collect(), at: at.collect() }, step_ms)
}

/// Adds a value to a step's first, lowest, highest and last.
fn fold(step: &mut [Option<f32>], value: f32) {
    let least = step[1].map_or(value, |low| low.min(value));
    let most = step[2].map_or(value, |high| high.max(value));
    (step[0], step[1], step[2], step[3]) = (step[0].or(Some(value)), Some(least), Some(most), Some(value));
}

/// The extremes in the order that joins well.
fn in_order(step: &mut [Option<f32>]) {
    if step[0] > step[3] {
        step.swap(1, 2);
    }
}

/// What the values are; all zero if there are none.
pub(super) fn statistics(values: &[f32]) -> Statistics {
    let known = || values.iter().filter(|value| !value.is_nan()).map(|value| f64::from(*value));
    let n = known().count();
    if n == 0 {
        return Statistics::default();
    }
    let mean = known().sum::<f64>() / n as f64;
    let squares: f64 = known().map(|value| (value - mean).powi(2)).sum();
    Statistics {
        n: n as u64,
        mean: mean as f32,
        std_dev: (squares / (n - 1).max(1) as f64).sqrt() as f32,
        min: known().fold(f64::INFINITY, f64::min) as f32,
        max: known().fold(f64::NEG_INFINITY, f64::max) as f32,
    }
}

/// Energy and time by direction.
pub(super) fn flow(rows: &[&Row]) -> EnergyFlow {
    let at_ms: Vec<i64> = rows.iter().map(|row| row.at_ms).collect();
    (&Flow::of(&column(rows, PointId::Voltage), &column(rows, PointId::Current), &held_s(&at_ms, None))).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_keeps_its_ends_and_extremes_and_few_rows_stay_as_they_are() {
        let rows: Vec<Row> = [(0, 2.0), (200, 1.0), (400, 9.0), (800, 3.0), (2_000, 5.0), (2_100, 9.0), (2_200, 1.0)]
            .map(|(at_ms, value)| {
                let mut row = Row::empty(at_ms);
                row.set(PointId::Current, value);
                row
            })
            .into();
        let rows: Vec<&Row> = rows.iter().collect();
        let (table, step_ms) = chart(&rows, &[PointId::Current, PointId::Soc], 1);
        assert_eq!((step_ms, table.at.len(), table.series.len()), (2_000, 8, 2));
        let values = [2.0, 1.0, 9.0, 3.0, 5.0, 9.0, 1.0, 1.0].map(Some);
        assert_eq!(table.series[0].values, values);
        assert_eq!(table.series[1].values, [None; 8]);
        let (table, step_ms) = chart(&rows, &[PointId::Current], 4);
        assert_eq!((step_ms, table.at.len()), (0, 7));
    }

    #[test]
    fn statistics_are_of_what_is_known() {
        let of = statistics(&[1.0, f32::NAN, 3.0]);
        assert_eq!((of.n, of.mean, of.min, of.max), (2, 2.0, 1.0, 3.0));
        assert!((of.std_dev - std::f32::consts::SQRT_2).abs() < 1e-6);
        assert_eq!(statistics(&[f32::NAN]), Statistics::default());
    }
}
