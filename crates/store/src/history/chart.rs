//! What a chart of any length is drawn from: single rows where they are few, else one bucket for each of about as many
//! steps as there are pixels. A bucket has the first, lowest, highest and last value: no peak is lost.

use super::levels::{Kept, Values};
use super::{Found, History, Range, places};
use crate::block::Block;
use crate::day::DAY_MS;
use crate::error::StoreError;
use crate::rollup::{Bucket, Fold as _, LEVELS_MS, buckets_of};
use domain::point::PointId;

/// Steps of a chart, ms: those of a clock, so that steps stay where they are when a chart is moved.
pub(super) const STEPS_MS: [i64; 24] = [
    1_000,
    2_000,
    5_000,
    10_000,
    15_000,
    30_000,
    60_000,
    120_000,
    180_000,
    300_000,
    600_000,
    1_200_000,
    1_800_000,
    3_600_000,
    7_200_000,
    10_800_000,
    14_400_000,
    21_600_000,
    43_200_000,
    86_400_000,
    172_800_000,
    604_800_000,
    2_592_000_000,
    7_776_000_000,
];

/// Rows are shown one by one up to this many for each pixel.
const ROWS_PER_PIXEL: u64 = 2;

/// A zoom into the middle of a longer range does not come to single rows soon.
const WARM_MAX_MS: i64 = 2 * DAY_MS;

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Rows, one by one.
    Rows,
    /// Buckets counted from the rows.
    Counted,
    /// Buckets of minutes.
    Minutes,
    /// Buckets of ten minutes.
    Tens,
}

impl Tier {
    /// The tier for people.
    pub fn words(self) -> &'static str {
        match self {
            Tier::Rows => "every row",
            Tier::Counted => "counted from rows",
            Tier::Minutes => "from minutes",
            Tier::Tens => "from ten minutes",
        }
    }
}

/// Buckets of several points over one axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grid {
    /// When the first bucket begins, ms since 1970-01-01 UTC.
    pub from_ms: i64,
    /// How long each bucket is, ms.
    pub step_ms: i64,
    /// Each point's buckets, as many for each.
    pub series: Vec<(PointId, Vec<Bucket>)>,
}

/// What a chart is drawn from.
#[derive(Clone, Debug, PartialEq)]
pub enum Chart {
    /// Every row in the range, and the one before and after where there is one near.
    Rows(Block),
    /// One bucket a step.
    Grid(Tier, Grid),
}

impl History {
    /// What a chart of `points` over `range` is drawn from, `width` pixels wide (at least one).
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn chart(&self, system: &str, range: Range, points: &[PointId], width: usize) -> Result<Chart, StoreError> {
        let width = width.clamp(1, 8_192);
        // A step on each side, so that a line goes on to the edges of the picture.
        let ideal_ms = range.len_ms() / width as i64;
        let step_ms = STEPS_MS.into_iter().rev().find(|step| *step <= ideal_ms).unwrap_or(STEPS_MS[0]);
        if ideal_ms < STEPS_MS[0] || self.rows_about(system, range) <= ROWS_PER_PIXEL * width as u64 {
            let margin_ms = ideal_ms.clamp(1_000, 60_000);
            let wide = Range::new(range.from_ms.saturating_sub(margin_ms), range.to_ms.saturating_add(margin_ms));
            return Ok(Chart::Rows(self.rows(system, wide, points)?));
        }
        let from_ms = range.from_ms.div_euclid(step_ms) * step_ms;
        let to_ms = (range.to_ms.div_euclid(step_ms) + i64::from(range.to_ms.rem_euclid(step_ms) > 0)) * step_ms;
        self.grid(system, Range::new(from_ms, to_ms), points, step_ms)
    }

    /// Unpacks the columns that a zoom into the middle of `range` will read, if it is near to where rows are read. It is
    /// a courtesy: what cannot be read now is told when it is asked for, and only one is done at a time.
    pub fn warm(&self, system: &str, range: Range, points: &[PointId]) {
        if range.len_ms() > WARM_MAX_MS {
            return;
        }
        let Ok(_one) = self.warming.try_lock() else { return };
        let quarter_ms = range.len_ms() / 4;
        let middle = Range::new(range.from_ms + quarter_ms, range.to_ms - quarter_ms);
        for segment in self.find(system, middle, &[]).segments {
            let _ = self.columns.at_ms(system, &segment);
            let _ = self.columns.held_s(system, &segment);
            let _ = self.columns.points(system, &segment, points);
        }
    }

