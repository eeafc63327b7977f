//! Rollups of sealed days, unpacked and kept for the next question.

use super::History;
use crate::day::Day;
use crate::error::StoreError;
use crate::index::SystemIndex;
use crate::rollup::codec::Packed;
use crate::rollup::{Bucket, Flow, Fold, LEVELS_MS, Of, buckets_of, coarser};
use crate::segment::Segment;
use domain::point::PointId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Buckets that are kept at most: 40 bytes each. Beyond, all are forgotten and come again as they are needed.
const KEPT_MAX: usize = 1_000_000;

/// Of buckets of ten minutes those of so many further days are read with a day's.
const AHEAD: usize = 30;

/// The length of the buckets that are kept: of minutes, or of ten minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kept {
    Minutes,
    Tens,
}

impl Kept {
    pub(super) fn step_ms(self) -> i64 {
        match self {
            Kept::Minutes => LEVELS_MS[0],
            Kept::Tens => LEVELS_MS[1],
        }
    }
}

type Key = (String, Day, u64, Of, Kept);

/// What was unpacked so far.
#[derive(Default)]
pub(super) struct Levels {
    points: Mutex<Known<Bucket>>,
    flows: Mutex<Known<Flow>>,
}

#[derive(Default)]
pub(super) struct Known<T> {
    days: HashMap<Key, Arc<Vec<T>>>,
    buckets: usize,
}

/// What a question can be asked about: a point's values, or the flow of energy.
pub(super) trait Subject {
    /// What is known of a stretch.
    type Part: Fold + Packed;
    /// Its rollup.
    fn of(&self) -> Of;
    /// The points whose columns it needs.
    fn points(&self) -> &[PointId];
    /// Where its rollups are kept.
    fn known(levels: &Levels) -> &Mutex<Known<Self::Part>>;
    /// What the rows say, column by column as `points` has them; each row stands for `held_s`.
    fn count(&self, columns: &[&[f32]], held_s: &[f32]) -> Self::Part;
}

/// The values of a point.
pub(super) struct Values(pub(super) [PointId; 1]);

impl Subject for Values {
    type Part = Bucket;

    fn of(&self) -> Of {
        Of::Point(self.0[0])
    }

    fn points(&self) -> &[PointId] {
        &self.0
    }

    fn known(levels: &Levels) -> &Mutex<Known<Bucket>> {
        &levels.points
    }

    fn count(&self, columns: &[&[f32]], _: &[f32]) -> Bucket {
        columns.first().map(|values| Bucket::of(values)).unwrap_or_default()
    }
}

/// The energy through the battery.
pub(super) struct Energy;

impl Subject for Energy {
    type Part = Flow;

    fn of(&self) -> Of {
        Of::Flow
    }

    fn points(&self) -> &[PointId] {
        &[PointId::Voltage, PointId::Current]
    }

    fn known(levels: &Levels) -> &Mutex<Known<Flow>> {
        &levels.flows
    }

    fn count(&self, columns: &[&[f32]], held_s: &[f32]) -> Flow {
        match columns {
            [voltage, current] => Flow::of(voltage, current, held_s),
            _ => Flow::default(),
        }
    }
}

impl History {
    /// A day's buckets, `kept.step_ms()` each, from its first to its last.
    pub(super) fn level<S: Subject>(
        &self,
        system: &str,
        segment: &Segment,
        subject: &S,
        kept: Kept,
    ) -> Result<Arc<Vec<S::Part>>, StoreError> {
        let key = (system.to_owned(), segment.day, segment.rows, subject.of(), kept);
        let lock = || S::known(&self.levels).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = lock().days.get(&key) {
            return Ok(found.clone());
        }
        let days = self.days_ahead(system, segment, kept);
        let last = days.last().map_or(segment.day, |of| of.day);
        let name = subject.of().name();
        let packed = self.query(|reader| reader.rollups(system, &name, (segment.day, last), kept == Kept::Minutes))?;
        let count = (crate::day::DAY_MS / kept.step_ms()) as usize;
        let unpacked = |day: Day| match packed.get(&day) {
            // A day and its rollups are registered at once: what has no rollup has no value.
            None => Some(vec![S::Part::default(); count]),
            Some(bytes) => S::Part::unpack(bytes).filter(|buckets| buckets.len() == count),
        };
        let keep = |segment: &Segment, buckets: Vec<S::Part>| {
            let buckets = Arc::new(buckets);
            let mut known = lock();
            if known.buckets + count > KEPT_MAX {
                *known = Known::default();
            }
            let key = (system.to_owned(), segment.day, segment.rows, subject.of(), kept);
            if known.days.insert(key, buckets.clone()).is_none() {
                known.buckets += count;
            }
            buckets
        };
        for of in days.iter().filter(|of| packed.contains_key(&of.day)) {
            unpacked(of.day).into_iter().for_each(|buckets| drop(keep(of, buckets)));
        }
        let buckets = match unpacked(segment.day) {
            Some(buckets) => buckets,
            None => self.counted(system, segment, subject, kept)?,
        };
        Ok(keep(segment, buckets))
    }

    /// The sealed days after this one that are read with it, so that a question over a month waits for few readings.
    fn days_ahead(&self, system: &str, segment: &Segment, kept: Kept) -> Vec<Segment> {
        let days = match kept {
            Kept::Tens => AHEAD,
            Kept::Minutes => 0,
        };
        let after = |of: &SystemIndex| of.segments.range(segment.day..).skip(1).take(days).map(|(_, of)| *of).collect();
        self.index.with(system, after).unwrap_or_default()
    }

    /// The buckets from the rows, where a rollup is damaged.
    fn counted<S: Subject>(
        &self,
        system: &str,
        segment: &Segment,
        subject: &S,
        kept: Kept,
    ) -> Result<Vec<S::Part>, StoreError> {
        let day = segment.day;
        let at_ms = self.columns.at_ms(system, segment)?;
        let held_s = self.columns.held_s(system, segment)?;
        let columns = self.columns.points(system, segment, subject.points())?;
        let minutes = buckets_of(&at_ms, (day.start_ms(), day.end_ms()), LEVELS_MS[0], |rows| {
            let columns: Vec<&[f32]> = columns.iter().map(|values| &values[rows.clone()]).collect();
            subject.count(&columns, &held_s[rows])
        });
        Ok(match kept {
            Kept::Minutes => minutes,
            Kept::Tens => coarser(&minutes, (LEVELS_MS[1] / LEVELS_MS[0]) as usize),
        })
    }
}
