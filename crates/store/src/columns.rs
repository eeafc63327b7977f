//! Sealed columns as plain floats in files of their own, mapped into memory: what exact questions run over.
//!
//! They are made when they are first asked for, and can be deleted at any time: `work/cache/<system>/<day>-<rows>/`. Mapped
//! files are the page cache's memory, not ours; those used lately stay mapped (`cache.rs`). Where the disk takes no file,
//! columns are held in memory, some of them. What makes a file of them to be believed is in `numbers.rs`.

use crate::cache::Cache;
use crate::day::Day;
use crate::error::StoreError;
use crate::integrity::Checks;
use crate::numbers::Numbers;
use crate::rollup::flow::held_s;
use crate::sealed::Kind;
use crate::segment::{Opened, Segment};
use bytemuck::Pod;
use domain::point::PointId;
use domain::telemetry::column_name;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How much of values, and of times, stays mapped, bytes: 30 days of two points of a system with five rows a second, and
/// all times of these.
const MAPPED_MAX_BYTES: (usize, usize) = (160 << 20, 112 << 20);

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
    checks: Arc<Checks>,
    floats: Cache<Key, f32>,
    times: Cache<Key, i64>,
}

impl Columns {
    /// The columns of what is sealed below `data`.
    pub(crate) fn new(data: &Path, checks: Arc<Checks>) -> Columns {
        let (floats, times) = MAPPED_MAX_BYTES;
        Columns { data: data.to_owned(), checks, floats: Cache::new(floats), times: Cache::new(times) }
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
        known: &Cache<Key, T>,
        system: &str,
        segment: &Segment,
        what: What,
        read: impl FnOnce(&mut Opened) -> Result<Vec<T>, StoreError>,
    ) -> Result<Arc<Numbers<T>>, StoreError> {
        let key = (system.to_owned(), segment.day, segment.rows, what);
        if let Some(found) = known.get(&key) {
            return Ok(found);
        }
        let path = self.folder(system, segment).join(what.file());
        self.checks.check(system, segment)?;
        let day = Kind::Pack.path(&self.data, system, segment.day);
        let numbers = Arc::new(Numbers::at(&path, &day, segment.rows as usize, || {
            let mut opened = Opened::open(&day)?;
            opened.has_rows(segment.rows)?;
            read(&mut opened)
        })?);
        // An older, shorter file of the day is of no use any more.
        known.insert(key, numbers.clone(), |(of, day, rows, _)| {
            (of.as_str(), *day) == (system, segment.day) && *rows != segment.rows
        });
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
