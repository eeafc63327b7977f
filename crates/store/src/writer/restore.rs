//! At the start: what the catalogue says is held against the files that are there.
//!
//! The files are the truth. One that the catalogue does not know, after the database was damaged for instance, is taken
//! in again; one that cannot be read is put aside under another name.

use super::Writer;
use crate::aside;
use crate::checksum::checksum;
use crate::database::Taken;
use crate::day::Day;
use crate::error::StoreError;
use crate::index::{Index, SystemIndex};
use crate::layout;
use crate::replaced::{self, Settled};
use crate::seal;
use crate::sealed::Kind;
use crate::segment::{Opened, Segment};
use domain::storage::StorageKind;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

impl Writer {
    /// Fills the index from the database, and notes which files have still to be taken in.
    pub(super) fn restore(&mut self) -> Result<(), StoreError> {
        if let Err(error) = self.register_replaced() {
            // Readings are stored all the same. It is tried again, and told, before anything is sealed.
            tracing::error!("a sealed day cannot be registered: {error}");
        }
        let Some(db) = &mut self.db else { return Ok(()) };
        let mut gone = Vec::new();
        let mut known: BTreeMap<String, Vec<Segment>> = BTreeMap::new();
        for (system, segment) in db.catalogue()? {
            let path = Kind::Pack.path(&self.folder, &system, segment.day);
            match fs::metadata(&path) {
                Ok(meta) if meta.len() == segment.bytes => known.entry(system).or_default().push(segment),
                // Another file under its name: sealed again just before a power cut, or put there by hand.
                Ok(_) => {}
                Err(_) => gone.push((system, segment.day)),
            }
        }
        self.gone_at_start(Kind::Pack, gone)?;
        self.index.leave_out(aside::left_out(&self.folder));
        let there = |system: &String, day: Day| known.get(system).is_some_and(|all| all.iter().any(|s| s.day == day));
        let on_disk = layout::days_on_disk(&self.folder, Kind::Pack.name());
        self.adopt[Kind::Pack as usize] = on_disk.into_iter().filter(|(system, day)| !there(system, *day)).collect();
        let (mut cells, mut devices) = (self.known_minutes(Kind::Cells)?, self.known_minutes(Kind::Devices)?);
        self.to_take_in = self.adopt.iter().map(Vec::len).sum();
        let Some(db) = &mut self.db else { return Ok(()) };
        let mut systems: BTreeSet<String> = db.systems()?.into_iter().collect();
        systems.extend(known.keys().cloned());
        for system in systems {
            let segments = known.remove(&system).unwrap_or_default();
            let tail = match (self.index.with(&system, |indexed| indexed.tail.clone()), &mut self.db) {
                // What came while the database was away is in memory only.
                (Some(tail), _) => tail,
                (None, Some(db)) => db.unsealed(&system, i64::MAX)?.0,
                (None, None) => return Ok(()),
            };
            let cells = self.restored(&system, cells.remove(&system))?;
            let devices = self.restored(&system, devices.remove(&system))?;
            self.index.restore(&system, SystemIndex::of(segments, tail, cells, devices));
        }
        Ok(())
    }

    /// Files of sealed days that are not where they were left: said once for each system, noted for each day.
    pub(super) fn gone_at_start(&mut self, kind: Kind, gone: Vec<(String, Day)>) -> Result<(), StoreError> {
        let mut of_system: BTreeMap<String, Vec<Day>> = BTreeMap::new();
        gone.into_iter().for_each(|(system, day)| of_system.entry(system).or_default().push(day));
        for (system, days) in of_system {
            let (Some(first), Some(last)) = (days.first(), days.last()) else { continue };
            let path = kind.path(&self.folder, &system, *first);
            let what = match days.len() {
                1 => format!("{} is gone", path.display()),
                count => {
                    let folder = path.parent().unwrap_or(&self.folder).display();
                    format!("{count} days from {first} to {last} are gone from {folder}")
                }
            };
            let words = format!(
                "{what}: what they held is missing from all answers. Put the files back from a copy and start again."
            );
            tracing::error!("{words}");
            self.troubles.happened(StorageKind::Damaged, words.clone(), (self.wall)());
            for day in days {
                match aside::note_gone(&self.folder, (&system, kind), day, &words) {
                    Ok(()) => self.forget_day(&system, kind, day)?,
                    // It stays in the catalogue, and is missed again at the next start.
                    Err(error) => {
                        tracing::error!("it cannot be noted that {day} is gone: {error}");
                        self.index.drop_day(&system, kind, day);
                    }
                }
            }
        }
        Ok(())
    }

