//! Reading the past: what pages, exports and questions ask.
//!
//! A question is split by where its rows are: sealed days, each read by the coarsest rollup that is exact for it, and the
//! tail. All answers are exact; rollups are never stretched over an edge that they do not share.

mod cells;
mod chart;
mod devices;
mod exact;
mod fold;
mod levels;
mod minutes;
mod parts;
mod playback;

pub use cells::{CellChart, CellMap, CellRank, CellValue, CellsAt};
pub use chart::{Chart, Grid, Tier};
pub use devices::PointChart;
pub use exact::{Headroom, SAG_MARGIN_MS, Sag, Sags};
pub use fold::{Mean, Summary};
pub use minutes::{MinuteCoverage, MinuteParts};
pub use parts::Parts;
pub use playback::{Beside, Spread};

use crate::aside;
use crate::block::Block;
use crate::columns::Columns;
use crate::database::{Database, Everything, Minutes, Reader, Readers};
use crate::day::Day;
use crate::error::StoreError;
use crate::event::{ActiveAlarm, Event};
use crate::grids::Grids;
use crate::index::{Index, Indexed, Kept, SystemIndex};
use crate::integrity::{Checks, Keeper};
use crate::layout;
use crate::replaced;
use crate::sealed::Kind;
use crate::segment::Segment;
use domain::point::PointId;
use levels::Levels;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// How often a question is asked again because a day's file was replaced under it.
const ATTEMPTS: usize = 3;
/// As often at most because a day turned out to be damaged, and is no history any more: more than days are kept.
const DAMAGED_MAX: usize = 4_000;

/// From one instant up to but not including another, ms since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first instant in it.
    pub from_ms: i64,
    /// The first instant after it.
    pub to_ms: i64,
}

impl Range {
    /// All of time.
    pub const ALL: Range = Range { from_ms: i64::MIN / 1_000, to_ms: i64::MAX / 1_000 };

    /// From one instant to another; empty if they are the wrong way round.
    pub fn new(from_ms: i64, to_ms: i64) -> Range {
        Range { from_ms, to_ms: to_ms.max(from_ms) }
    }

    /// How long it is, ms.
    pub fn len_ms(self) -> i64 {
        self.to_ms - self.from_ms
    }

    /// What both ranges share; empty if nothing.
    fn within(self, other: Range) -> Range {
        Range::new(self.from_ms.max(other.from_ms), self.to_ms.min(other.to_ms))
    }

    fn of_day(day: Day) -> Range {
        Range { from_ms: day.start_ms(), to_ms: day.end_ms() }
    }
}

/// What a system's past looks like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coverage {
    /// When the first row was taken, ms since 1970-01-01 UTC; `None` if there is none.
    pub first_ms: Option<i64>,
    /// When the last row was taken.
    pub last_ms: Option<i64>,
    /// How many rows there are.
    pub rows: u64,
    /// Size of the sealed files, bytes.
    pub bytes: u64,
    /// The sealed days, in their order.
    pub segments: Vec<Segment>,
}

/// So many days are listed, of more only how many, and the first and last.
const LISTED: usize = 8;

/// Days that are in no answer: their files were damaged or gone, or are still to be taken in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Days of rows whose files were damaged or gone, in order.
    pub rows: Vec<Day>,
    /// Days of minutes of cells, likewise.
    pub cells: Vec<Day>,
    /// Days of minutes of device points, likewise.
    pub devices: Vec<Day>,
    /// Days of rows that are still to be taken in, in order: soon they are in answers.
    pub rows_to_come: Vec<Day>,
    /// Days of minutes of cells, likewise.
    pub cells_to_come: Vec<Day>,
    /// Days of minutes of device points, likewise.
    pub devices_to_come: Vec<Day>,
}

