//! Minutes of cells and of device points, looked after as the rows of the pack are: taken in at the start, sealed by the
//! hour.

use super::Writer;
use crate::database::Taken;
use crate::day::Day;
use crate::error::StoreError;
use crate::index::{Indexed, Kept};
use crate::layout;
use crate::minutes::{MinuteDay, day_of};
use crate::sealed::Kind;
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

const HOUR_MINUTES: i64 = 60;

impl Writer {
    /// The sealed days of this kind whose files are there, and notes which files have still to be taken in.
    pub(super) fn known_minutes(&mut self, kind: Kind) -> Result<BTreeMap<String, Vec<MinuteDay>>, StoreError> {
        let mut known: BTreeMap<String, Vec<MinuteDay>> = BTreeMap::new();
        let Some(db) = &mut self.db else { return Ok(known) };
        let mut gone = Vec::new();
        for (system, of) in db.minute_days(kind)? {
            let path = kind.path(&self.folder, &system, of.day);
            match fs::metadata(&path) {
                Ok(meta) if meta.len() == of.bytes => known.entry(system).or_default().push(of),
                Ok(_) => {}
                Err(_) => gone.push((system, of.day)),
            }
        }
        self.gone_at_start(kind, gone)?;
        let there = |system: &String, day: Day| known.get(system).is_some_and(|all| all.iter().any(|of| of.day == day));
        let on_disk = layout::days_on_disk(&self.folder, kind.name());
        self.adopt[kind as usize] = on_disk.into_iter().filter(|(system, day)| !there(system, *day)).collect();
        Ok(known)
    }

    /// What there is of a system's minutes at the start: what came while the database was away is in memory only.
    pub(super) fn restored<M: Kept>(
        &mut self,
        system: &str,
        days: Option<Vec<MinuteDay>>,
    ) -> Result<Indexed<M>, StoreError> {
        let in_memory = self.index.with(system, |indexed| M::of(indexed).tail.clone());
        let tail = match (in_memory, &mut self.db) {
            (Some(tail), _) => tail,
            (None, Some(db)) => db.unsealed_minutes(system, i64::MAX)?.0,
            (None, None) => BTreeMap::new(),
        };
        Ok(Indexed::new(days.unwrap_or_default(), tail))
    }

    /// Takes in one file that the catalogue does not know.
    pub(super) fn adopt_one_of_minutes<M: Kept>(&mut self) -> Result<(), StoreError> {
        self.register_replaced()?;
        let kind = M::KIND;
        let Some((system, day)) = self.adopt[kind as usize].pop() else { return Ok(()) };
        let path = kind.path(&self.folder, &system, day);
        match M::describe(&path, day) {
            Ok(of) => {
                let Some(db) = &mut self.db else { return Ok(()) };
                if let Err(error) = db.minutes_sealed(kind, &system, &of, Taken::NOTHING) {
                    self.adopt[kind as usize].push((system, day));
                    return Err(error);
                }
                self.index.minutes_sealed(kind, &system, of, i64::MIN);
                self.came_back(&system, kind, day);
                tracing::info!("took in sealed minutes {}: {} rows", path.display(), of.rows);
            }
            Err(error) => {
                self.damaged((&system, kind, day), &error.to_string())?;
                let Some(db) = &mut self.db else { return Ok(()) };
                db.forget_minutes(kind, &system, day)?;
                self.index.forget(&system, kind, day);
            }
        }
        Ok(())
    }

    /// Seals the full hours of every system's minutes. A minute is handed over when it has ended, so that the first one of
    /// an hour tells that the hour before is full.
    pub(super) fn seal_minutes_due<M: Kept>(&mut self) -> Result<(), StoreError> {
        for system in self.index.systems() {
            let ends = self.index.with(&system, |indexed| {
                let tail = &M::of(indexed).tail;
                Some((*tail.first_key_value()?.0, *tail.last_key_value()?.0))
            });
            let Some((oldest, newest)) = ends.flatten() else { continue };
            let before = newest.div_euclid(HOUR_MINUTES) * HOUR_MINUTES;
            if oldest < before {
                self.seal_minutes_before::<M>(&system, before)?;
            }
        }
        Ok(())
    }

    pub(super) fn seal_minutes_before<M: Kept>(&mut self, system: &str, before: i64) -> Result<(), StoreError> {
        self.register_replaced()?;
        let kind = M::KIND;
        let Some(db) = &mut self.db else { return Ok(()) };
        let (minutes, newest) = db.unsealed_minutes::<M>(system, before)?;
        let index = Arc::clone(&self.index);
        let minutes: Vec<M> = minutes.into_values().map(Arc::unwrap_or_clone).collect();
        for of_day in minutes.chunk_by(|a, b| day_of(a.number()) == day_of(b.number())) {
            let day = day_of(of_day[0].number());
            let path = kind.path(&self.folder, system, day);
            self.doubt(system, kind, day)?;
            let _replacing = index.replacing();
            self.look_again(system, kind, day)?;
            let (written, sealed) = match M::seal(&path, day, of_day) {
                Err(StoreError::Parquet { why, .. }) => {
                    let words = format!("{} is damaged: {why}", path.display());
                    self.damaged((system, kind, day), &words)?;
                    M::seal(&path, day, of_day)?
                }
                sealed => sealed?,
            };
            let Some(db) = &mut self.db else { return Ok(()) };
            let taken = Taken { before, newest };
            db.replacing(system, &sealed.sealed(kind), taken)?;
            let put = written.put();
            if let Err(error) = put.and_then(|()| db.minutes_sealed(kind, system, &sealed, taken)) {
                // As of rows: until it is registered, nobody shall call it damaged.
                self.adopt[kind as usize].push((system.to_owned(), day));
                self.index.forget(system, kind, day);
                return Err(error);
            }
            self.index.minutes_sealed(kind, system, sealed, before);
            tracing::debug!(system, %day, rows = sealed.rows, "{} sealed", kind.name());
        }
        Ok(())
    }
}
