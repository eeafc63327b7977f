//! What people do about alarms: acknowledge, reset, shelve. Decided here, for the state of the instant; whoever asks is told
//! only when it is on the disk ([`crate::engine`]).

use super::book::{AlarmBook, Entry as AlarmEntry, Row};
use super::life::{Acknowledged, Life, NotReset};
use super::rules::{RULES, Rule, RuleIdx, Subject};
use super::shelf::{NotShelved, Shelf};
use crate::audit::Entry;
use crate::people::action::Action;
use crate::people::{Denied, Requester, authorize};
use crate::plain;
use crate::spec::{SiteSpec, SystemIdx, SystemSpec};
use crate::time::{Now, Utc, rfc3339};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// The most alarms that can be named at once.
pub const NAMED_MOST: usize = 1_000;
/// So many alarms the audit names one by one.
const AUDITED: usize = 20;
/// Of so many it has the words.
const WORDED: usize = 3;

/// An alarm by names that stay: after a restart, and in another site file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AlarmName {
    /// The rule's id: `cell.voltage.low`.
    pub rule: String,
    /// What it is about: `cell 7.12`.
    pub subject: String,
}

/// What somebody does about alarms.
#[derive(Clone, Debug, PartialEq)]
pub enum AlarmAction {
    /// Has seen these. What was raised after `seen` they cannot have seen.
    Acknowledge {
        /// Which.
        alarms: Vec<AlarmName>,
        /// How late it was in what they saw; `None` for now.
        seen: Option<Utc>,
    },
    /// Has seen every alarm of the system that was shown to them; what is shelved was not.
    AcknowledgeAll {
        /// How late it was in what they saw.
        seen: Utc,
    },
    /// Has looked at what these warned of: their latches are released.
    Reset(Vec<AlarmName>),
    /// Puts these aside.
    Shelve {
        /// Which.
        alarms: Vec<AlarmName>,
        /// For how long.
        lasts: Duration,
        /// Why.
        why: String,
    },
    /// Takes these off the shelf.
    Unshelve(Vec<AlarmName>),
}

/// Something that somebody asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmOrder {
    /// By which the answer is known.
    pub ticket: u64,
    /// The system.
    pub system: SystemIdx,
    /// What.
    pub action: AlarmAction,
    /// Who asks.
    pub by: Requester,
}

/// Why nothing of it was done.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AlarmRefusal {
    /// There is no such system.
    #[error("there is no such system")]
    NoSystem,
    /// They may not.
    #[error("{0}")]
    Denied(Denied),
    /// There is no such alarm.
    #[error("there is no alarm {} of {} in this system", plain::quoted(&.0.rule), plain::quoted(&.0.subject))]
    Unknown(AlarmName),
    /// None, or too many, are named.
    #[error("name 1 to {NAMED_MOST} alarms, and not {0}")]
    Count(usize),
    /// It came again after what they saw.
    #[error("{} of {} was raised again at {}, after what you have seen: look at it first", .0.rule, .0.subject, rfc3339(*.1))]
    RaisedSince(AlarmName, Utc),
    /// A latch cannot be released.
    #[error("{} of {}: {why}", .alarm.rule, .alarm.subject)]
    NotReset {
        /// Of which alarm.
        alarm: AlarmName,
        /// Why not.
        why: NotReset,
    },
    /// It cannot be put aside so.
    #[error("{0}")]
    NotShelved(NotShelved),
    /// It is not on the disk, so it is not done.
    #[error("it cannot be recorded, so nothing was done: {0}")]
    CannotRecord(String),
}

/// What is to be done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Decided {
    /// The rows that change.
    pub(crate) rows: Vec<Row>,
    /// What the audit says of it.
    pub(crate) entry: Entry,
}

impl AlarmAction {
    /// What it needs.
    pub fn needs(&self) -> Action {
        match self {
            AlarmAction::Acknowledge { .. } | AlarmAction::AcknowledgeAll { .. } => Action::AcknowledgeAlarms,
            AlarmAction::Reset(_) => Action::ResetAlarms,
            AlarmAction::Shelve { .. } | AlarmAction::Unshelve(_) => Action::ShelveAlarms,
        }
    }