    /// Buckets of `step_ms`; the range begins and ends at one.
    fn grid(&self, system: &str, range: Range, points: &[PointId], step_ms: i64) -> Result<Chart, StoreError> {
        let (tier, kept) = match step_ms {
            step if step % LEVELS_MS[1] == 0 => (Tier::Tens, Some(Kept::Tens)),
            step if step % LEVELS_MS[0] == 0 => (Tier::Minutes, Some(Kept::Minutes)),
            _ => (Tier::Counted, None),
        };
        self.consistent(system, range, points, |found| {
            let series = points.iter().map(|point| {
                let mut buckets = vec![Bucket::default(); (range.len_ms() / step_ms) as usize];
                match kept {
                    Some(kept) => self.add_level(system, found, range, *point, step_ms, kept, &mut buckets)?,
                    None => self.add_sealed(system, found, range, *point, step_ms, &mut buckets)?,
                }
                add_rows(found.tail.at_ms(), found.tail.column(*point), range, step_ms, &mut buckets);
                Ok((*point, buckets))
            });
            let series = series.collect::<Result<_, StoreError>>()?;
            Ok(Chart::Grid(tier, Grid { from_ms: range.from_ms, step_ms, series }))
        })
    }

    #[allow(clippy::too_many_arguments, reason = "a loop's body, taken out for its length")]
    fn add_level(
        &self,
        system: &str,
        found: &Found,
        range: Range,
        point: PointId,
        step_ms: i64,
        kept: Kept,
        buckets: &mut [Bucket],
    ) -> Result<(), StoreError> {
        for segment in &found.segments {
            let level = self.level(system, segment, &Values([point]), kept)?;
            let part = range.within(Range::of_day(segment.day));
            let place = |at_ms: i64| ((at_ms - segment.day.start_ms()) / kept.step_ms()) as usize;
            for (k, bucket) in (place(part.from_ms)..).zip(&level[place(part.from_ms)..place(part.to_ms)]) {
                let at_ms = segment.day.start_ms() + k as i64 * kept.step_ms();
                if let Some(whole) = buckets.get_mut(((at_ms - range.from_ms) / step_ms) as usize) {
                    whole.fold(bucket);
                }
            }
        }
        Ok(())
    }

    fn add_sealed(
        &self,
        system: &str,
        found: &Found,
        range: Range,
        point: PointId,
        step_ms: i64,
        buckets: &mut [Bucket],
    ) -> Result<(), StoreError> {
        for segment in &found.segments {
            let at_ms = self.columns.at_ms(system, segment)?;
            let values = self.columns.point(system, segment, point)?;
            let part = range.within(Range::of_day(segment.day));
            add_rows(&at_ms, Some(&values), part, step_ms, shifted(buckets, range, part, step_ms));
        }
        Ok(())
    }

    /// About how many rows lie in a range: days are taken to be evenly full.
    fn rows_about(&self, system: &str, range: Range) -> u64 {
        let found = self.index.with(system, |indexed| {
            let sealed: f64 = (indexed.segments.values())
                .map(|s| {
                    let whole = Range { from_ms: s.first_ms, to_ms: s.last_ms + 1 };
                    s.rows as f64 * range.within(whole).len_ms() as f64 / whole.len_ms() as f64
                })
                .sum();
            sealed as u64 + indexed.tail.range(range.from_ms, range.to_ms).len() as u64
        });
        found.unwrap_or(0)
    }

    /// Whether a point has a value in any sealed day or in the tail: what a page offers to draw.
    pub fn points(&self, system: &str) -> Vec<PointId> {
        let there = |point: &PointId| {
            let (segments, tail) = self
                .index
                .with(system, |indexed| {
                    (
                        indexed.segments.values().rev().take(2).copied().collect::<Vec<_>>(),
                        indexed.tail.column(*point).is_some(),
                    )
                })
                .unwrap_or_default();
            tail || segments.iter().any(|segment| {
                let level = self.level(system, segment, &Values([*point]), Kept::Tens);
                level.is_ok_and(|buckets| buckets.iter().any(|b| b.n > 0))
            })
        };
        PointId::ALL.iter().copied().filter(there).collect()
    }
}

/// The buckets from where `part` begins, which begins at a full step or within the first one.
fn shifted(buckets: &mut [Bucket], range: Range, part: Range, step_ms: i64) -> &mut [Bucket] {
    let first = ((part.from_ms - range.from_ms) / step_ms) as usize;
    let len = buckets.len();
    &mut buckets[first.min(len)..]
}

fn add_rows(at_ms: &[i64], values: Option<&[f32]>, part: Range, step_ms: i64, buckets: &mut [Bucket]) {
    let Some(values) = values.filter(|_| !places(at_ms, part).is_empty()) else { return };
    let from_ms = part.from_ms.div_euclid(step_ms) * step_ms;
    let counted = buckets_of(at_ms, (from_ms, part.to_ms), step_ms, |rows| Bucket::of(&values[rows]));
    buckets.iter_mut().zip(&counted).for_each(|(whole, bucket)| whole.fold(bucket));
}
