//! The pyramid: what is kept of a minute, ten minutes, an hour and a day, so that a question about a month costs what it
//! shows and not what was recorded.
//!
//! Finer steps are counted from the rows themselves: a day of one point is 1.7 MB, which is read in a blink.

pub(crate) mod codec;
pub(crate) mod flow;

pub(crate) use flow::flows_of;
pub use flow::{Flow, held_s};

use domain::point::PointId;

/// Lengths of the buckets that are kept, ms, finest first. Each divides the next, and a day.
pub(crate) const LEVELS_MS: [i64; 4] = [60_000, 600_000, 3_600_000, 86_400_000];

/// What a rollup is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Of {
    /// A point's values.
    Point(PointId),
    /// Energy and time by direction.
    Flow,
}

impl Of {
    /// Its name in the database.
    pub(crate) fn name(self) -> String {
        match self {
            Of::Point(point) => domain::telemetry::column_name(point),
            Of::Flow => "flow".to_owned(),
        }
    }
}

/// What can be put together from the parts of a stretch of time, in their order.
pub(crate) trait Fold: Copy + Default {
    /// Adds what came later.
    fn fold(&mut self, later: &Self);
}

/// What is known of the values of a point in a stretch of time. Without a value, all is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bucket {
    /// How many rows have a value.
    pub n: u32,
    /// The first value.
    pub first: f32,
    /// The lowest value.
    pub min: f32,
    /// The highest value.
    pub max: f32,
    /// The last value.
    pub last: f32,
    /// Sum of the values.
    pub sum: f64,
    /// Sum of their squares.
    pub sum_sq: f64,
}

impl Bucket {
    /// The bucket of some values in the order of time; NaN is none.
    pub fn of(values: &[f32]) -> Bucket {
        let Some(first) = values.iter().position(|v| !v.is_nan()) else { return Bucket::default() };
        let last = values.iter().rposition(|v| !v.is_nan()).unwrap_or(first);
        let values = &values[first..=last];
        // Four lanes: without a chain from one value to the next, the compiler makes vector instructions of it.
        let mut lanes = [Lane::default(); 4];
        let (fours, rest) = values.as_chunks::<4>();
        for four in fours {
            lanes.iter_mut().zip(four).for_each(|(lane, value)| lane.add(*value));
        }
        lanes.iter_mut().zip(rest).for_each(|(lane, value)| lane.add(*value));
        let [mut all, others @ ..] = lanes;
        others.iter().for_each(|lane| all.join(lane));
        Bucket {
            n: all.n,
            first: values[0],
            min: all.min,
            max: all.max,
            last: values[values.len() - 1],
            sum: all.sum,
            sum_sq: all.sum_sq,
        }
    }

    /// What several stretches say together, in their order.
    pub fn whole(parts: &[Bucket]) -> Bucket {
        let mut whole = Bucket::default();
        parts.iter().for_each(|part| whole.fold(part));
        whole
    }

    /// Mean of the values; `None` without any.
    pub fn mean(&self) -> Option<f64> {
        (self.n > 0).then(|| self.sum / f64::from(self.n))
    }

    /// Standard deviation of the values, as of a sample; `None` for fewer than two.
    pub fn std_dev(&self) -> Option<f64> {
        let n = f64::from(self.n);
        (self.n > 1).then(|| ((self.sum_sq - self.sum * self.sum / n).max(0.0) / (n - 1.0)).sqrt())
    }
}

impl Fold for Bucket {
    fn fold(&mut self, later: &Bucket) {
        if later.n == 0 {
            return;
        }
        if self.n == 0 {
            *self = *later;
            return;
        }
        self.n += later.n;
        self.min = self.min.min(later.min);
        self.max = self.max.max(later.max);
        self.last = later.last;
        self.sum += later.sum;
        self.sum_sq += later.sum_sq;
    }
}

#[derive(Clone, Copy)]
struct Lane {
    n: u32,
    min: f32,
    max: f32,
    sum: f64,
    sum_sq: f64,
}

impl Default for Lane {
    fn default() -> Lane {
        Lane { n: 0, min: f32::INFINITY, max: f32::NEG_INFINITY, sum: 0.0, sum_sq: 0.0 }
    }
}

impl Lane {
    fn add(&mut self, value: f32) {
        let there = !value.is_nan();
        let number = if there { f64::from(value) } else { 0.0 };
        self.n += u32::from(there);
        // A comparison with NaN is false, so none changes the extremes.
        self.min = if value < self.min { value } else { self.min };
        self.max = if value > self.max { value } else { self.max };
        self.sum += number;
        self.sum_sq += number * number;
    }

