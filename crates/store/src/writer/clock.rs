//! What becomes of readings while the wall clock cannot be believed, and when it can again.
//!
//! Ahead of what is known: days are sealed, and noted as doubtful. Behind it: nothing is sealed. When the clock is back
//! near what is known, both are set aside; when it has stood long enough, both are history. Until then nothing goes by age.

use super::Writer;
use crate::aside;
use crate::block::by_day;
use crate::day::Day;
use crate::error::StoreError;
use crate::index::{Kept, SystemIndex};
use crate::minutes::{Tail, day_of};
use crate::sealed::Kind;
use crate::segment;
use crate::trust::{Clock, DAY_US};
use domain::device_minute::DeviceMinute;
use domain::minute::CellMinute;
use domain::storage::StorageKind;
use domain::time::{Utc, rfc3339};
use std::mem::discriminant;
use std::sync::Arc;
use std::time::Instant;

const MINUTE_MS: i64 = domain::minute::MINUTE_MS;
const DAY_MS: i64 = DAY_US / 1_000;
/// The known time is written so often, µs: an hour, little against the day that is allowed.
const REMEMBER_US: i64 = 3_600_000_000;
/// The folder of what a wrong clock recorded.
const WRONG_TIME: &str = "wrong-time";

impl Writer {
    /// Looks at the clock, before anything is written by it.
    pub(super) fn look_at_clock(&mut self, now: Instant) -> Result<(), StoreError> {
        let (before, clock) = (self.clock, self.trust.look((self.wall)(), now));
        if discriminant(&before) == discriminant(&clock) {
            return Ok(());
        }
        self.seal_at = now;
        if let Some(db) = &mut self.db {
            db.judge_tape_anew();
        }
        if matches!(clock, Clock::Behind(_)) {
            // What waits now is of the time that is known: it goes to its days, so that the rest can be told apart.
            for system in self.index.systems() {
                self.seal_all(&system)?;
            }
            self.remember(true)?;
        }
        // From behind to right, what waits is looked at first: see `settle_clock`.
        if clock != Clock::Right || !matches!(before, Clock::Behind(_)) {
            self.clock = clock;
        }
        Ok(())
    }

    /// Once a minute: what was recorded by a wrong clock is set aside once the clock is right, and the time is remembered.
    pub(super) fn settle_clock(&mut self, now: Instant) -> Result<(), StoreError> {
        let wall = (self.wall)();
        let clock = self.trust.look(wall, now);
        self.troubles.stand(StorageKind::Clock, said(clock, self.trust.known()), wall);
        if clock != Clock::Right {
            return Ok(());
        }
        let wall_ms = wall.0.div_euclid(1_000);
        let future_ms = wall_ms.saturating_add(DAY_MS);
        let Some(db) = &mut self.db else { return Ok(()) };
        let doubtful = db.doubtful()?;
        let any = !doubtful.is_empty();
        for (system, kind, day) in doubtful {
            if day.start_ms() > future_ms {
                self.day_aside(&system, kind, day)?;
            }
        }
        for system in self.index.systems() {
            self.tail_aside(&system, (future_ms, i64::MAX / 2_000))?;
            if matches!(self.clock, Clock::Behind(_)) {
                self.tail_aside(&system, (i64::MIN / 2_000, wall_ms.saturating_sub(DAY_MS)))?;
            }
        }
        if let Some(db) = self.db.as_mut().filter(|_| any) {
            db.doubt_no_more()?;
        }
        self.clock = Clock::Right;
        self.remember(false)
    }

    /// Notes a day that is about to be sealed while the clock is ahead.
    pub(super) fn doubt(&mut self, system: &str, kind: Kind, day: Day) -> Result<(), StoreError> {
        let known_ms = self.trust.known().map_or(i64::MAX, |known| known.0.div_euclid(1_000));
        if !matches!(self.clock, Clock::Ahead(_)) || day.start_ms() <= known_ms.saturating_add(DAY_MS) {
            return Ok(());
        }
        self.db.as_mut().map_or(Ok(()), |db| db.doubt(system, kind, day))
    }

    fn remember(&mut self, behind: bool) -> Result<(), StoreError> {
        let (Some(db), Some(known)) = (&mut self.db, self.trust.known()) else { return Ok(()) };
        let near = |(then, of): (Utc, bool)| of == behind && (known.0 - then.0).abs() < REMEMBER_US;
        if !self.remembered.is_some_and(near) {
            db.remember_clock(known, behind)?;
            self.remembered = Some((known, behind));
        }
        Ok(())
    }

