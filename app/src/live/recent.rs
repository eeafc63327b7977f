//! The last minutes of a few values at full rate, to be drawn as curves: filled by what the server remembers, then grown
//! by every frame.

use domain::series::{Table, Trace};
use domain::time::Utc;
use std::collections::VecDeque;

/// Two live rows further apart than this have a gap between them, s: it becomes a row without values, as the server's
/// answers have them.
pub const GAP_S: f64 = 1.5;

/// One instant: UTC in s, and each value if there was one.
pub type Row<const N: usize> = (f64, [Option<f32>; N]);

/// The last minutes of `N` values, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recent<const N: usize> {
    rows: VecDeque<Row<N>>,
    span_s: f64,
}

impl<const N: usize> Recent<N> {
    /// Nothing yet; what is older than `span_s` before the newest row is forgotten.
    pub fn new(span_s: f64) -> Recent<N> {
        Recent { rows: VecDeque::new(), span_s }
    }

    /// Takes the newest row, and says whether something is missing before it that the server may remember. The same
    /// instant again changes nothing. Time that goes back (in playback, or a clock that was set) begins anew.
    pub fn push(&mut self, at_s: f64, values: [Option<f32>; N]) -> bool {
        let newest_s = self.newest_s().unwrap_or(f64::NEG_INFINITY);
        if newest_s == at_s {
            return false;
        }
        if newest_s > at_s {
            self.rows.clear();
        } else if at_s - newest_s > GAP_S && newest_s.is_finite() {
            self.rows.push_back((newest_s + GAP_S, [None; N]));
        }
        self.rows.push_back((at_s, values));
        self.forget();
        newest_s > at_s || at_s - newest_s > GAP_S
    }

    /// Puts what the server remembers in place of everything up to its end; newer rows stay.
    pub fn fill(&mut self, rows: impl IntoIterator<Item = Row<N>>) {
        let newer = std::mem::take(&mut self.rows);
        self.rows = rows.into_iter().collect();
        let end_s = self.newest_s().unwrap_or(f64::NEG_INFINITY);
        self.rows.extend(newer.into_iter().filter(|(at_s, _)| *at_s > end_s));
        self.forget();
    }

    /// [`Recent::fill`] with the server's answer: of each row the values of `traces`, in their order.
    pub fn fill_from(&mut self, table: &Table, traces: [Trace; N]) {
        let series = traces.map(|trace| table.find(&trace.name()));
        let value = |i: usize| series.map(|series| series.and_then(|series| series.values.get(i).copied().flatten()));
        self.fill(table.at.iter().enumerate().map(|(i, at): (usize, &Utc)| (at.0 as f64 / 1e6, value(i))));
    }

    fn forget(&mut self) {
        let Some(newest_s) = self.newest_s() else { return };
        while self.rows.front().is_some_and(|(at_s, _)| *at_s < newest_s - self.span_s) {
            self.rows.pop_front();
        }
    }

    /// The time of the newest row, UTC in s.
    pub fn newest_s(&self) -> Option<f64> {
        self.rows.back().map(|(at_s, _)| *at_s)
    }

    /// The newest row that is not later than `at_s`.
    pub fn newest_before(&self, at_s: f64) -> Option<Row<N>> {
        self.rows.iter().rev().find(|(row_s, _)| *row_s <= at_s).copied()
    }

    /// The curve of a value as (UTC s, value), cut where there was no data. Of every `step_s` only the lowest and the
    /// highest value are kept, in their order: no peak is lost.
    pub fn segments(&self, column: usize, step_s: f64) -> Vec<Vec<(f64, f64)>> {
        let mut segments: Vec<Thinned> = Vec::new();
        let mut cut = true;
        for (at_s, values) in &self.rows {
            let Some(value) = values.get(column).copied().flatten() else {
                cut = true;
                continue;
            };
            if std::mem::take(&mut cut) {
                segments.push(Thinned::default());
            }
            if let Some(segment) = segments.last_mut() {
                segment.push((*at_s, f64::from(value)), step_s);
            }
        }
        segments.into_iter().map(Thinned::finish).collect()
    }
}

/// A point of a curve: UTC s, value.
type Point = (f64, f64);

