//! The state of every rule for every subject.

use super::flapping::Flapping;
use super::life::{AlarmState, Life};
use super::rules::{Bound, Limit, RULES, Rule, RuleIdx, Severity, Subject, Watch};
use super::shelf::Shelf;
use crate::frozen::WATCHED;
use crate::link::{LinkIdx, LinkState, LinkStatus, UNBELIEVABLE};
use crate::point::WatchedPoint;
use crate::reading::Sample;
use crate::spec::{SiteSpec, SystemIdx, SystemSpec};
use crate::time::{Mono, Now, Utc};

/// An active alarm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alarm {
    /// The rule that raised it.
    pub rule: RuleIdx,
    /// What it is about.
    pub subject: Subject,
    /// When it became active.
    pub since: Utc,
    /// The watched value now, or the last one known.
    pub value: f32,
    /// The worst value since it became active.
    pub worst: f32,
    /// There is no data now, so it cannot be known whether it is over.
    pub signal_lost: bool,
    /// It comes and goes faster than its rule waits, and was raised for that.
    pub chattering: bool,
    /// What people have done about it.
    pub standing: Standing,
}

/// What people have done about an alarm, and how often it came: what every snapshot has of its [`Life`] and [`Shelf`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Standing {
    /// Somebody has acknowledged it.
    pub acknowledged: bool,
    /// Somebody has put it aside for a time.
    pub shelved: bool,
    /// How often it was raised since it was normal, at least once.
    pub times: u32,
}

impl Default for Standing {
    /// Raised once, and nobody has done anything.
    fn default() -> Standing {
        Standing { acknowledged: false, shelved: false, times: 1 }
    }
}

impl Alarm {
    /// What tells it apart from every other alarm of its system, now and after a restart: the rule's id and the
    /// subject's name. `None` for a rule that this version does not know.
    pub fn name(&self, site: &SiteSpec, system: &SystemSpec) -> Option<(&'static str, String)> {
        Some((self.rule.rule()?.id, self.subject.name(site, system)))
    }

    /// Where it stands, if no other alarm explains it; `is_active` says whether its condition stands.
    pub fn state(&self, is_active: bool) -> AlarmState {
        let latching = self.rule.rule().is_some_and(|rule| rule.latching);
        match (is_active, self.standing) {
            (_, Standing { shelved: true, .. }) => AlarmState::Shelved,
            (true, Standing { acknowledged: false, .. }) => AlarmState::ActiveUnacknowledged,
            (true, Standing { acknowledged: true, .. }) => AlarmState::ActiveAcknowledged,
            (false, _) if latching => AlarmState::Latched,
            (false, _) => AlarmState::ClearedUnacknowledged,
        }
    }

    /// Whether it is to be told until somebody acknowledges it.
    pub fn is_unacknowledged(&self) -> bool {
        !self.standing.acknowledged && !self.standing.shelved
    }

    /// How bad it is; a rule that this version does not know counts as a warning.
    pub fn severity(&self) -> Severity {
        self.rule.rule().map_or(Severity::Warning, |rule| rule.severity)
    }

    /// What is wrong, in words, with what `links` say of themselves now; `None` for a rule that this version does not
    /// know.
    pub fn words(&self, site: &SiteSpec, system: &SystemSpec, links: &[LinkStatus]) -> Option<String> {
        let rule = self.rule.rule()?;
        let place = match self.subject {
            Subject::Link(link) => Some(usize::from(link.0)),
            Subject::Device(number) => system.watched_point(number).and_then(|point| site.find_link(point.link())),
            _ => None,
        };
        let status = place.and_then(|place| links.get(place).zip(site.links.get(place)));
        let chattering = |words: String| if self.chattering { format!("{words} (comes and goes)") } else { words };
        Some(match status {
            // What was expected and what answered.
            Some((status, spec))
                if rule.watch == Watch::LinkWrongDevice
                    && status.state == LinkState::WrongDevice
                    && !status.reason.is_empty() =>
            {
                format!("{}: {}", spec.name, status.reason)
            }
            Some((status, spec)) if rule.watch == Watch::LinkSilence && status.is_unbelievable() => {
                chattering(format!("{} {UNBELIEVABLE}", spec.name))
            }
            // Nothing answers now; what answered last was not the right one.
            Some((status, spec))
                if rule.watch == Watch::LinkWrongDevice
                    && !matches!(status.state, LinkState::WrongDevice | LinkState::Up) =>
            {
                format!("{}: what answered last was another device than the one expected", spec.name)
            }
            // Whether it is the sensor or the whole device changes while the alarm stands.
            Some((status, spec)) if rule.watch == Watch::DevicePointAge => {
                let words = rule.words(self.subject, self.worst, site, system);
                chattering(match status.state {
                    LinkState::Up if !rule.bound_of(system, self.subject).is_bad(self.value) => {
                        format!("{words} (better now)")
                    }
                    LinkState::Up => format!("{words}, although its device answers"),
                    _ => format!("{words}: {} does not answer", spec.name),
                })
            }
            // What it comes to, not what it is at the instant between.
            _ if self.chattering => chattering(rule.words(self.subject, self.worst, site, system)),
            // In a storm there are thousands of these.
            _ if self.value == self.worst => rule.words(self.subject, self.value, site, system),
            _ => {
                let [now, worst] = [self.value, self.worst].map(|v| rule.words(self.subject, v, site, system));
                // A value that is back within its limit is not what the alarm is about, while it waits for its end.
                let back = !rule.bound_of(system, self.subject).is_bad(self.value);
                if back && now != worst { format!("{worst} (at its worst; better now)") } else { now }
            }
        })
    }