    /// Moves a sealed day of a wrong time away.
    fn day_aside(&mut self, system: &str, kind: Kind, day: Day) -> Result<(), StoreError> {
        let path = kind.path(&self.folder, system, day);
        if path.exists() {
            let kept_as = aside::put(&self.folder, WRONG_TIME, (system, kind.name()), &path, &why(system, day))?;
            self.say_aside(system, &kept_as.display().to_string());
        }
        self.remove_day(system, kind, day)
    }

    /// Writes what is not sealed of a wrong time to files that are set aside, and drops it from the tail.
    fn tail_aside(&mut self, system: &str, (from_ms, to_ms): (i64, i64)) -> Result<(), StoreError> {
        let Some(db) = &mut self.db else { return Ok(()) };
        let of_time = |minute: i64| (from_ms..to_ms).contains(&minute.saturating_mul(MINUTE_MS));
        let of_minutes = |indexed: &SystemIndex| {
            let (cells, devices) = (indexed.cells.tail.keys(), indexed.devices.tail.keys());
            cells.chain(devices).any(|minute| of_time(*minute))
        };
        let there =
            self.index.with(system, |indexed| of_minutes(indexed) || !indexed.tail.range(from_ms, to_ms).is_empty());
        if there != Some(true) {
            return Ok(());
        }
        let (rows, newest_row) = db.unsealed(system, i64::MAX)?;
        let (cells, newest_cells) = db.unsealed_minutes::<CellMinute>(system, i64::MAX)?;
        let (devices, newest_devices) = db.unsealed_minutes::<DeviceMinute>(system, i64::MAX)?;
        for (day, rows) in by_day(rows.slice(rows.range(from_ms, to_ms))) {
            let path = self.place_aside(system, Kind::Pack, day)?;
            segment::replace(&path, &rows)?;
        }
        self.minutes_aside(system, cells, of_time)?;
        self.minutes_aside(system, devices, of_time)?;
        if let Some(db) = &mut self.db {
            db.drop_tail(system, (from_ms, to_ms), [newest_row, newest_cells, newest_devices])?;
        }
        self.index.forget_tail(system, from_ms, to_ms);
        Ok(())
    }

    fn minutes_aside<M: Kept>(
        &mut self,
        system: &str,
        minutes: Tail<M>,
        of_time: impl Fn(i64) -> bool,
    ) -> Result<(), StoreError> {
        let minutes: Vec<Arc<M>> = minutes.into_values().filter(|minute| of_time(minute.number())).collect();
        for of_day in minutes.chunk_by(|a, b| day_of(a.number()) == day_of(b.number())) {
            let path = self.place_aside(system, M::KIND, day_of(of_day[0].number()))?;
            M::write(&path, of_day)?;
        }
        Ok(())
    }

    fn place_aside(&mut self, system: &str, kind: Kind, day: Day) -> Result<std::path::PathBuf, StoreError> {
        let name = format!("{day}.parquet");
        let path = aside::place(&self.folder, WRONG_TIME, (system, kind.name()), &name, &why(system, day))?;
        self.say_aside(system, &path.display().to_string());
        Ok(path)
    }

    fn say_aside(&mut self, system: &str, kept_as: &str) {
        let words = format!("Readings of {system} from a clock that was wrong are set aside as {kept_as}.");
        tracing::warn!("{words}");
        self.troubles.happened(StorageKind::Clock, words, (self.wall)());
    }
}

fn why(system: &str, day: Day) -> String {
    format!(
        "Readings of {system} that were recorded as of {day} by a clock that was wrong by more than a day. If the time is \
         right after all, take them in with packtwin import."
    )
}

/// What a person should know of the clock; nothing while it is right.
fn said(clock: Clock, known: Option<Utc>) -> Option<String> {
    let known = known.map(rfc3339).unwrap_or_default();
    match clock {
        Clock::Right => None,
        Clock::Ahead(us) => Some(format!(
            "The clock is {} days ahead of the last known time, {known}. Nothing is deleted by age until it has stood for a \
             while. If it is wrong, set it: its readings are then set aside.",
            us / DAY_US
        )),
        Clock::Behind(us) => Some(format!(
            "The clock is {} days behind the last known time, {known}. Set it. Its readings wait, for a day at most.",
            us / DAY_US
        )),
    }
}
