//! The new file of a day, made beside the writer: reading what waits, looking through the file that is there, and writing
//! both into a new one takes seconds where there are thousands of points. Here is what may run in another thread: it reads
//! the database over a connection of its own, and changes nothing but the new file. See [`super::sealing`].

use crate::block::Block;
use crate::database::{Reader, Taken};
use crate::day::Day;
use crate::error::StoreError;
use crate::integrity::look;
use crate::layout;
use crate::minutes::{Minute, MinuteDay, day_of};
use crate::numbers::{State, state_of};
use crate::seal::{DayRollups, seal};
use crate::sealed::{Kind, Sealed};
use crate::segment::{Segment, Written};
use domain::device_minute::DeviceMinute;
use domain::minute::CellMinute;
use std::path::PathBuf;
use std::sync::Arc;

/// What is to be sealed: the rows or minutes of a system that came before an instant.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) folder: PathBuf,
    pub(super) system: String,
    pub(super) kind: Kind,
    /// Of rows, ms since 1970-01-01 UTC; of minutes, their number.
    pub(super) before: i64,
    /// Days whose files have another entry than their own, or none: they are still to be taken in.
    pub(super) to_take_in: Vec<Day>,
}

/// A new file, for the place of a day's file.
pub(super) struct Made {
    pub(super) day: Day,
    /// The file that it takes the place of; `None` if there was none.
    pub(super) there: Option<State>,
    /// Whether that one was looked through and is what the catalogue says.
    pub(super) looked: bool,
    pub(super) taken: Taken,
    pub(super) written: Written,
    pub(super) entry: Entry,
}

/// What the catalogue is to say of it.
pub(super) enum Entry {
    Pack(Segment, DayRollups),
    Minutes(MinuteDay),
}

impl Entry {
    pub(super) fn sealed(&self, kind: Kind) -> Sealed {
        match self {
            Entry::Pack(segment, _) => Sealed::from(segment),
            Entry::Minutes(day) => day.sealed(kind),
        }
    }
}

/// Why there is no new file.
pub(super) enum NotMade {
    /// The day's file is gone, or not what the catalogue says.
    LookAgain(Day),
    /// The day's file is what was written, and cannot be read all the same: why.
    Unreadable(Day, String),
    Failed(StoreError),
}

impl From<StoreError> for NotMade {
    fn from(error: StoreError) -> NotMade {
        NotMade::Failed(error)
    }
}

/// Makes the new file of the first day of which something waits; `None` if nothing does.
pub(super) fn make(order: &Order) -> Result<Option<Made>, NotMade> {
    let mut reader = Reader::open(&layout::database(&order.folder))?;
    match order.kind {
        Kind::Pack => of_rows(order, &mut reader),
        Kind::Cells => of_minutes::<CellMinute>(order, &mut reader),
        Kind::Devices => of_minutes::<DeviceMinute>(order, &mut reader),
    }
}

fn of_rows(order: &Order, reader: &mut Reader) -> Result<Option<Made>, NotMade> {
    let before = order.before.div_euclid(1_000);
    let (rows, newest): (Block, i64) = reader.unsealed(&order.system, before).map_err(order.sqlite())?;
    let Some(first_ms) = rows.at_ms().first().copied() else { return Ok(None) };
    let day = Day::of(first_ms);
    let of_day = rows.slice(0..rows.range(first_ms, day.end_ms()).end);
    let (there, looked) = order.look(reader, day)?;
    let sealed = seal(&order.folder, &order.system, day, &of_day);
    let (written, segment, rollups) = sealed.map_err(|error| unreadable(day, error))?;
    let (taken, entry) = (Taken { before, newest }, Entry::Pack(segment, rollups));
    Ok(Some(Made { day, there, looked, taken, written, entry }))
}

fn of_minutes<M: Minute>(order: &Order, reader: &mut Reader) -> Result<Option<Made>, NotMade> {
    let before = order.before;
    let (minutes, newest) = reader.unsealed_minutes::<M>(&order.system, before).map_err(order.sqlite())?;
    let Some(day) = minutes.keys().next().map(|first| day_of(*first)) else { return Ok(None) };
    let of_day = minutes.into_iter().take_while(|(number, _)| day_of(*number) == day);
    let of_day: Vec<M> = of_day.map(|(_, minute)| Arc::unwrap_or_clone(minute)).collect();
    let (there, looked) = order.look(reader, day)?;
    let sealed = M::seal(&M::KIND.path(&order.folder, &order.system, day), day, &of_day);
    let (written, sealed) = sealed.map_err(|error| unreadable(day, error))?;
    let (taken, entry) = (Taken { before, newest }, Entry::Minutes(sealed));
    Ok(Some(Made { day, there, looked, taken, written, entry }))
}

fn unreadable(day: Day, error: StoreError) -> NotMade {
    match error {
        StoreError::Parquet { path, why } => NotMade::Unreadable(day, format!("{} is damaged: {why}", path.display())),
        other => NotMade::Failed(other),
    }
}

impl Order {
    fn sqlite(&self) -> impl Fn(sqlx::Error) -> NotMade + '_ {
        |error| NotMade::Failed(StoreError::sqlite(&layout::database(&self.folder))(error))
    }

    /// Looks through a day's file: what joined a damaged one would make the damage look right. Its state, and whether it
    /// is what the catalogue says.
    fn look(&self, reader: &mut Reader, day: Day) -> Result<(Option<State>, bool), NotMade> {
        let path = self.kind.path(&self.folder, &self.system, day);
        let there = if path.exists() { Some(state_of(&path)?) } else { None };
        if self.to_take_in.contains(&day) {
            return Ok((there, false));
        }
        let known = reader.sealed_day(&self.system, self.kind, day).map_err(self.sqlite())?;
        let Some(of) = known else { return Ok((there, false)) };
        if there.is_none() {
            return Err(NotMade::LookAgain(day));
        }
        match look(&self.folder, &self.system, &of) {
            Ok(_) => Ok((there, true)),
            Err(StoreError::Parquet { .. }) => Err(NotMade::LookAgain(day)),
            Err(error) => Err(NotMade::Failed(error)),
        }
    }
}