impl LeftOut {
    /// What a person should know, as a sentence; empty if there is nothing.
    pub fn words(&self) -> String {
        let list = |days: &[Day]| match days {
            [first, .., last] if days.len() > LISTED => format!("{} days from {first} to {last}", days.len()),
            days => days.iter().map(Day::to_string).collect::<Vec<_>>().join(", "),
        };
        let sentence = |why: &str, rows: &[Day], cells: &[Day], devices: &[Day]| {
            let what = [("readings", rows), ("cells", cells), ("device points", devices)];
            let what = what.into_iter().filter(|(_, days)| !days.is_empty());
            let what: Vec<String> = what.map(|(what, days)| format!("{what} of {}", list(days))).collect();
            (!what.is_empty()).then(|| format!("{why}: {}.", what.join("; ")))
        };
        let damaged = "Left out, because the files of these days were damaged or gone";
        let to_come = "Left out until they are taken in, ask again in some minutes";
        let sentences = [
            sentence(damaged, &self.rows, &self.cells, &self.devices),
            sentence(to_come, &self.rows_to_come, &self.cells_to_come, &self.devices_to_come),
        ];
        sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// What is left out of an answer about cells.
    pub fn of_cells(self) -> LeftOut {
        LeftOut { cells: self.cells, cells_to_come: self.cells_to_come, ..LeftOut::default() }
    }
}

/// The past of a site's systems. All questions block on the disk: ask from a thread that may.
pub struct History {
    data: PathBuf,
    index: Arc<Index>,
    checks: Arc<Checks>,
    columns: Columns,
    grids: Grids,
    levels: Levels,
    readers: Readers,
    /// Held while columns are unpacked ahead of questions.
    warming: Mutex<()>,
}

/// What of a system's past lies in a range, at the time of the question.
struct Found {
    segments: Vec<Segment>,
    tail: Block,
}

impl History {
    pub(crate) fn new(data: &Path, database: PathBuf, index: Arc<Index>, keeper: Keeper) -> History {
        let checks = Arc::new(Checks::new(data, Arc::clone(&index), keeper));
        History {
            data: data.to_owned(),
            index,
            columns: Columns::new(data, Arc::clone(&checks)),
            grids: Grids::new(data, Arc::clone(&checks)),
            checks,
            levels: Levels::default(),
            readers: Readers::new(database),
            warming: Mutex::default(),
        }
    }

    /// The past as it is on disk now, for a program of its own: a server may go on writing meanwhile, which is not seen.
    ///
    /// # Errors
    /// There is no history in the folder, or it cannot be read.
    pub fn open(folder: &Path) -> Result<History, StoreError> {
        let database = layout::database(folder);
        // What an earlier version laid out is moved, unless a server has the folder and has done so.
        let ours = if database.exists() { crate::folder::take(folder).ok() } else { None };
        let keeper = Keeper::Elsewhere(database.clone());
        let history = History::new(folder, database.clone(), Arc::default(), keeper);
        // So is what a server that was killed left half done.
        if ours.is_some() && history.query(Reader::any_replaced).is_ok_and(|any| any) {
            Database::open(&database).and_then(|mut db| replaced::settle(&mut db, folder, drop))?;
        }
        drop(ours);
        let Everything { catalogue, tails, mut cells, mut devices } = history.query(Reader::everything)?;
        history.index.leave_out(aside::left_out(folder));
        for (system, tail) in tails {
            let segments = catalogue.iter().filter(|(of, _)| *of == system).map(|(_, segment)| *segment);
            let (cells, devices) = (indexed(&system, &mut cells), indexed(&system, &mut devices));
            history.index.restore(&system, SystemIndex::of(segments.collect(), tail, cells, devices));
        }
        Ok(history)
    }

    /// The folder that holds everything.
    pub fn folder(&self) -> &Path {
        &self.data
    }

    /// The systems that have a past.
    pub fn systems(&self) -> Vec<String> {
        self.index.systems()
    }

    /// What there is of a system.
    pub fn coverage(&self, system: &str) -> Coverage {
        let of = |indexed: &SystemIndex| {
            let segments: Vec<Segment> = indexed.segments.values().copied().collect();
            let tail = indexed.tail.at_ms();
            Coverage {
                first_ms: segments.first().map(|s| s.first_ms).into_iter().chain(tail.first().copied()).min(),
                last_ms: segments.last().map(|s| s.last_ms).into_iter().chain(tail.last().copied()).max(),
                rows: segments.iter().map(|s| s.rows).sum::<u64>() + tail.len() as u64,
                bytes: segments.iter().map(|s| s.bytes).sum(),
                segments,
            }
        };
        self.index.with(system, of).unwrap_or_default()
    }

    /// The days in the range that are in no answer. Ask after the question: that may have found one that is damaged.
    pub fn left_out(&self, system: &str, range: Range) -> LeftOut {
        let mut left = LeftOut::default();
        let Range { from_ms, to_ms } = range;
        for (kind, day) in self.index.left_out(system, from_ms, to_ms) {
            match kind {
                Kind::Pack => left.rows.push(day),
                Kind::Cells => left.cells.push(day),
                Kind::Devices => left.devices.push(day),
            }
        }
        for (kind, day) in self.index.to_come(system, from_ms, to_ms) {
            match kind {
                Kind::Pack => left.rows_to_come.push(day),
                Kind::Cells => left.cells_to_come.push(day),
                Kind::Devices => left.devices_to_come.push(day),
            }
        }
        left
    }

