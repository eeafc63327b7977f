//! Once a minute: full hours of the tail are sealed, and what is older than it should be goes.

use super::{Writer, restore, utc_now};
use crate::columns;
use crate::day::Day;
use crate::error::StoreError;
use crate::index::Past;
use crate::seal::seal;
use crate::segment;
use nix::sys::statvfs::statvfs;
use std::fs;
use std::time::{Duration, Instant};

const HOUR_MS: i64 = 3_600_000;
/// How long after an hour's end it is sealed: rows may come a little late.
const SEAL_AFTER_MS: i64 = 60_000;
/// The newest days stay, however little room there is.
const DAYS_KEPT_MIN: usize = 2;

impl Writer {
    /// Seals what is due and deletes what is too old. A failure is told and tried again a minute later; it stops nothing.
    pub(super) fn keep_house(&mut self, now: Instant) {
        if now < self.seal_at || self.db.is_none() {
            return;
        }
        self.seal_at = now + super::EXPIRE_EVERY;
        // Each for itself: what keeps one from the disk need not keep the other.
        let rows = self.adopt_one().and_then(|()| self.seal_due());
        let cells = self.adopt_one_of_cells().and_then(|()| self.seal_cells_due());
        let done = rows.and(cells).and(self.expire_sealed());
        if !(self.adopt.is_empty() && self.adopt_cells.is_empty()) {
            self.seal_at = now;
        }
        let words = done.err().map(|error| format!("history is not sealed: {error}"));
        if let Some(words) = words.as_ref().filter(|words| self.seal_error.as_ref() != Some(words)) {
            tracing::error!("{words}");
        }
        self.seal_error = words;
    }

    /// Seals the full hours of every system's tail.
    fn seal_due(&mut self) -> Result<(), StoreError> {
        for system in self.index.systems() {
            let ends = |past: &Past| Some((*past.tail.at_ms().first()?, *past.tail.at_ms().last()?));
            let Some((oldest_ms, newest_ms)) = self.index.with(&system, ends).flatten() else { continue };
            let before_ms = (newest_ms - SEAL_AFTER_MS).div_euclid(HOUR_MS) * HOUR_MS;
            if oldest_ms < before_ms {
                self.seal_before(&system, before_ms)?;
            }
        }
        Ok(())
    }

    fn seal_before(&mut self, system: &str, before_ms: i64) -> Result<(), StoreError> {
        let before_s = before_ms.div_euclid(1_000);
        let Some(db) = &mut self.db else { return Ok(()) };
        let (mut rows, newest) = db.unsealed(system, before_s)?;
        while let Some(first_ms) = rows.at_ms().first().copied() {
            let day = Day::of(first_ms);
            let end = rows.range(first_ms, day.end_ms()).end;
            let of_day = rows.slice(0..end);
            rows.forget_before(day.end_ms());
            let (segment, rollups) = match seal(&self.folder, system, day, &of_day) {
                Err(StoreError::Parquet { path, why }) => {
                    // The file that is there cannot be read. Put aside, it does not keep the new rows from being sealed.
                    let kept_as = restore::set_aside(&path, utc_now())?;
                    tracing::error!("{} was damaged ({why}) and is kept as {}", path.display(), kept_as.display());
                    seal(&self.folder, system, day, &of_day)?
                }
                sealed => sealed?,
            };
            db.sealed(system, &segment, &rollups, (before_s, newest))?;
            self.index.sealed(system, segment, before_ms);
            tracing::debug!(system, %day, rows = segment.rows, "history sealed");
        }
        Ok(())
    }

    /// Deletes sealed days that are too old, and the oldest one while the disk has too little room.
    fn expire_sealed(&mut self) -> Result<(), StoreError> {
        #[allow(clippy::useless_conversion, reason = "these are 32 bits wide on small machines")]
        let short_of_room = statvfs(&self.folder).is_ok_and(|fs| {
            let free = u64::from(fs.blocks_available()) * u64::from(fs.fragment_size());
            free < self.options.disk_free_min_bytes
        });
        for system in self.index.systems() {
            let days = self.index.with(&system, |past| past.segments.keys().copied().collect::<Vec<_>>());
            let going = going(&days.unwrap_or_default(), self.options.keep_sealed, short_of_room);
            for day in going {
                self.delete_day(&system, day)?;
            }
        }
        self.expire_cells(short_of_room)?;
        if short_of_room {
            let _ = fs::remove_dir_all(columns::folder(&self.folder));
        }
        Ok(())
    }

    fn delete_day(&mut self, system: &str, day: Day) -> Result<(), StoreError> {
        let Some(db) = &mut self.db else { return Ok(()) };
        db.forget(system, day)?;
        self.index.forget(system, day);
        columns::forget(&self.folder, system, day);
        let path = segment::path(&self.folder, system, day);
        tracing::info!("history of {day} of {system} is deleted: it is too old, or the disk is nearly full");
        fs::remove_file(&path).map_err(StoreError::io(&path))
    }
}

/// Which of these days go: those too old beside the newest, and the oldest one while there is too little room.
pub(super) fn going(days: &[Day], keep: Duration, short_of_room: bool) -> Vec<Day> {
    let Some(newest) = days.last() else { return Vec::new() };
    let kept_days = (keep.as_secs() / 86_400) as i32;
    let spare = days.len().saturating_sub(DAYS_KEPT_MIN);
    let too_old = days.iter().take(spare).take_while(|day| newest.0 - day.0 > kept_days).count();
    days[..too_old.max(usize::from(short_of_room && spare > 0))].to_vec()
}
