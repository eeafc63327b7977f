//! What those who ask found out about the files of sealed days: damaged ones are set aside, checksums are kept.

use super::Writer;
use crate::aside;
use crate::columns;
use crate::day::Day;
use crate::error::StoreError;
use crate::grids;
use crate::integrity::look;
use crate::sealed::{Finding, Kind};
use domain::storage::StorageKind;

impl Writer {
    /// Attends to what was found. What cannot be done now is tried again in the next cycle.
    pub(super) fn attend(&mut self) {
        self.findings.extend(self.shared.take_findings());
        while let Some(finding) = self.findings.last().cloned() {
            let done = match &finding {
                Finding::Damaged(system, kind, day) => self.look_again(system, *kind, *day),
                Finding::Sound(system, of) => {
                    self.db.as_mut().map_or(Ok(()), |db| db.keep_checksum(system, of).map(drop))
                }
            };
            if let Err(error) = done {
                tracing::error!("a file of history cannot be looked after: {error}");
                return;
            }
            self.findings.pop();
        }
    }

    /// Sets a day's file aside if it is not what the catalogue says; otherwise it is history.
    pub(super) fn look_again(&mut self, system: &str, kind: Kind, day: Day) -> Result<(), StoreError> {
        // What is still to be taken in has another entry than its own, or none.
        if self.adopt[kind as usize].iter().any(|(name, of)| name == system && *of == day) {
            return Ok(());
        }
        let Some(db) = &mut self.db else { return Ok(()) };
        let Some(of) = db.sealed_day(system, kind, day)? else { return Ok(()) };
        let path = kind.path(&self.folder, system, day);
        if !path.exists() {
            let words = format!(
                "{} is gone: its readings are missing from all answers. Put it back from a copy and start again.",
                path.display()
            );
            tracing::error!("{words}");
            aside::note_gone(&self.folder, (system, kind), day, &words)?;
            self.troubles.happened(StorageKind::Damaged, words, (self.wall)());
            return self.forget_day(system, kind, day);
        }
        match look(&self.folder, system, &of) {
            Ok(_) if self.index.has_day(system, kind, day) => Ok(()),
            Ok(_) => {
                // It was only being replaced when it was looked at.
                self.index.take_back(system, kind, day);
                match kind {
                    Kind::Pack => {
                        let known = db.catalogue()?.into_iter().find(|(of, s)| of == system && s.day == day);
                        known.into_iter().for_each(|(_, segment)| self.index.sealed(system, segment, i64::MIN));
                    }
                    Kind::Cells | Kind::Devices => {
                        let known = db.minute_days(kind)?.into_iter().find(|(of, d)| of == system && d.day == day);
                        known.into_iter().for_each(|(_, of)| self.index.minutes_sealed(kind, system, of, i64::MIN));
                    }
                }
                Ok(())
            }
            Err(StoreError::Parquet { why, .. }) => {
                let words = format!("{} is damaged: {why}", path.display());
                self.damaged((system, kind, day), &words)?;
                self.forget_day(system, kind, day)
            }
            Err(error) => Err(error),
        }
    }

    /// A sealed day is no more, and left out of answers.
    pub(super) fn forget_day(&mut self, system: &str, kind: Kind, day: Day) -> Result<(), StoreError> {
        self.index.drop_day(system, kind, day);
        self.remove_day(system, kind, day)
    }

    /// Takes a day out of the catalogue and of what is in memory.
    pub(super) fn remove_day(&mut self, system: &str, kind: Kind, day: Day) -> Result<(), StoreError> {
        let Some(db) = &mut self.db else { return Ok(()) };
        self.index.forget(system, kind, day);
        // What was made of the file can be made again.
        match kind {
            Kind::Pack => columns::forget(&self.folder, system, day),
            Kind::Cells => grids::forget(&self.folder, system, day),
            Kind::Devices => {}
        }
        match kind {
            Kind::Pack => db.forget(system, day),
            Kind::Cells | Kind::Devices => db.forget_minutes(kind, system, day),
        }
    }
}
