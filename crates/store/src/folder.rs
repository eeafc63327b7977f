//! The data folder: made if it is missing, and held by one server at a time.

use crate::error::StoreError;
use crate::owner;
use crate::settle::settle;
use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

/// Holding this file open and locked is what makes the folder ours. The file stays; the lock goes with the process,
/// however it ends, so there is never a stale one to clear away.
const LOCK_FILE: &str = "packtwin.lock";

/// The folder is ours as long as this lives.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

/// A process that starts another one shares its locks with it for some milliseconds, also those that it has just given up:
/// so it is tried again so often, with such pauses.
const ATTEMPTS: usize = 10;
const PAUSE: Duration = Duration::from_millis(20);

fn try_lock(file: &File) -> Result<(), TryLockError> {
    for _ in 1..ATTEMPTS {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => sleep(PAUSE),
            tried => return tried,
        }
    }
    file.try_lock()
}

/// Makes the folder if need be, and takes it.
pub(crate) fn take(folder: &Path) -> Result<FolderLock, StoreError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| StoreError::Io { path, source }
    };
    owner::folder(folder).map_err(|source| match source.kind() {
        // A link to nowhere is there, and is no folder.
        io::ErrorKind::AlreadyExists if !folder.exists() => failed(folder)(io::ErrorKind::NotFound.into()),
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => StoreError::NotAFolder(folder.to_owned()),
        _ => failed(folder)(source),
    })?;
    let path = folder.join(LOCK_FILE);
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed(&path))?;
    match try_lock(&file) {
        Ok(()) => {
            settle(folder)?;
            Ok(FolderLock { _file: file })
        }
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(&path)(source)),
    }
}
