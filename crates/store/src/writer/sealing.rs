//! Once a minute: full hours of the tail are sealed.

use super::Writer;
use crate::database::Taken;
use crate::day::Day;
use crate::error::StoreError;
use crate::index::{Kept, SystemIndex};
use crate::seal::seal;
use crate::sealed::{Kind, Sealed};
use crate::trust::Clock;
use domain::device_minute::DeviceMinute;
use domain::minute::CellMinute;
use std::sync::Arc;
use std::time::Instant;

const HOUR_MS: i64 = 3_600_000;
/// How long after an hour's end it is sealed: rows may come a little late.
const SEAL_AFTER_MS: i64 = 60_000;

impl Writer {
    /// Seals what is due and deletes what is too old. A failure is told and tried again a minute later; it stops nothing.
    pub(super) fn maintain(&mut self, now: Instant) {
        if now < self.seal_at || self.db.is_none() {
            return;
        }
        self.seal_at = now + super::EXPIRE_EVERY;
        // Each for itself: what keeps one from the disk need not keep the other.
        let clock = self.settle_clock(now);
        // Readings of a clock that went back wait until it is known which time was right.
        let holds = matches!(self.clock, Clock::Behind(_));
        let rows = self.adopt_one().and_then(|()| if holds { Ok(()) } else { self.seal_due() });
        let cells = self.look_after::<CellMinute>(holds);
        let devices = self.look_after::<DeviceMinute>(holds);
        let done = clock.and(rows).and(cells).and(devices).and(self.expire_sealed(now));
        if self.adopt.iter().any(|of| !of.is_empty()) {
            self.seal_at = now;
        }
        let words = done.err().map(|error| format!("history is not sealed: {error}"));
        if let Some(words) = words.as_ref().filter(|words| self.seal_error.as_ref() != Some(words)) {
            tracing::error!("{words}");
        }
        self.seal_error = words;
    }

    fn look_after<M: Kept>(&mut self, holds: bool) -> Result<(), StoreError> {
        self.adopt_one_of_minutes::<M>()?;
        if holds { Ok(()) } else { self.seal_minutes_due::<M>() }
    }

    /// Seals the full hours of every system's tail.
    fn seal_due(&mut self) -> Result<(), StoreError> {
        for system in self.index.systems() {
            let ends = |indexed: &SystemIndex| Some((*indexed.tail.at_ms().first()?, *indexed.tail.at_ms().last()?));
            let Some((oldest_ms, newest_ms)) = self.index.with(&system, ends).flatten() else { continue };
            let before_ms = (newest_ms - SEAL_AFTER_MS).div_euclid(HOUR_MS) * HOUR_MS;
            if oldest_ms < before_ms {
                self.seal_before(&system, before_ms)?;
            }
        }
        Ok(())
    }

    pub(super) fn seal_before(&mut self, system: &str, before_ms: i64) -> Result<(), StoreError> {
        self.register_replaced()?;
        let before_s = before_ms.div_euclid(1_000);
        let index = Arc::clone(&self.index);
        let Some(db) = &mut self.db else { return Ok(()) };
        let (mut rows, newest) = db.unsealed(system, before_s)?;
        while let Some(first_ms) = rows.at_ms().first().copied() {
            let day = Day::of(first_ms);
            let end = rows.range(first_ms, day.end_ms()).end;
            let of_day = rows.slice(0..end);
            rows.forget_before(day.end_ms());
            self.doubt(system, Kind::Pack, day)?;
            let _replacing = index.replacing();
            // What joined a damaged file would make the damage look right.
            self.look_again(system, Kind::Pack, day)?;
            let (written, segment, rollups) = match seal(&self.folder, system, day, &of_day) {
                Err(StoreError::Parquet { path, why }) => {
                    // The file that is there cannot be read. Put aside, it does not keep the new rows from being sealed.
                    let words = format!("{} is damaged: {why}", path.display());
                    self.damaged((system, Kind::Pack, day), &words)?;
                    seal(&self.folder, system, day, &of_day)?
                }
                sealed => sealed?,
            };
            let Some(db) = &mut self.db else { return Ok(()) };
            let taken = Taken { before: before_s, newest };
            db.replacing(system, &Sealed::from(&segment), taken)?;
            let put = written.put();
            if let Err(error) = put.and_then(|()| db.sealed(system, &segment, &rollups, taken)) {
                // Its entry is not this file's any more: until it is registered, nobody shall call it damaged.
                self.adopt[Kind::Pack as usize].push((system.to_owned(), day));
                self.index.forget(system, Kind::Pack, day);
                return Err(error);
            }
            self.index.sealed(system, segment, before_ms);
            tracing::debug!(system, %day, rows = segment.rows, "history sealed");
        }
        Ok(())
    }
}
