//! Copies of `control.db`: one before its schema changes, and one a day. For the day on which the file is lost.
//!
//! A copy is made whole under another name, its chain is checked, and only then it gets its own name: what is called a
//! backup can be used. It lies beside the file, so it helps against a damaged file, not against a lost disk: copy the
//! folder `backups` elsewhere.

use super::Control;
use crate::database::ControlFile;
use crate::error::StoreError;
use crate::layout;
use crate::owner;
use domain::time::{Utc, civil};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// So many days are kept.
const KEPT: usize = 14;
const PREFIX: &str = "control-";
const SUFFIX: &str = ".db";

impl Control {
    /// Makes the backup of this day, if there is none; the oldest go. Takes as long as copying the file.
    ///
    /// # Errors
    /// It cannot be written, or what was written is not whole: then it is gone again. The file itself is as before.
    pub fn back_up(&self, now: Utc) -> Result<Option<PathBuf>, StoreError> {
        let data = self.path().parent().unwrap_or(Path::new("."));
        let folder = layout::backups(data);
        owner::folder(&folder).map_err(StoreError::io(&folder))?;
        let (year, month, day) = civil(now.0.div_euclid(86_400_000_000));
        let path = folder.join(format!("{PREFIX}{year:04}-{month:02}-{day:02}{SUFFIX}"));
        if path.exists() {
            return Ok(None);
        }
        let copy = folder.join("unfinished");
        let made = make(self, &copy).and_then(|()| fs::rename(&copy, &path).map_err(StoreError::io(&path)));
        if made.is_err() {
            let _ = fs::remove_file(&copy);
        }
        made?;
        let mut all = backups(data);
        // Names sort by day.
        let old = all.len().saturating_sub(KEPT);
        all.drain(..old).for_each(|old| drop(fs::remove_file(old)));
        Ok(Some(path))
    }
}

/// Copies the file, durably, and checks the copy.
fn make(control: &Control, copy: &Path) -> Result<(), StoreError> {
    let _ = fs::remove_file(copy);
    control.copy_to(copy)?;
    owner::file(copy).map_err(StoreError::io(copy))?;
    File::open(copy).and_then(|file| file.sync_all()).map_err(StoreError::io(copy))?;
    let mut reader = ControlFile::read(copy)?;
    let checked = super::walk(
        |after| reader.ask(|tables| tables.audit_after(after, super::BATCH)).map_err(StoreError::sqlite(copy)),
        None,
    )?;
    checked.map(drop).map_err(|broken| StoreError::Damaged { path: copy.to_owned(), why: broken.to_string() })
}

/// The backups of a data folder, oldest first.
pub(crate) fn backups(data: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(layout::backups(data)).into_iter().flatten().flatten();
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| is_backup(path)).collect();
    all.sort();
    all
}

fn is_backup(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}
