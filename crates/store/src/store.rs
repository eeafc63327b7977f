//! The handle: open, append, read back, close.

use crate::database::Row;
use crate::error::{Notice, StoreError};
use crate::history::History;
use crate::index::Index;
use crate::integrity::Keeper;
use crate::layout;
use crate::options::Options;
use crate::queue::Second;
use crate::shared::{Health, Shared};
use crate::writer::Writer;
use domain::time::Utc;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// The history of a site in one folder. Clones are handles to the same history; when the last one is dropped, what is
/// waiting is written, as [`Store::close`] does.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
    index: Arc<Index>,
    history: History,
}

impl Store {
    /// Opens the history in `folder`, making both if they are missing. Takes two seconds at most, unless the disk hangs.
    /// `opened_at` goes into the name of a damaged file.
    ///
    /// The notices are for people: a damaged file that was put aside, or a disk that does not take anything now. In the
    /// latter case rows wait in memory and storing begins by itself when it can.
    ///
    /// # Errors
    /// What only a person can put right: the folder is used by another server, is no folder, holds a folder in place of
    /// the file, or a file of a newer version or of another program.
    pub fn open(folder: &Path, opened_at: Utc) -> Result<(Store, Vec<Notice>), StoreError> {
        Store::open_with(folder, opened_at, Options::default())
    }

    /// As [`Store::open`], kept in another way.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(folder: &Path, opened_at: Utc, options: Options) -> Result<(Store, Vec<Notice>), StoreError> {
        let shared = Arc::new(Shared::new(options.pending_max_bytes));
        let index = Arc::new(Index::default());
        let mut writer = Writer::new(folder.to_owned(), options, Arc::clone(&shared), Arc::clone(&index));
        let notices = writer.start(opened_at)?;
        let gone = Gone(Arc::clone(&shared));
        let run = move || {
            let _gone = gone;
            writer.run();
        };
        let thread = thread::Builder::new().name("history".to_owned()).spawn(run).map_err(StoreError::Thread)?;
        let history =
            History::new(folder, layout::database(folder), Arc::clone(&index), Keeper::Writer(Arc::clone(&shared)));
        let inner = Inner { shared, writer: Mutex::new(Some(thread)), index, history };
        Ok((Store(Arc::new(inner)), notices))
    }

    /// Hands over one second of one system. Never waits for the disk and never fails: what cannot be stored is counted
    /// in [`Store::health`].
    pub fn append(&self, row: Second) {
        self.0.index.append(&row.system, &row.rows);
        self.0.index.add_minute(&row.system, row.cells.as_ref());
        self.0.index.add_minute(&row.system, row.devices.as_ref());
        self.0.shared.append(row);
    }

    /// The stored rows of `system` that touch the time from `from` up to but not including `to`, oldest first.
    /// Missing seconds are missing; a second has two rows if it was recorded twice.
    ///
    /// Blocks on the disk, about a millisecond for ten minutes. All rows are held in memory: ask for an hour at a time.
    /// Rows appended in the last second may not be there yet.
    ///
    /// # Errors
    /// The file cannot be read: [`StoreError::Sqlite`] or [`StoreError::Damaged`].
    pub fn tail(&self, system: &str, from: Utc, to: Utc) -> Result<Vec<Row>, StoreError> {
        let (from_s, to_s) = (from.0.div_euclid(1_000_000), to.0.saturating_add(999_999).div_euclid(1_000_000));
        self.0.history.tape(system, from_s, to_s)
    }

    /// The past, for questions.
    pub fn history(&self) -> &History {
        &self.0.history
    }

    /// How the history does.
    pub fn health(&self) -> Health {
        self.0.shared.health()
    }

    /// What a person should know of the disk and the files of history, worst first. Cheap: for every cycle.
    pub fn troubles(&self) -> Vec<domain::storage::StorageTrouble> {
        self.0.shared.troubles()
    }

    /// Writes what was appended so far, now. Blocks until it is committed or has failed.
    ///
    /// # Errors
    /// [`StoreError::Unwritten`]; the rows wait on and are tried again.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.0.shared.flush();
        self.unwritten()
    }

    /// Writes what is waiting and closes the file, for every clone. Blocks until it is done; a second time it does
    /// nothing. What is appended afterwards is not stored.
    ///
    /// # Errors
    /// [`StoreError::Unwritten`]: the rows are lost.
    pub fn close(&self) -> Result<(), StoreError> {
        self.0.stop();
        self.unwritten()
    }

    fn unwritten(&self) -> Result<(), StoreError> {
        match self.health() {
            Health { pending: rows @ 1.., error: Some(why), .. } => Err(StoreError::Unwritten { rows, why }),
            _ => Ok(()),
        }
    }
}

impl Inner {
    fn stop(&self) {
        self.shared.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if writer.is_some_and(|writer| writer.join().is_err()) {
            tracing::error!("the history's writer thread ended by a panic");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Tells those who wait when the writer thread is gone, even by a panic.
struct Gone(Arc<Shared>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.stopped();
    }
}
