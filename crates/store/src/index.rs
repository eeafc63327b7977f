//! What there is of each system: which days are sealed, and the rows that are not yet.

use crate::block::Block;
use crate::day::Day;
use crate::minutes::{self, Minute, MinuteDay, Tail};
use crate::sealed::{Kind, Sealed};
use crate::segment::Segment;
use domain::device_minute::DeviceMinute;
use domain::minute::CellMinute;
use domain::telemetry::Row;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Rows of the tail that are kept in memory at most: a day at 5 Hz. More wait only if nothing can be sealed.
const TAIL_ROWS_MAX: usize = 432_000;
/// Minutes of a kind that are kept in memory at most: six hours, 37 MB for 6,400 cells, 24 MB for 4,096 device points.
/// More wait as above.
const MINUTES_MAX: usize = 360;

/// What there is of one system.
#[derive(Clone, Debug, Default)]
pub(crate) struct SystemIndex {
    /// The sealed days.
    pub(crate) segments: BTreeMap<Day, Segment>,
    /// The rows that are in no sealed file.
    pub(crate) tail: Block,
    /// The minutes of its cells.
    pub(crate) cells: Indexed<CellMinute>,
    /// The minutes of its device points.
    pub(crate) devices: Indexed<DeviceMinute>,
}

/// What there is of one kind of minutes.
#[derive(Clone, Debug)]
pub(crate) struct Indexed<M> {
    /// The sealed days.
    pub(crate) days: BTreeMap<Day, MinuteDay>,
    /// The minutes that are in no sealed file.
    pub(crate) tail: Tail<M>,
}

impl<M> Default for Indexed<M> {
    fn default() -> Indexed<M> {
        Indexed { days: BTreeMap::new(), tail: Tail::new() }
    }
}

impl<M: Minute> Indexed<M> {
    /// These sealed days and this tail.
    pub(crate) fn new(days: Vec<MinuteDay>, tail: Tail<M>) -> Indexed<M> {
        Indexed { days: days.into_iter().map(|day| (day.day, day)).collect(), tail }
    }

    /// Minutes before `before` are in the day's file now, as far as they lie in the day.
    fn sealed(&mut self, day: MinuteDay, before: i64) {
        let before = before.min(minutes::first_minute(Day(day.day.0 + 1)));
        self.tail = self.tail.split_off(&before);
        self.days.insert(day.day, day);
    }
}

/// Minutes of which a system has some.
pub(crate) trait Kept: Minute {
    /// What there is of them.
    fn of(indexed: &SystemIndex) -> &Indexed<Self>;
    /// The same, to change it.
    fn of_mut(indexed: &mut SystemIndex) -> &mut Indexed<Self>;
}

impl Kept for CellMinute {
    fn of(indexed: &SystemIndex) -> &Indexed<CellMinute> {
        &indexed.cells
    }

    fn of_mut(indexed: &mut SystemIndex) -> &mut Indexed<CellMinute> {
        &mut indexed.cells
    }
}

impl Kept for DeviceMinute {
    fn of(indexed: &SystemIndex) -> &Indexed<DeviceMinute> {
        &indexed.devices
    }

    fn of_mut(indexed: &mut SystemIndex) -> &mut Indexed<DeviceMinute> {
        &mut indexed.devices
    }
}

impl SystemIndex {
    fn empty() -> SystemIndex {
        SystemIndex { tail: Block::new(), ..SystemIndex::default() }
    }

    /// What the catalogue and the tails of a system hold.
    pub(crate) fn of(
        segments: Vec<Segment>,
        tail: Block,
        cells: Indexed<CellMinute>,
        devices: Indexed<DeviceMinute>,
    ) -> SystemIndex {
        let segments = segments.into_iter().map(|segment| (segment.day, segment)).collect();
        SystemIndex { segments, tail, cells, devices }
    }

    /// The sealed days of a kind, in order.
    pub(crate) fn days(&self, kind: Kind) -> Vec<Day> {
        match kind {
            Kind::Pack => self.segments.keys().copied().collect(),
            Kind::Cells => self.cells.days.keys().copied().collect(),
            Kind::Devices => self.devices.days.keys().copied().collect(),
        }
    }

    /// What the catalogue says of a sealed day.
    fn day(&self, kind: Kind, day: Day) -> Option<Sealed> {
        match kind {
            Kind::Pack => self.segments.get(&day).map(Sealed::from),
            Kind::Cells => self.cells.days.get(&day).map(|of| of.sealed(kind)),
            Kind::Devices => self.devices.days.get(&day).map(|of| of.sealed(kind)),
        }
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
        self.with(system, |indexed| indexed.day(of.kind, of.day)).flatten() == Some(*of)
    }

    /// Whether a day is sealed.
    pub(crate) fn has_day(&self, system: &str, kind: Kind, day: Day) -> bool {
        self.with(system, |indexed| indexed.day(kind, day)).flatten().is_some()
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
        self.forget(system, kind, day);
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

    /// Adds a minute that has ended, or a part of one.
    pub(crate) fn add_minute<M: Kept>(&self, system: &str, minute: Option<&M>) {
        let Some(minute) = minute else { return };
        let mut systems = self.lock();
        let indexed = M::of_mut(systems.entry(system.to_owned()).or_insert_with(SystemIndex::empty));
        minutes::add(&mut indexed.tail, minute.clone());
        if indexed.tail.len() > MINUTES_MAX {
            indexed.tail.pop_first();
        }
    }

    /// Adds rows that were taken now.
    pub(crate) fn append(&self, system: &str, rows: &[Row]) {
        let mut systems = self.lock();
        if !systems.contains_key(system) {
            systems.insert(system.to_owned(), SystemIndex::empty());
        }
        let Some(indexed) = systems.get_mut(system) else { return };
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
            let stays = |of: &i64| !(from_ms..to_ms).contains(&of.saturating_mul(minute));
            indexed.cells.tail.retain(|of, _| stays(of));
            indexed.devices.tail.retain(|of, _| stays(of));
        }
    }

    /// The minutes of the day before the minute `before` are in its file now.
    pub(crate) fn minutes_sealed(&self, kind: Kind, system: &str, day: MinuteDay, before: i64) {
        let mut systems = self.lock();
        let indexed = systems.entry(system.to_owned()).or_insert_with(SystemIndex::empty);
        match kind {
            Kind::Pack => {}
            Kind::Cells => indexed.cells.sealed(day, before),
            Kind::Devices => indexed.devices.sealed(day, before),
        }
    }

    /// The day is no more.
    pub(crate) fn forget(&self, system: &str, kind: Kind, day: Day) {
        let mut systems = self.lock();
        let Some(indexed) = systems.get_mut(system) else { return };
        match kind {
            Kind::Pack => drop(indexed.segments.remove(&day)),
            Kind::Cells => drop(indexed.cells.days.remove(&day)),
            Kind::Devices => drop(indexed.devices.days.remove(&day)),
        }
    }
}

fn within(days: &Days, system: &str, from_ms: i64, to_ms: i64) -> Vec<(Kind, Day)> {
    let within = |day: &Day| day.end_ms() > from_ms && day.start_ms() < to_ms;
    days.iter().filter(|(of, _, day)| of == system && within(day)).map(|(_, kind, day)| (*kind, *day)).collect()
}
