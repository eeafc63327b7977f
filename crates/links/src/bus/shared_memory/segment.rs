//! The segment as a file: opened, read whole, and found to be another.

use crate::device::shared_cells::{SharedCells, WrongSize};
use domain::link::LinkFault;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;

/// Why a segment cannot be read.
#[derive(Debug)]
pub(super) enum SegmentFault {
    /// It is not there.
    Missing,
    /// It was there, and is there no more.
    Removed,
    /// Something else has its name.
    NoFile,
    /// It has another size.
    Size(WrongSize),
    /// The system refuses.
    Refused(io::Error),
}

impl SegmentFault {
    /// What it counts as.
    pub(super) fn counts_as(&self) -> LinkFault {
        match self {
            SegmentFault::Size(_) => LinkFault::WrongLength,
            SegmentFault::Missing | SegmentFault::Removed | SegmentFault::NoFile | SegmentFault::Refused(_) => {
                LinkFault::Refused
            }
        }
    }

    /// What is wrong with the segment at `path`, and what to do.
    pub(super) fn message(&self, path: &Path) -> String {
        let path = path.display();
        match self {
            SegmentFault::Missing => format!("there is no {path}: start the program that writes it"),
            SegmentFault::Removed => format!("{path} was removed: start the program that writes it"),
            SegmentFault::NoFile => format!("{path} is no file"),
            SegmentFault::Size(wrong) => format!("{path} {wrong}: has its writer as many cells as this system?"),
            SegmentFault::Refused(error) => format!("{path} cannot be read: {error}"),
        }
    }
}

impl From<io::Error> for SegmentFault {
    fn from(error: io::Error) -> SegmentFault {
        match error.kind() {
            ErrorKind::NotFound => SegmentFault::Missing,
            _ => SegmentFault::Refused(error),
        }
    }
}

/// An open segment.
#[derive(Debug)]
pub(super) struct Segment {
    file: File,
    /// Device and number: another file under the same name has others.
    identity: (u64, u64),
}

impl Segment {
    /// Opens the segment at `path`, if it has the right size.
    pub(super) fn open(path: &Path, table: &SharedCells) -> Result<Segment, SegmentFault> {
        // Looked at before it is opened: to open a pipe would wait for its writer.
        check(&fs::metadata(path)?, table)?;
        let file = File::open(path)?;
        let found = file.metadata()?;
        check(&found, table)?;
        Ok(Segment { file, identity: identity(&found) })
    }

    /// Fills `bytes` with the segment that is at `path` now. Returns whether that is another one than before.
    pub(super) fn read(&mut self, path: &Path, table: &SharedCells, bytes: &mut [u8]) -> Result<bool, SegmentFault> {
        let replaced = match fs::metadata(path) {
            Ok(found) => identity(&found) != self.identity,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(SegmentFault::Removed),
            Err(error) => return Err(SegmentFault::Refused(error)),
        };
        if replaced {
            *self = Segment::open(path, table)?;
        }
        check(&self.file.metadata()?, table)?;
        let mut filled = 0;
        while filled < bytes.len() {
            match self.file.read_at(&mut bytes[filled..], filled as u64) {
                // Cut off since its size was looked at.
                Ok(0) => return table.check_size(filled as u64).map(|()| replaced).map_err(SegmentFault::Size),
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(SegmentFault::Refused(error)),
            }
        }
        Ok(replaced)
    }
}

fn identity(found: &Metadata) -> (u64, u64) {
    (found.dev(), found.ino())
}

fn check(found: &Metadata, table: &SharedCells) -> Result<(), SegmentFault> {
    if found.is_file() { table.check_size(found.len()).map_err(SegmentFault::Size) } else { Err(SegmentFault::NoFile) }
}

/// How long nothing has changed.
#[derive(Debug, Default)]
pub(super) struct Stillness {
    last: Vec<u8>,
    polls: u32,
}

impl Stillness {
    /// Takes what was read; says how many times before it was the same without a break.
    pub(super) fn see(&mut self, bytes: &[u8]) -> u32 {
        if self.last == bytes {
            self.polls = self.polls.saturating_add(1);
        } else {
            self.last.clear();
            self.last.extend_from_slice(bytes);
            self.polls = 0;
        }
        self.polls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stillness_counts_until_something_changes() {
        let mut stillness = Stillness::default();
        let seen = [[1, 2], [1, 2], [1, 2], [1, 3], [1, 3], [1, 2]].map(|bytes| stillness.see(&bytes));
        assert_eq!(seen, [0, 1, 2, 0, 1, 0]);
    }
}
