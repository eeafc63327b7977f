//! Who may do what, and what was done: the handle to `control.db`.
//!
//! One connection writes, one reads what decides, one reads lists: who is asked for by a command never waits behind a long
//! list. Another process, such as the command line, may do the same meanwhile: SQLite lets one write at a time, and the
//! other waits for two seconds. What [`Control::write`] has returned survives a power cut.
//!
//! A file that is damaged, newer, or gone is an error, never an empty one: nobody shall be let in because the list of
//! those who may come is lost. That it was there before, the file `control.begun` beside it says.

mod backup;

use crate::audit::{Audited, Broken, Head, Walk};
use crate::database::{ControlFile, Failed, Tables};
use crate::error::StoreError;
use crate::layout;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The log is moved into the file after so many commits.
const CHECKPOINT_EVERY: u32 = 256;
/// Entries of the audit that are in memory at once when it is checked.
const BATCH: i64 = 500;

/// Handles to the same file are clones.
#[derive(Clone)]
pub struct Control(Arc<Inner>);

struct Inner {
    path: PathBuf,
    /// Both closed before the writer: only a connection that may write can move the log into the file when it is the last.
    reader: Reader,
    lister: Reader,
    /// Taken away after an error that says nothing good about the disk: the next one opens and checks it anew.
    writer: Mutex<Option<ControlFile>>,
    commits: AtomicU32,
}

impl Control {
    /// Opens `control.db` in the data folder. It is made if it never was.
    ///
    /// # Errors
    /// The file is damaged, of a newer version or another program, or was there and is gone: each with what to do.
    pub fn open(data: &Path) -> Result<Control, StoreError> {
        Control::open_here(data).map_err(|error| match (&error, backup::backups(data).pop()) {
            (StoreError::ControlGone(_) | StoreError::Damaged { .. }, Some(newest)) => {
                StoreError::ControlLost { why: Box::new(error), path: layout::control(data), newest }
            }
            _ => error,
        })
    }

    fn open_here(data: &Path) -> Result<Control, StoreError> {
        let path = layout::control(data);
        is_not_gone(&path, &layout::control_begun(data))?;
        let writer = ControlFile::write(&path)?;
        note_begun(&layout::control_begun(data))?;
        let (reader, lister) = (Reader::open(&path)?, Reader::open(&path)?);
        let inner = Inner { path, reader, lister, writer: Mutex::new(Some(writer)), commits: AtomicU32::new(0) };
        Ok(Control(Arc::new(inner)))
    }

    /// Whether the folder has a `control.db`, or had one.
    pub fn exists(data: &Path) -> bool {
        layout::control(data).exists() || layout::control_begun(data).exists()
    }

    /// Does all of `work`, or nothing of it. When it returns, a power cut takes nothing of it. Waits for the disk.
    ///
    /// # Errors
    /// Nothing was changed: the disk is full or failed, or another process holds the file.
    pub fn write<T>(&self, work: impl FnOnce(&mut Tables<'_>) -> Result<T, Failed>) -> Result<T, StoreError> {
        let mut writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match &mut *writer {
            Some(file) => file,
            none => none.insert(ControlFile::write(&self.0.path)?),
        };
        let done = file.change(work).map_err(StoreError::sqlite(&self.0.path));
        match &done {
            Ok(_) if self.0.commits.fetch_add(1, Ordering::Relaxed) % CHECKPOINT_EVERY == CHECKPOINT_EVERY - 1 => {
                if let Err(error) = file.checkpoint().map_err(StoreError::sqlite(&self.0.path)) {
                    tracing::warn!("{error}");
                }
            }
            Err(error) if !error.leaves_connection_good() => *writer = None,
            _ => {}
        }
        done
    }

    /// Reads what is one state of the file: a few rows, for a decision. Waits for the disk, not for who writes.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read<T>(&self, work: impl FnOnce(&mut Tables<'_>) -> Result<T, Failed>) -> Result<T, StoreError> {
        self.0.reader.ask(&self.0.path, |file| file.ask(work))
    }

    /// The same for what may take long: lists, searches. [`Control::read`] does not wait for it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn list<T>(&self, work: impl FnOnce(&mut Tables<'_>) -> Result<T, Failed>) -> Result<T, StoreError> {
        self.0.lister.ask(&self.0.path, |file| file.ask(work))
    }

    /// Goes along the audit from its begin to its end, some entries at a time. `noted` is an end that was noted elsewhere
    /// before: the chain must still have it.
    ///
    /// # Errors
    /// The file cannot be read. The inner error is the first place where the chain does not hold.
    pub fn verify(&self, noted: Option<Head>) -> Result<Result<Head, Broken>, StoreError> {
        walk(|after| self.list(|tables| tables.audit_after(after, BATCH)), noted)
    }

    /// Copies the file as it is now into another one, which must not be there.
    fn copy_to(&self, copy: &Path) -> Result<(), StoreError> {
        self.0.lister.ask(&self.0.path, |file| file.copy_to(copy))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.0.path
    }
}

/// A connection that reads. After an error the next one opens another.
struct Reader(Mutex<Option<ControlFile>>);

impl Reader {
    fn open(path: &Path) -> Result<Reader, StoreError> {
        ControlFile::read(path).map(|file| Reader(Mutex::new(Some(file))))
    }

    fn ask<T>(
        &self,
        path: &Path,
        work: impl FnOnce(&mut ControlFile) -> Result<T, sqlx::Error>,
    ) -> Result<T, StoreError> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = match &mut *file {
            Some(open) => open,
            none => none.insert(ControlFile::read(path)?),
        };
        let done = work(open).map_err(StoreError::sqlite(path));
        if done.is_err() {
            *file = None;
        }
        done
    }
}

/// Goes along the chain; `next` gives the entries after one, some at a time.
fn walk(
    mut next: impl FnMut(i64) -> Result<Vec<Audited>, StoreError>,
    noted: Option<Head>,
) -> Result<Result<Head, Broken>, StoreError> {
    let mut walk = Walk::new(noted);
    loop {
        let batch = next(walk.head.seq)?;
        if batch.is_empty() {
            return Ok(walk.end());
        }
        if let Err(broken) = batch.iter().try_for_each(|next| walk.step(next)) {
            return Ok(Err(broken));
        }
    }
}

/// Refuses a file that was there and is gone.
fn is_not_gone(path: &Path, begun: &Path) -> Result<(), StoreError> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => Err(StoreError::NotAFile(path.to_owned())),
        Ok(meta) if meta.len() == 0 && begun.exists() => Err(StoreError::ControlGone(path.to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound && begun.exists() => {
            Err(StoreError::ControlGone(path.to_owned()))
        }
        // What else cannot be is told where it is opened.
        _ => Ok(()),
    }
}

/// Notes that there is a `control.db`, durably.
fn note_begun(begun: &Path) -> Result<(), StoreError> {
    const WORDS: &str = "control.db beside this file has the accounts and the audit of this site.\n\
        If it is lost and no backup is there, delete this file too: packtwin then begins without accounts.\n";
    if begun.exists() {
        return Ok(());
    }
    let write = || -> std::io::Result<()> {
        let mut file = File::create(begun)?;
        file.write_all(WORDS.as_bytes())?;
        file.sync_all()?;
        File::open(begun.parent().unwrap_or(Path::new(".")))?.sync_all()
    };
    write().map_err(StoreError::io(begun))
}

#[cfg(test)]
mod tests;
