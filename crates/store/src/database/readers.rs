//! Connections for questions: a few, kept open, each for one question at a time. Who finds none free waits.

use super::Reader;
use crate::error::StoreError;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// So many questions are answered at once. Each connection has a cache of some megabytes and a thread.
const READERS_MAX: usize = 4;

/// The connections to one file.
pub(crate) struct Readers {
    path: PathBuf,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<(Reader, Option<FileId>)>,
    busy: usize,
}

/// Device and number of a file: another one may take its place, which an open connection would not notice.
type FileId = (u64, u64);

fn file_id(path: &Path) -> Option<FileId> {
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

impl Readers {
    /// None is open yet.
    pub(crate) fn new(path: PathBuf) -> Readers {
        Readers { path, state: Mutex::default(), freed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks over a connection that is kept, unless asking fails.
    ///
    /// # Errors
    /// The file cannot be opened or read.
    pub(crate) fn ask<T>(&self, ask: impl FnOnce(&mut Reader) -> sqlx::Result<T>) -> Result<T, StoreError> {
        let mut state = self.lock();
        while state.busy == READERS_MAX {
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.busy += 1;
        let idle = state.idle.pop();
        drop(state);
        let _place = Place(self);
        let file = file_id(&self.path);
        let mut reader = match idle {
            Some((reader, of)) if of == file => reader,
            _ => Reader::open(&self.path)?,
        };
        let answer = ask(&mut reader).map_err(StoreError::sqlite(&self.path))?;
        self.lock().idle.push((reader, file));
        Ok(answer)
    }
}

/// One of the places. It is free again when this is dropped, by a panic too.
struct Place<'a>(&'a Readers);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.lock().busy -= 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Database;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    #[test]
    fn a_few_questions_at_once_the_others_wait_and_all_are_answered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        let readers = Readers::new(path.clone());
        assert!(readers.ask(|_| Ok(())).is_err(), "there is no file");
        drop(Database::open(&path).unwrap());
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let ask = || {
            readers.ask(|reader| {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(20));
                now.fetch_sub(1, Ordering::SeqCst);
                reader.any_replaced()
            })
        };
        thread::scope(|scope| {
            let all: Vec<_> = (0..4 * READERS_MAX).map(|_| scope.spawn(ask)).collect();
            all.into_iter().for_each(|one| assert!(!one.join().unwrap().unwrap()));
        });
        assert!((2..=READERS_MAX).contains(&most.load(Ordering::SeqCst)), "{most:?}");
        // After a failure or a panic the place is free, and the connection is not kept.
        for _ in 0..2 * READERS_MAX {
            assert!(readers.ask(|_| Err::<(), _>(sqlx::Error::WorkerCrashed)).is_err());
            thread::scope(|scope| assert!(scope.spawn(|| readers.ask::<()>(|_| panic!("bent"))).join().is_err()));
        }
        let state = readers.lock();
        assert_eq!((state.idle.len(), state.busy), (0, 0));
        drop(state);
        assert!(!ask().unwrap());
    }

    #[test]
    fn a_file_that_took_the_place_of_another_is_the_one_that_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        drop(Database::open(&path).unwrap());
        let readers = Readers::new(path.clone());
        let systems = || readers.ask(|reader| Ok(reader.everything()?.tails.len())).unwrap();
        assert_eq!(systems(), 0);
        fs::rename(&path, folder.path().join("old.db")).unwrap();
        let mut db = Database::open(&path).unwrap();
        db.run("INSERT INTO system (name) VALUES ('hv')");
        assert_eq!(systems(), 1);
    }
}