    /// What was wrong, in words, with the worst that it came to, once it is over; `None` for a rule that this version does
    /// not know.
    pub fn words_of_end(&self, site: &SiteSpec, system: &SystemSpec) -> Option<String> {
        Some(self.rule.rule()?.words(self.subject, self.worst, site, system))
    }
}

/// An alarm that was raised or cleared in a cycle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AlarmChange {
    /// It became active.
    Raised(Alarm),
    /// It is over.
    Cleared(Alarm),
}

impl AlarmChange {
    /// The alarm, as it is now or was at its end.
    pub fn alarm(&self) -> &Alarm {
        match self {
            AlarmChange::Raised(alarm) | AlarmChange::Cleared(alarm) => alarm,
        }
    }
}

/// What the rules look at, given by the engine each cycle.
pub trait Observed {
    /// The watched value of a subject now.
    fn watch(&self, watch: Watch, subject: Subject) -> Sample;
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    #[default]
    Normal,
    Pending {
        since: Mono,
    },
    Active,
    Clearing {
        since: Mono,
    },
}

impl State {
    fn is_active(self) -> bool {
        matches!(self, State::Active | State::Clearing { .. })
    }
}

/// The alarms of one system.
#[derive(Clone, Debug, Default)]
pub struct AlarmBook {
    /// Every rule with the system's limits, by [`RuleIdx`]; then those of subjects with limits of their own.
    bounds: Vec<Bound>,
    /// One row per rule and subject, in that order.
    entries: Vec<Entry>,
    /// The rows that are active, worst first, then oldest first.
    order: Vec<u32>,
    /// Their alarms, in the same order.
    active: Vec<Alarm>,
    /// Alarms that are over and wait for a person, worst first, then oldest first.
    waiting: Vec<Alarm>,
    /// Critical alarms among both that nobody has acknowledged or shelved.
    unacknowledged: usize,
    /// The rows that are shelved.
    shelved: Vec<u32>,
    /// The rows whose life or shelf changed since they were last handed out to be kept.
    unsaved: Vec<u32>,
    /// Another one after each change of a life or a shelf.
    revision: u64,
}

/// One row.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Its place in [`AlarmBook::bounds`].
    bound: u32,
    pub(super) rule: RuleIdx,
    pub(super) subject: Subject,
    state: State,
    flapping: Flapping,
    alarm: Option<Alarm>,
    pub(super) life: Option<Box<Life>>,
    pub(super) shelf: Option<Box<Shelf>>,
}

/// The life and the shelf of a row.
pub(crate) type Row = (u32, Option<Box<Life>>, Option<Box<Shelf>>);

/// An alarm that is not normal or is shelved, with who did what about it.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmRecord {
    /// The rule.
    pub rule: RuleIdx,
    /// What it is about.
    pub subject: Subject,
    /// What became of it; `None` while it is normal.
    pub life: Option<Life>,
    /// Who has put it aside; `None` while nobody has.
    pub shelf: Option<Shelf>,
}

impl AlarmBook {
    /// The book of `system`: every rule for every subject that the system has, all normal.
    pub fn new(site: &SiteSpec, system: SystemIdx) -> AlarmBook {
        AlarmBook::of(site, system, |_| true)
    }

    /// The same with some rules only.
    pub fn of(site: &SiteSpec, system: SystemIdx, wanted: impl Fn(&Rule) -> bool) -> AlarmBook {
        let Some(spec) = site.system(system) else { return AlarmBook::default() };
        let mut entries = Vec::new();
        let mut bounds: Vec<Bound> = RULES.iter().map(|rule| rule.bound(spec)).collect();
        for (rule, i) in RULES.iter().zip(0..).filter(|(rule, _)| wanted(rule)) {
            for subject in subjects(rule, site, system, spec.topology.cells(), spec.topology.modules()) {
                let mut bound = u32::from(i);
                if matches!(rule.limit, Limit::OfSubject(..)) {
                    bound = bounds.len() as u32;
                    bounds.push(rule.bound_of(spec, subject));
                }
                entries.push(Entry::new(bound, RuleIdx(i), subject));
            }
        }
        AlarmBook { bounds, entries, ..AlarmBook::default() }
    }

    /// Active alarms, worst first, then oldest first.
    pub fn active(&self) -> &[Alarm] {
        &self.active
    }

