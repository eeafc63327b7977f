//! Sealed columns as plain floats in files of their own, mapped into memory: what exact questions run over.
//!
//! They are made when they are first asked for, and can be deleted at any time: `work/cache/<system>/<day>-<rows>/`. Mapped
//! files are the page cache's memory, not ours. Where the disk takes no file, columns are held in memory, some of them.

use crate::day::Day;
use crate::error::StoreError;
use crate::rollup::flow::held_s;
use crate::segment::{self, Opened, Segment};
use bytemuck::Pod;
use domain::point::PointId;
use domain::telemetry::column_name;
use memmap2::Mmap;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::marker::PhantomData;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// How much is held in memory while the disk takes no cache, bytes.
const HELD_MAX_BYTES: usize = 64 << 20;

/// Numbers in memory or in a mapped file.
pub(crate) struct Numbers<T>(Source, PhantomData<T>);

enum Source {
    Mapped(Mmap),
    Held(Vec<u8>),
}

impl<T: Pod> Deref for Numbers<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        let bytes: &[u8] = match &self.0 {
            Source::Mapped(map) => map,
            Source::Held(bytes) => bytes,
        };
        // Pages and allocations of this size are aligned for any number; if one was not, it reads as empty.
        bytemuck::try_cast_slice(bytes).unwrap_or_default()
    }
}

impl<T: Pod> Numbers<T> {
    /// The numbers in the cache file at `path`, which has `len` of them; else what `read` brings, which is kept there.
    ///
    /// # Errors
    /// Those of `read`. A disk that takes no file is none.
    pub(crate) fn at(
        path: &Path,
        len: usize,
        read: impl FnOnce() -> Result<Vec<T>, StoreError>,
    ) -> Result<Numbers<T>, StoreError> {
        if let Some(map) = map(path).filter(|map| map.len() == len * size_of::<T>()) {
            return Ok(Numbers(Source::Mapped(map), PhantomData));
        }
        let values = read()?;
        let bytes: &[u8] = bytemuck::cast_slice(&values);
        let source = match keep(path, bytes).ok().and_then(|()| map(path)) {
            Some(map) => Source::Mapped(map),
            None => Source::Held(bytes.to_vec()),
        };
        Ok(Numbers(source, PhantomData))
    }

    /// Whether they lie in a file, so that holding them costs no memory.
    pub(crate) fn is_mapped(&self) -> bool {
        matches!(self.0, Source::Mapped(_))
    }
}

/// Which column of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum What {
    /// When each row was taken.
    At,
    /// For how long each row stands.
    Held,
    /// The values of a point.
    Point(PointId),
}

impl What {
    fn file(self) -> String {
        match self {
            What::At => "at.i64".to_owned(),
            What::Held => "held.f32".to_owned(),
            What::Point(point) => format!("{}.f32", column_name(point)),
        }
    }
}

type Key = (String, Day, u64, What);

/// The columns of sealed days.
pub(crate) struct Columns {
    data: PathBuf,
    floats: Mutex<HashMap<Key, Arc<Numbers<f32>>>>,
    times: Mutex<HashMap<Key, Arc<Numbers<i64>>>>,
}

impl Columns {
    /// The columns of what is sealed below `data`.
    pub(crate) fn new(data: &Path) -> Columns {
        Columns { data: data.to_owned(), floats: Mutex::default(), times: Mutex::default() }
    }

    /// When each row of the day was taken, ms since 1970-01-01 UTC.
    ///
    /// # Errors
    /// The file cannot be read, or is not the one that the segment describes.
    pub(crate) fn at_ms(&self, system: &str, segment: &Segment) -> Result<Arc<Numbers<i64>>, StoreError> {
        self.get(&self.times, system, segment, What::At, Opened::at_ms)
    }

    /// For how long each row of the day stands, s.
    ///
    /// # Errors
    /// As [`Columns::at_ms`].
    pub(crate) fn held_s(&self, system: &str, segment: &Segment) -> Result<Arc<Numbers<f32>>, StoreError> {
        self.get(&self.floats, system, segment, What::Held, |opened| Ok(held_s(&opened.at_ms()?, None)))
    }

