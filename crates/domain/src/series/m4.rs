//! First, lowest, highest and last value of each pixel column: as a line, no different from all values.

use crate::time::Utc;
use std::time::Duration;

/// A point of a line to be drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// When.
    pub at: Utc,
    /// The value, in the unit of its series.
    pub value: f32,
}

/// The lines that show `values` from `from` to `to` (both inclusive) over `columns` pixel columns, each without a gap,
/// with at most four spots in a column. No columns count as one.
///
/// A line ends where a value is missing, where the next one is more than `gap` later (three periods is a good choice)
/// or where time goes back. A gap inside one pixel column cannot be seen and is not kept.
pub fn m4(at: &[Utc], values: &[Option<f32>], (from, to): (Utc, Utc), columns: usize, gap: Duration) -> Vec<Vec<Spot>> {
    let columns = columns.max(1);
    let window_us = u128::from(to.0.abs_diff(from.0).max(1));
    let column_of = |at: Utc| {
        let share = u128::from(at.0.abs_diff(from.0)) * columns as u128 / window_us;
        (share as usize).min(columns - 1)
    };
    let mut lines: Vec<Vec<Spot>> = Vec::new();
    let mut open: Option<Column> = None;
    let mut missing = false;
    for (at, value) in at.iter().zip(values).filter(|(at, _)| (from..=to).contains(at)) {
        let Some(value) = value.filter(|v| v.is_finite()) else {
            missing = true;
            continue;
        };
        let (spot, number) = (Spot { at: *at, value }, column_of(*at));
        let (mut joins, mut follows) = (false, false);
        if let Some(column) = &mut open {
            let last = column.last.at;
            let back = *at < last;
            joins = number == column.number && !back;
            follows = !missing && !back && u128::from(at.0.abs_diff(last.0)) <= gap.as_micros();
            if joins {
                column.add(spot);
            } else {
                column.draw(&mut lines);
            }
        }
        if !joins {
            if !follows {
                lines.push(Vec::new());
            }
            open = Some(Column::new(number, spot));
        }
        missing = false;
    }
    if let Some(column) = open {
        column.draw(&mut lines);
    }
    lines
}

/// What is kept of the pixel column being filled.
struct Column {
    number: usize,
    first: Spot,
    low: Spot,
    high: Spot,
    last: Spot,
    /// Whether the lowest came before the highest.
    low_first: bool,
}

impl Column {
    fn new(number: usize, spot: Spot) -> Column {
        Column { number, first: spot, low: spot, high: spot, last: spot, low_first: true }
    }

    fn add(&mut self, spot: Spot) {
        self.last = spot;
        if spot.value < self.low.value {
            (self.low, self.low_first) = (spot, false);
        } else if spot.value > self.high.value {
            (self.high, self.low_first) = (spot, true);
        }
    }

