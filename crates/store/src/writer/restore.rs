//! At the start: what the catalogue says is held against the files that are there.
//!
//! The files are the truth. One that the catalogue does not know, after the database was damaged for instance, is taken
//! in again; one that cannot be read is put aside under another name.

use super::Writer;
use crate::aside;
use crate::database::Taken;
use crate::day::Day;
use crate::error::StoreError;
use crate::index::{Index, Past};
use crate::integrity::checksum;
use crate::layout;
use crate::replaced::{self, Settled};
use crate::seal;
use crate::segment::{self, Opened, Segment};
use domain::storage::StorageKind;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

impl Writer {
    /// Fills the index from the database, and notes which files have still to be taken in.
    pub(super) fn restore(&mut self) -> Result<(), StoreError> {
        if let Err(error) = self.register_replaced() {
            // Readings are stored all the same. It is tried again, and told, before anything is sealed.
            tracing::error!("a sealed day cannot be registered: {error}");
        }
        let Some(db) = &mut self.db else { return Ok(()) };
        let mut known: BTreeMap<String, Vec<Segment>> = BTreeMap::new();
        for (system, segment) in db.catalogue()? {
            let path = segment::path(&self.folder, &system, segment.day);
            match fs::metadata(&path) {
                Ok(meta) if meta.len() == segment.bytes => known.entry(system).or_default().push(segment),
                // Another file under its name: sealed again just before a power cut, or put there by hand.
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!("sealed history {} is gone ({error}); its rows are lost", path.display());
                    db.forget(&system, segment.day)?;
                }
            }
        }
        let there = |system: &String, day: Day| known.get(system).is_some_and(|all| all.iter().any(|s| s.day == day));
        let on_disk = days_on_disk(&self.folder, segment::folder);
        self.adopt = on_disk.into_iter().filter(|(system, day)| !there(system, *day)).collect();
        let mut cells = self.known_cells()?;
        let Some(db) = &mut self.db else { return Ok(()) };
        let mut systems: BTreeSet<String> = db.systems()?.into_iter().collect();
        systems.extend(known.keys().cloned());
        for system in systems {
            let segments = known.remove(&system).unwrap_or_default();
            let (tail, cell_tail) = match self.index.with(&system, |past| (past.tail.clone(), past.cell_tail.clone())) {
                // What came while the database was away is in memory only.
                Some(tails) => tails,
                None => (db.unsealed(&system, i64::MAX)?.0, db.unsealed_cells(&system, i64::MAX)?.0),
            };
            let cell_days = cells.remove(&system).unwrap_or_default();
            self.index.restore(&system, Past::of(segments, tail, cell_days, cell_tail));
        }
        Ok(())
    }

    /// Registers the files that were replaced when something kept us from it.
    pub(super) fn register_replaced(&mut self) -> Result<(), StoreError> {
        let Some(db) = &mut self.db else { return Ok(()) };
        // At the start nothing is in memory yet: all of it is read from the database afterwards.
        let in_memory = |index: &Index, system: &str| index.with(system, |_| ()).is_some();
        replaced::settle(db, &self.folder, |settled| match settled {
            Settled::Pack(system, segment, before_s) => {
                self.adopt.retain(|(of, day)| *of != system || *day != segment.day);
                if in_memory(&self.index, &system) {
                    self.index.sealed(&system, segment, before_s.saturating_mul(1_000));
                }
            }
            Settled::Cells(system, day, before) => {
                self.adopt_cells.retain(|(of, sealed)| *of != system || *sealed != day.day);
                if in_memory(&self.index, &system) {
                    self.index.cells_sealed(&system, day, before);
                }
            }
        })
    }

    /// Moves a file that cannot be read to where nobody takes it for history, and says so.
    pub(super) fn damaged(&mut self, of: (&str, &str), path: &Path, why: &str) -> Result<(), StoreError> {
        let kept_as = aside::put(&self.folder, "damaged", of, path, why)?;
        let words = format!("{}. It is set aside as {}.", why, kept_as.display());
        tracing::error!("{words}");
        self.troubles.happened(StorageKind::Damaged, words, (self.wall)());
        Ok(())
    }

    /// Takes in one file that the catalogue does not know.
    pub(super) fn adopt_one(&mut self) -> Result<(), StoreError> {
        self.register_replaced()?;
        let Some((system, day)) = self.adopt.pop() else { return Ok(()) };
        let path = segment::path(&self.folder, &system, day);
        match Opened::open(&path).and_then(|mut opened| opened.block()) {
            Ok(rows) => {
                let bytes = fs::metadata(&path).map_err(StoreError::io(&path))?.len();
                let segment = seal::describe(day, &rows, bytes, checksum(&path)?);
                let Some(db) = &mut self.db else { return Ok(()) };
                if let Err(error) = db.sealed(&system, &segment, &seal::rollups(day, &rows), Taken::NOTHING) {
                    self.adopt.push((system, day));
                    return Err(error);
                }
                self.index.sealed(&system, segment, i64::MIN);
                tracing::info!("took in sealed history {}: {} rows", path.display(), segment.rows);
            }
            Err(error) => {
                self.damaged((&system, "pack"), &path, &error.to_string())?;
                if let Some(db) = &mut self.db {
                    db.forget(&system, day)?;
                }
                self.index.forget(&system, day);
            }
        }
        Ok(())
    }
}

/// Every `<day>.parquet` in that folder of each system below the data folder.
pub(super) fn days_on_disk(data: &Path, folder: impl Fn(&Path, &str) -> PathBuf) -> Vec<(String, Day)> {
    let folders = fs::read_dir(layout::systems(data)).into_iter().flatten().flatten();
    let systems = folders.filter_map(|entry| entry.file_name().into_string().ok());
    let mut days = Vec::new();
    for system in systems {
        for file in fs::read_dir(folder(data, &system)).into_iter().flatten().flatten() {
            let day = file.file_name().into_string().ok();
            let day = day.as_deref().and_then(|name| name.strip_suffix(".parquet")?.parse().ok());
            days.extend(day.map(|day| (system.clone(), day)));
        }
    }
    days
}
