//! Files by their paths.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

thread_local! {
    static FILES: RefCell<HashMap<PathBuf, &'static [u8]>> = RefCell::default();
}

/// Puts a file at `path`, as links then name it: the folder of the site file and the path in it, joined.
pub fn put(path: impl Into<PathBuf>, content: &'static [u8]) {
    FILES.with_borrow_mut(|files| files.insert(path.into(), content));
}

/// The content of a file.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    FILES.with_borrow(|files| files.get(path).map(|content| content.to_vec())).ok_or(io::ErrorKind::NotFound.into())
}