    /// The file of a day that was gone is here again.
    pub(super) fn came_back(&mut self, system: &str, kind: Kind, day: Day) {
        if aside::note_back(&self.folder, (system, kind), day) {
            self.index.take_back(system, kind, day);
        }
    }

    /// Registers the files that were replaced when something kept us from it.
    pub(super) fn register_replaced(&mut self) -> Result<(), StoreError> {
        let Some(db) = &mut self.db else { return Ok(()) };
        // At the start nothing is in memory yet: all of it is read from the database afterwards.
        let in_memory = |index: &Index, system: &str| index.with(system, |_| ()).is_some();
        replaced::settle(db, &self.folder, |settled| match settled {
            Settled::Pack(system, segment, before_s) => {
                self.adopt[Kind::Pack as usize].retain(|(of, day)| *of != system || *day != segment.day);
                if in_memory(&self.index, &system) {
                    self.index.sealed(&system, segment, before_s.saturating_mul(1_000));
                }
            }
            Settled::Minutes(kind, system, day, before) => {
                self.adopt[kind as usize].retain(|(of, sealed)| *of != system || *sealed != day.day);
                if in_memory(&self.index, &system) {
                    self.index.minutes_sealed(kind, &system, day, before);
                }
            }
        })
    }

    /// Moves a file that cannot be read to where nobody takes it for history, and says so.
    pub(super) fn damaged(&mut self, (system, kind, day): (&str, Kind, Day), why: &str) -> Result<(), StoreError> {
        let path = kind.path(&self.folder, system, day);
        let kept_as = aside::put(&self.folder, aside::DAMAGED, (system, kind.name()), &path, why)?;
        self.index.leave_out([(system.to_owned(), kind, day)]);
        let words = format!("{}. It is set aside as {}.", why, kept_as.display());
        tracing::error!("{words}");
        self.troubles.happened(StorageKind::Damaged, words, (self.wall)());
        Ok(())
    }

    /// Takes in one file that the catalogue does not know.
    pub(super) fn adopt_one(&mut self) -> Result<(), StoreError> {
        self.register_replaced()?;
        let Some((system, day)) = self.adopt[Kind::Pack as usize].pop() else { return Ok(()) };
        let path = Kind::Pack.path(&self.folder, &system, day);
        match Opened::open(&path).and_then(|mut opened| opened.block()) {
            Ok(rows) => {
                let bytes = fs::metadata(&path).map_err(StoreError::io(&path))?.len();
                let segment = seal::describe(day, &rows, bytes, checksum(&path)?);
                let Some(db) = &mut self.db else { return Ok(()) };
                if let Err(error) = db.sealed(&system, &segment, &seal::rollups(day, &rows), Taken::NOTHING) {
                    self.adopt[Kind::Pack as usize].push((system, day));
                    return Err(error);
                }
                self.index.sealed(&system, segment, i64::MIN);
                self.came_back(&system, Kind::Pack, day);
                tracing::info!("took in sealed history {}: {} rows", path.display(), segment.rows);
            }
            Err(error) => {
                self.damaged((&system, Kind::Pack, day), &error.to_string())?;
                if let Some(db) = &mut self.db {
                    db.forget(&system, day)?;
                }
                self.index.forget(&system, Kind::Pack, day);
            }
        }
        Ok(())
    }
}
