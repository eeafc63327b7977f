//! Minutes of cells and of device points, taken in at the start as the rows of the pack are.

use super::Writer;
use crate::database::Taken;
use crate::day::Day;
use crate::error::StoreError;
use crate::index::{Indexed, Kept};
use crate::layout;
use crate::minutes::MinuteDay;
use crate::sealed::Kind;
use std::collections::BTreeMap;
use std::fs;

impl Writer {
    /// The sealed days of this kind whose files are there, and notes which files have still to be taken in.
    pub(super) fn known_minutes(&mut self, kind: Kind) -> Result<BTreeMap<String, Vec<MinuteDay>>, StoreError> {
        let mut known: BTreeMap<String, Vec<MinuteDay>> = BTreeMap::new();
        let Some(db) = &mut self.db else { return Ok(known) };
        let mut gone = Vec::new();
        for (system, of) in db.minute_days(kind)? {
            let path = kind.path(&self.folder, &system, of.day);
            match fs::metadata(&path) {
                Ok(meta) if meta.len() == of.bytes => known.entry(system).or_default().push(of),
                Ok(_) => {}
                Err(_) => gone.push((system, of.day)),
            }
        }
        self.gone_at_start(kind, gone)?;
        let there = |system: &String, day: Day| known.get(system).is_some_and(|all| all.iter().any(|of| of.day == day));
        let on_disk = layout::days_on_disk(&self.folder, kind.name());
        self.adopt[kind as usize] = on_disk.into_iter().filter(|(system, day)| !there(system, *day)).collect();
        Ok(known)
    }

    /// What there is of a system's minutes at the start: what came while the database was away is in memory only.
    pub(super) fn restored<M: Kept>(
        &mut self,
        system: &str,
        days: Option<Vec<MinuteDay>>,
    ) -> Result<Indexed<M>, StoreError> {
        let in_memory = self.index.with(system, |indexed| M::of(indexed).tail.clone());
        let tail = match (in_memory, &mut self.db) {
            (Some(tail), _) => tail,
            (None, Some(db)) => db.unsealed_minutes(system, i64::MAX)?.0,
            (None, None) => BTreeMap::new(),
        };
        Ok(Indexed::new(days.unwrap_or_default(), tail))
    }

    /// Takes in one file that the catalogue does not know.
    pub(super) fn adopt_one_of_minutes<M: Kept>(&mut self) -> Result<(), StoreError> {
        self.register_replaced()?;
        let kind = M::KIND;
        let Some((system, day)) = self.adopt[kind as usize].pop() else { return Ok(()) };
        let path = kind.path(&self.folder, &system, day);
        match M::describe(&path, day) {
            Ok(of) => {
                let Some(db) = &mut self.db else { return Ok(()) };
                if let Err(error) = db.minutes_sealed(kind, &system, &of, Taken::NOTHING) {
                    self.adopt[kind as usize].push((system, day));
                    return Err(error);
                }
                self.index.minutes_sealed(kind, &system, of, i64::MIN);
                self.came_back(&system, kind, day);
                tracing::info!("took in sealed minutes {}: {} rows", path.display(), of.rows);
            }
            Err(error) => {
                self.damaged((&system, kind, day), &error.to_string())?;
                let Some(db) = &mut self.db else { return Ok(()) };
                db.forget_minutes(kind, &system, day)?;
                self.index.forget(&system, kind, day);
            }
        }
        Ok(())
    }
}
