//! The data folder: made if it is missing, and held by one server at a time.

use crate::error::StoreError;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

/// Holding this file open and locked is what makes the folder ours. The file stays; the lock goes with the process,
/// however it ends, so there is never a stale one to clear away.
const LOCK_FILE: &str = "packtwin.lock";

/// The folder is ours as long as this lives.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

/// Makes the folder if need be, and takes it.
pub(crate) fn take(folder: &Path) -> Result<FolderLock, StoreError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| StoreError::Io { path, source }
    };
    fs::create_dir_all(folder).map_err(|source| match source.kind() {
        // A link to nowhere is there, and is no folder.
        io::ErrorKind::AlreadyExists if !folder.exists() => failed(folder)(io::ErrorKind::NotFound.into()),
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => StoreError::NotAFolder(folder.to_owned()),
        _ => failed(folder)(source),
    })?;
    let path = folder.join(LOCK_FILE);
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed(&path))?;
    match file.try_lock() {
        Ok(()) => {
            crate::layout::settle(folder)?;
            Ok(FolderLock { _file: file })
        }
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(&path)(source)),
    }
}