    /// What the audit calls it.
    fn word(&self) -> &'static str {
        match self {
            AlarmAction::Acknowledge { .. } | AlarmAction::AcknowledgeAll { .. } => "alarms-acknowledged",
            AlarmAction::Reset(_) => "alarms-reset",
            AlarmAction::Shelve { .. } => "alarms-shelved",
            AlarmAction::Unshelve(_) => "alarms-unshelved",
        }
    }
}

/// What of `order` is to be done now; no rows if all of it is so already.
///
/// # Errors
/// Nothing of it is to be done, and why.
pub(crate) fn decide(
    book: &AlarmBook,
    (site, system): (&SiteSpec, &SystemSpec),
    order: &AlarmOrder,
    now: Now,
) -> Result<Decided, AlarmRefusal> {
    let AlarmOrder { action, by, .. } = order;
    authorize(by, action.needs()).map_err(AlarmRefusal::Denied)?;
    let name: Arc<str> = if by.name.is_empty() { by.came.word().into() } else { by.name.as_str().into() };
    let seen_by = || Acknowledged { by: name.clone(), at: now.utc };
    let named = |names| named(book, site, system, names);
    let mut rows: Vec<Row> = Vec::new();
    match action {
        AlarmAction::Acknowledge { alarms, seen } => {
            for of in named(alarms)? {
                let Some(life) = of.life() else { continue };
                if seen.is_some_and(|seen| is_after(life.since, seen)) {
                    return Err(AlarmRefusal::RaisedSince(of.name.clone(), life.since));
                }
                rows.extend(of.acknowledged(seen_by()));
            }
        }
        AlarmAction::AcknowledgeAll { seen } => {
            for (entry, place) in book.entries().iter().zip(0..) {
                let of = Named {
                    place,
                    life: entry.life.as_deref(),
                    shelf: entry.shelf.as_deref(),
                    rule: entry.rule,
                    name: &NOBODY,
                };
                let shown = of.shelf.is_none() && of.life().is_some_and(|life| !is_after(life.since, *seen));
                rows.extend(of.acknowledged(seen_by()).filter(|_| shown));
            }
        }
        AlarmAction::Reset(alarms) => {
            for of in named(alarms)? {
                let Some(life) = of.life() else { continue };
                let refused = |why| AlarmRefusal::NotReset { alarm: of.name.clone(), why };
                life.can_be_reset(of.latching()).map_err(refused)?;
                rows.push((of.place, None, of.shelf.cloned().map(Box::new)));
            }
        }
        AlarmAction::Shelve { alarms, lasts, why } => {
            let shelf = Shelf::new(&name, why, *lasts, now).map_err(AlarmRefusal::NotShelved)?;
            let on_shelf = |of: Named<'_>| (of.place, of.life.cloned().map(Box::new), Some(Box::new(shelf.clone())));
            let others = named(alarms)?.into_iter().filter(|of| !of.shelf.is_some_and(|there| there.is_as(&shelf)));
            rows.extend(others.map(on_shelf));
        }
        AlarmAction::Unshelve(alarms) => {
            let shelved = named(alarms)?.into_iter().filter(|of| of.shelf.is_some());
            rows.extend(shelved.map(|of| (of.place, of.life.cloned().map(Box::new), None)));
        }
    }
    // Who names one twice means it once.
    rows.sort_by_key(|(place, ..)| *place);
    rows.dedup_by_key(|(place, ..)| *place);
    let entry = entry(book, (site, system), order, &rows, now);
    Ok(Decided { rows, entry })
}

/// Instants go to people with three digits: what was raised within the millisecond that they saw, they saw.
fn is_after(raised: Utc, seen: Utc) -> bool {
    raised.0.div_euclid(1_000) > seen.0.div_euclid(1_000)
}

/// For rows that nobody named.
static NOBODY: AlarmName = AlarmName { rule: String::new(), subject: String::new() };

/// A row that somebody named.
struct Named<'a> {
    name: &'a AlarmName,
    place: u32,
    rule: RuleIdx,
    life: Option<&'a Life>,
    shelf: Option<&'a Shelf>,
}