/// A curve of which each step keeps its lowest and highest point.
#[derive(Default)]
struct Thinned {
    points: Vec<Point>,
    step: Option<Step>,
}

/// The step that is being filled.
struct Step {
    number: i64,
    low: Point,
    high: Point,
}

impl Thinned {
    fn push(&mut self, point: Point, step_s: f64) {
        let number = (point.0 / step_s.max(1e-3)).floor() as i64;
        match &mut self.step {
            Some(step) if step.number == number => {
                if point.1 < step.low.1 {
                    step.low = point;
                }
                if point.1 > step.high.1 {
                    step.high = point;
                }
            }
            _ => {
                self.flush();
                self.step = Some(Step { number, low: point, high: point });
            }
        }
    }

    fn flush(&mut self) {
        let Some(Step { low, high, .. }) = self.step.take() else { return };
        let (first, last) = if low.0 <= high.0 { (low, high) } else { (high, low) };
        self.points.push(first);
        if last.0 > first.0 {
            self.points.push(last);
        }
    }

    fn finish(mut self) -> Vec<Point> {
        self.flush();
        self.points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recent(rows: &[(f64, f32)]) -> Recent<1> {
        let mut recent = Recent::new(600.0);
        for (at_s, value) in rows {
            let _ = recent.push(*at_s, [Some(*value)]);
        }
        recent
    }

    #[test]
    fn what_is_older_than_the_span_is_forgotten_and_an_instant_counts_once() {
        let recent = recent(&[(0.0, 1.0), (300.0, 2.0), (300.0, 9.0), (700.0, 3.0)]);
        assert_eq!(recent.segments(0, 1.0), [vec![(300.0, 2.0)], vec![(700.0, 3.0)]]);
    }

    #[test]
    fn what_is_missing_is_noticed_and_time_that_goes_back_begins_anew() {
        let mut recent = Recent::<1>::new(600.0);
        for (at_s, missing) in [(5.0, true), (6.0, false), (6.0, false), (9.0, true), (2.0, true), (2.2, false)] {
            assert_eq!(recent.push(at_s, [Some(1.0)]), missing, "{at_s}");
        }
        assert_eq!(recent.segments(0, 0.1), [vec![(2.0, 1.0), (2.2, 1.0)]]);
    }

    #[test]
    fn the_server_says_where_its_gaps_are_its_older_rows_lie_far_apart() {
        let mut recent = recent(&[(20.0, 4.0)]);
        recent.fill([(5.0, [Some(1.0)]), (9.8, [Some(2.0)]), (10.0, [None]), (15.0, [Some(3.0)])]);
        assert_eq!(recent.segments(0, 0.1), [vec![(5.0, 1.0), (9.8, 2.0)], vec![(15.0, 3.0), (20.0, 4.0)]]);
    }

    #[test]
    fn the_servers_memory_replaces_all_but_newer_rows() {
        let mut recent = recent(&[(10.0, 1.0), (11.0, 1.0), (12.0, 5.0)]);
        recent.fill([(9.0, [Some(2.0)]), (10.0, [Some(2.0)]), (11.0, [Some(3.0)])]);
        assert_eq!(recent.segments(0, 0.1), [vec![(9.0, 2.0), (10.0, 2.0), (11.0, 3.0), (12.0, 5.0)]]);
    }

    #[test]
    fn curves_are_cut_at_gaps_and_where_there_is_no_value() {
        let mut recent = recent(&[(1.0, 1.0), (2.0, 2.0), (4.0, 3.0)]);
        recent.push(5.0, [None]);
        recent.push(5.2, [Some(4.0)]);
        assert_eq!(recent.segments(0, 0.1), [vec![(1.0, 1.0), (2.0, 2.0)], vec![(4.0, 3.0)], vec![(5.2, 4.0)]]);
    }

    #[test]
    fn thinning_keeps_every_peak_in_its_order() {
        let recent = recent(&[(0.0, 5.0), (0.2, 1.0), (0.4, 9.0), (0.6, 5.0), (1.0, 4.0), (1.2, 6.0), (1.4, 3.0)]);
        assert_eq!(recent.segments(0, 1.0), [vec![(0.2, 1.0), (0.4, 9.0), (1.2, 6.0), (1.4, 3.0)]]);
    }
}
