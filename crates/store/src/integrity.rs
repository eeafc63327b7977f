//! Whether the file of a sealed day is still what was written: looked at when it is first used after a start or has changed
//! on the disk, and before rows join it. One that is damaged is no history any more: the other days answer, and the writer
//! sets it aside.

use crate::checksum::checksum;
use crate::database::Reader;
use crate::day::Day;
use crate::error::StoreError;
use crate::guard::guarded;
use crate::index::Index;
use crate::minutes::Minute as _;
use crate::numbers::{State, state_of};
use crate::sealed::{Finding, Kind, Sealed};
use crate::segment::Opened;
use crate::shared::Shared;
use domain::device_minute::DeviceMinute;
use domain::minute::CellMinute;
use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The operating system's word for a disk that does not give back what was written.
const EIO: i32 = 5;

/// How soon after a file is replaced that is registered.
const REGISTERED: Duration = Duration::from_secs(2);
const REPLACED: &str = "it was replaced meanwhile; ask again";

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
        Kind::Cells => Ok(CellMinute::describe(path, of.day)?.rows),
        Kind::Devices => Ok(DeviceMinute::describe(path, of.day)?.rows),
    }
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