    fn join(&mut self, other: &Lane) {
        self.n += other.n;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
        self.sum_sq += other.sum_sq;
    }
}

/// The buckets of `step_ms` from `from_ms` on, as many as it takes to `to_ms`, each made of the rows in its stretch by
/// `of`. `at_ms` never goes back.
pub(crate) fn buckets_of<T: Fold>(
    at_ms: &[i64],
    (from_ms, to_ms): (i64, i64),
    step_ms: i64,
    of: impl Fn(std::ops::Range<usize>) -> T,
) -> Vec<T> {
    let count = ((to_ms - from_ms).max(0) as u64).div_ceil(step_ms as u64) as usize;
    let mut buckets = Vec::with_capacity(count);
    let mut start = at_ms.partition_point(|at| *at < from_ms);
    for k in 1..=count as i64 {
        let end_ms = (from_ms + k * step_ms).min(to_ms);
        let end = gallop(at_ms, start, end_ms);
        buckets.push(if end > start { of(start..end) } else { T::default() });
        start = end;
    }
    buckets
}

/// The first place from `start` on whose time is not before `end_ms`: found in steps that double, for it is near.
fn gallop(at_ms: &[i64], start: usize, end_ms: i64) -> usize {
    let mut step = 1;
    let mut low = start;
    while low + step < at_ms.len() && at_ms[low + step] < end_ms {
        low += step;
        step *= 2;
    }
    let high = (low + step + 1).min(at_ms.len());
    low + at_ms[low..high].partition_point(|at| *at < end_ms)
}

/// Each `parts` buckets folded into one.
pub(crate) fn coarser<T: Fold>(buckets: &[T], parts: usize) -> Vec<T> {
    let fold = |part: &[T]| {
        let mut whole = T::default();
        part.iter().for_each(|bucket| whole.fold(bucket));
        whole
    };
    buckets.chunks(parts.max(1)).map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bucket_tells_what_its_values_are() {
        let nan = f32::NAN;
        for (values, expected) in [
            (vec![], (0, 0.0, 0.0, 0.0, 0.0, 0.0)),
            (vec![nan, nan], (0, 0.0, 0.0, 0.0, 0.0, 0.0)),
            (vec![nan, 3.0, -1.0, nan, 7.0, 2.0, nan], (4, 3.0, -1.0, 7.0, 2.0, 11.0)),
            (vec![-5.0], (1, -5.0, -5.0, -5.0, -5.0, -5.0)),
        ] {
            let b = Bucket::of(&values);
            assert_eq!((b.n, b.first, b.min, b.max, b.last, b.sum), expected, "{values:?}");
        }
        let four = Bucket::of(&[2.0, 4.0, 4.0, 6.0]);
        assert_eq!(four.mean(), Some(4.0));
        assert!((four.std_dev().unwrap() - (8.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!((Bucket::default().mean(), Bucket::of(&[1.0]).std_dev()), (None, None));
    }

    proptest! {
        /// Whatever the level, a bucket says what the values of its stretch say.
        #[test]
        fn a_coarse_bucket_is_the_sum_of_its_parts(
            rows in prop::collection::vec((0..40_000_i64, prop::option::weighted(0.9, -1e3..1e3_f32)), 0..300),
        ) {
            let mut now = 0;
            let at: Vec<i64> = rows.iter().map(|(step, _)| { now += step; now }).collect();
            let values: Vec<f32> = rows.iter().map(|r| r.1.unwrap_or(f32::NAN)).collect();
            let minutes = buckets_of(&at, (0, LEVELS_MS[3]), LEVELS_MS[0], |range| Bucket::of(&values[range]));
            for step_ms in LEVELS_MS {
                let level = coarser(&minutes, (step_ms / LEVELS_MS[0]) as usize);
                prop_assert_eq!(level.len() as i64, LEVELS_MS[3] / step_ms);
                for (k, bucket) in level.iter().enumerate() {
                    let within = |at: &i64| (at / step_ms) as usize == k;
                    let mine: Vec<f32> = at.iter().zip(&values).filter(|(at, _)| within(at)).map(|(_, v)| *v).collect();
                    let whole = Bucket::of(&mine);
                    prop_assert_eq!((whole.n, whole.first, whole.min, whole.max, whole.last), (bucket.n, bucket.first, bucket.min, bucket.max, bucket.last));
                    prop_assert!((whole.sum - bucket.sum).abs() <= 1e-6);
                    prop_assert!((whole.sum_sq - bucket.sum_sq).abs() <= 1e-2);
                }
            }
        }
    }
}
