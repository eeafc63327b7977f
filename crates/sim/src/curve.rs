//! Curves of the plant as tables: linear between the points, flat beyond the ends.

/// A curve on an even grid, so that a look-up costs no search.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    first: f32,
    steps_per_unit: f32,
    values: Vec<f32>,
}

impl Curve {
    /// The curve through `points`, ascending in x, sampled every `step`.
    ///
    /// It passes exactly through the points that lie on the grid.
    pub fn through(points: &[(f32, f32)], step: f32) -> Curve {
        let first = points.first().map_or(0.0, |p| p.0);
        let last = points.last().map_or(0.0, |p| p.0);
        let steps = ((last - first) / step).round() as usize;
        Curve {
            first,
            steps_per_unit: 1.0 / step,
            values: (0..=steps).map(|i| between(points, first + i as f32 * step)).collect(),
        }
    }

    /// The curve's value at `x`.
    pub fn at(&self, x: f32) -> f32 {
        let last = self.values.len() - 1;
        let place = ((x - self.first) * self.steps_per_unit).clamp(0.0, last as f32);
        let low = (place as usize).min(last);
        let high = (low + 1).min(last);
        self.values[low] + (place - low as f32) * (self.values[high] - self.values[low])
    }
}

/// The value at `x` on straight lines through `points`, ascending in x; flat beyond the ends, 0 without points.
pub fn between(points: &[(f32, f32)], x: f32) -> f32 {
    let after = points.partition_point(|p| p.0 < x);
    match (after.checked_sub(1).and_then(|i| points.get(i)), points.get(after)) {
        (Some(a), Some(b)) => a.1 + (x - a.0) / (b.0 - a.0) * (b.1 - a.1),
        (Some(only), None) | (None, Some(only)) => only.1,
        (None, None) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_linear_between_its_points_and_flat_beyond() {
        let points = [(0.0, 1.0), (10.0, 2.0), (30.0, 0.0)];
        let curve = Curve::through(&points, 5.0);
        for (x, y) in [(-5.0, 1.0), (0.0, 1.0), (5.0, 1.5), (10.0, 2.0), (20.0, 1.0), (22.0, 0.8), (99.0, 0.0)] {
            assert!((curve.at(x) - y).abs() < 1e-6, "curve at {x}: {}", curve.at(x));
            assert!((between(&points, x) - y).abs() < 1e-6, "line at {x}: {}", between(&points, x));
        }
    }
}
