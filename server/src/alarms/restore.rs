//! What was kept of alarms when the process before this one ended.
//!
//! `control.db` has their lives, `history.db` which were active: what one of them has not, because the other was faster than
//! the kill, it gets now. What ended is ended with the time that is known. What is of a system that is not in the site file
//! is left as it is, and comes back with it: a latch is released by people, not by a name that is missing once.

use domain::alarm::{Alarm, AlarmName, AlarmRecord, KeptAlarm, Life, RuleIdx, Subject};
use domain::live::log;
use domain::spec::SystemIdx;
use domain::time::{Now, Utc};
use domain::twin::Site;
use std::collections::{BTreeMap, BTreeSet};
use store::{Control, Event, EventKind, Second, Store};

/// The last snapshot before a restart lies at most so far before the last row, s.
const LAST_S: i64 = 5;

/// A system and an alarm of it.
type Key = (String, AlarmName);

/// What both databases have of an alarm.
#[derive(Default)]
struct Known {
    /// The life and the shelf.
    kept: Option<KeptAlarm>,
    /// The event that raised it, if history knows it as active.
    raised: Option<Event>,
}

/// Hands what was kept of alarms to the twin. One whose rule or subject is gone from its system is ended.
pub(crate) fn restore(site: &mut Site, store: &Store, control: Option<&Control>, now: Now) {
    let known = of_site(site, known(store, control, now));
    let worst = worst_of(site, store, known.keys().map(|(system, _)| system));
    let mut records: BTreeMap<u8, Vec<(Key, Known, AlarmRecord)>> = BTreeMap::new();
    let mut gone: Vec<(Key, Known, String)> = Vec::new();
    for (key, known) in known {
        let Some((idx, _)) = site.spec.find_system(&key.0) else { continue };
        let kept = known.kept.clone().unwrap_or_else(|| nothing(&key.1));
        match kept.record(&site.spec, idx) {
            Err(why) => gone.push((key, known, why)),
            Ok(record) => {
                let mut record = with_raised(site, idx, record, &known);
                if let Some(life) = &mut record.life
                    && let Some(worst) =
                        worst.get(&(idx.0, record.rule, record.subject, life.since.0.div_euclid(1_000)))
                {
                    life.worst = *worst;
                }
                records.entry(idx.0).or_default().push((key, known, record));
            }
        }
    }
    for (idx, rows) in records {
        let Some(system) = site.systems.get_mut(usize::from(idx)) else { continue };
        let taken = system.alarms.restore(rows.iter().map(|(.., record)| record.clone()).collect());
        for ((key, known, record), taken) in rows.into_iter().zip(taken) {
            if taken {
                agree(site, store, &key, &known, &record);
            } else {
                let why = format!("because {} is not watched for {} any more", key.1.rule, key.1.subject);
                gone.push((key, known, why));
            }
        }
    }
    end(store, control, gone, now);
}

/// Everything that is kept, by system and name.
fn known(store: &Store, control: Option<&Control>, now: Now) -> BTreeMap<Key, Known> {
    let mut known: BTreeMap<Key, Known> = BTreeMap::new();
    match control.map(|control| control.read(|tables| tables.kept_alarms(now))).transpose() {
        Ok(kept) => {
            for (system, kept) in kept.unwrap_or_default() {
                let key = (system, kept.name.clone());
                known.entry(key).or_default().kept = Some(kept);
            }
        }
        Err(error) => tracing::warn!("what people did about alarms cannot be read, and is forgotten: {error}"),
    }
    match store.history().active_alarms() {
        Ok(active) => {
            for alarm in active {
                let name = AlarmName { rule: alarm.raised.rule.clone(), subject: alarm.raised.subject.clone() };
                known.entry((alarm.system, name)).or_default().raised = Some(alarm.raised);
            }
        }
        Err(error) => tracing::warn!("the alarms that were active cannot be read, and are raised anew: {error}"),
    }
    known
}

