//! Once a minute: what is too old goes, and while the disk is short of room, what can best be missed.
//!
//! By age a system loses a day an hour at most, and none while the clock cannot be believed. For want of room, what can be
//! made again goes first, then tape around alarms, and only then the oldest sealed day, a minute at a time.

use super::Writer;
use crate::day::Day;
use crate::error::StoreError;
use crate::event::{Event, EventKind};
use crate::layout;
use crate::queue::Second;
use crate::sealed::Kind;
use crate::trust::Clock;
use domain::alarm::Severity;
use domain::storage::StorageKind;
use nix::sys::statvfs::{Statvfs, statvfs};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often a day of a system may go by age.
pub(super) const AGE_EVERY: Duration = Duration::from_secs(3_600);
/// The newest days stay, however little room there is.
const DAYS_KEPT_MIN: usize = 2;
/// So much tape around alarms goes at once while the disk is short of room.
const TRIM_ROWS: usize = 20_000;

/// Why a day goes.
pub(super) enum Gone {
    /// It is older than so many days.
    Age(u64),
    /// The disk has so much room, and so much is to be kept free, bytes.
    Room(u64, u64),
}

impl Writer {
    /// Deletes what is too old, or what must go for want of room.
    pub(super) fn expire_sealed(&mut self, now: Instant) -> Result<(), StoreError> {
        if now >= self.age_at && self.clock == Clock::Right {
            self.expire_by_age()?;
            self.age_at = now + AGE_EVERY;
        }
        self.make_room()
    }

    fn expire_by_age(&mut self) -> Result<(), StoreError> {
        let today = Day::of((self.wall)().0.div_euclid(1_000));
        for system in self.index.systems() {
            // Days are counted back from the newest; one that the clock is not near to says nothing of age.
            let oldest = |days: &[Day], keep: Duration| {
                let newest = days.last().filter(|day| (day.0 - today.0).abs() <= 1)?;
                let oldest = *days.first()?;
                let kept_days = i32::try_from(keep.as_secs() / 86_400).unwrap_or(i32::MAX);
                (days.len() > DAYS_KEPT_MIN && newest.0 - oldest.0 > kept_days).then_some(oldest)
            };
            for kind in Kind::ALL {
                let keep = match kind {
                    Kind::Pack => self.options.keep_sealed,
                    Kind::Cells => self.options.keep_cells,
                    Kind::Devices => self.options.keep_devices,
                };
                if let Some(day) = oldest(&self.days_of(&system, kind), keep) {
                    self.delete_day(&system, kind, day, &Gone::Age(keep.as_secs() / 86_400))?;
                }
            }
        }
        Ok(())
    }

    fn make_room(&mut self) -> Result<(), StoreError> {
        let (wall, least) = ((self.wall)(), self.options.disk_free_min_bytes);
        let short = |free: Option<u64>| free.filter(|free| *free < least);
        let Some(free) = short((self.free)(&self.folder)) else {
            self.troubles.stand(StorageKind::DiskShort, None, wall);
            return Ok(());
        };
        let words = format!(
            "The disk has {} MB free, {} MB are kept free for history: what can be made again goes, then the oldest days. \
             Free some space.",
            free / 1_000_000,
            least / 1_000_000
        );
        self.troubles.stand(StorageKind::DiskShort, Some(words), wall);
        // What queries spill is theirs until they end: it is room all the same.
        let again = layout::bytes_below(&layout::work(&self.folder));
        let _ = fs::remove_dir_all(layout::cache(&self.folder));
        if free.saturating_add(again) >= least || short((self.free)(&self.folder)).is_none() {
            return Ok(());
        }
        let trimmed = self.db.as_mut().map_or(Ok(0), |db| db.trim_kept(TRIM_ROWS))?;
        if trimmed > 0 {
            tracing::warn!("{trimmed} seconds of tape around alarms are deleted: the disk is nearly full");
            return Ok(());
        }
        let why = Gone::Room(free, least);
        for system in self.index.systems() {
            for kind in Kind::ALL {
                let days = self.days_of(&system, kind);
                if let Some(day) = days.first().copied().filter(|_| days.len() > DAYS_KEPT_MIN) {
                    self.delete_day(&system, kind, day, &why)?;
                }
            }
        }
        Ok(())
    }

    fn days_of(&self, system: &str, kind: Kind) -> Vec<Day> {
        self.index.with(system, |indexed| indexed.days(kind)).unwrap_or_default()
    }

    /// Deletes a sealed day, and says why.
    fn delete_day(&mut self, system: &str, kind: Kind, day: Day, why: &Gone) -> Result<(), StoreError> {
        if self.db.is_none() {
            return Ok(());
        }
        self.remove_day(system, kind, day)?;
        let path = kind.path(&self.folder, system, day);
        fs::remove_file(&path).map_err(StoreError::io(&path))?;
        let what = match kind {
            Kind::Pack => "History",
            Kind::Cells => "Cells",
            Kind::Devices => "Device points",
        };
        self.gone(system, &format!("{what} of {day}"), why)
    }

    /// Says what was deleted and why: in the log, in the system's events, and where storage is looked at.
    fn gone(&mut self, system: &str, what: &str, why: &Gone) -> Result<(), StoreError> {
        let (severity, because) = match why {
            Gone::Age(days) => (Severity::Notice, format!("older than {days} days")),
            Gone::Room(free, least) => (
                Severity::Warning,
                format!("the disk had {} MB free, and {} MB are kept free", free / 1_000_000, least / 1_000_000),
            ),
        };
        let words = format!("{what} deleted: {because}");
        tracing::warn!(system, "{words}");
        let wall = (self.wall)();
        self.troubles.happened(StorageKind::Deleted, format!("{words} ({system})."), wall);
        let event = Event {
            at_ms: wall.0.div_euclid(1_000),
            kind: EventKind::Deleted,
            rule: "history.deleted".to_owned(),
            subject: String::new(),
            severity,
            value: None,
            words,
        };
        let second = Second { system: system.to_owned(), events: vec![event], ..Second::default() };
        self.db.as_mut().map_or(Ok(()), |db| db.commit(&[second]))
    }
}

/// How much room a program without privileges has on the disk of a folder, bytes.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    #[allow(clippy::useless_conversion, reason = "these are 32 bits wide on small machines")]
    let free = |fs: Statvfs| u64::from(fs.blocks_available()) * u64::from(fs.fragment_size());
    statvfs(folder).ok().map(free)
}
