//! Values as whole numbers of resolution steps.

/// Whole steps stay within this on both sides of zero, so that differences and sums of two fit an `i32`.
const LIMIT: f64 = (1 << 30) as f64;

/// A resolution: what one step is worth.
///
/// All arithmetic is in f64 and by the inverse: 3 201 steps of 0.001 are then the f32 nearest to 3.201, which a
/// product with the f32 nearest to 0.001 would miss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    size: f32,
    per_unit: f64,
}

impl Step {
    /// One thousandth.
    pub const MILLI: Step = Step { size: 0.001, per_unit: 1_000.0 };
    /// One tenth.
    pub const TENTH: Step = Step { size: 0.1, per_unit: 10.0 };
    /// One.
    pub const ONE: Step = Step { size: 1.0, per_unit: 1.0 };

    /// A step of `size`; `None` when it is not between 1e-9 and 1e9.
    pub fn new(size: f32) -> Option<Step> {
        if !(1e-9..=1e9).contains(&size) {
            return None;
        }
        let per_unit = 1.0 / f64::from(size);
        let whole = per_unit.round();
        let is_whole = (per_unit - whole).abs() < 1e-6 * per_unit;
        Some(Step { size, per_unit: if is_whole { whole } else { per_unit } })
    }

    /// What one step is worth, in the value's unit.
    pub fn size(self) -> f32 {
        self.size
    }

    /// The steps nearest to `value`, kept within ± 2^30; 0 for NaN.
    pub fn count(self, value: f32) -> i32 {
        (f64::from(value) * self.per_unit).round().clamp(-LIMIT, LIMIT) as i32
    }

    /// The value of this many steps.
    pub fn value(self, count: i32) -> f32 {
        (f64::from(count) / self.per_unit) as f32
    }

    /// `value` rounded to a whole number of steps.
    pub fn round(self, value: f32) -> f32 {
        self.value(self.count(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rounded_value_is_the_float_a_person_would_type() {
        for (size, value, rounded) in [
            (0.001, 3.201_4, 3.201),
            (0.0001, 3.201_449_9, 3.2014),
            (0.01, -831.996, -832.0),
            (0.1, 24.96, 25.0),
            (1.0, 42_000.4, 42_000.0),
            (10.0, 1_234.0, 1_230.0),
            (0.25, 0.3, 0.25),
            (1.0, f32::NAN, 0.0),
        ] {
            assert_eq!(Step::new(size).unwrap().round(value), rounded, "{value} in steps of {size}");
        }
    }

    #[test]
    fn only_sensible_steps_are_taken() {
        for size in [0.0, -0.1, f32::NAN, f32::INFINITY, f32::MIN_POSITIVE] {
            assert_eq!(Step::new(size), None);
        }
        for (step, size) in [(Step::MILLI, 0.001), (Step::TENTH, 0.1), (Step::ONE, 1.0)] {
            assert_eq!(Step::new(size), Some(step));
        }
        assert_eq!(Step::ONE.count(f32::MAX), 1 << 30);
    }
}