    /// Alarms that are over and wait for a person to acknowledge or reset them, worst first, then oldest first. A value of
    /// theirs is that at their end.
    pub fn waiting(&self) -> &[Alarm] {
        &self.waiting
    }

    /// How many critical alarms nobody has acknowledged or shelved, whether they are over or not.
    pub fn unacknowledged(&self) -> usize {
        self.unacknowledged
    }

    /// Another number after each change of what [`AlarmBook::records`] says.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Every alarm that is not normal or is shelved, by rule and subject.
    pub fn records(&self) -> Vec<AlarmRecord> {
        let of = |entry: &Entry| {
            let (life, shelf) = (entry.life.as_deref().cloned(), entry.shelf.as_deref().cloned());
            (life.is_some() || shelf.is_some()).then_some(AlarmRecord {
                rule: entry.rule,
                subject: entry.subject,
                life,
                shelf,
            })
        };
        self.entries.iter().filter_map(of).collect()
    }

    /// Takes what was kept of alarms when the process before this one ended. Each is the same alarm on: it is not raised
    /// again, and good data ends it. Until there is data, the signal of what was active is lost. Returns of each whether the
    /// system still has such a rule and subject.
    pub fn restore(&mut self, kept: Vec<AlarmRecord>) -> Vec<bool> {
        let known = kept.into_iter().map(|AlarmRecord { rule, subject, life, shelf }| {
            let Some(place) = self.place(rule, subject) else { return false };
            let latching = rule.rule().is_some_and(|rule| rule.latching);
            let entry = &mut self.entries[place];
            entry.life = life.and_then(|life| life.settled(latching)).map(Box::new);
            entry.shelf = shelf.map(Box::new);
            if let Some(Life { ended: None, since, value, worst, .. }) = entry.life.as_deref() {
                let (since, value, worst, standing) = (*since, *value, *worst, entry.standing());
                let alarm =
                    Alarm { rule, subject, since, value, worst, signal_lost: true, chattering: false, standing };
                (entry.state, entry.alarm) = (State::Active, Some(alarm));
            }
            self.unsaved.push(place as u32);
            true
        });
        let known = known.collect();
        self.arrange();
        known
    }

    /// Takes an alarm that is active in another book, as it is. Returns whether there is such a rule and subject.
    pub fn adopt(&mut self, alarm: Alarm) -> bool {
        let Some(place) = self.place(alarm.rule, alarm.subject) else { return false };
        let entry = &mut self.entries[place];
        let life = entry.life.take().map(|life| *life);
        entry.life = Some(Box::new(Life::raised(life, alarm.since, alarm.value)));
        (entry.state, entry.alarm) = (State::Active, Some(alarm));
        self.arrange();
        true
    }

    /// The row of a rule and a subject.
    pub(super) fn place(&self, rule: RuleIdx, subject: Subject) -> Option<usize> {
        self.entries.binary_search_by_key(&(rule, subject), |entry| (entry.rule, entry.subject)).ok()
    }

    /// A row.
    pub(super) fn entry(&self, place: usize) -> Option<&Entry> {
        self.entries.get(place)
    }

    /// Every row.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Puts lives and shelves into their rows; what was there before is in their place then.
    pub(crate) fn swap(&mut self, rows: &mut [Row]) {
        for (place, life, shelf) in rows {
            let Some(entry) = self.entries.get_mut(*place as usize) else { continue };
            std::mem::swap(&mut entry.life, life);
            std::mem::swap(&mut entry.shelf, shelf);
            entry.settle();
        }
        self.arrange();
    }

    /// Takes back what was to be `after`, as far as it still stands. What came since stands on what was `before`.
    pub(crate) fn take_back(&mut self, before: Vec<Row>, after: &[Row], at: Utc) {
        let mut rows = Vec::with_capacity(before.len());
        for ((place, life, shelf), (_, after_life, after_shelf)) in before.into_iter().zip(after) {
            let Some(entry) = self.entries.get(place as usize) else { continue };
            let latching = entry.rule.rule().is_some_and(|rule| rule.latching);
            let now = entry.life.as_deref().cloned();
            let life = Life::taken_back(now, (life.as_deref(), after_life.as_deref()), at, latching);
            let shelf = if entry.shelf == *after_shelf { shelf } else { entry.shelf.clone() };
            rows.push((place, life.map(Box::new), shelf));
        }
        self.swap(&mut rows);
    }

