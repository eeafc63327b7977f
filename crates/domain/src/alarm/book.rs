//! The state of every rule for every subject.

use super::rules::{Bound, RULES, Rule, RuleIdx, Severity, Subject, Watch};
use crate::link::{LinkIdx, LinkState, LinkStatus};
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
}

impl Alarm {
    /// How bad it is; a rule that this version does not know counts as a warning.
    pub fn severity(&self) -> Severity {
        self.rule.rule().map_or(Severity::Warning, |rule| rule.severity)
    }

    /// What is wrong, in words, with what `links` say of themselves now; `None` for a rule that this version does not
    /// know.
    pub fn words(&self, site: &SiteSpec, system: &SystemSpec, links: &[LinkStatus]) -> Option<String> {
        let rule = self.rule.rule()?;
        let status = match self.subject {
            Subject::Link(link) => links.get(link.0 as usize).zip(site.links.get(link.0 as usize)),
            Subject::System | Subject::Cell(_) | Subject::Node(_) => None,
        };
        Some(match status {
            // What was expected and what answered.
            Some((status, spec))
                if rule.watch == Watch::LinkStranger
                    && status.state == LinkState::Stranger
                    && !status.reason.is_empty() =>
            {
                format!("{}: {}", spec.name, status.reason)
            }
            _ => rule.words(self.subject, self.value, site, system),
        })
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

/// The alarms of one system.
#[derive(Clone, Debug, Default)]
pub struct AlarmBook {
    /// Every rule with the system's limits, by [`RuleIdx`].
    bounds: Vec<Bound>,
    /// One row per rule and subject, rule by rule.
    entries: Vec<Entry>,
    active: Vec<Alarm>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    rule: RuleIdx,
    subject: Subject,
    state: State,
}

impl AlarmBook {
    /// The book of `system`: every rule for every subject that the system has, all normal.
    pub fn new(site: &SiteSpec, system: SystemIdx) -> AlarmBook {
        let Some(spec) = site.system(system) else { return AlarmBook::default() };
        let mut entries = Vec::new();
        for (i, rule) in RULES.iter().enumerate() {
            for subject in subjects(rule, site, system, spec.topology.cells(), spec.topology.modules()) {
                entries.push(Entry { rule: RuleIdx(i as u8), subject, state: State::Normal });
            }
        }
        let bounds = RULES.iter().map(|rule| rule.bound(spec)).collect();
        AlarmBook { bounds, entries, active: Vec::new() }
    }

    /// Active alarms, worst first, then oldest first.
    pub fn active(&self) -> &[Alarm] {
        &self.active
    }

    /// Evaluates every rule at `now` and returns what changed.
    pub fn evaluate(&mut self, observed: &impl Observed, now: Now) -> Vec<AlarmChange> {
        let mut changes = Vec::new();
        for entry in &mut self.entries {
            let Some(bound) = self.bounds.get(entry.rule.0 as usize) else { continue };
            let sample = observed.watch(bound.rule.watch, entry.subject);
            let before = entry.state;
            entry.state = next(bound, before, sample, now.mono);
            match (before, entry.state) {
                (State::Normal | State::Pending { .. }, State::Active) => {
                    let value = sample.unwrap_or(bound.raise);
                    let alarm = Alarm {
                        rule: entry.rule,
                        subject: entry.subject,
                        since: now.utc,
                        value,
                        worst: value,
                        signal_lost: false,
                    };
                    self.active.push(alarm);
                    changes.push(AlarmChange::Raised(alarm));
                }
                (State::Active | State::Clearing { .. }, State::Normal) => {
                    let is_it = |a: &Alarm| a.rule == entry.rule && a.subject == entry.subject;
                    if let Some(place) = self.active.iter().position(is_it) {
                        changes.push(AlarmChange::Cleared(self.active.remove(place)));
                    }
                }
                (_, State::Active | State::Clearing { .. }) => {
                    let is_it = |a: &&mut Alarm| a.rule == entry.rule && a.subject == entry.subject;
                    if let Some(alarm) = self.active.iter_mut().find(is_it) {
                        refresh(alarm, bound.rule, sample);
                    }
                }
                _ => {}
            }
        }
        if !changes.is_empty() {
            self.active.sort_by_key(|a| (std::cmp::Reverse(a.severity()), a.since));
        }
        changes
    }
}

fn subjects(rule: &Rule, site: &SiteSpec, system: SystemIdx, cells: usize, modules: usize) -> Vec<Subject> {
    match rule.watch {
        Watch::CellVoltage | Watch::CellTemperature => (0..cells).map(|c| Subject::Cell(c as u16)).collect(),
        Watch::NodeDelay | Watch::NodeState => (0..modules).map(|n| Subject::Node(n as u16)).collect(),
        Watch::LinkSilence | Watch::LinkStranger => (0..site.links.len())
            .filter(|i| site.links[*i].system == system)
            .map(|i| Subject::Link(LinkIdx(i as u8)))
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
    use std::time::Duration;

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
}
