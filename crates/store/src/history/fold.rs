//! What a range says as a whole: statistics and energy, exact to its edges, from the coarsest rollups that fit.

use super::levels::{Energy, Kept, Subject, Values};
use super::{Found, History, Range, places};
use crate::day::DAY_MS;
use crate::error::StoreError;
use crate::rollup::flow::held_s;
use crate::rollup::{Bucket, Flow, Fold as _, LEVELS_MS};
use crate::segment::Segment;
use domain::point::PointId;

const HOUR_MS: i64 = LEVELS_MS[2];

/// What is said of a range.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Each point's values.
    pub points: Vec<(PointId, Bucket)>,
    /// Energy and time by direction.
    pub flow: Flow,
}

/// A mean over the parts of many days.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    /// How many rows have a value.
    pub n: u64,
    /// Sum of their values.
    pub sum: f64,
}

impl Mean {
    /// The mean; `None` without a value.
    pub fn value(&self) -> Option<f64> {
        (self.n > 0).then(|| self.sum / self.n as f64)
    }
}

impl History {
    /// Statistics of `points` and the energy in a range.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn summary(&self, system: &str, range: Range, points: &[PointId]) -> Result<Summary, StoreError> {
        let mut needed = points.to_vec();
        needed.extend([PointId::Voltage, PointId::Current].iter().filter(|point| !points.contains(point)));
        self.consistent(system, range, &needed, |found| {
            let bucket = |point: &PointId| Ok((*point, self.fold(system, found, range, &Values([*point]))?));
            let points = points.iter().map(bucket).collect::<Result<_, StoreError>>()?;
            Ok(Summary { points, flow: self.fold(system, found, range, &Energy)? })
        })
    }

    /// The energy through the battery in a range.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn energy(&self, system: &str, range: Range) -> Result<Flow, StoreError> {
        self.consistent(system, range, Energy.points(), |found| self.fold(system, found, range, &Energy))
    }

    /// The mean of a point by hour of the day, in a zone that is `offset_ms` ahead of UTC.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn hourly(&self, system: &str, range: Range, point: PointId, offset_ms: i64) -> Result<[Mean; 24], StoreError> {
        self.consistent(system, range, &[point], |found| {
            let mut hours = [Mean::default(); 24];
            let mut from_ms = range.from_ms;
            while from_ms < range.to_ms {
                let local_ms = from_ms + offset_ms;
                let end_ms = (local_ms.div_euclid(HOUR_MS) + 1) * HOUR_MS - offset_ms;
                let part = Range::new(from_ms, end_ms.min(range.to_ms));
                let bucket = self.fold(system, found, part, &Values([point]))?;
                let hour = &mut hours[(local_ms.rem_euclid(DAY_MS) / HOUR_MS) as usize];
                *hour = Mean { n: hour.n + u64::from(bucket.n), sum: hour.sum + bucket.sum };
                from_ms = part.to_ms;
            }
            Ok(hours)
        })
    }

    /// What the rows in `range` say, wherever they are.
    pub(super) fn fold<S: Subject>(
        &self,
        system: &str,
        found: &Found,
        range: Range,
        subject: &S,
    ) -> Result<S::Part, StoreError> {
        let mut whole = S::Part::default();
        for segment in &found.segments {
            let part = range.within(Range::of_day(segment.day));
            if part.len_ms() > 0 {
                self.fold_day(system, segment, part, subject, &mut whole)?;
            }
        }
        let tail = &found.tail;
        let rows = places(tail.at_ms(), range);
        if !rows.is_empty() {
            let held_s = held_s(tail.at_ms(), None);
            let none = vec![f32::NAN; rows.len()];
            let columns =
                subject.points().iter().map(|point| tail.column(*point).map_or(&none[..], |v| &v[rows.clone()]));
            let columns: Vec<&[f32]> = columns.collect();
            whole.fold(&subject.count(&columns, &held_s[rows]));
        }
        Ok(whole)
    }

    /// Rows to the first full minute, minutes to the first full ten, tens, and the same back down.
    fn fold_day<S: Subject>(
        &self,
        system: &str,
        segment: &Segment,
        part: Range,
        subject: &S,
        whole: &mut S::Part,
    ) -> Result<(), StoreError> {
        let [minute, ten] = [LEVELS_MS[0], LEVELS_MS[1]];
        let minutes = inner(part, minute);
        if minutes.len_ms() == 0 {
            return self.fold_rows(system, segment, part, subject, whole);
        }
        self.fold_rows(system, segment, Range::new(part.from_ms, minutes.from_ms), subject, whole)?;
        let tens = inner(minutes, ten);
        if tens.len_ms() == 0 {
            self.fold_level(system, segment, minutes, subject, Kept::Minutes, whole)?;
        } else {
            let before = Range::new(minutes.from_ms, tens.from_ms);
            let after = Range::new(tens.to_ms, minutes.to_ms);
            self.fold_level(system, segment, before, subject, Kept::Minutes, whole)?;
            self.fold_level(system, segment, tens, subject, Kept::Tens, whole)?;
            self.fold_level(system, segment, after, subject, Kept::Minutes, whole)?;
        }
        self.fold_rows(system, segment, Range::new(minutes.to_ms, part.to_ms), subject, whole)
    }

    fn fold_level<S: Subject>(
        &self,
        system: &str,
        segment: &Segment,
        part: Range,
        subject: &S,
        kept: Kept,
        whole: &mut S::Part,
    ) -> Result<(), StoreError> {
        if part.len_ms() == 0 {
            return Ok(());
        }
        let place = |at_ms: i64| ((at_ms - segment.day.start_ms()) / kept.step_ms()) as usize;
        let level = self.level(system, segment, subject, kept)?;
        level[place(part.from_ms)..place(part.to_ms)].iter().for_each(|bucket| whole.fold(bucket));
        Ok(())
    }

    fn fold_rows<S: Subject>(
        &self,
        system: &str,
        segment: &Segment,
        part: Range,
        subject: &S,
        whole: &mut S::Part,
    ) -> Result<(), StoreError> {
        if part.within(Range { from_ms: segment.first_ms, to_ms: segment.last_ms + 1 }).len_ms() == 0 {
            return Ok(());
        }
        let at_ms = self.columns.at_ms(system, segment)?;
        let rows = places(&at_ms, part);
        if rows.is_empty() {
            return Ok(());
        }
        let held_s = self.columns.held_s(system, segment)?;
        let columns = self.columns.points(system, segment, subject.points())?;
        let columns: Vec<&[f32]> = columns.iter().map(|values| &values[rows.clone()]).collect();
        whole.fold(&subject.count(&columns, &held_s[rows]));
        Ok(())
    }
}

/// The largest range inside that begins and ends at a multiple of `step_ms`; an empty one if there is none.
fn inner(range: Range, step_ms: i64) -> Range {
    let up = range.from_ms.div_euclid(step_ms) + i64::from(range.from_ms.rem_euclid(step_ms) > 0);
    Range::new(up * step_ms, range.to_ms.div_euclid(step_ms) * step_ms)
}
