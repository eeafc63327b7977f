//! Writing whole days at once, past the tail: generated and imported history. For programs that run while no server
//! does.

use crate::block::{Block, by_day};
use crate::database::{Database, Taken};
use crate::day::Day;
use crate::devices;
use crate::error::{Notice, StoreError};
use crate::event::Event;
use crate::folder::{self, FolderLock};
use crate::guard::guarded;
use crate::integrity::look;
use crate::layout;
use crate::minutes::{self, Minute, MinuteDay};
use crate::name::plain_name;
use crate::queue::Second;
use crate::replaced;
use crate::seal;
use crate::sealed::{Kind, Sealed};
use crate::segment::{self, Segment};
use domain::device_minute::{DeviceMinute, PointMinute};
use domain::minute::CellMinute;
use domain::reading::CellQuantity;
use domain::time::Utc;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What became of rows, or of minutes of cells, that were joined with a history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    /// Those of times of which nothing was there.
    pub new: u64,
    /// Those that filled empty places beside what was there.
    pub filled: u64,
}

/// A history that is filled by days. Several threads may.
pub struct Bulk {
    folder: PathBuf,
    db: Mutex<Database>,
    _lock: FolderLock,
}

impl Bulk {
    /// Opens the history in `folder`, making both if they are missing, and keeps servers out of it.
    ///
    /// # Errors
    /// The folder is used by a server, or cannot be written.
    pub fn open(folder: &Path, now: Utc) -> Result<(Bulk, Option<Notice>), StoreError> {
        let lock = folder::take(folder)?;
        let (mut db, notice) = Database::open_or_renew(&layout::database(folder), now)?;
        // What a server that was killed left half done.
        replaced::settle(&mut db, folder, drop)?;
        Ok((Bulk { folder: folder.to_owned(), db: Mutex::new(db), _lock: lock }, notice))
    }

