//! Whether the file of a sealed day is still what was written: looked at when it is first used after a start or has changed
//! on the disk, and before rows join it. One that is damaged is no history any more: the other days answer, and the writer
//! sets it aside.

use crate::cells::{self, CellDay};
use crate::database::Reader;
use crate::day::Day;
use crate::error::StoreError;
use crate::guard::guarded;
use crate::index::Index;
use crate::numbers::{State, state_of};
use crate::segment::{self, Opened, Segment};
use crate::shared::Shared;
use std::collections::HashMap;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The operating system's word for a disk that does not give back what was written.
const EIO: i32 = 5;

/// How soon after a file is replaced that is registered.
const REGISTERED: Duration = Duration::from_secs(2);
const REPLACED: &str = "it was replaced meanwhile; ask again";

/// What a sealed day holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// Rows of the pack.
    Pack,
    /// Minutes of cells.
    Cells,
}

impl Kind {
    /// Both.
    pub(crate) const ALL: [Kind; 2] = [Kind::Pack, Kind::Cells];

    /// The name of its folders.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Pack => "pack",
            Kind::Cells => "cells",
        }
    }

    /// The file of a day.
    pub(crate) fn path(self, data: &Path, system: &str, day: Day) -> PathBuf {
        match self {
            Kind::Pack => segment::path(data, system, day),
            Kind::Cells => cells::path(data, system, day),
        }
    }
}

/// What the catalogue says of a day's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// What it holds.
    pub(crate) kind: Kind,
    /// Its day.
    pub(crate) day: Day,
    /// How many rows it has.
    pub(crate) rows: u64,
    /// Its size.
    pub(crate) bytes: u64,
    /// CRC-32 of the file; `None` in entries of earlier versions that were not looked at since.
    pub(crate) checksum: Option<u32>,
}

impl From<&Segment> for Sealed {
    fn from(of: &Segment) -> Sealed {
        let Segment { day, rows, bytes, checksum, .. } = *of;
        Sealed { kind: Kind::Pack, day, rows, bytes, checksum }
    }
}

impl From<&CellDay> for Sealed {
    fn from(of: &CellDay) -> Sealed {
        let CellDay { day, rows, bytes, checksum, .. } = *of;
        Sealed { kind: Kind::Cells, day, rows, bytes, checksum }
    }
}

/// CRC-32 of a whole file.
///
/// # Errors
/// [`StoreError::Io`].
pub(crate) fn checksum(path: &Path) -> Result<u32, StoreError> {
    let mut file = File::open(path).map_err(StoreError::io(path))?;
    let mut hasher = crc32fast::Hasher::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer).map_err(StoreError::io(path))? {
            0 => return Ok(hasher.finalize()),
            len => hasher.update(&buffer[..len]),
        }
    }
}

/// Looks through the file of a day. Without a known checksum all of it is decoded. Returns its checksum.
///
/// # Errors
/// [`StoreError::Parquet`] if it is damaged; [`StoreError::Io`] if it cannot be reached.
pub(crate) fn look(data: &Path, system: &str, of: &Sealed) -> Result<u32, StoreError> {
    let path = of.kind.path(data, system, of.day);
    let bad = |why: String| StoreError::Parquet { path: path.clone(), why };
    let found_bytes = state_of(&path)?.0;
    if found_bytes != of.bytes {
        return Err(bad(format!("it has {found_bytes} bytes in place of {}", of.bytes)));
    }
    let found = checksum(&path).map_err(|error| match error {
        StoreError::Io { source, .. } if source.raw_os_error() == Some(EIO) => {
            bad(format!("the disk does not give it back ({source})"))
        }
        other => other,
    })?;
    let rows = match of.checksum {
        Some(known) if known == found => return Ok(found),
        Some(known) => {
            return Err(bad(format!("bytes in it have changed (checksum {found:08x} in place of {known:08x})")));
        }
        None => guarded(|| rows_of(&path, of)).unwrap_or_else(|| Err(bad("it cannot be decoded".to_owned())))?,
    };
    if rows == of.rows { Ok(found) } else { Err(bad(format!("it has {rows} rows in place of {}", of.rows))) }
}

