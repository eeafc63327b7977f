//! The statements about minutes of cells and of device points: those that are sealed, and those that are not yet.

use super::connection::Connection;
use super::kinds::{Statements, statements};
use super::{Database, Taken, catalogue, replacing};
use crate::day::Day;
use crate::error::StoreError;
use crate::minutes::{Minute, MinuteDay, Tail, add, first_minute};
use crate::sealed::Kind;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

fn of(kind: Kind) -> sqlx::Result<&'static Statements> {
    statements(kind).ok_or_else(|| sqlx::Error::Protocol("rows of the pack are no minutes".into()))
}

impl Database {
    /// Every sealed day of this kind of minutes of every system.
    pub(crate) fn minute_days(&mut self, kind: Kind) -> Result<Vec<(String, MinuteDay)>, StoreError> {
        minute_days(&mut self.conn, kind).map_err(StoreError::sqlite(&self.path))
    }

    /// The minutes of `system` before the minute `before` that are not sealed yet, and the newest of their places.
    pub(crate) fn unsealed_minutes<M: Minute>(
        &mut self,
        system: &str,
        before: i64,
    ) -> Result<(Tail<M>, i64), StoreError> {
        unsealed_minutes(&mut self.conn, system, before).map_err(StoreError::sqlite(&self.path))
    }

    /// Registers a sealed day, and drops the minutes from the tail that are in it. All of it, or nothing.
    pub(crate) fn minutes_sealed(
        &mut self,
        kind: Kind,
        system: &str,
        sealed: &MinuteDay,
        Taken { before, newest }: Taken,
    ) -> Result<(), StoreError> {
        let registered = self.conn.transaction(|conn| {
            let id = catalogue::system_id(conn, system)?;
            let MinuteDay { day, rows, values, width, first_minute: first, last_minute, bytes, checksum } = sealed;
            let statements = of(kind)?;
            let put = statements.put.bind(id).bind(day.0).bind(*rows as i64).bind(*values as i64).bind(*width);
            conn.run(put.bind(*first).bind(*last_minute).bind(*bytes as i64).bind(*checksum))?;
            let (from, to) = (first_minute(*day), first_minute(Day(day.0 + 1)));
            conn.run(statements.delete.bind(system).bind(from).bind(to.min(before)).bind(newest))?;
            replacing::done(conn, system, kind, *day)
        });
        registered.map_err(StoreError::sqlite(&self.path))
    }

    /// Takes a day of minutes out of the catalogue.
    pub(crate) fn forget_minutes(&mut self, kind: Kind, system: &str, day: Day) -> Result<(), StoreError> {
        let delete = of(kind).map_err(StoreError::sqlite(&self.path))?.delete_day;
        self.write(delete.bind(system).bind(day.0))
    }
}

pub(super) fn minute_days(conn: &mut Connection, kind: Kind) -> sqlx::Result<Vec<(String, MinuteDay)>> {
    conn.all(of(kind)?.days.plain(), |row: &SqliteRow| {
        let day = MinuteDay {
            day: Day(row.try_get(1)?),
            rows: row.try_get::<i64, _>(2)?.max(0) as u64,
            values: row.try_get::<i64, _>(3)?.max(0) as u64,
            width: row.try_get(4)?,
            first_minute: row.try_get(5)?,
            last_minute: row.try_get(6)?,
            bytes: row.try_get::<i64, _>(7)?.max(0) as u64,
            checksum: row.try_get(8)?,
        };
        Ok((row.try_get(0)?, day))
    })
}

pub(super) fn unsealed_minutes<M: Minute>(
    conn: &mut Connection,
    system: &str,
    before: i64,
) -> sqlx::Result<(Tail<M>, i64)> {
    let (mut minutes, mut newest) = (Tail::<M>::new(), 0);
    conn.each(of(M::KIND)?.unsealed.bind(system).bind(before), |row| {
        // One that cannot be read is left out, and goes with the others.
        if let Some(mut minute) = M::unpack(row.try_get(0)?, row.try_get(1)?) {
            if let Some((_, last)) = minutes.last_key_value() {
                minute.share(last);
            }
            add(&mut minutes, minute);
        }
        newest = row.try_get::<i64, _>(2)?.max(newest);
        Ok(())
    })?;
    Ok((minutes, newest))
}
