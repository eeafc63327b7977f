//! Old tape goes: each row is looked at once, when it becomes too old, and then either goes or stays because of an alarm.
//! What stays is counted, and has a cap.

use super::Database;
use crate::error::StoreError;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::HashMap;
use std::time::Duration;

/// How far each system's tape has been looked at. Found again after a start, in the same small steps.
pub(super) type Judged = HashMap<i64, Of>;

/// One system's tape.
#[derive(Clone, Copy, Debug)]
pub(super) struct Of {
    /// Everything before this second was looked at.
    until_s: i64,
    /// Bytes of what stayed.
    kept: i64,
}

impl Database {
    /// Deletes of each system the tape that is older than `before_s`, but not that within `around` of an alarm, of which
    /// the newest `cap` bytes stay. Looks at `limit` rows of a system at most.
    pub(crate) fn expire(
        &mut self,
        before_s: i64,
        limit: usize,
        (around, cap): (Duration, u64),
    ) -> Result<(), StoreError> {
        let gone = self.expire_each(before_s, limit as i64, around.as_secs() as i64, cap);
        let gone = gone.map_err(StoreError::sqlite(&self.path))?;
        self.rows = self.rows.saturating_sub(gone as u64);
        Ok(())
    }

    fn expire_each(&mut self, before_s: i64, limit: i64, around_s: i64, cap: u64) -> rusqlite::Result<usize> {
        let mut select = self.conn.prepare_cached("SELECT id FROM system")?;
        let systems = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
        let share = i64::try_from(cap).unwrap_or(i64::MAX) / (systems.len().max(1) as i64);
        let mut gone = 0;
        for id in systems {
            let of = self.judged.entry(id).or_insert(Of { until_s: i64::MIN, kept: 0 });
            gone += judge(&self.conn, id, of, (before_s, limit, around_s))?;
            if of.kept > share {
                gone += oldest_kept(&self.conn, id, of, limit)?;
            }
        }
        Ok(gone)
    }

    /// Deletes the oldest tape that stayed because of alarms, at most `limit` rows of each system. Returns how many went.
    pub(crate) fn trim_kept(&mut self, limit: usize) -> Result<usize, StoreError> {
        let mut gone = 0;
        for (id, of) in &mut self.judged {
            gone += oldest_kept(&self.conn, *id, of, limit as i64).map_err(StoreError::sqlite(&self.path))?;
        }
        self.rows = self.rows.saturating_sub(gone as u64);
        Ok(gone)
    }

    /// After the clock was set, tape may lie where it was looked at already.
    pub(crate) fn judge_tape_anew(&mut self) {
        self.judged.clear();
    }
}

fn judge(
    conn: &Connection,
    id: i64,
    of: &mut Of,
    (before_s, limit, around_s): (i64, i64, i64),
) -> rusqlite::Result<usize> {
    let after: Option<i64> = conn
        .prepare_cached(
            "SELECT utc_s FROM tape WHERE system_id = ?1 AND utc_s >= ?2 AND utc_s < ?3 ORDER BY utc_s LIMIT 1 OFFSET ?4",
        )?
        .query_row(params![id, of.until_s, before_s, limit], |row| row.get(0))
        .optional()?;
    let to_s = after.map_or(before_s, |after| after.max(of.until_s.saturating_add(1)));
    let gone = conn
        .prepare_cached(
            "DELETE FROM tape WHERE system_id = ?1 AND utc_s >= ?2 AND utc_s < ?3 AND NOT EXISTS (
                SELECT 1 FROM event WHERE event.system_id = ?1 AND kind = 'raised'
                AND at_ms >= (utc_s - ?4) * 1000 AND at_ms <= (utc_s + ?4) * 1000)",
        )?
        .execute(params![id, of.until_s, to_s, around_s])?;
    let kept: i64 = conn
        .prepare_cached(
            "SELECT COALESCE(sum(length(frames)), 0) FROM tape WHERE system_id = ?1 AND utc_s >= ?2 AND utc_s < ?3",
        )?
        .query_row(params![id, of.until_s, to_s], |row| row.get(0))?;
    (of.until_s, of.kept) = (to_s.max(of.until_s), of.kept + kept);
    Ok(gone)
}

fn oldest_kept(conn: &Connection, id: i64, of: &mut Of, limit: i64) -> rusqlite::Result<usize> {
    let bytes: i64 = conn
        .prepare_cached(
            "SELECT COALESCE(sum(bytes), 0) FROM (SELECT length(frames) AS bytes FROM tape
             WHERE system_id = ?1 AND utc_s < ?2 ORDER BY utc_s LIMIT ?3)",
        )?
        .query_row(params![id, of.until_s, limit], |row| row.get(0))?;
    let gone = conn
        .prepare_cached(
            "DELETE FROM tape WHERE seq IN (
                SELECT seq FROM tape WHERE system_id = ?1 AND utc_s < ?2 ORDER BY utc_s LIMIT ?3)",
        )?
        .execute(params![id, of.until_s, limit])?;
    of.kept = if gone == 0 { 0 } else { (of.kept - bytes).max(0) };
    Ok(gone)
}