    /// The rows that are to be kept as they are now; they count as handed out then.
    pub(crate) fn take_unsaved(&mut self) -> Vec<u32> {
        let mut places = std::mem::take(&mut self.unsaved);
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Rows that could not be kept.
    pub(crate) fn keep_again(&mut self, places: &[u32]) {
        self.unsaved.extend_from_slice(places);
    }

    /// Forgets everything: all is normal again.
    pub fn reset(&mut self) {
        self.entries.iter_mut().for_each(|entry| *entry = Entry::new(entry.bound, entry.rule, entry.subject));
        let (bounds, entries) = (std::mem::take(&mut self.bounds), std::mem::take(&mut self.entries));
        *self = AlarmBook { bounds, entries, revision: self.revision + 1, ..AlarmBook::default() };
    }

    /// Evaluates every rule at `now` and returns what changed. Each row is looked at once, and only a change sorts the
    /// active ones anew.
    pub fn evaluate(&mut self, observed: &impl Observed, now: Now) -> Vec<AlarmChange> {
        let mut changes = Vec::new();
        let ended = self.end_shelves(now.mono);
        for (entry, place) in self.entries.iter_mut().zip(0..) {
            let Some(bound) = self.bounds.get(entry.bound as usize) else { continue };
            let sample = observed.watch(bound.rule.watch, entry.subject);
            if let Some(change) = entry.evaluate(bound, sample, now) {
                changes.push(change);
                self.unsaved.push(place);
            }
        }
        if changes.is_empty() && !ended {
            self.refresh();
        } else {
            self.arrange();
        }
        changes
    }

    /// Takes alarms off the shelf whose time is over; returns whether there were any.
    fn end_shelves(&mut self, now: Mono) -> bool {
        let AlarmBook { entries, shelved, unsaved, .. } = self;
        let before = unsaved.len();
        for place in shelved.iter() {
            let Some(entry) = entries.get_mut(*place as usize) else { continue };
            if entry.shelf.as_ref().is_some_and(|shelf| shelf.is_over(now)) {
                entry.shelf = None;
                entry.settle();
                unsaved.push(*place);
            }
        }
        unsaved.len() > before
    }

    /// Brings the lists of alarms into their order. Whenever a life or a shelf changes.
    fn arrange(&mut self) {
        self.revision += 1;
        let rank = |alarm: &Alarm| (std::cmp::Reverse(alarm.severity()), alarm.since);
        let (mut active, mut waiting) = (Vec::new(), Vec::new());
        self.shelved.clear();
        for (entry, place) in self.entries.iter().zip(0..).inspect(|_| work()) {
            if let Some(alarm) = &entry.alarm {
                active.push((rank(alarm), place));
            } else if let Some(alarm) = entry.waits() {
                waiting.push((rank(&alarm), place, alarm));
            }
            if entry.shelf.is_some() {
                self.shelved.push(place);
            }
        }
        active.sort_unstable();
        waiting.sort_unstable_by_key(|(rank, place, _)| (*rank, *place));
        self.order.clear();
        self.order.extend(active.into_iter().map(|(_, place)| place));
        self.waiting.clear();
        self.waiting.extend(waiting.into_iter().map(|(.., alarm)| alarm));
        self.refresh();
        let untold = |alarm: &&Alarm| alarm.severity() == Severity::Critical && alarm.is_unacknowledged();
        self.unacknowledged = self.active.iter().chain(&self.waiting).filter(untold).count();
    }

    /// Copies the active alarms' values into their list.
    fn refresh(&mut self) {
        let AlarmBook { entries, order, active, .. } = self;
        active.clear();
        active.extend(order.iter().inspect(|_| work()).filter_map(|place| entries.get(*place as usize)?.alarm));
    }
}

/// What `of` returns, and how often it touched a row or an alarm.
#[cfg(test)]
pub(crate) fn work_of<T>(of: impl FnOnce() -> T) -> (T, usize) {
    tests::WORK.with(|work| work.set(0));
    let result = of();
    (result, tests::WORK.with(std::cell::Cell::get))
}

/// Counts in tests how often a row or an alarm is touched.
fn work() {
    #[cfg(test)]
    tests::WORK.with(|work| work.set(work.get() + 1));
}

impl Entry {
    fn new(bound: u32, rule: RuleIdx, subject: Subject) -> Entry {
        Entry {
            bound,
            rule,
            subject,
            state: State::Normal,
            flapping: Flapping::default(),
            alarm: None,
            life: None,
            shelf: None,
        }
    }

    fn standing(&self) -> Standing {
        let life = self.life.as_deref();
        Standing {
            acknowledged: life.is_some_and(|life| life.acknowledged.is_some()),
            shelved: self.shelf.is_some(),
            times: life.map_or(1, |life| life.times),
        }
    }

    /// Lets the alarm say what its life and its shelf say.
    fn settle(&mut self) {
        let standing = self.standing();
        if let Some(alarm) = &mut self.alarm {
            alarm.standing = standing;
        }
    }

    /// The alarm that is over and waits for a person.
    fn waits(&self) -> Option<Alarm> {
        let Life { since, value, worst, .. } = *self.life.as_deref().filter(|life| life.ended.is_some())?;
        let (rule, subject, standing) = (self.rule, self.subject, self.standing());
        Some(Alarm { rule, subject, since, value, worst, signal_lost: false, chattering: false, standing })
    }

