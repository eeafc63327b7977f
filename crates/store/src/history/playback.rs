//! What playback asks: the tape around an instant, and where the next thing worth a look is.

use super::{History, Range, Sag};
use crate::database::Row;
use crate::day::Day;
use crate::error::StoreError;
use crate::event::{Event, EventKind};
use domain::point::PointId;

/// On which side of an instant to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// The last one before it.
    Before,
    /// The first one after it.
    After,
}

/// When the lowest and the highest cell were furthest apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// When, ms since 1970-01-01 UTC.
    pub at_ms: i64,
    /// How far, V.
    pub spread_v: f32,
}

impl History {
    /// The tape's seconds from `from_s` up to but not including `to_s`, s since 1970-01-01 UTC, oldest first. Ask for
    /// minutes.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn tape(&self, system: &str, from_s: i64, to_s: i64) -> Result<Vec<Row>, StoreError> {
        self.query(|reader| reader.tape(system, from_s, to_s))
    }

    /// When the first row at or after `at_ms` was taken, ms since 1970-01-01 UTC.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn next_row_ms(&self, system: &str, at_ms: i64) -> Result<Option<i64>, StoreError> {
        let range = Range::new(at_ms, i64::MAX);
        self.consistent(system, range, &[], |found| {
            let tail = found.tail.at_ms().first().copied();
            let Some(segment) = found.segments.first() else { return Ok(tail) };
            let rows = self.columns.at_ms(system, segment)?;
            let sealed = rows.get(rows.partition_point(|row| *row < at_ms)).copied();
            Ok(sealed.into_iter().chain(tail).min())
        })
    }

    /// The alarm that was raised next to `at_ms`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn alarm_beside(&self, system: &str, at_ms: i64, beside: Beside) -> Result<Option<Event>, StoreError> {
        self.query(|reader| reader.event_beside(system, at_ms, EventKind::Raised.word(), beside == Beside::Before))
    }

    /// The sag next to `at_ms`: where the pack voltage fell faster than `limit_v_s` (negative, V/s).
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn sag_beside(
        &self,
        system: &str,
        at_ms: i64,
        beside: Beside,
        limit_v_s: f32,
    ) -> Result<Option<Sag>, StoreError> {
        let coverage = self.coverage(system);
        let (Some(first_ms), Some(last_ms)) = (coverage.first_ms, coverage.last_ms) else { return Ok(None) };
        let whole = match beside {
            Beside::After => Range::new(at_ms.saturating_add(1).max(first_ms), last_ms.saturating_add(1)),
            Beside::Before => Range::new(first_ms, at_ms.min(last_ms.saturating_add(1))),
        };
        // A day at a time, from the near end: mostly the first has one.
        let mut rest = whole;
        while rest.len_ms() > 0 {
            let day = match beside {
                Beside::After => Range::new(rest.from_ms, (Day::of(rest.from_ms).end_ms()).min(rest.to_ms)),
                Beside::Before => Range::new((Day::of(rest.to_ms - 1).start_ms()).max(rest.from_ms), rest.to_ms),
            };
            let found = self.sags(system, day, limit_v_s, usize::MAX)?.worst;
            // One that began before the range is cut, and is another one's.
            let at = |sag: &Sag| sag.at_ms;
            let near = match beside {
                Beside::After => found.into_iter().min_by_key(at),
                Beside::Before => found.into_iter().max_by_key(at),
            };
            if near.is_some() {
                return Ok(near);
            }
            match beside {
                Beside::After => rest.from_ms = day.to_ms,
                Beside::Before => rest.to_ms = day.from_ms,
            }
        }
        Ok(None)
    }

    /// When in the range the cells were furthest apart; `None` if that is not known of any instant.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn widest_spread(&self, system: &str, range: Range) -> Result<Option<Spread>, StoreError> {
        let points = [PointId::CellVoltageMin, PointId::CellVoltageMax];
        let parts = self.each(system, range, &points, |part| {
            let mut widest: Option<Spread> = None;
            for ((low, high), at_ms) in part.columns[0].iter().zip(part.columns[1]).zip(part.at_ms) {
                let spread_v = high - low;
                // NaN is not wider than anything.
                if spread_v > widest.map_or(f32::NEG_INFINITY, |widest| widest.spread_v) {
                    widest = Some(Spread { at_ms: *at_ms, spread_v });
                }
            }
            widest
        })?;
        Ok(parts.into_iter().flatten().reduce(|a, b| if b.spread_v > a.spread_v { b } else { a }))
    }
}
