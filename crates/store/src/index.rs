//! What there is of each system: which days are sealed, and the rows that are not yet.

use crate::block::Block;
use crate::cells::{self, CellDay, Tail};
use crate::day::Day;
use crate::sealed::{Kind, Sealed};
use crate::segment::Segment;
use domain::minute::CellMinute;
use domain::telemetry::Row;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Rows of the tail that are kept in memory at most: a day at 5 Hz. More wait only if nothing can be sealed.
const TAIL_ROWS_MAX: usize = 432_000;
/// Minutes of cells that are kept in memory at most: six hours, 37 MB for 6,400 cells. More wait as above.
const CELL_MINUTES_MAX: usize = 360;

/// What there is of one system.
#[derive(Clone, Debug, Default)]
pub(crate) struct SystemIndex {
    /// The sealed days.
    pub(crate) segments: BTreeMap<Day, Segment>,
    /// The rows that are in no sealed file.
    pub(crate) tail: Block,
    /// The sealed days of cells.
    pub(crate) cell_days: BTreeMap<Day, CellDay>,
    /// The minutes of cells that are in no sealed file.
    pub(crate) cell_tail: Tail,
}

impl SystemIndex {
    fn empty() -> SystemIndex {
        SystemIndex { tail: Block::new(), ..SystemIndex::default() }
    }

    /// What the catalogue and the tails of a system hold.
    pub(crate) fn of(segments: Vec<Segment>, tail: Block, cell_days: Vec<CellDay>, cell_tail: Tail) -> SystemIndex {
        let segments = segments.into_iter().map(|segment| (segment.day, segment)).collect();
        let cell_days = cell_days.into_iter().map(|day| (day.day, day)).collect();
        SystemIndex { segments, tail, cell_days, cell_tail }
    }
}

/// Days of systems.
type Days = BTreeSet<(String, Kind, Day)>;

/// What there is of every system, behind one lock that is held for snapshots only.
#[derive(Debug, Default)]
pub(crate) struct Index {
    systems: Mutex<HashMap<String, SystemIndex>>,
    /// Days whose files were damaged or gone.
    left_out: Mutex<Days>,
    /// Days whose files are there and are still to be taken in.
    to_come: Mutex<Days>,
    /// Taken to write while a day's file is replaced and registered.
    files: RwLock<()>,
}

impl Index {
    /// Every change is a single step, so a thread that panicked while it held the lock left nothing half done.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, SystemIndex>> {
        self.systems.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No day's file is replaced while this is held.
    pub(crate) fn steady(&self) -> RwLockReadGuard<'_, ()> {
        self.files.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody looks through a day's file while this is held.
    pub(crate) fn replacing(&self) -> RwLockWriteGuard<'_, ()> {
        self.files.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a day is sealed in just this file.
    pub(crate) fn has(&self, system: &str, of: &Sealed) -> bool {
        let same = |indexed: &SystemIndex| match of.kind {
            Kind::Pack => indexed.segments.get(&of.day).map(Sealed::from),
            Kind::Cells => indexed.cell_days.get(&of.day).map(Sealed::from),
        };
        self.with(system, same).flatten() == Some(*of)
    }

    /// Whether a day is sealed.
    pub(crate) fn has_day(&self, system: &str, kind: Kind, day: Day) -> bool {
        let has = |indexed: &SystemIndex| match kind {
            Kind::Pack => indexed.segments.contains_key(&day),
            Kind::Cells => indexed.cell_days.contains_key(&day),
        };
        self.with(system, has) == Some(true)
    }

    fn left(&self) -> MutexGuard<'_, Days> {
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of days whose files were damaged or gone.
    pub(crate) fn leave_out(&self, days: impl IntoIterator<Item = (String, Kind, Day)>) {
        self.left().extend(days);
    }

    /// The file of a day was not damaged after all.
    pub(crate) fn take_back(&self, system: &str, kind: Kind, day: Day) {
        self.left().remove(&(system.to_owned(), kind, day));
    }

    /// The days of a system from one instant up to but not including another whose files were damaged or gone, in order.
    pub(crate) fn left_out(&self, system: &str, from_ms: i64, to_ms: i64) -> Vec<(Kind, Day)> {
        within(&self.left(), system, from_ms, to_ms)
    }

    /// These are still to be taken in, and no others.
    pub(crate) fn set_to_come(&self, days: Days) {
        *self.to_come.lock().unwrap_or_else(PoisonError::into_inner) = days;
    }