    fn evaluate(&mut self, bound: &Bound, sample: Sample, now: Now) -> Option<AlarmChange> {
        work();
        let chattering = self.alarm.is_none()
            && sample.is_ok_and(|value| self.flapping.take(bound.is_bad(value), bound.rule.on_delay, now.mono));
        self.state = if chattering { State::Active } else { next(bound, self.state, sample, now.mono) };
        match (&mut self.alarm, self.state.is_active()) {
            (None, true) => {
                let value = sample.unwrap_or(bound.raise);
                let before = self.life.take().map(|life| *life);
                self.life = Some(Box::new(Life::raised(before, now.utc, value)));
                let (rule, subject, since, standing) = (self.rule, self.subject, now.utc, self.standing());
                let alarm =
                    Alarm { rule, subject, since, value, worst: value, signal_lost: false, chattering, standing };
                self.alarm = Some(alarm);
                Some(AlarmChange::Raised(alarm))
            }
            (Some(alarm), true) => {
                refresh(alarm, bound.rule, sample);
                None
            }
            (Some(_), false) => {
                self.flapping = Flapping::default();
                let alarm = self.alarm.take()?;
                let over = |life: Box<Life>| life.over(now.utc, alarm.value, alarm.worst, bound.rule.latching);
                self.life = self.life.take().and_then(over).map(Box::new);
                Some(AlarmChange::Cleared(alarm))
            }
            (None, false) => None,
        }
    }
}

fn subjects(rule: &Rule, site: &SiteSpec, system: SystemIdx, cells: usize, modules: usize) -> Vec<Subject> {
    match rule.watch {
        Watch::CellVoltageLow | Watch::CellVoltageHigh | Watch::CellTemperatureHigh | Watch::CellTemperatureLow
            if cells > 0 =>
        {
            (0..cells).map(|c| Subject::Cell(c as u16)).collect()
        }
        Watch::StandsStill => {
            let points = WATCHED.iter().map(|(point, _)| Subject::Point(*point));
            let mut subjects: Vec<Subject> = (0..cells).map(|c| Subject::Cell(c as u16)).chain(points).collect();
            subjects.sort_unstable();
            subjects
        }
        Watch::DevicePointHigh | Watch::DevicePointLow | Watch::DevicePointAge => {
            let watched = site.system(system).map(|spec| spec.watched_points.iter()).unwrap_or_default();
            let has = |point: &&WatchedPoint| match rule.limit {
                Limit::OfSubject(_, limit) => limit(&point.limits).is_some(),
                _ => true,
            };
            watched.filter(has).map(|point| Subject::Device(point.number)).collect()
        }
        Watch::NodeDelay | Watch::NodeState => (0..modules).map(|n| Subject::Node(n as u16)).collect(),
        Watch::LinkSilence | Watch::LinkWrongDevice => (site.links.iter().zip(0..))
            .filter(|(link, _)| link.system == system)
            .map(|(_, i)| Subject::Link(LinkIdx(i)))
            .collect(),
        Watch::CellSpread | Watch::CellsMissing if cells == 0 => Vec::new(),
        _ => vec![Subject::System],
    }
}

fn next(bound: &Bound, state: State, sample: Sample, now: Mono) -> State {
    let Ok(value) = sample else {
        // Without data nothing is raised, and nothing is cleared.
        return match state {
            State::Normal | State::Pending { .. } => State::Normal,
            State::Active | State::Clearing { .. } => State::Active,
        };
    };
    match state {
        State::Normal if bound.is_bad(value) && bound.rule.on_delay.is_zero() => State::Active,
        State::Normal if bound.is_bad(value) => State::Pending { since: now },
        State::Pending { since } if bound.is_bad(value) && now.since(since) >= bound.rule.on_delay => State::Active,
        State::Pending { .. } if !bound.is_bad(value) => State::Normal,
        State::Active if bound.is_good(value) => State::Clearing { since: now },
        State::Clearing { since } if bound.is_good(value) && now.since(since) >= bound.rule.off_delay => State::Normal,
        State::Clearing { .. } if !bound.is_good(value) => State::Active,
        unchanged => unchanged,
    }
}

fn refresh(alarm: &mut Alarm, rule: &Rule, sample: Sample) {
    alarm.signal_lost = sample.is_err();
    let Ok(value) = sample else { return };
    alarm.value = value;
    alarm.worst = match rule.direction {
        super::Direction::Above => alarm.worst.max(value),
        super::Direction::Below => alarm.worst.min(value),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::NoData;
    use crate::topology::Topology;
    use std::cell::Cell;
    use std::time::Duration;

    thread_local! {
        pub(super) static WORK: Cell<usize> = const { Cell::new(0) };
    }

    /// A rule, a series of (seconds, sample), and after each whether the alarm is active.
    fn run(rule_id: &str, cycles: &[(f32, Sample, bool)]) {
        struct Fixed<'a>(&'a str, Sample);
        impl Observed for Fixed<'_> {
            fn watch(&self, watch: Watch, subject: Subject) -> Sample {
                let rule = RULES.iter().find(|r| r.id == self.0).unwrap();
                let first = matches!(subject, Subject::System | Subject::Cell(0) | Subject::Node(0) | Subject::Link(_));
                if watch == rule.watch && first { self.1 } else { Err(NoData::NotPresent) }
            }
        }
        let mut book = AlarmBook::new(&crate::engine::tests::site(), SystemIdx(0));
        for (seconds, sample, active) in cycles {
            let now = Now::default() + Duration::from_secs_f32(*seconds);
            book.evaluate(&Fixed(rule_id, *sample), now);
            let is = book.active().iter().any(|a| a.rule.rule().unwrap().id == rule_id);
            assert_eq!(is, *active, "{rule_id} at {seconds} s");
        }
    }