    /// The sealed days of a system whose files are there.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn days(&self, system: &str) -> Result<Vec<Segment>, StoreError> {
        let there = |s: &Segment| Kind::Pack.path(&self.folder, system, s.day).exists();
        let all = self.db().catalogue()?;
        Ok(all.into_iter().filter(|(of, s)| of == system && there(s)).map(|(_, s)| s).collect())
    }

    /// Seals a day of rows, in the place of what was sealed of it.
    ///
    /// # Errors
    /// The disk does not take it; then nothing has changed.
    pub fn replace(&self, system: &str, day: Day, rows: &Block) -> Result<Segment, StoreError> {
        plain_name(system)?;
        let (written, segment, rollups) = seal::anew(&self.folder, system, day, rows)?;
        self.db().replacing(system, &Sealed::from(&segment), Taken::NOTHING)?;
        written.put()?;
        self.db().sealed(system, &segment, &rollups, Taken::NOTHING)?;
        Ok(segment)
    }

    /// Seals rows of a day beside those that are there. A row of a time that is there already, in the file or not sealed
    /// yet, fills what is empty there and overwrites nothing, so the same file can be imported twice.
    ///
    /// # Errors
    /// As [`Bulk::replace`]; also if the file that is there cannot be read.
    pub fn join(&self, system: &str, day: Day, rows: &Block) -> Result<Joined, StoreError> {
        plain_name(system)?;
        self.sound(system, Kind::Pack, day)?;
        let (mut unsealed, _) = self.db().unsealed(system, day.end_ms() / 1_000)?;
        if unsealed.clone().fill(rows).0 > 0 {
            // The tail is not rewritten; what is sealed can be.
            self.seal_tail(system, day)?;
            unsealed = Block::new();
        }
        let path = Kind::Pack.path(&self.folder, system, day);
        let mut there = if path.exists() { segment::Opened::open(&path)?.block()? } else { Block::new() };
        let (filled, mut new) = there.fill(rows);
        new = unsealed.fill(&new).1;
        let joined = Joined { new: new.len() as u64, filled };
        if joined != Joined::default() {
            self.replace(system, day, &there.merged(&new))?;
        }
        Ok(joined)
    }

    /// Seals all rows up to the end of a day.
    fn seal_tail(&self, system: &str, day: Day) -> Result<(), StoreError> {
        let before = day.end_ms() / 1_000;
        let (rows, newest) = self.db().unsealed(system, before)?;
        for (day, rows) in by_day(rows) {
            self.sound(system, Kind::Pack, day)?;
            let (written, segment, rollups) = seal::seal(&self.folder, system, day, &rows)?;
            let taken = Taken { before, newest };
            self.db().replacing(system, &Sealed::from(&segment), taken)?;
            written.put()?;
            self.db().sealed(system, &segment, &rollups, taken)?;
        }
        Ok(())
    }

    /// The sealed days of a system's cells whose files are there.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn cell_days(&self, system: &str) -> Result<Vec<MinuteDay>, StoreError> {
        let there = |day: &MinuteDay| Kind::Cells.path(&self.folder, system, day.day).exists();
        let all = self.db().minute_days(Kind::Cells)?;
        Ok(all.into_iter().filter(|(of, day)| of == system && there(day)).map(|(_, day)| day).collect())
    }

    /// Seals minutes of cells of a day beside those that are there; parts of one minute become one.
    ///
    /// # Errors
    /// The disk does not take it, or the file that is there cannot be read; then nothing has changed.
    pub fn join_cells(&self, system: &str, day: Day, minutes: &[CellMinute]) -> Result<MinuteDay, StoreError> {
        self.join_minutes(system, day, minutes)
    }

    /// As [`Bulk::join_cells`], of device points.
    ///
    /// # Errors
    /// As [`Bulk::join_cells`].
    pub fn join_devices(&self, system: &str, day: Day, minutes: &[DeviceMinute]) -> Result<MinuteDay, StoreError> {
        self.join_minutes(system, day, minutes)
    }

    fn join_minutes<M: Minute>(&self, system: &str, day: Day, minutes: &[M]) -> Result<MinuteDay, StoreError> {
        plain_name(system)?;
        self.sound(system, M::KIND, day)?;
        let (written, sealed) = M::seal(&M::KIND.path(&self.folder, system, day), day, minutes)?;
        self.db().replacing(system, &sealed.sealed(M::KIND), Taken::NOTHING)?;
        written.put()?;
        self.db().minutes_sealed(M::KIND, system, &sealed, Taken::NOTHING)?;
        Ok(sealed)
    }

    /// What is known of a day's minutes, in the file or not sealed yet.
    fn known_minutes<M: Minute>(&self, system: &str, day: Day) -> Result<minutes::Tail<M>, StoreError> {
        plain_name(system)?;
        let path = M::KIND.path(&self.folder, system, day);
        self.sound(system, M::KIND, day)?;
        let mut there = if path.exists() { M::minutes(&path, day)? } else { BTreeMap::new() };
        let (unsealed, _) = self.db().unsealed_minutes::<M>(system, minutes::first_minute(Day(day.0 + 1)))?;
        unsealed.into_values().for_each(|minute| minutes::add(&mut there, Arc::unwrap_or_clone(minute)));
        Ok(there)
    }

    /// As [`Bulk::join_devices`], but what is known of a point's minute already, in the file or not sealed yet, stays as
    /// it is, so the same file can be imported twice. Counts minutes of points.
    ///
    /// # Errors
    /// As [`Bulk::join_cells`].
    pub fn join_new_devices(
        &self,
        system: &str,
        day: Day,
        mut minutes: Vec<DeviceMinute>,
    ) -> Result<Joined, StoreError> {
        let there = self.known_minutes::<DeviceMinute>(system, day)?;
        let mut joined = Joined::default();
        for minute in &mut minutes {
            let known = there.get(&minute.minute).into_iter().flat_map(|known| known.known());
            let known: HashSet<&str> = known.map(|(name, _)| name.path.as_str()).collect();
            for (name, value) in minute.names.iter().zip(&mut minute.values) {
                if known.contains(name.path.as_str()) {
                    *value = PointMinute::NONE;
                }
                joined.new += u64::from(value.n > 0);
            }
        }
        if joined.new > 0 {
            self.join_devices(system, day, &minutes)?;
        }
        Ok(joined)
    }

    /// As [`Bulk::join_cells`], but what is known of a cell's minute already, in the file or not sealed yet, stays as it
    /// is, so the same file can be imported twice. A quantity that is not known there yet is filled in. Counts minutes of
    /// cells.
    ///
    /// # Errors
    /// As [`Bulk::join_cells`].
    pub fn join_new_cells(&self, system: &str, day: Day, mut minutes: Vec<CellMinute>) -> Result<Joined, StoreError> {
        let there = self.known_minutes::<CellMinute>(system, day)?;
        let mut joined = Joined::default();
        for minute in &mut minutes {
            let known = there.get(&minute.minute);
            for cell in 0..minute.cells() {
                for quantity in CellQuantity::ALL {
                    if known.is_some_and(|known| known.has(quantity, cell)) {
                        minute.forget(quantity, cell);
                    }
                }
                let known = known.is_some_and(|known| known.knows(cell));
                let count = if known { &mut joined.filled } else { &mut joined.new };
                *count += u64::from(minute.knows(cell));
            }
        }
        if joined != Joined::default() {
            self.join_cells(system, day, &minutes)?;
        }
        Ok(joined)
    }

    /// Records what happened.
    ///
    /// # Errors
    /// The database does not take it.
    pub fn record(&self, system: &str, events: Vec<Event>) -> Result<(), StoreError> {
        plain_name(system)?;
        self.db().commit(&[Second { system: system.to_owned(), events, ..Second::default() }])
    }

    /// Bytes of the sealed days and the database.
    pub fn bytes(&self, system: &str) -> u64 {
        let sealed: u64 = self.days(system).map(|days| days.iter().map(|s| s.bytes).sum()).unwrap_or(0);
        let minutes = |kind: Kind| {
            let all = self.db().minute_days(kind).unwrap_or_default();
            all.iter().filter(|(of, _)| of == system).map(|(_, day)| day.bytes).sum::<u64>()
        };
        sealed + minutes(Kind::Cells) + minutes(Kind::Devices) + self.db().bytes()
    }

    /// Moves everything into the database's file.
    ///
    /// # Errors
    /// The disk does not take it.
    pub fn close(self) -> Result<(), StoreError> {
        self.db().checkpoint(crate::database::Checkpoint::Truncate)
    }

    /// Refuses a day whose file is damaged: what joined it would make the damage look right.
    fn sound(&self, system: &str, kind: Kind, day: Day) -> Result<(), StoreError> {
        let size = std::fs::metadata(kind.path(&self.folder, system, day)).map(|meta| meta.len()).ok();
        let known = self.db().sealed_day(system, kind, day)?;
        // One of another size is another file: sealed again just before a power cut, or put there by hand.
        known.filter(|of| size == Some(of.bytes)).map_or(Ok(()), |of| look(&self.folder, system, &of).map(drop))
    }

    fn db(&self) -> MutexGuard<'_, Database> {
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes rows to a new Parquet file as sealed days are written. Returns its size, bytes.
///
/// # Errors
/// The file cannot be written.
pub fn write_parquet(path: &Path, rows: &Block) -> Result<u64, StoreError> {
    segment::write(path, rows)
}

/// Writes minutes of cells to a new Parquet file as sealed days are written. Returns its size, bytes.
///
/// # Errors
/// The file cannot be written.
pub fn write_cells_parquet(path: &Path, minutes: &[Arc<CellMinute>]) -> Result<u64, StoreError> {
    CellMinute::write(path, minutes)
}

/// The minutes of device points in a file as [`write_devices_parquet`] writes it; `None` if it has other columns.
///
/// # Errors
/// The file cannot be read.
pub fn read_devices_parquet(path: &Path) -> Result<Option<Vec<DeviceMinute>>, StoreError> {
    let read = guarded(|| devices::file::all(path));
    let damaged = || StoreError::Parquet { path: path.to_owned(), why: "it cannot be decoded".to_owned() };
    read.unwrap_or_else(|| Err(damaged()))
}

/// Writes minutes of device points to a new Parquet file as sealed days are written. Returns its size, bytes.
///
/// # Errors
/// The file cannot be written.
pub fn write_devices_parquet(path: &Path, minutes: &[Arc<DeviceMinute>]) -> Result<u64, StoreError> {
    DeviceMinute::write(path, minutes)
}