    /// Every row in the range with the columns of `points`, oldest first. Ask for days, not for months.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn rows(&self, system: &str, range: Range, points: &[PointId]) -> Result<Block, StoreError> {
        self.consistent(system, range, points, |found| {
            let mut all = Block::new();
            for segment in &found.segments {
                all = all.merged(&self.rows_of(system, segment, range, points)?);
            }
            Ok(all.merged(&found.tail))
        })
    }

    /// What happened in the range, oldest first: the newest `limit`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn events(&self, system: &str, range: Range, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.query(|reader| reader.events(system, range.from_ms, range.to_ms, limit))
    }

    /// The alarms of all systems that were raised and are not over, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn active_alarms(&self) -> Result<Vec<ActiveAlarm>, StoreError> {
        self.query(Reader::active_alarms)
    }

    /// The newest row at or before `at_ms`, if it is not older than `within_ms`.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn row_at(
        &self,
        system: &str,
        at_ms: i64,
        within_ms: i64,
    ) -> Result<Option<domain::telemetry::Row>, StoreError> {
        let range = Range::new(at_ms.saturating_sub(within_ms), at_ms.saturating_add(1));
        let rows = self.rows(system, range, PointId::ALL)?;
        Ok(rows.len().checked_sub(1).map(|last| rows.row(last)))
    }

    /// Some rows of a sealed day.
    fn rows_of(&self, system: &str, segment: &Segment, range: Range, points: &[PointId]) -> Result<Block, StoreError> {
        let at_ms = self.columns.at_ms(system, segment)?;
        let rows = places(&at_ms, range);
        let mut columns = Vec::with_capacity(points.len());
        for point in points {
            let values = self.columns.point(system, segment, *point)?;
            let values = &values[rows.clone()];
            if values.iter().any(|v| !v.is_nan()) {
                columns.push((*point, values.to_vec()));
            }
        }
        Ok(Block::from_columns(at_ms[rows].to_vec(), columns))
    }

    /// Answers from what there is now; once more if a day's file was replaced meanwhile, and without it if it is damaged.
    fn consistent<T>(
        &self,
        system: &str,
        range: Range,
        points: &[PointId],
        answer: impl Fn(&Found) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (mut attempt, mut damaged) = (1, 0);
        loop {
            let found = self.find(system, range, points);
            let answer = answer(&found);
            if matches!(answer, Err(StoreError::DayDamaged { .. })) && damaged < DAMAGED_MAX {
                damaged += 1;
                continue;
            }
            let replaced = || {
                let now = self
                    .index
                    .with(system, |indexed| found.segments.iter().all(|s| indexed.segments.get(&s.day) == Some(s)));
                now == Some(false)
            };
            if answer.is_ok() || attempt == ATTEMPTS || !replaced() {
                return answer;
            }
            attempt += 1;
        }
    }

    fn find(&self, system: &str, range: Range, points: &[PointId]) -> Found {
        let found = self.index.with(system, |indexed| {
            let segments = indexed.segments.values().filter(|s| s.last_ms >= range.from_ms && s.first_ms < range.to_ms);
            let rows = indexed.tail.range(range.from_ms, range.to_ms);
            let columns =
                points.iter().filter_map(|point| Some((*point, indexed.tail.column(*point)?[rows.clone()].to_vec())));
            let tail = Block::from_columns(indexed.tail.at_ms()[rows.clone()].to_vec(), columns);
            Found { segments: segments.copied().collect(), tail }
        });
        found.unwrap_or_else(|| Found { segments: Vec::new(), tail: Block::new() })
    }

    fn query<T>(&self, ask: impl FnOnce(&mut Reader) -> sqlx::Result<T>) -> Result<T, StoreError> {
        self.readers.ask(ask)
    }
}

/// What the database has of a system's minutes.
fn indexed<M: Kept>(system: &str, all: &mut Minutes<M>) -> Indexed<M> {
    let days = all.days.iter().filter(|(of, _)| of == system).map(|(_, day)| *day);
    Indexed::new(days.collect(), all.tails.remove(system).unwrap_or_default())
}

/// Which of the rows taken at `at_ms` lie in the range.
fn places(at_ms: &[i64], range: Range) -> std::ops::Range<usize> {
    let from = at_ms.partition_point(|at| *at < range.from_ms);
    let len = at_ms[from..].partition_point(|at| *at < range.to_ms);
    from..from + len
}