    #[test]
    fn words_tell_the_value_that_is_bad_now_and_after_the_end_the_worst() {
        let site = crate::engine::tests::site();
        let system = &site.systems[0];
        let told = |rule: &str, value, worst| {
            let place = RULES.iter().position(|r| r.id == rule).unwrap() as u8;
            let (rule, subject, since) = (RuleIdx(place), Subject::System, Utc(0));
            let alarm = Alarm {
                rule,
                subject,
                since,
                value,
                worst,
                signal_lost: false,
                chattering: false,
                standing: Default::default(),
            };
            (alarm.words(&site, system, &[]).unwrap(), alarm.words_of_end(&site, system).unwrap())
        };
        let of = |pct: u8| format!("{pct} % of the state of power in use, limit 90 %");
        assert_eq!(told("sop.use", 95.0, 97.0), (of(95), of(97)));
        assert_eq!(told("sop.use", 37.0, 97.0), (format!("{} (at its worst; better now)", of(97)), of(97)));
        // What has no value in its words has none that could be worse.
        let error = "The battery controller reports an error";
        assert_eq!(told("controller.error", 7.0, 10.0), (error.to_owned(), error.to_owned()));
        let (standing, over) = told("bms.alarm", 0.0, 1.0);
        assert!(standing.starts_with(&over) && over.len() > "BMS alarm: ".len(), "{standing} / {over}");
    }

    #[test]
    fn rules_wait_on_their_delays_and_hysteresis() {
        run(
            "cell.voltage.low",
            &[
                (0.0, Ok(2.84), false),
                (0.2, Ok(2.84), false),
                (0.4, Ok(2.84), true),
                (1.0, Ok(2.87), true),
                (9.0, Ok(2.87), true),
                (10.0, Ok(2.91), true),
                (12.0, Ok(2.91), true),
                (13.1, Ok(2.91), false),
            ],
        );
        run(
            "cell.temperature.high",
            &[
                (0.0, Ok(45.0), false),
                (1.0, Ok(46.0), false),
                (1.5, Ok(44.0), false),
                (2.0, Ok(46.0), false),
                (3.0, Ok(46.0), true),
                (4.0, Ok(42.0), true),
                (9.1, Ok(42.0), false),
            ],
        );
        run("bus.sag", &[(0.0, Ok(6.0), false), (0.5, Ok(6.0), true), (1.0, Ok(1.0), true), (3.1, Ok(1.0), false)]);
        run("afe.node.delay", &[(0.0, Ok(0.3), false), (0.7, Ok(0.3), true)]);
        run(
            "afe.node.lost",
            &[(0.0, Ok(2.0), false), (0.7, Ok(2.0), true), (1.0, Ok(0.0), true), (3.1, Ok(0.0), false)],
        );
        run("link.silent", &[(0.0, Ok(1.2), false), (0.3, Ok(1.4), true), (0.5, Ok(0.1), true), (1.6, Ok(0.1), false)]);
        run("cell.spread", &[(0.0, Ok(0.07), false), (4.0, Ok(0.07), false), (5.0, Ok(0.07), true)]);
        run("sop.use", &[(0.0, Ok(95.0), false), (1.0, Ok(95.0), true), (2.0, Ok(88.0), true)]);
        run(
            "cells.missing",
            &[(0.0, Ok(8.0), false), (2.0, Ok(8.0), true), (3.0, Ok(0.0), true), (5.1, Ok(0.0), false)],
        );
        run(
            "link.stranger",
            &[(0.0, Ok(1.0), false), (0.2, Ok(1.0), true), (0.4, Ok(0.0), true), (1.5, Ok(0.0), false)],
        );
        for rule in ["soc.impossible", "soc.inverter.impossible"] {
            run(
                rule,
                &[
                    (0.0, Ok(0.9), false),
                    (10.0, Ok(5.2), false),
                    (12.0, Ok(5.2), true),
                    (900.0, Ok(5.0), true),
                    (901.0, Ok(0.0), true),
                    (911.1, Ok(0.0), false),
                ],
            );
        }
        run("controller.error", &[(0.0, Ok(10.0), false), (0.4, Ok(10.0), true)]);
        // Bad, bad until it is raised, better but within the deadband, good until it is over: the test site is of LFP.
        for (rule, bad, better, good, on_s, off_s) in [
            ("cell.voltage.high", 3.66, 3.62, 3.59, 0.4, 3.1),
            ("cell.voltage.high.warning", 3.63, 3.60, 3.57, 1.1, 5.1),
            ("cell.voltage.low.warning", 2.99, 3.02, 3.06, 1.1, 5.1),
            ("pack.voltage.high", 949.3, 948.9, 948.0, 1.1, 5.1),
            ("pack.voltage.low", 740.0, 741.1, 742.0, 1.1, 5.1),
            ("cell.temperature.low", 4.0, 6.0, 8.0, 5.1, 10.1),
            ("charge.temperature.low", -1.0, 1.0, 3.0, 1.1, 2.1),
            ("charge.temperature.high", 51.0, 49.0, 47.0, 1.1, 2.1),
            ("discharge.temperature.low", -21.0, -19.0, -17.0, 1.1, 2.1),
            ("discharge.temperature.high", 61.0, 59.0, 57.0, 1.1, 2.1),
            ("current.charge.high", 295.0, 293.5, 292.0, 2.1, 5.1),
            ("current.discharge.high", 589.0, 587.5, 586.0, 2.1, 5.1),
            ("bms.limit.charge", 111.0, 107.0, 104.0, 2.1, 5.1),
            ("bms.limit.discharge", 111.0, 107.0, 104.0, 2.1, 5.1),
            ("soc.low", 19.9, 20.5, 21.1, 10.1, 10.1),
            ("insulation.low", 90.0, 97.0, 120.0, 2.1, 5.1),
            ("insulation.low.warning", 470.0, 480.0, 500.0, 5.1, 10.1),
            ("contactor.mismatch", 27.0, 1.0, 0.0, 2.1, 2.1),
            ("bms.alarm", 32.0, 1.0, 0.0, 0.4, 2.1),
            ("bms.warning", 32.0, 1.0, 0.0, 0.4, 2.1),
            ("value.frozen", 11.0, 12.0, 0.0, 2.1, 2.1),
            ("voltage.impossible", 79.0, 50.0, 0.0, 5.1, 5.1),
        ] {
            let (raised, over) = (1.0 + on_s, 100.0 + off_s);
            run(
                rule,
                &[
                    (1.0, Ok(bad), false),
                    (raised - 0.2, Ok(bad), false),
                    (raised, Ok(bad), true),
                    (50.0, Ok(better), true),
                    (99.0, Ok(better), true),
                    (100.0, Ok(good), true),
                    (over - 0.2, Ok(good), true),
                    (over, Ok(good), false),
                ],
            );
        }
    }