impl<'a> Named<'a> {
    fn find(
        book: &'a AlarmBook,
        site: &SiteSpec,
        system: &SystemSpec,
        name: &'a AlarmName,
    ) -> Result<Named<'a>, AlarmRefusal> {
        let unknown = || {
            AlarmRefusal::Unknown(AlarmName {
                // What is echoed is bounded.
                rule: name.rule.chars().take(40).collect(),
                subject: name.subject.chars().take(40).collect(),
            })
        };
        let rule = RuleIdx::from_id(&name.rule).ok_or_else(unknown)?;
        let subject = Subject::from_name(&name.subject, site, system).ok_or_else(unknown)?;
        let place = book.place(rule, subject).ok_or_else(unknown)?;
        let entry = book.entry(place).ok_or_else(unknown)?;
        Ok(Named { name, place: place as u32, rule, life: entry.life.as_deref(), shelf: entry.shelf.as_deref() })
    }

    fn life(&self) -> Option<&'a Life> {
        self.life
    }

    fn latching(&self) -> bool {
        self.rule.rule().is_some_and(|rule| rule.latching)
    }

    /// The row when it is acknowledged; `None` if it is already, or there is nothing to acknowledge.
    fn acknowledged(&self, by: Acknowledged) -> Option<Row> {
        let life = self.life.filter(|life| life.acknowledged.is_none())?;
        let life = life.clone().acknowledged(by, self.latching());
        Some((self.place, life.map(Box::new), self.shelf.cloned().map(Box::new)))
    }
}

/// The rows that somebody named.
fn named<'a>(
    book: &'a AlarmBook,
    site: &SiteSpec,
    system: &SystemSpec,
    names: &'a [AlarmName],
) -> Result<Vec<Named<'a>>, AlarmRefusal> {
    match names.len() {
        1..=NAMED_MOST => names.iter().map(|name| Named::find(book, site, system, name)).collect(),
        count => Err(AlarmRefusal::Count(count)),
    }
}

/// What the audit says of it: what was wrong in words, and the names behind it.
fn entry(
    book: &AlarmBook,
    (site, system): (&SiteSpec, &SystemSpec),
    order: &AlarmOrder,
    rows: &[Row],
    now: Now,
) -> Entry {
    let entries = || rows.iter().filter_map(|(place, ..)| book.entry(*place as usize));
    let words = |of: &AlarmEntry| Some(told(of.rule.rule()?, of.subject, of.life.as_deref(), site, system));
    let named = |of: &AlarmEntry| Some(format!("{} of {}", of.rule.rule()?.id, of.subject.name(site, system)));
    let words = first(entries().take(WORDED).filter_map(words).collect(), rows.len());
    let names = first(entries().take(AUDITED).filter_map(named).collect(), rows.len());
    let subject = if rows.len() == 1 { words } else { format!("{} alarms: {words}", rows.len()) };
    let shelf = rows.first().and_then(|(.., shelf)| shelf.as_deref());
    let new = match (&order.action, shelf) {
        (AlarmAction::Shelve { .. }, Some(shelf)) => Some(format!("until {}: {}", rfc3339(shelf.until), shelf.why)),
        _ => None,
    };
    let (system, subject, detail) = (Some(system.id.clone()), Some(subject), Some(names));
    Entry { system, subject, new, detail, ..Entry::of(&order.by, now.utc, order.action.word()) }
}

/// The first of `all`, and how many more there are.
fn first(told: Vec<String>, all: usize) -> String {
    match all.saturating_sub(told.len()) {
        0 => told.join("; "),
        more => format!("{}; and {more} more", told.join("; ")),
    }
}

/// What an alarm says, or would be about if it is normal.
fn told(rule: &'static Rule, subject: Subject, life: Option<&Life>, site: &SiteSpec, system: &SystemSpec) -> String {
    let about = || match subject {
        Subject::System => rule.id.replace('.', " "),
        _ => format!("{}, {}", rule.id.replace('.', " "), subject.name(site, system)),
    };
    let worst = life.map(|life| life.worst).filter(|worst| worst.is_finite());
    worst.map_or_else(about, |worst| rule.words(subject, worst, site, system))
}

impl RuleIdx {
    /// The place of the rule with this id; `None` if this version has none such.
    pub fn from_id(id: &str) -> Option<RuleIdx> {
        RULES.iter().zip(0..).find(|(rule, _)| rule.id == id).map(|(_, place)| RuleIdx(place))
    }
}
