//! What every page says of the whole site, whichever system it shows: how each system does, and whether the past is kept.

use super::{Site, System};
use crate::alarm::Severity;
use crate::wire::{Reader, WireError, Writer};

/// The site in a few words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteStatus {
    /// How each system does, in the order of the site. Empty where that is not known, as in a snapshot of the past.
    pub systems: Vec<Health>,
    /// How many critical alarms of each system nobody has acknowledged or shelved, whether they are over or not. Empty where
    /// that is not known.
    pub unacknowledged: Vec<u16>,
    /// What is wrong with the storage of history, for people; empty if nothing is.
    pub storage: String,
}

/// How a system does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// None of its values is fresh, and no alarm is active, or those are shelved.
    #[default]
    Unknown,
    /// Values arrive, and no alarm is active, or those are shelved.
    NoAlarm,
    /// The worst of its active alarms that nobody has put aside.
    Alarm(Severity),
}

impl Health {
    /// Every state, by wire code.
    const ALL: [Health; 5] = [
        Health::Unknown,
        Health::NoAlarm,
        Health::Alarm(Severity::Notice),
        Health::Alarm(Severity::Warning),
        Health::Alarm(Severity::Critical),
    ];

    /// As of the system's last cycle: another system's cycle does not look at it anew.
    fn of(system: &System) -> Health {
        // The worst is the first.
        let told = system.alarms.active().iter().find(|alarm| !alarm.standing.shelved);
        match told.map(|alarm| alarm.severity()) {
            Some(worst) => Health::Alarm(worst),
            None if system.reports => Health::NoAlarm,
            None => Health::Unknown,
        }
    }
}

impl SiteStatus {
    /// The status of `site`.
    pub(super) fn of(site: &Site) -> SiteStatus {
        let systems = site.systems.iter().map(Health::of).collect();
        let count = |system: &System| u16::try_from(system.alarms.unacknowledged()).unwrap_or(u16::MAX);
        let unacknowledged = site.systems.iter().map(count).collect();
        SiteStatus { systems, unacknowledged, storage: site.storage.clone() }
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        w.varint(self.systems.len() as u64);
        for health in &self.systems {
            let code = Health::ALL.iter().position(|known| known == health).unwrap_or_default();
            w.u8(code as u8);
        }
        w.str(&self.storage);
        w.varint(self.unacknowledged.len() as u64);
        self.unacknowledged.iter().for_each(|count| w.varint(u64::from(*count)));
    }

    /// Reads what was written; `counts` if alarms that nobody has acknowledged were counted then.
    pub(crate) fn read(r: &mut Reader<'_>, counts: bool) -> Result<SiteStatus, WireError> {
        let health = |r: &mut Reader<'_>| {
            let code = usize::from(r.u8()?);
            Health::ALL.get(code).copied().ok_or_else(|| r.invalid("health of a system"))
        };
        let systems = (0..r.count("number of systems")?).map(|_| health(r)).collect::<Result<_, _>>()?;
        let storage = r.str()?.to_owned();
        let count = |r: &mut Reader<'_>| r.number::<u16>("alarms that nobody has acknowledged");
        let systems_counted = if counts { r.count("number of systems")? } else { 0 };
        let unacknowledged = (0..systems_counted).map(|_| count(r)).collect::<Result<_, _>>()?;
        Ok(SiteStatus { systems, unacknowledged, storage })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::point::PointId;
    use crate::spec::SystemIdx;
    use crate::time::{Mono, Now, Utc};

    #[test]
    fn a_system_that_says_nothing_is_unknown_and_never_well() {
        let mut spec = crate::engine::tests::site();
        spec.systems = vec![spec.systems[0].clone(), spec.systems[0].clone()];
        let mut site = Site::new(spec);
        let now = |mono| Now { utc: Utc(0), mono: Mono(mono) };
        // Each system's own cycle says whether it reports.
        let seen = |site: &mut Site, mono| {
            (0..2).for_each(|idx| drop(crate::engine::cycle(site, SystemIdx(idx), now(mono))));
            site.snapshot(SystemIdx(0), now(mono)).unwrap().site.systems
        };
        assert_eq!(seen(&mut site, 9_000_000), [Health::Unknown, Health::Unknown]);
        site.systems[1].state.points.set(PointId::Voltage, Ok(800.0), Mono(9_000_000));
        assert_eq!(seen(&mut site, 9_000_000), [Health::Unknown, Health::NoAlarm]);
        assert_eq!(seen(&mut site, 99_000_000), [Health::Unknown, Health::Unknown], "it has fallen silent");
    }
}