    #[test]
    fn every_rule_clears_on_the_good_side_of_where_it_raises() {
        let site = crate::engine::tests::site();
        for rule in RULES {
            let bound = rule.bound(&site.systems[0]);
            assert!(!bound.is_bad(bound.clear), "{} would chatter", rule.id);
        }
    }

    #[test]
    fn every_rule_says_what_to_do_and_what_follows_and_only_critical_ones_latch() {
        for (rule, place) in RULES.iter().zip(0..) {
            let consequence = RuleIdx(place).consequence();
            let is_said = |text: &str| text.len() > 8 && !text.ends_with('.') && text.starts_with(char::is_lowercase);
            let starts = |text: &str| is_said(text) || text.starts_with("BMS");
            assert!(starts(rule.advice) && starts(consequence), "{}: {consequence}", rule.id);
            assert!(!rule.latching || rule.severity == Severity::Critical, "{}", rule.id);
        }
        let latching: Vec<&str> = RULES.iter().filter(|rule| rule.latching).map(|rule| rule.id).collect();
        assert_eq!(
            latching,
            [
                "cell.voltage.low",
                "cell.voltage.high",
                "pack.voltage.high",
                "pack.voltage.low",
                "charge.temperature.low",
                "charge.temperature.high",
                "discharge.temperature.high",
                "insulation.low",
                "contactor.mismatch",
            ]
        );
    }

    #[test]
    fn lost_data_neither_raises_nor_clears() {
        let lost = Err(NoData::Stale);
        run("cell.voltage.low", &[(0.0, Ok(2.8), false), (0.2, lost, false), (9.0, lost, false)]);
        run(
            "cell.voltage.low",
            &[
                (0.0, Ok(2.8), false),
                (0.4, Ok(2.8), true),
                (1.0, lost, true),
                (99.0, lost, true),
                (100.0, Ok(3.3), true),
                (101.0, lost, true),
                (105.0, Ok(3.3), true),
                (108.1, Ok(3.3), false),
            ],
        );
    }

