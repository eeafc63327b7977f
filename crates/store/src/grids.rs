//! Sealed days of cells as plain counts, minute by minute and cell by cell, in mapped files: what questions run over.
//!
//! As `columns.rs`: made when they are first asked for, and deleted at any time: `work/cache/<system>/<day>-cells-<rows>-<values>/`.

use crate::cache::Cache;
use crate::cells::file;
use crate::columns::folder;
use crate::day::Day;
use crate::error::StoreError;
use crate::integrity::Checks;
use crate::minutes::{DAY_MINUTES, MinuteDay};
use crate::numbers::Numbers;
use crate::sealed::Kind;
use domain::minute::Stat;
use domain::reading::CellQuantity;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How much stays mapped, bytes: 30 days of two numbers of 260 cells.
const MAPPED_MAX_BYTES: usize = 64 << 20;

/// One number of every minute and cell of a day.
pub(crate) type Grid = Arc<Numbers<u16>>;

type Key = (String, Day, (u64, u64), CellQuantity, Stat);

/// The grids of sealed days.
pub(crate) struct Grids {
    data: PathBuf,
    checks: Arc<Checks>,
    known: Cache<Key, u16>,
}

impl Grids {
    /// The grids of what is sealed below `data`.
    pub(crate) fn new(data: &Path, checks: Arc<Checks>) -> Grids {
        Grids { data: data.to_owned(), checks, known: Cache::new(MAPPED_MAX_BYTES) }
    }

    /// One number of every cell and minute of the day: `of.width` for each minute.
    ///
    /// # Errors
    /// The file cannot be read, or is not the one that `of` describes.
    pub(crate) fn get(
        &self,
        system: &str,
        of: &MinuteDay,
        quantity: CellQuantity,
        stat: Stat,
    ) -> Result<Grid, StoreError> {
        let key = (system.to_owned(), of.day, (of.rows, of.values), quantity, stat);
        if let Some(found) = self.known.get(&key) {
            return Ok(found);
        }
        let cached = self.folder(system, of).join(format!("{}.u16", file::column_name(quantity, stat)));
        let len = DAY_MINUTES as usize * of.width as usize;
        self.checks.check(system, of.sealed(Kind::Cells))?;
        let day = Kind::Cells.path(&self.data, system, of.day);
        let grid = Arc::new(Numbers::at(&cached, &day, len, || file::grid(&day, of, quantity, stat))?);
        self.known.insert(key, grid.clone(), |(of_system, day, state, ..)| {
            (of_system.as_str(), *day) == (system, of.day) && *state != (of.rows, of.values)
        });
        self.forget_earlier(system, of);
        Ok(grid)
    }

    fn folder(&self, system: &str, of: &MinuteDay) -> PathBuf {
        folder(&self.data).join(system).join(format!("{}{}-{}", prefix(of.day), of.rows, of.values))
    }

    /// Removes the grids of an earlier file of the day. Who has them mapped keeps them.
    fn forget_earlier(&self, system: &str, of: &MinuteDay) {
        let mine = self.folder(system, of);
        for folder in of_day(&self.data, system, of.day).into_iter().filter(|folder| *folder != mine) {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Removes the grids of a day that is no more.
pub(crate) fn forget(data: &Path, system: &str, day: Day) {
    of_day(data, system, day).into_iter().for_each(|folder| drop(fs::remove_dir_all(folder)));
}

fn prefix(day: Day) -> String {
    format!("{day}-cells-")
}

fn of_day(data: &Path, system: &str, day: Day) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder(data).join(system)).into_iter().flatten().flatten();
    let mine = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix(day)));
    mine.map(|entry| entry.path()).collect()
}
