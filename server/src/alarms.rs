//! Alarms and history: what a cycle changed becomes events, and what was active when the process before ended is handed to
//! the twin again.

use domain::alarm::{Alarm, AlarmChange, RULES, RuleIdx, Subject};
use domain::engine::AlarmEvent;
use domain::spec::{SiteSpec, SystemIdx};
use domain::time::{Now, Utc};
use domain::twin::Site;
use store::{ActiveAlarm, Event, EventKind, Second, Store};

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
    for ActiveAlarm { system, raised } in active {
        let Some(why) = take(site, &system, &raised) else { continue };
        let words = format!("{}: ended, {why}", raised.words);
        tracing::info!(system, rule = raised.rule, "alarm cleared: {words}");
        let ended = Event { at_ms: now.utc.0.div_euclid(1_000), kind: EventKind::Cleared, words, ..raised };
        let utc_s = now.utc.0.div_euclid(1_000_000);
        store.append(Second { system, utc_s, events: vec![ended], ..Second::default() });
    }
}

/// Hands one alarm to the twin; returns why it cannot be, in words.
fn take(site: &mut Site, system: &str, raised: &Event) -> Option<String> {
    let gone = |what: &str| Some(format!("because the site file no longer has {what}"));
    let Some((idx, spec)) = site.spec.find_system(system) else { return gone(&format!("the system {system}")) };
    let Some(rule) = rule(&raised.rule) else {
        return Some(format!("because this version has no rule {}", raised.rule));
    };
    let subject = Subject::from_name(&raised.subject, &site.spec, spec).filter(|s| belongs(&site.spec, idx, *s));
    let Some(subject) = subject else { return gone(&format!("{} in {system}", raised.subject)) };
    let since = Utc(raised.at_ms.saturating_mul(1_000));
    let value = raised.value.or_else(|| rule.rule().map(|rule| rule.bound_of(spec, subject).raise)).unwrap_or_default();
    let alarm = Alarm { rule, subject, since, value, worst: value, signal_lost: true, chattering: false };
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