    /// What each rule sees of its first subject.
    struct Seen(&'static str, Sample);

    impl Observed for Seen {
        fn watch(&self, watch: Watch, subject: Subject) -> Sample {
            let is_it = RULES.iter().any(|rule| rule.id == self.0 && rule.watch == watch);
            if is_it && subject == Subject::Cell(0) { self.1 } else { Err(NoData::NotPresent) }
        }
    }

    fn at(ms: u64) -> Now {
        Now { mono: Mono::START, ..Now::default() } + Duration::from_millis(ms)
    }

    const LOW: &str = "cell.voltage.low";

    /// The test site without the warning that comes before [`LOW`].
    fn site() -> SiteSpec {
        let mut site = crate::engine::tests::site();
        site.systems[0].limits.cell_voltage_warning_v.low = 0.0;
        site
    }

    fn low(cell: u16) -> Alarm {
        let rule = RULES.iter().position(|rule| rule.id == LOW).unwrap();
        Alarm {
            rule: RuleIdx(rule as u8),
            subject: Subject::Cell(cell),
            since: Utc(-5_000_000),
            value: 2.8,
            worst: 2.7,
            signal_lost: false,
            chattering: false,
            standing: Default::default(),
        }
    }

    /// What is kept of an alarm that is active.
    fn active(alarm: Alarm) -> AlarmRecord {
        let Alarm { rule, subject, since, value, worst, .. } = alarm;
        let life = Life { worst, ..Life::raised(None, since, value) };
        AlarmRecord { rule, subject, life: Some(life), shelf: None }
    }

    #[test]
    fn what_comes_and_goes_faster_than_its_rule_waits_is_one_alarm_until_it_is_over() {
        let mut book = AlarmBook::new(&site(), SystemIdx(0));
        let mut changes = Vec::new();
        for cycle in 0..150 {
            let flaps = cycle < 100 && cycle % 2 == 0;
            let seen = Seen(LOW, Ok(if flaps { 2.8 } else { 3.3 }));
            changes.extend(book.evaluate(&seen, at(cycle * 200)).into_iter().map(|change| (cycle, change)));
        }
        let [(raised, AlarmChange::Raised(alarm)), (cleared, AlarmChange::Cleared(same))] = changes[..] else {
            panic!("{changes:?}")
        };
        assert!((5..25).contains(&raised) && (100..120).contains(&cleared), "{raised}, {cleared}");
        assert!(alarm.chattering && (alarm.since, alarm.subject) == (same.since, same.subject));
        let site = crate::engine::tests::site();
        assert_eq!(
            same.words(&site, &site.systems[0], &[]).unwrap(),
            "Cell 1.1 at 2800 mV, limit 2850 mV (comes and goes)"
        );
    }

    #[test]
    fn an_alarm_of_the_process_before_stays_the_same_and_only_good_data_ends_it() {
        let lost: Sample = Err(NoData::Stale);
        // Samples, one a second, and what changed.
        for (samples, ends) in [
            (&[lost, lost, lost, lost, lost, lost][..], false),
            (&[Ok(2.8), Ok(2.8), Ok(2.8), Ok(2.8), Ok(2.8), Ok(2.8)], false),
            (&[lost, Ok(3.3), Ok(3.3), Ok(3.3), Ok(3.3), lost], true),
            (&[lost, Ok(3.3), Ok(3.3), lost, lost, lost], false),
        ] {
            let mut book = AlarmBook::new(&site(), SystemIdx(0));
            assert_eq!(book.restore(vec![active(low(0))]), [true]);
            assert_eq!(book.active(), [Alarm { signal_lost: true, ..low(0) }], "nothing is known of it yet");
            let mut changes = Vec::new();
            for (second, sample) in samples.iter().enumerate() {
                changes.extend(book.evaluate(&Seen(LOW, *sample), at(1_000 * second as u64)));
            }
            let told: Vec<_> = changes.iter().map(|change| matches!(change, AlarmChange::Raised(_))).collect();
            assert_eq!(told, if ends { vec![false] } else { vec![] }, "{samples:?}");
            assert!(book.active().iter().all(|alarm| alarm.since == low(0).since));
            assert_eq!(book.active().len(), usize::from(!ends));
        }
        let mut book = AlarmBook::new(&site(), SystemIdx(0));
        let gone = [low(6), Alarm { rule: RuleIdx(255), ..low(0) }, Alarm { subject: Subject::System, ..low(0) }];
        assert_eq!(book.restore(gone.map(active).to_vec()), [false; 3]);
        assert!(book.active().is_empty());
    }

    /// Every cell under its voltage, far and further, and above its temperature, in one cycle and on.
    #[test]
    fn a_storm_of_alarms_costs_each_of_them_the_same() {
        struct Storm;
        impl Observed for Storm {
            fn watch(&self, watch: Watch, _: Subject) -> Sample {
                match watch {
                    Watch::CellVoltageLow => Ok(2.0),
                    Watch::CellTemperatureHigh => Ok(90.0),
                    _ => Err(NoData::NotPresent),
                }
            }
        }
        for modules in [10, 100] {
            let mut site = crate::engine::tests::site();
            site.systems[0].topology = Topology::new(1, modules, 64);
            let mut book = AlarmBook::new(&site, SystemIdx(0));
            for second in 0..4 {
                WORK.set(0);
                let raised = book.evaluate(&Storm, at(second * 1_100)).len();
                let rows = book.entries.len();
                assert!(WORK.get() <= 3 * rows, "{} touches of {rows} rows", WORK.get());
                assert_eq!(raised, if second == 1 { 3 * site.systems[0].topology.cells() } else { 0 });
            }
            assert!(book.active().is_sorted_by_key(|alarm| std::cmp::Reverse(alarm.severity())));
        }
    }
}
