//! Alarms and history: what a cycle changed becomes events, and what was active when the process before ended is handed to
//! the twin again.

use domain::alarm::{Alarm, AlarmChange, RULES, RuleIdx, Subject};
use domain::engine::AlarmEvent;
use domain::live::log;
use domain::spec::{SiteSpec, SystemIdx};
use domain::time::{Now, Utc};
use domain::twin::Site;
use std::collections::{BTreeMap, BTreeSet};
use store::{ActiveAlarm, Event, EventKind, Second, Store};

/// The last snapshot before a restart lies at most so far before the last row, s.
const LAST_S: i64 = 5;
/// So many changes of one cycle are told to the log one by one.
const LOGGED: usize = 20;

/// The alarms that a cycle of a system raised and cleared, told to the log and for the store.
pub(crate) fn second(system: &str, happened: &[AlarmEvent]) -> Second {
    for AlarmEvent { change, rule, words, .. } in happened.iter().take(LOGGED) {
        tracing::info!(system, rule, "alarm {}: {words}", kind(change).word());
    }
    if let Some(more @ 1..) = happened.len().checked_sub(LOGGED) {
        tracing::info!(system, "and {more} more alarms in the same cycle");
    }
    let events = happened.iter().map(|event| Event {
        at_ms: event.at.utc.0.div_euclid(1_000),
        kind: kind(&event.change),
        rule: event.rule.to_owned(),
        subject: event.subject.clone(),
        severity: event.change.alarm().severity(),
        value: Some(event.change.alarm().value),
        words: event.words.clone(),
    });
    let utc_s = happened.first().map_or(0, |event| event.at.utc.0.div_euclid(1_000_000));
    Second { system: system.to_owned(), utc_s, events: events.collect(), ..Second::default() }
}

fn kind(change: &AlarmChange) -> EventKind {
    match change {
        AlarmChange::Raised(_) => EventKind::Raised,
        AlarmChange::Cleared(_) => EventKind::Cleared,
    }
}

/// Hands the alarms that the history knows as active to the twin. One whose system, rule or subject is gone from the site
/// is ended.
pub(crate) fn restore(site: &mut Site, store: &Store, now: Now) {
    let active = match store.history().active_alarms() {
        Ok(active) => active,
        Err(error) => {
            tracing::warn!("the alarms that were active cannot be read, and are raised anew: {error}");
            return;
        }
    };
    let ids: BTreeSet<&String> = active.iter().map(|alarm| &alarm.system).collect();
    let known: BTreeMap<String, Vec<Alarm>> =
        ids.into_iter().map(|id| (id.clone(), last_known(site, store, id))).collect();
    for ActiveAlarm { system, raised } in active {
        let known = known.get(&system).map(Vec::as_slice).unwrap_or_default();
        let Some(why) = take(site, &system, &raised, known) else { continue };
        let words = format!("{}: ended, {why}", raised.words);
        tracing::info!(system, rule = raised.rule, "alarm cleared: {words}");
        let ended = Event { at_ms: now.utc.0.div_euclid(1_000), kind: EventKind::Cleared, words, ..raised };
        let utc_s = now.utc.0.div_euclid(1_000_000);
        store.append(Second { system, utc_s, events: vec![ended], ..Second::default() });
    }
}

/// The alarms of the last snapshot on the tape of a system: they know how bad each became.
fn last_known(site: &Site, store: &Store, system: &str) -> Vec<Alarm> {
    let history = store.history();
    let Some((_, spec)) = site.spec.find_system(system) else { return Vec::new() };
    let Some(last_s) = history.coverage(system).last_ms.map(|last_ms| last_ms.div_euclid(1_000)) else {
        return Vec::new();
    };
    let mut alarms = Vec::new();
    match history.tape(system, last_s - LAST_S, last_s + 1) {
        // Without them an alarm is as bad as when it was raised.
        Err(error) => tracing::warn!(system, "how bad its alarms became cannot be read: {error}"),
        Ok(rows) => {
            for row in rows {
                log::play(&row.tape, spec, |snapshot| alarms.clone_from(&snapshot.alarms));
            }
        }
    }
    alarms
}

/// Hands one alarm to the twin; returns why it cannot be, in words.
fn take(site: &mut Site, system: &str, raised: &Event, known: &[Alarm]) -> Option<String> {
    let gone = |what: &str| Some(format!("because the site file no longer has {what}"));
    let Some((idx, spec)) = site.spec.find_system(system) else { return gone(&format!("the system {system}")) };
    let Some(rule) = rule(&raised.rule) else {
        return Some(format!("because this version has no rule {}", raised.rule));
    };
    let subject = Subject::from_name(&raised.subject, &site.spec, spec).filter(|s| belongs(&site.spec, idx, *s));
    let Some(subject) = subject else { return gone(&format!("{} in {system}", raised.subject)) };
    let since = Utc(raised.at_ms.saturating_mul(1_000));
    let value = raised.value.or_else(|| rule.rule().map(|rule| rule.bound_of(spec, subject).raise)).unwrap_or_default();
    let same =
        |alarm: &&Alarm| (alarm.rule, alarm.subject, alarm.since.0.div_euclid(1_000)) == (rule, subject, raised.at_ms);
    let worst = known.iter().find(same).map_or(value, |alarm| alarm.worst);
    let alarm = Alarm { rule, subject, since, value, worst, signal_lost: true, chattering: false };
    let taken = site.systems.get_mut(usize::from(idx.0)).is_some_and(|system| system.alarms.restore(alarm));
    (!taken).then(|| format!("because {} is not watched for {} any more", raised.rule, raised.subject))
}

fn rule(id: &str) -> Option<RuleIdx> {
    RULES.iter().zip(0..).find(|(rule, _)| rule.id == id).map(|(_, index)| RuleIdx(index))
}

/// Whether the subject is one of the system: a link may have been given to another.
fn belongs(site: &SiteSpec, system: SystemIdx, subject: Subject) -> bool {
    match subject {
        Subject::Link(link) => site.links.get(usize::from(link.0)).is_some_and(|link| link.system == system),
        _ => true,
    }
}
