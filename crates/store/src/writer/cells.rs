//! Minutes of cells, looked after as the rows of the pack are: taken in at the start, sealed by the hour, deleted by age
//! and for want of room.

use super::Writer;
use super::retention::Gone;
use crate::cells::{CellDay, day_of, file};
use crate::database::Taken;
use crate::day::Day;
use crate::error::StoreError;
use crate::grids;
use crate::layout;
use crate::sealed::{Kind, Sealed};
use domain::minute::CellMinute;
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

const HOUR_MINUTES: i64 = 60;

impl Writer {
    /// The sealed days of cells whose files are there, and notes which files have still to be taken in.
    pub(super) fn known_cells(&mut self) -> Result<BTreeMap<String, Vec<CellDay>>, StoreError> {
        let mut known: BTreeMap<String, Vec<CellDay>> = BTreeMap::new();
        let Some(db) = &mut self.db else { return Ok(known) };
        let mut gone = Vec::new();
        for (system, of) in db.cell_days()? {
            let path = Kind::Cells.path(&self.folder, &system, of.day);
            match fs::metadata(&path) {
                Ok(meta) if meta.len() == of.bytes => known.entry(system).or_default().push(of),
                Ok(_) => {}
                Err(_) => gone.push((system, of.day)),
            }
        }
        self.gone_at_start(Kind::Cells, gone)?;
        let there = |system: &String, day: Day| known.get(system).is_some_and(|all| all.iter().any(|of| of.day == day));
        let on_disk = layout::days_on_disk(&self.folder, Kind::Cells.name());
        self.adopt_cells = on_disk.into_iter().filter(|(system, day)| !there(system, *day)).collect();
        Ok(known)
    }

    /// Takes in one file that the catalogue does not know.
    pub(super) fn adopt_one_of_cells(&mut self) -> Result<(), StoreError> {
        self.register_replaced()?;
        let Some((system, day)) = self.adopt_cells.pop() else { return Ok(()) };
        let path = Kind::Cells.path(&self.folder, &system, day);
        match file::describe(&path, day) {
            Ok(of) => {
                let Some(db) = &mut self.db else { return Ok(()) };
                if let Err(error) = db.cells_sealed(&system, &of, Taken::NOTHING) {
                    self.adopt_cells.push((system, day));
                    return Err(error);
                }
                self.index.cells_sealed(&system, of, i64::MIN);
                self.came_back(&system, Kind::Cells, day);
                tracing::info!("took in sealed cells {}: {} rows", path.display(), of.rows);
            }
            Err(error) => {
                self.damaged((&system, Kind::Cells, day), &error.to_string())?;
                let Some(db) = &mut self.db else { return Ok(()) };
                db.forget_cells(&system, day)?;
                self.index.forget_cells(&system, day);
            }
        }
        Ok(())
    }

    /// Seals the full hours of every system's cells. A minute is handed over when it has ended, so that the first one of
    /// an hour tells that the hour before is full.
    pub(super) fn seal_cells_due(&mut self) -> Result<(), StoreError> {
        for system in self.index.systems() {
            let ends = self.index.with(&system, |indexed| {
                Some((*indexed.cell_tail.first_key_value()?.0, *indexed.cell_tail.last_key_value()?.0))
            });
            let Some((oldest, newest)) = ends.flatten() else { continue };
            let before = newest.div_euclid(HOUR_MINUTES) * HOUR_MINUTES;
            if oldest < before {
                self.seal_cells_before(&system, before)?;
            }
        }
        Ok(())
    }

    pub(super) fn seal_cells_before(&mut self, system: &str, before: i64) -> Result<(), StoreError> {
        self.register_replaced()?;
        let Some(db) = &mut self.db else { return Ok(()) };
        let (minutes, newest) = db.unsealed_cells(system, before)?;
        let index = Arc::clone(&self.index);
        let minutes: Vec<CellMinute> = minutes.into_values().map(Arc::unwrap_or_clone).collect();
        for of_day in minutes.chunk_by(|a, b| day_of(a.minute) == day_of(b.minute)) {
            let day = day_of(of_day[0].minute);
            let path = Kind::Cells.path(&self.folder, system, day);
            self.doubt(system, true, day)?;
            let _replacing = index.replacing();
            self.look_again(system, Kind::Cells, day)?;
            let (written, sealed) = match file::seal(&path, day, of_day) {
                Err(StoreError::Parquet { why, .. }) => {
                    let words = format!("{} is damaged: {why}", path.display());
                    self.damaged((system, Kind::Cells, day), &words)?;
                    file::seal(&path, day, of_day)?
                }
                sealed => sealed?,
            };
            let Some(db) = &mut self.db else { return Ok(()) };
            let taken = Taken { before, newest };
            db.replacing(system, &Sealed::from(&sealed), taken)?;
            let put = written.put();
            if let Err(error) = put.and_then(|()| db.cells_sealed(system, &sealed, taken)) {
                // As of rows: until it is registered, nobody shall call it damaged.
                self.adopt_cells.push((system.to_owned(), day));
                self.index.forget_cells(system, day);
                return Err(error);
            }
            self.index.cells_sealed(system, sealed, before);
            tracing::debug!(system, %day, rows = sealed.rows, "cells sealed");
        }
        Ok(())
    }

    /// Deletes a sealed day of cells, and says why.
    pub(super) fn delete_cells(&mut self, system: &str, day: Day, why: &Gone) -> Result<(), StoreError> {
        let Some(db) = &mut self.db else { return Ok(()) };
        db.forget_cells(system, day)?;
        self.index.forget_cells(system, day);
        grids::forget(&self.folder, system, day);
        let path = Kind::Cells.path(&self.folder, system, day);
        fs::remove_file(&path).map_err(StoreError::io(&path))?;
        self.gone(system, &format!("Cells of {day}"), why)
    }
}