/// How many rows can be decoded.
fn rows_of(path: &Path, of: &Sealed) -> Result<u64, StoreError> {
    match of.kind {
        Kind::Pack => {
            let mut opened = Opened::open(path)?;
            opened.has_rows(of.rows)?;
            Ok(opened.block()?.len() as u64)
        }
        Kind::Cells => Ok(cells::file::describe(path, of.day)?.rows),
    }
}

/// What was found by who asked, for the writer.
#[derive(Clone, Debug)]
pub(crate) enum Finding {
    /// A file is not what was written.
    Damaged(String, Kind, Day),
    /// A file whose checksum was not known can be read.
    Sound(String, Sealed),
}

/// Who keeps the files.
pub(crate) enum Keeper {
    /// The writer of this program: it sets aside what is damaged.
    Writer(Arc<Shared>),
    /// A server, if one runs. Here is its database.
    Elsewhere(PathBuf),
}

type Key = (String, Kind, Day);

/// What was looked at since the start.
pub(crate) struct Checks {
    data: PathBuf,
    index: Arc<Index>,
    keeper: Keeper,
    sound: Mutex<HashMap<Key, (Sealed, State)>>,
}

impl Checks {
    /// Nothing is looked at yet.
    pub(crate) fn new(data: &Path, index: Arc<Index>, keeper: Keeper) -> Checks {
        Checks { data: data.to_owned(), index, keeper, sound: Mutex::default() }
    }

    /// Looks at a day's file unless that was done since it was written.
    ///
    /// # Errors
    /// [`StoreError::DayDamaged`]: then the day is no history any more, and to ask again finds the others. The day was
    /// replaced meanwhile, or cannot be reached.
    pub(crate) fn check(&self, system: &str, of: impl Into<Sealed>) -> Result<(), StoreError> {
        let of: Sealed = of.into();
        let path = of.kind.path(&self.data, system, of.day);
        let key = (system.to_owned(), of.kind, of.day);
        let lock = || self.sound.lock().unwrap_or_else(PoisonError::into_inner);
        // No file is replaced while it is looked at.
        let _steady = self.index.steady();
        if !self.index.has(system, &of) {
            return Err(StoreError::Parquet { path, why: REPLACED.to_owned() });
        }
        let looked = match state_of(&path) {
            Ok(state) if lock().get(&key) == Some(&(of, state)) => return Ok(()),
            Ok(state) => look(&self.data, system, &of).map(|found| (state, found)),
            Err(StoreError::Io { path, source }) if source.kind() == ErrorKind::NotFound => {
                Err(StoreError::Parquet { path, why: "it is gone".to_owned() })
            }
            Err(error) => Err(error),
        };
        match looked {
            Ok((state, found)) => {
                lock().insert(key, (of, state));
                if of.checksum.is_none() {
                    let of = Sealed { checksum: Some(found), ..of };
                    self.tell(Finding::Sound(system.to_owned(), of));
                }
                Ok(())
            }
            Err(StoreError::Parquet { path, why }) => {
                if let Keeper::Elsewhere(database) = &self.keeper {
                    // A server may just have put a longer file in its place: then it has registered that by now.
                    std::thread::sleep(REGISTERED);
                    let now = Reader::open(database)?.sealed_day(system, of.kind, of.day);
                    if now.map_err(StoreError::sqlite(database))? != Some(of) {
                        return Err(StoreError::Parquet { path, why: REPLACED.to_owned() });
                    }
                    tracing::error!("{} is damaged and left out: {why}", path.display());
                }
                self.index.drop_day(system, of.kind, of.day);
                self.tell(Finding::Damaged(system.to_owned(), of.kind, of.day));
                Err(StoreError::DayDamaged { path, why })
            }
            Err(error) => Err(error),
        }
    }

    fn tell(&self, finding: Finding) {
        if let Keeper::Writer(writer) = &self.keeper {
            writer.found(finding);
        }
    }
}