    /// As [`Index::left_out`], of the days that are still to be taken in.
    pub(crate) fn to_come(&self, system: &str, from_ms: i64, to_ms: i64) -> Vec<(Kind, Day)> {
        within(&self.to_come.lock().unwrap_or_else(PoisonError::into_inner), system, from_ms, to_ms)
    }

    /// A sealed day is no more, because its file is damaged or gone.
    pub(crate) fn drop_day(&self, system: &str, kind: Kind, day: Day) {
        self.leave_out([(system.to_owned(), kind, day)]);
        match kind {
            Kind::Pack => self.forget(system, day),
            Kind::Cells => self.forget_cells(system, day),
        }
    }

    /// Looks at a system's past; `None` if there is none.
    pub(crate) fn with<T>(&self, system: &str, look: impl FnOnce(&SystemIndex) -> T) -> Option<T> {
        self.lock().get(system).map(look)
    }

    /// The systems that have a past, sorted.
    pub(crate) fn systems(&self) -> Vec<String> {
        let mut systems: Vec<String> = self.lock().keys().cloned().collect();
        systems.sort();
        systems
    }

    /// What the database holds: at the start, and after it was renewed.
    pub(crate) fn restore(&self, system: &str, indexed: SystemIndex) {
        self.lock().insert(system.to_owned(), indexed);
    }

    /// Adds rows that were taken now, and the minute of cells that has ended.
    pub(crate) fn append(&self, system: &str, rows: &[Row], cells: Option<&CellMinute>) {
        let mut systems = self.lock();
        if !systems.contains_key(system) {
            systems.insert(system.to_owned(), SystemIndex::empty());
        }
        let Some(indexed) = systems.get_mut(system) else { return };
        if let Some(minute) = cells {
            cells::add(&mut indexed.cell_tail, minute.clone());
            if indexed.cell_tail.len() > CELL_MINUTES_MAX {
                indexed.cell_tail.pop_first();
            }
        }
        rows.iter().for_each(|row| indexed.tail.push(row));
        if indexed.tail.len() > TAIL_ROWS_MAX + TAIL_ROWS_MAX / 8 {
            let oldest = indexed.tail.at_ms()[indexed.tail.len() - TAIL_ROWS_MAX];
            indexed.tail.forget_before(oldest);
        }
    }

    /// The rows of the segment's day before `before_ms` are in its file now.
    pub(crate) fn sealed(&self, system: &str, segment: Segment, before_ms: i64) {
        let mut systems = self.lock();
        let indexed = systems.entry(system.to_owned()).or_insert_with(SystemIndex::empty);
        indexed.tail.forget_before(before_ms.min(segment.day.end_ms()));
        indexed.segments.insert(segment.day, segment);
    }

    /// Rows from `from_ms` up to but not including `to_ms` are no history any more.
    pub(crate) fn forget_tail(&self, system: &str, from_ms: i64, to_ms: i64) {
        if let Some(indexed) = self.lock().get_mut(system) {
            let gone = indexed.tail.range(from_ms, to_ms);
            let rest = indexed.tail.slice(gone.end..indexed.tail.len());
            indexed.tail = indexed.tail.slice(0..gone.start).merged(&rest);
            let minute = domain::minute::MINUTE_MS;
            indexed.cell_tail.retain(|of, _| !(from_ms..to_ms).contains(&of.saturating_mul(minute)));
        }
    }

    /// The minutes of the day before the minute `before` are in its file now.
    pub(crate) fn cells_sealed(&self, system: &str, day: CellDay, before: i64) {
        let mut systems = self.lock();
        let indexed = systems.entry(system.to_owned()).or_insert_with(SystemIndex::empty);
        let before = before.min(cells::first_minute(Day(day.day.0 + 1)));
        indexed.cell_tail = indexed.cell_tail.split_off(&before);
        indexed.cell_days.insert(day.day, day);
    }

    /// The day of cells is no more.
    pub(crate) fn forget_cells(&self, system: &str, day: Day) {
        if let Some(indexed) = self.lock().get_mut(system) {
            indexed.cell_days.remove(&day);
        }
    }

    /// The day is no more.
    pub(crate) fn forget(&self, system: &str, day: Day) {
        if let Some(indexed) = self.lock().get_mut(system) {
            indexed.segments.remove(&day);
        }
    }
}

fn within(days: &Days, system: &str, from_ms: i64, to_ms: i64) -> Vec<(Kind, Day)> {
    let within = |day: &Day| day.end_ms() > from_ms && day.start_ms() < to_ms;
    days.iter().filter(|(of, _, day)| of == system && within(day)).map(|(_, kind, day)| (*kind, *day)).collect()
}
