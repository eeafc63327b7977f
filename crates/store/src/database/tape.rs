//! Old tape goes: each row is looked at once, when it becomes too old, and then either goes or stays because of an alarm.
//! What stays is counted, and has a cap.

use super::connection::Connection;
use super::{Database, sql};
use crate::error::StoreError;
use sqlx::Row as _;
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
        self.rows = self.rows.saturating_sub(gone);
        Ok(())
    }

    fn expire_each(&mut self, before_s: i64, limit: i64, around_s: i64, cap: u64) -> sqlx::Result<u64> {
        let systems: Vec<i64> = self.conn.all(sql::SYSTEMS.plain(), |row| row.try_get(1))?;
        let share = i64::try_from(cap).unwrap_or(i64::MAX) / (systems.len().max(1) as i64);
        let mut gone = 0;
        for id in systems {
            let of = self.judged.entry(id).or_insert(Of { until_s: i64::MIN, kept: 0 });
            gone += judge(&mut self.conn, id, of, (before_s, limit, around_s))?;
            if of.kept > share {
                gone += oldest_kept(&mut self.conn, id, of, limit)?;
            }
        }
        Ok(gone)
    }

    /// Deletes the oldest tape that stayed because of alarms, at most `limit` rows of each system. Returns how many went.
    pub(crate) fn trim_kept(&mut self, limit: usize) -> Result<u64, StoreError> {
        let mut gone = 0;
        for (id, of) in &mut self.judged {
            gone += oldest_kept(&mut self.conn, *id, of, limit as i64).map_err(StoreError::sqlite(&self.path))?;
        }
        self.rows = self.rows.saturating_sub(gone);
        Ok(gone)
    }

    /// After the clock was set, tape may lie where it was looked at already.
    pub(crate) fn judge_tape_anew(&mut self) {
        self.judged.clear();
    }
}

fn judge(
    conn: &mut Connection,
    id: i64,
    of: &mut Of,
    (before_s, limit, around_s): (i64, i64, i64),
) -> sqlx::Result<u64> {
    let after = sql::TAPE_SECOND_AFTER.bind(id).bind(of.until_s).bind(before_s).bind(limit);
    let after: Option<i64> = conn.first(after, |row| row.try_get(0))?;
    let to_s = after.map_or(before_s, |after| after.max(of.until_s.saturating_add(1)));
    let gone = conn.run(sql::DELETE_TAPE_WITHOUT_ALARM.bind(id).bind(of.until_s).bind(to_s).bind(around_s))?;
    let kept = conn.number(sql::TAPE_BYTES.bind(id).bind(of.until_s).bind(to_s))?;
    (of.until_s, of.kept) = (to_s.max(of.until_s), of.kept + kept);
    Ok(gone)
}

fn oldest_kept(conn: &mut Connection, id: i64, of: &mut Of, limit: i64) -> sqlx::Result<u64> {
    let bytes = conn.number(sql::OLDEST_TAPE_BYTES.bind(id).bind(of.until_s).bind(limit))?;
    let gone = conn.run(sql::DELETE_OLDEST_TAPE.bind(id).bind(of.until_s).bind(limit))?;
    of.kept = if gone == 0 { 0 } else { (of.kept - bytes).max(0) };
    Ok(gone)
}
