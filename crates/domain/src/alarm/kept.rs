//! What is kept of an alarm on the disk, by names that stay the same in another process and another site file.

use super::answer::AlarmName;
use super::book::{AlarmBook, AlarmRecord};
use super::life::Life;
use super::rules::{RuleIdx, Subject};
use super::shelf::Shelf;
use crate::link::LinkIdx;
use crate::spec::{SiteSpec, SystemIdx, SystemSpec};

/// An alarm of a system. With neither a life nor a shelf nothing is kept of it.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptAlarm {
    /// Which.
    pub name: AlarmName,
    /// What became of it; `None` if it is normal.
    pub life: Option<Life>,
    /// Who has put it aside; `None` if nobody has.
    pub shelf: Option<Shelf>,
}

impl KeptAlarm {
    /// Its record in a site as it is now.
    ///
    /// # Errors
    /// The site, the system or this version has no such rule or subject any more: why, in words.
    pub fn record(self, site: &SiteSpec, system: SystemIdx) -> Result<AlarmRecord, String> {
        let KeptAlarm { name: AlarmName { rule, subject }, life, shelf } = self;
        let gone = || format!("because the site file no longer has {subject}");
        let spec = site.system(system).ok_or_else(gone)?;
        let rule = RuleIdx::from_id(&rule).ok_or_else(|| format!("because this version has no rule {rule}"))?;
        let found = Subject::from_name(&subject, site, spec).filter(|subject| belongs(site, system, *subject));
        let found = found.ok_or_else(|| format!("{} in {}", gone(), spec.id))?;
        Ok(AlarmRecord { rule, subject: found, life, shelf })
    }
}

impl AlarmBook {
    /// What is to be kept of rows, as they are now.
    pub(crate) fn kept(&self, places: &[u32], site: &SiteSpec, system: &SystemSpec) -> Vec<KeptAlarm> {
        let of = |place: &u32| {
            let entry = self.entry(*place as usize)?;
            let (rule, subject) = (entry.rule.rule()?.id.to_owned(), entry.subject.name(site, system));
            let (life, shelf) = (entry.life.as_deref().cloned(), entry.shelf.as_deref().cloned());
            Some(KeptAlarm { name: AlarmName { rule, subject }, life, shelf })
        };
        places.iter().filter_map(of).collect()
    }
}

/// Whether the subject is one of the system: a link may have been given to another.
fn belongs(site: &SiteSpec, system: SystemIdx, subject: Subject) -> bool {
    match subject {
        Subject::Link(LinkIdx(link)) => site.links.get(usize::from(link)).is_some_and(|link| link.system == system),
        _ => true,
    }
}