/// What is of the systems of this site. Of others it is said that it is kept.
fn of_site(site: &Site, known: BTreeMap<Key, Known>) -> BTreeMap<Key, Known> {
    let (ours, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        known.into_iter().partition(|((system, _), _)| site.spec.find_system(system).is_some());
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    others.keys().for_each(|(system, _)| *counts.entry(system).or_default() += 1);
    for (system, count) in counts {
        let alarms = if count == 1 { "1 alarm".to_owned() } else { format!("{count} alarms") };
        tracing::warn!(system, "{alarms} of a system that the site file does not have: kept, and back with it");
    }
    ours
}

fn nothing(name: &AlarmName) -> KeptAlarm {
    KeptAlarm { name: name.clone(), life: None, shelf: None }
}

/// The record, with the life of an alarm of which only history knows that it was raised, or raised again.
fn with_raised(site: &Site, idx: SystemIdx, record: AlarmRecord, known: &Known) -> AlarmRecord {
    let (Some(raised), Some(rule), Some(spec)) = (&known.raised, record.rule.rule(), site.spec.system(idx)) else {
        return record;
    };
    let AlarmRecord { life, subject, .. } = record;
    let ended_ms = |life: &Life| life.ended.map_or(i64::MAX, |ended| ended.0.div_euclid(1_000));
    let life = match life {
        Some(life) if raised.at_ms <= ended_ms(&life) => life,
        before => {
            let value = raised.value.unwrap_or_else(|| rule.bound_of(spec, subject).raise);
            Life::raised(before, utc(raised.at_ms), value)
        }
    };
    AlarmRecord { life: Some(life), ..record }
}

/// Lets history know what only `control.db` knows: that an alarm was raised, or that it is over.
fn agree(site: &Site, store: &Store, (system, name): &Key, known: &Known, record: &AlarmRecord) {
    let Some((life, rule)) = record.life.as_ref().zip(record.rule.rule()) else { return };
    let Some((_, spec)) = site.spec.find_system(system) else { return };
    let event = |at: Utc, kind: EventKind, value: f32| {
        let words = rule.words(record.subject, value, &site.spec, spec);
        let (rule_id, subject) = (name.rule.clone(), name.subject.clone());
        let at_ms = at.0.div_euclid(1_000);
        let value = Some(value).filter(|value| !value.is_nan());
        let event = Event { at_ms, kind, rule: rule_id, subject, severity: rule.severity, value, words };
        append(store, system, event);
    };
    match (&known.raised, life.ended) {
        (None, None) => event(life.since, EventKind::Raised, life.value),
        (Some(raised), Some(ended)) if raised.at_ms <= ended.0.div_euclid(1_000) => {
            event(ended, EventKind::Cleared, life.worst);
        }
        _ => {}
    }
}

/// Ends what is gone: history has why, and nothing is kept of it.
fn end(store: &Store, control: Option<&Control>, gone: Vec<(Key, Known, String)>, now: Now) {
    let forget = |control: &Control| {
        control
            .write(|tables| gone.iter().try_for_each(|((system, name), ..)| tables.keep_alarm(system, &nothing(name))))
    };
    if let Some(Err(error)) = control.filter(|_| !gone.is_empty()).map(forget) {
        tracing::warn!("alarms of what is gone are still kept: {error}");
    }
    for ((system, name), known, why) in gone {
        let of =
            known.raised.as_ref().map_or_else(|| format!("{} of {}", name.rule, name.subject), |of| of.words.clone());
        let words = format!("{of}: ended, {why}");
        tracing::info!(system, rule = name.rule, "alarm cleared: {words}");
        if let Some(raised) = known.raised {
            append(
                store,
                &system,
                Event { at_ms: now.utc.0.div_euclid(1_000), kind: EventKind::Cleared, words, ..raised },
            );
        }
    }
}

fn append(store: &Store, system: &str, event: Event) {
    let utc_s = event.at_ms.div_euclid(1_000);
    store.append(Second { system: system.to_owned(), utc_s, events: vec![event], ..Second::default() });
}

fn utc(at_ms: i64) -> Utc {
    Utc(at_ms.saturating_mul(1_000))
}

/// How bad alarms of the last snapshots on the tapes became, by system, rule, subject, and the millisecond of their begin.
fn worst_of<'a>(
    site: &Site,
    store: &Store,
    systems: impl Iterator<Item = &'a String>,
) -> BTreeMap<(u8, RuleIdx, Subject, i64), f32> {
    let mut worst = BTreeMap::new();
    for id in systems.collect::<BTreeSet<_>>() {
        let Some((idx, _)) = site.spec.find_system(id) else { continue };
        for Alarm { rule, subject, since, worst: value, .. } in last_known(site, store, id) {
            worst.insert((idx.0, rule, subject, since.0.div_euclid(1_000)), value);
        }
    }
    worst
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
