//! What is made in the data folder is its owner's alone: folders that nobody else enters, files that nobody else reads.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Folders that are made.
const FOLDER: u32 = 0o700;
/// Files that are made.
const FILE: u32 = 0o600;
/// What others may do.
const OTHERS: u32 = 0o077;

/// Makes a folder, and those above it, unless it is there. One that is there stays as it is: whoever made it may share it.
///
/// # Errors
/// As of [`fs::create_dir_all`].
pub fn folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER).create(path)
}

/// Makes a file, empty, unless it is there; then it is taken from all others.
///
/// # Errors
/// It is not there and cannot be made, or cannot be looked at.
pub fn file(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(meta) => {
            if meta.permissions().mode() & OTHERS != 0 {
                // Who does not own it need not be able to.
                let _ = fs::set_permissions(path, Permissions::from_mode(FILE));
            }
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            OpenOptions::new().write(true).create(true).truncate(false).mode(FILE).open(path).map(drop)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_the_owners_and_a_folder_that_is_there_stays() {
        let place = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let made = place.path().join("data/systems");
        folder(&made).unwrap();
        assert_eq!((mode(&place.path().join("data")), mode(&made)), (0o700, 0o700));
        fs::set_permissions(&made, Permissions::from_mode(0o750)).unwrap();
        folder(&made).unwrap();
        assert_eq!(mode(&made), 0o750);
        let of_all = made.join("day");
        fs::write(&of_all, "day").unwrap();
        fs::set_permissions(&of_all, Permissions::from_mode(0o644)).unwrap();
        for path in [&of_all, &made.join("new")] {
            file(path).unwrap();
            assert_eq!(mode(path), 0o600);
        }
        assert_eq!(fs::read(&of_all).unwrap(), b"day");
        assert!(file(&place.path().join("none/new")).is_err());
    }
}
