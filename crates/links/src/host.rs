//! What links need of the machine that they run on: time that passes, ways to devices, files.
//!
//! With the feature `sockets` that is the system, by Tokio. Without it the program that runs the links gives all three
//! ([`inside`]): so they run in a browser, beside simulated devices.

pub mod inside;

#[cfg(not(feature = "sockets"))]
pub(crate) use inside::{files::read, net, time};
#[cfg(feature = "sockets")]
pub(crate) use system_files::{is_file, read, read_up_to};
#[cfg(feature = "sockets")]
pub(crate) use tokio::{net, time};

/// Files of the system, of a size that can be.
#[cfg(feature = "sockets")]
mod system_files {
    use std::fs::File;
    use std::io::{Error, Read};
    use std::path::Path;

    /// The longest file that is read whole, bytes: the largest DBC files and register tables in use have a few MB.
    const LONGEST_BYTES: u64 = 16_000_000;

    /// The content of a file.
    ///
    /// # Errors
    /// It cannot be read, is no file, such as a device or a folder, or has more than 16 MB.
    pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
        let words = || Error::other(format!("it has more than {} MB", LONGEST_BYTES / 1_000_000));
        read_up_to(path, LONGEST_BYTES)?.ok_or_else(words)
    }

    /// The content of a file; `None` if it has more bytes than `longest`.
    ///
    /// # Errors
    /// It cannot be read, or is no file.
    pub(crate) fn read_up_to(path: &Path, longest: u64) -> Result<Option<Vec<u8>>, Error> {
        is_file(path)?;
        let mut bytes = Vec::new();
        File::open(path)?.take(longest + 1).read_to_end(&mut bytes)?;
        Ok((bytes.len() as u64 <= longest).then_some(bytes))
    }

    /// Whether something can be read as a file. Asked before it is opened: opening a pipe waits for its writer.
    ///
    /// # Errors
    /// Why not: it is not there, or a device, a pipe or a folder.
    pub(crate) fn is_file(path: &Path) -> Result<(), Error> {
        let found = std::fs::metadata(path)?;
        let what = if found.is_dir() { "a folder" } else { "a device or a pipe" };
        found.is_file().then_some(()).ok_or_else(|| Error::other(format!("it is {what}, not a file")))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn what_has_no_end_is_not_read() {
            let folder = tempfile::tempdir().unwrap();
            let (large, small) = (folder.path().join("large"), folder.path().join("small"));
            File::create(&large).unwrap().set_len(LONGEST_BYTES + 1).unwrap();
            std::fs::write(&small, "a").unwrap();
            assert_eq!(read(&small).unwrap(), b"a");
            for (path, says) in [
                (large.as_path(), "it has more than 16 MB"),
                (folder.path(), "it is a folder, not a file"),
                (Path::new("/dev/zero"), "it is a device or a pipe, not a file"),
            ] {
                assert_eq!(read(path).unwrap_err().to_string(), says, "{}", path.display());
            }
        }
    }
}