    /// The values of a point on that day, NaN for none.
    ///
    /// # Errors
    /// As [`Columns::at_ms`].
    pub(crate) fn point(
        &self,
        system: &str,
        segment: &Segment,
        point: PointId,
    ) -> Result<Arc<Numbers<f32>>, StoreError> {
        self.get(&self.floats, system, segment, What::Point(point), |opened| opened.column(point))
    }

    /// The values of several points, in their order.
    ///
    /// # Errors
    /// As [`Columns::at_ms`].
    pub(crate) fn points(
        &self,
        system: &str,
        segment: &Segment,
        points: &[PointId],
    ) -> Result<Vec<Arc<Numbers<f32>>>, StoreError> {
        points.iter().map(|point| self.point(system, segment, *point)).collect()
    }

    fn get<T: Pod>(
        &self,
        known: &Mutex<HashMap<Key, Arc<Numbers<T>>>>,
        system: &str,
        segment: &Segment,
        what: What,
        read: impl FnOnce(&mut Opened) -> Result<Vec<T>, StoreError>,
    ) -> Result<Arc<Numbers<T>>, StoreError> {
        let key = (system.to_owned(), segment.day, segment.rows, what);
        let lock = || known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = lock().get(&key) {
            return Ok(found.clone());
        }
        let size = segment.rows as usize * size_of::<T>();
        let path = self.folder(system, segment).join(what.file());
        let numbers = Arc::new(Numbers::at(&path, segment.rows as usize, || {
            let day = segment::path(&self.data, system, segment.day);
            let mut opened = Opened::open(&day)?;
            opened.has_rows(segment.rows)?;
            read(&mut opened)
        })?);
        let mut known = lock();
        // An older, shorter file of the day is of no use any more.
        known.retain(|(of, day, rows, _), _| (of.as_str(), *day) != (system, segment.day) || *rows == segment.rows);
        let held: usize = known.values().map(|n| if let Source::Held(bytes) = &n.0 { bytes.len() } else { 0 }).sum();
        if numbers.is_mapped() || held + size <= HELD_MAX_BYTES {
            known.insert(key, numbers.clone());
        }
        Ok(numbers)
    }

    fn folder(&self, system: &str, segment: &Segment) -> PathBuf {
        folder(&self.data).join(system).join(format!("{}-{}", segment.day, segment.rows))
    }
}

/// The folder of everything that can be made again.
pub(crate) fn folder(data: &Path) -> PathBuf {
    crate::layout::cache(data)
}

/// Removes the cached columns of a day, of any length.
pub(crate) fn forget(data: &Path, system: &str, day: Day) {
    let Ok(entries) = fs::read_dir(folder(data).join(system)) else { return };
    let prefix = format!("{day}-");
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix)) {
        let _ = fs::remove_dir_all(entry.path());
    }
}

/// Writes a cache file under its name only when it is whole.
fn keep(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    fs::create_dir_all(folder)?;
    let mut new = tempname(path);
    let written = File::create(&new).and_then(|mut file| file.write_all(bytes)).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        let _ = fs::remove_file(&mut new);
    }
    written
}

/// A name that no other thread or process uses.
fn tempname(path: &Path) -> PathBuf {
    let thread = format!("{:?}", std::thread::current().id());
    let number: String = thread.chars().filter(char::is_ascii_digit).collect();
    path.with_extension(format!("{}-{number}.new", std::process::id()))
}

fn map(path: &Path) -> Option<Mmap> {
    let file = File::open(path).ok()?;
    // SAFETY: a mapping is undefined if the file is changed under it. Cache files are written under another name, renamed
    // when they are whole, never changed after that, and deleted only as a whole, which leaves a mapping as it is.
    #[allow(unsafe_code)]
    unsafe {
        Mmap::map(&file).ok()
    }
}
