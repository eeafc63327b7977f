//! Rollups of sealed days, unpacked and kept for the next question.

use super::History;
use crate::day::Day;
use crate::error::StoreError;
use crate::rollup::codec::Packed;
use crate::rollup::{Bucket, Flow, Fold, LEVELS_MS, Of, buckets_of, coarser};
use crate::segment::Segment;
use domain::point::PointId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Buckets that are kept at most: 40 bytes each. Beyond, all are forgotten and come again as they are needed.
const KEPT_MAX: usize = 1_000_000;

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
        let name = subject.of().name();
        let packed = self.query(|reader| reader.rollup(system, &name, segment.day, kept == Kept::Minutes))?;
        let count = (crate::day::DAY_MS / kept.step_ms()) as usize;
        let buckets = Arc::new(match packed {
            // A day and its rollups are registered at once: what has no rollup has no value.
            None => vec![S::Part::default(); count],
            Some(bytes) => match S::Part::unpack(&bytes).filter(|buckets| buckets.len() == count) {
                Some(buckets) => buckets,
                None => self.counted(system, segment, subject, kept)?,
            },
        });
        let mut known = lock();
        if known.buckets + count > KEPT_MAX {
            *known = Known::default();
        }
        known.buckets += count;
        known.days.insert(key, buckets.clone());
        Ok(buckets)
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
