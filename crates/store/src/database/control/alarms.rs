//! What became of alarms, and what people have done about them: as it is now, by names that stay.

use super::{Done, Tables};
use crate::database::sql::{Sql, control as sql};
use domain::alarm::{Acknowledged, AlarmName, KeptAlarm, Life, Seen, Shelf};
use domain::time::{Now, Utc};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeMap;

/// Acknowledgements are kept for so long, µs: 400 days.
const SEEN_KEPT_US: i64 = 400 * 86_400 * 1_000_000;

/// A system and an alarm of it.
type Key = (String, AlarmName);

fn key(row: &SqliteRow) -> sqlx::Result<Key> {
    Ok((row.try_get(0)?, AlarmName { rule: row.try_get(1)?, subject: row.try_get(2)? }))
}

fn life(row: &SqliteRow) -> sqlx::Result<(Key, Life)> {
    let number = |at| Ok::<f32, sqlx::Error>(row.try_get::<Option<f64>, _>(at)?.map_or(f32::NAN, |value| value as f32));
    let instant = |at| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(at)?.map(Utc));
    let by: Option<String> = row.try_get(10)?;
    let life = Life {
        first: Utc(row.try_get(3)?),
        since: Utc(row.try_get(4)?),
        ended: instant(5)?,
        times: u32::try_from(row.try_get::<i64, _>(6)?).unwrap_or(u32::MAX),
        value: number(7)?,
        worst: number(8)?,
        acknowledged: instant(9)?.zip(by).map(|(at, by)| Acknowledged { by: by.into(), at }),
    };
    Ok((key(row)?, life))
}

impl Tables<'_> {
    /// Puts an alarm of a system in the place of what was kept of it; of one that is normal and not shelved nothing is.
    pub fn keep_alarm(&mut self, system: &str, alarm: &KeptAlarm) -> Done<()> {
        let KeptAlarm { name: AlarmName { rule, subject }, life, shelf } = alarm;
        let named = |sql: Sql| sql.bind(system).bind(rule).bind(subject);
        match life {
            None => self.0.run(named(sql::DELETE_ALARM))?,
            Some(Life { first, since, ended, times, value, worst, acknowledged }) => {
                let put = named(sql::PUT_ALARM).bind(first.0).bind(since.0).bind(ended.map(|at| at.0));
                let put = put.bind(i64::from(*times)).bind(f64::from(*value)).bind(f64::from(*worst));
                let (at, by) = acknowledged.as_ref().map(|of| (of.at.0, &*of.by)).unzip();
                self.0.run(put.bind(at).bind(by))?
            }
        };
        match shelf {
            None => self.0.run(named(sql::DELETE_SHELF))?,
            Some(Shelf { by, why, at, until, .. }) => {
                self.0.run(named(sql::PUT_SHELF).bind(at.0).bind(until.0).bind(&**by).bind(&**why))?
            }
        };
        Ok(())
    }

    /// Notes that alarms of a system were acknowledged; those of more than 400 days before are forgotten.
    pub fn add_alarms_seen(&mut self, system: &str, seen: &[(AlarmName, Seen)]) -> Done<()> {
        for (AlarmName { rule, subject }, Seen { raised, at }) in seen {
            let add = sql::ADD_SEEN.bind(system).bind(rule).bind(subject).bind(raised.0).bind(at.0);
            self.0.run(add)?;
        }
        if let Some((_, newest)) = seen.first() {
            self.0.run(sql::FORGET_SEEN.bind(system).bind(newest.at.0.saturating_sub(SEEN_KEPT_US)))?;
        }
        Ok(())
    }

    /// What was acknowledged of a system in `from..to`: the newest `limit`.
    pub fn alarms_seen(&mut self, system: &str, from: Utc, to: Utc, limit: i64) -> Done<Vec<Seen>> {
        let seen = |row: &SqliteRow| Ok(Seen { raised: Utc(row.try_get(0)?), at: Utc(row.try_get(1)?) });
        Ok(self.0.all(sql::SEEN.bind(system).bind(from.0).bind(to.0).bind(limit), seen)?)
    }

    /// Every alarm that is kept, with its system's id: as it is at `now`, when shelves may have ended.
    pub fn kept_alarms(&mut self, now: Now) -> Done<Vec<(String, KeptAlarm)>> {
        let shelf = |row: &SqliteRow| {
            let (by, why): (String, String) = (row.try_get(5)?, row.try_get(6)?);
            let (at, until) = (Utc(row.try_get(3)?), Utc(row.try_get(4)?));
            Ok((key(row)?, Shelf::restored(&by, &why, at, until, now)))
        };
        let mut found: BTreeMap<Key, (Option<Life>, Option<Shelf>)> = BTreeMap::new();
        for (key, life) in self.0.all(sql::ALARMS.plain(), life)? {
            found.entry(key).or_default().0 = Some(life);
        }
        for (key, shelf) in self.0.all(sql::SHELVES.plain(), shelf)? {
            found.entry(key).or_default().1 = shelf;
        }
        let kept = |((system, name), (life, shelf))| (system, KeptAlarm { name, life, shelf });
        Ok(found.into_iter().map(kept).collect())
    }
}
