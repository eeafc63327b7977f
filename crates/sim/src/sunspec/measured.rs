//! What was measured of a string or module: extremes with their places, and the mean.

use super::chain::{self, Model, NOTHING};
use crate::controller::report::{Extremes, Report};
use std::ops::Range;

/// The cells of a string or module that were measured, as extremes and mean: mV or °C.
pub(super) struct Measured {
    pub(super) extremes: Option<Extremes>,
    pub(super) mean: Option<f32>,
}

impl Measured {
    fn of(values: &[Option<f32>]) -> Measured {
        let known: Vec<f32> = values.iter().flatten().copied().collect();
        let mean = (!known.is_empty()).then(|| known.iter().sum::<f32>() / known.len() as f32);
        Measured { extremes: Extremes::of(values.iter().copied()), mean }
    }

    pub(super) fn voltages(report: &Report, cells: Range<usize>) -> Measured {
        Measured::of(&report.cell_mv[cells].iter().map(|mv| mv.map(f32::from)).collect::<Vec<_>>())
    }

    pub(super) fn temperatures(report: &Report, cells: Range<usize>) -> Measured {
        Measured::of(&report.cell_c[cells].iter().map(|c| c.map(f32::from)).collect::<Vec<_>>())
    }

    /// Highest, its place, lowest, its place, mean: five registers from `at` on. `place` counts from 1.
    pub(super) fn put(&self, m: &mut Model, at: usize, per_unit: f32, signed: bool, place: impl Fn(u16) -> u16) {
        let value = |v: Option<f32>| if signed { chain::signed(v, per_unit) } else { chain::unsigned(v, per_unit) };
        let e = self.extremes;
        m.put_all(
            at,
            &[
                value(e.map(|e| e.max)),
                e.map_or(NOTHING, |e| place(e.max_at)),
                value(e.map(|e| e.min)),
                e.map_or(NOTHING, |e| place(e.min_at)),
                value(self.mean),
            ],
        );
    }
}