    /// Appends what is kept to the last line, in the order of time and each spot once.
    fn draw(&self, lines: &mut [Vec<Spot>]) {
        let Some(line) = lines.last_mut() else { return };
        let start = line.len();
        let (one, other) = if self.low_first { (self.low, self.high) } else { (self.high, self.low) };
        for spot in [self.first, one, other, self.last] {
            if line[start..].last() != Some(&spot) {
                line.push(spot);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(values: &[Option<f32>], columns: usize) -> Vec<Vec<f32>> {
        let at: Vec<Utc> = (0..values.len() as i64).map(Utc).collect();
        let to = Utc(values.len() as i64);
        let lines = m4(&at, values, (Utc(0), to), columns, Duration::from_micros(3));
        lines.iter().map(|line| line.iter().map(|spot| spot.value).collect()).collect()
    }

    #[test]
    fn a_column_keeps_first_extremes_and_last_in_order() {
        let some = |values: &[f32]| values.iter().map(|v| Some(*v)).collect::<Vec<_>>();
        for (values, columns, expected) in [
            (some(&[1.0, 5.0, 2.0, -3.0, 0.0, 4.0]), 1, vec![vec![1.0, 5.0, -3.0, 4.0]]),
            (some(&[1.0, -5.0, 2.0, 9.0, 0.0, 4.0]), 1, vec![vec![1.0, -5.0, 9.0, 4.0]]),
            (some(&[1.0, 2.0, 3.0, 4.0]), 1, vec![vec![1.0, 4.0]]),
            (some(&[7.0, 7.0, 7.0]), 1, vec![vec![7.0, 7.0]]),
            (some(&[1.0, 2.0, 3.0]), 3, vec![vec![1.0, 2.0, 3.0]]),
            (some(&[1.0]), 5, vec![vec![1.0]]),
            (vec![Some(1.0), Some(2.0), None, Some(3.0), None], 5, vec![vec![1.0, 2.0], vec![3.0]]),
            (vec![Some(1.0), Some(2.0), Some(f32::NAN), Some(3.0)], 4, vec![vec![1.0, 2.0], vec![3.0]]),
            (vec![Some(1.0), None, Some(2.0), Some(3.0)], 1, vec![vec![1.0, 3.0]]),
            (vec![None, None], 2, vec![]),
            (some(&[1.0, 2.0]), 0, vec![vec![1.0, 2.0]]),
        ] {
            assert_eq!(lines(&values, columns), expected, "{values:?} in {columns}");
        }
    }

    #[test]
    fn lines_break_where_time_jumps_or_goes_back() {
        let at = [0, 200, 400, 1_100, 1_300, 900, 1_100].map(|ms| Utc(ms * 1_000));
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0].map(Some);
        let lines = m4(&at, &values, (Utc(0), Utc(2_000_000)), 1_000, Duration::from_millis(600));
        let lengths: Vec<usize> = lines.iter().map(Vec::len).collect();
        assert_eq!(lengths, [3, 2, 2]);
        assert!(m4(&at, &values, (Utc(9), Utc(3)), 10, Duration::ZERO).is_empty());
    }

    proptest! {
        #[test]
        fn no_peak_is_lost_and_no_column_has_more_than_four_spots(
            rows in prop::collection::vec((0..900_i64, prop::option::weighted(0.95, -100.0..100.0_f32)), 0..400),
            columns in 1..60_usize,
        ) {
            let mut now = 0;
            let at: Vec<Utc> = rows.iter().map(|(step, _)| { now += step; Utc(now) }).collect();
            let values: Vec<Option<f32>> = rows.iter().map(|r| r.1).collect();
            let (from, to) = (Utc(now / 10), Utc(now - now / 10));
            let lines = m4(&at, &values, (from, to), columns, Duration::from_micros(700));
            let spots: Vec<Spot> = lines.concat();
            prop_assert!(lines.iter().all(|l| !l.is_empty()) && spots.is_sorted_by_key(|s| s.at));
            let width = (to.0 - from.0).max(1) as f64 / columns as f64;
            for column in 0..columns {
                let within = |at: Utc| (((at.0 - from.0) as f64 / width + 1e-9) as usize).min(columns - 1) == column;
                let all: Vec<f32> = at.iter().zip(&values).filter(|(at, _)| (from..=to).contains(at) && within(**at)).filter_map(|(_, v)| *v).collect();
                let kept: Vec<f32> = spots.iter().filter(|s| within(s.at)).map(|s| s.value).collect();
                prop_assert!(kept.len() <= 4);
                prop_assert_eq!((all.first(), all.last()), (kept.first(), kept.last()));
                let extremes = |v: &[f32]| (v.iter().copied().fold(f32::INFINITY, f32::min), v.iter().copied().fold(f32::NEG_INFINITY, f32::max));
                prop_assert_eq!(extremes(&all), extremes(&kept));
            }
            // A line never passes over a missing value or a long wait, unless it lies within one pixel column.
            for line in &lines {
                for pair in line.windows(2) {
                    let wide = (pair[1].at.0 - pair[0].at.0) as f64 > width;
                    let gap = at.iter().zip(&values).any(|(at, v)| v.is_none() && pair[0].at < *at && *at < pair[1].at);
                    prop_assert!(!(wide && gap));
                }
            }
        }
    }
}
