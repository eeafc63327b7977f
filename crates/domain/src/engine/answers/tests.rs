//! What people do about alarms, what of it is on the disk, and what is left when the disk or the process fails.

use super::*;
use crate::alarm::{
    AlarmAction, AlarmBook, AlarmName, AlarmRecord, AlarmState, NotReset, NotShelved, Observed, SHELVED_MOST, Subject,
    Watch,
};
use crate::people::{Denied, Requester, Scope};
use crate::reading::{NoData, Sample};
use crate::time::Utc;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const HV: SystemIdx = SystemIdx(0);
/// Latches; critical.
const LOW: &str = "cell.voltage.low";
/// Does not latch.
const SAG: &str = "bus.sag";

/// Voltage of cell 1.1 and depth of the sag.
struct Seen(Sample, Sample);

impl Observed for Seen {
    fn watch(&self, watch: Watch, subject: Subject) -> Sample {
        match (watch, subject) {
            (Watch::CellVoltageLow, Subject::Cell(0)) => self.0,
            (Watch::BusSag, Subject::System) => self.1,
            _ => Err(NoData::NotPresent),
        }
    }
}

/// A site with a clock, and a disk that keeps what it is told to.
struct Bench {
    site: Site,
    answers: Answers,
    now: Now,
    ticket: u64,
    /// What is on its way to the disk.
    way: Vec<AlarmKeep>,
    /// What is on the disk.
    disk: BTreeMap<AlarmName, KeptAlarm>,
    audit: Vec<Entry>,
}

impl Bench {
    fn new() -> Bench {
        let mut spec = crate::engine::tests::site();
        // Without the warning that comes before.
        spec.systems[0].limits.cell_voltage_warning_v.low = 0.0;
        let now = Now { utc: Utc(1_800_000_000_000_000), mono: Mono::START };
        let (site, answers) = (Site::new(spec), Answers::default());
        Bench { site, answers, now, ticket: 0, way: Vec::new(), disk: BTreeMap::new(), audit: Vec::new() }
    }

    /// Seconds pass, in which these are seen, one cycle each; returns how often something was raised.
    fn sees(&mut self, seconds: u32, volts: Sample, sag: Sample) -> usize {
        let raised = (0..seconds).map(|_| {
            self.now = self.now + Duration::from_secs(1);
            let changes = self.site.systems[0].alarms.evaluate(&Seen(volts, sag), self.now);
            let outputs = self.answers.cycle(&mut self.site, HV, self.now.mono);
            self.way.extend(outputs.map(|output| match output {
                Output::KeepAlarms(keep) => *keep,
                other => panic!("{other:?}"),
            }));
            changes.iter().filter(|change| matches!(change, crate::alarm::AlarmChange::Raised(_))).count()
        });
        raised.sum()
    }

    fn asks_as(&mut self, by: Requester, action: AlarmAction) -> Option<Result<AlarmsDone, AlarmRefusal>> {
        self.ticket += 1;
        let order = AlarmOrder { ticket: self.ticket, system: HV, action, by };
        match self.answers.order(&mut self.site, &order, self.now).pop() {
            Some(Output::AlarmsAnswered(ticket, result)) if ticket == self.ticket => Some(result),
            Some(Output::KeepAlarms(keep)) => {
                self.way.push(*keep);
                None
            }
            None => None,
            other => panic!("{other:?}"),
        }
    }

    fn asks(&mut self, action: AlarmAction) -> Option<Result<AlarmsDone, AlarmRefusal>> {
        self.asks_as(Requester::token("planner", Scope::Control, HERE), action)
    }

    /// The disk takes the oldest that is on its way, or fails; returns who is answered first.
    fn disk(&mut self, result: Result<(), String>) -> Option<(u64, Result<AlarmsDone, AlarmRefusal>)> {
        self.disk_all(result).into_iter().next()
    }

    fn disk_all(&mut self, result: Result<(), String>) -> Vec<(u64, Result<AlarmsDone, AlarmRefusal>)> {
        if self.way.is_empty() {
            return Vec::new();
        }
        let AlarmKeep { batch, alarms, audit, .. } = self.way.remove(0);
        if result.is_ok() {
            for kept in alarms {
                match kept.life.is_some() || kept.shelf.is_some() {
                    true => drop(self.disk.insert(kept.name.clone(), kept)),
                    false => drop(self.disk.remove(&kept.name)),
                }
            }
            self.audit.extend(audit);
        }
        let mut told = Vec::new();
        for output in self.answers.kept(&mut self.site, batch, result, self.now) {
            match output {
                Output::AlarmsAnswered(ticket, result) => told.push((ticket, result)),
                Output::KeepAlarms(keep) => self.way.push(*keep),
                other => panic!("{other:?}"),
            }
        }
        told
    }

    fn settle(&mut self) {
        while !self.way.is_empty() {
            self.disk(Ok(()));
        }
    }

    fn book(&self) -> &AlarmBook {
        &self.site.systems[0].alarms
    }

    fn state(&self, rule: &str) -> AlarmState {
        let is = |alarm: &&crate::alarm::Alarm| alarm.rule.rule().unwrap().id == rule;
        let active = self.book().active().iter().find(is).map(|alarm| alarm.state(true));
        active
            .or_else(|| self.book().waiting().iter().find(is).map(|alarm| alarm.state(false)))
            .unwrap_or(AlarmState::Normal)
    }

    /// What a process that starts now finds.
    fn restored(&self) -> AlarmBook {
        let mut book = AlarmBook::new(&self.site.spec, HV);
        let records = self.disk.values().map(|kept| kept.clone().record(&self.site.spec, HV).unwrap());
        assert!(book.restore(records.collect()).into_iter().all(|known| known));
        book
    }
}

fn low() -> AlarmName {
    AlarmName { rule: LOW.into(), subject: "cell 1.1".into() }
}

fn sag() -> AlarmName {
    AlarmName { rule: SAG.into(), subject: "system".into() }
}

fn acknowledge(alarm: AlarmName) -> AlarmAction {
    AlarmAction::Acknowledge { alarms: vec![alarm], seen: None }
}

fn shelve(alarm: AlarmName, seconds: u64) -> AlarmAction {
    AlarmAction::Shelve { alarms: vec![alarm], lasts: Duration::from_secs(seconds), why: "the sensor is loose".into() }
}

const BAD: Sample = Ok(2.7);
const GOOD: Sample = Ok(3.3);
const NO_SAG: Sample = Ok(0.0);
const DEEP: Sample = Ok(8.0);
const LOST: Sample = Err(NoData::Stale);

fn changed(count: usize) -> Option<Result<AlarmsDone, AlarmRefusal>> {
    Some(Ok(AlarmsDone { changed: count }))
}

#[test]
fn an_acknowledgement_is_answered_when_it_is_on_the_disk_and_taken_back_if_it_never_is() {
    let mut bench = Bench::new();
    assert_eq!(bench.sees(3, BAD, NO_SAG), 1);
    bench.settle();
    assert_eq!(bench.asks(acknowledge(low())), None, "it waits for the disk");
    let (ticket, answer) = bench.disk(Err("the disk is full".into())).unwrap();
    assert_eq!((ticket, answer), (1, Err(AlarmRefusal::CannotRecord("the disk is full".into()))));
    assert_eq!(bench.state(LOW), AlarmState::ActiveUnacknowledged);
    assert!(bench.audit.is_empty() && bench.book().unacknowledged() == 1);

    assert_eq!(bench.asks(acknowledge(low())), None);
    assert_eq!(bench.disk(Ok(())), Some((2, Ok(AlarmsDone { changed: 1 }))));
    assert_eq!((bench.state(LOW), bench.book().unacknowledged()), (AlarmState::ActiveAcknowledged, 0));
    let entry = bench.audit.pop().unwrap();
    assert_eq!((&*entry.who, &*entry.action, entry.system.as_deref()), ("planner", "alarms-acknowledged", Some("hv")));
    let (words, names) = (entry.subject.unwrap(), entry.detail.unwrap());
    assert!(words.starts_with("Cell 1.1 at 2700 mV, limit "), "{words}");
    assert_eq!(names, "cell.voltage.low of cell 1.1");
    assert_eq!(bench.asks(acknowledge(low())), changed(0), "it is so already, and nothing is written for it");

    // It is over while the disk fails: that stays, and the shelf is taken back.
    assert_eq!(bench.asks(shelve(low(), 60)), None);
    bench.sees(5, GOOD, NO_SAG);
    assert_eq!(bench.disk(Err("the disk is full".into())).unwrap().0, 4);
    assert_eq!(bench.state(LOW), AlarmState::Latched);
}

/// Each acknowledgement goes to the disk with when the alarm was raised; to shelve or to reset one is none.
#[test]
fn how_soon_an_alarm_was_seen_is_kept_with_it() {
    let mut bench = Bench::new();
    bench.sees(3, BAD, DEEP);
    bench.settle();
    let raised = |bench: &Bench, id: &str| {
        let is = |alarm: &&crate::alarm::Alarm| alarm.rule.rule().is_some_and(|rule| rule.id == id);
        bench.book().active().iter().find(is).unwrap().since
    };
    let (since, since_sag) = (raised(&bench, LOW), raised(&bench, SAG));
    bench.asks(shelve(low(), 60));
    assert_eq!(bench.way.pop().unwrap().seen, []);
    bench.asks(acknowledge(low()));
    let at = bench.now.utc;
    assert_eq!(bench.way.pop().unwrap().seen, [(low(), crate::alarm::Seen { raised: since, at })]);
    // One that is over is forgotten by it, and one that was seen before is not seen again.
    bench.sees(5, BAD, NO_SAG);
    bench.way.clear();
    bench.asks(AlarmAction::Unshelve(vec![low()]));
    bench.way.clear();
    bench.asks(AlarmAction::AcknowledgeAll { seen: bench.now.utc });
    let at = bench.now.utc;
    assert_eq!(bench.way.pop().unwrap().seen, [(sag(), crate::alarm::Seen { raised: since_sag, at })]);
}

#[test]
fn who_asks_for_what_is_so_but_not_on_the_disk_yet_waits_for_that_too() {
    let mut bench = Bench::new();
    bench.sees(3, BAD, NO_SAG);
    bench.settle();
    assert_eq!([bench.asks(acknowledge(low())), bench.asks(acknowledge(low()))], [None, None]);
    assert_eq!(bench.way.len(), 1, "one of them is on its way");
    let outputs = bench.answers.kept(&mut bench.site, bench.way.remove(0).batch, Err("no".into()), bench.now);
    let [Output::AlarmsAnswered(1, Err(_)), Output::KeepAlarms(keep)] = &outputs[..] else { panic!("{outputs:?}") };
    let outputs = bench.answers.kept(&mut bench.site, keep.batch, Ok(()), bench.now);
    assert!(matches!(outputs[..], [Output::AlarmsAnswered(2, Ok(AlarmsDone { changed: 1 }))]), "{outputs:?}");
    assert_eq!(bench.state(LOW), AlarmState::ActiveAcknowledged);
}

#[test]
fn what_is_raised_while_an_acknowledgement_waits_is_not_acknowledged_by_it() {
    let mut bench = Bench::new();
    bench.sees(3, GOOD, DEEP);
    bench.settle();
    assert_eq!(bench.asks(acknowledge(sag())), None);
    bench.disk(Ok(()));
    assert_eq!([bench.asks(shelve(low(), 60)), bench.asks(acknowledge(sag()))], [None, None]);
    bench.sees(5, GOOD, NO_SAG);
    bench.sees(5, GOOD, DEEP);
    let told: Vec<_> = (0..3).flat_map(|_| bench.disk_all(Ok(()))).collect();
    assert!(told.iter().any(|(ticket, answer)| *ticket == 3 && answer.is_err()), "{told:?}");
    assert_eq!(bench.state(SAG), AlarmState::ActiveUnacknowledged);
}

#[test]
fn what_changes_by_itself_is_kept_later_if_the_disk_fails() {
    let mut bench = Bench::new();
    bench.sees(3, BAD, NO_SAG);
    assert_eq!(bench.disk(Err("the disk is full".into())), None);
    bench.sees(9, GOOD, NO_SAG);
    assert!(bench.way.is_empty() && bench.disk.is_empty(), "not at every cycle");
    bench.sees(2, GOOD, NO_SAG);
    bench.settle();
    let kept = &bench.disk[&low()];
    assert!(kept.life.as_ref().is_some_and(|life| life.ended.is_some()), "as it is now: {kept:?}");
}

#[test]
fn a_latch_waits_for_a_person_and_what_does_not_latch_only_to_be_seen() {
    let mut bench = Bench::new();
    bench.sees(3, BAD, DEEP);
    let names = |alarms: &[AlarmName]| alarms.to_vec();
    let refused = |alarm: AlarmName, why| Some(Err(AlarmRefusal::NotReset { alarm, why }));
    let reset = |alarm: AlarmName| AlarmAction::Reset(vec![alarm]);
    assert_eq!(bench.asks(reset(low())), refused(low(), NotReset::StillActive));
    bench.sees(10, LOST, LOST);
    let states = |bench: &Bench| [LOW, SAG].map(|rule| bench.state(rule));
    assert_eq!(states(&bench), [AlarmState::ActiveUnacknowledged; 2], "lost data clears nothing");
    bench.sees(10, GOOD, NO_SAG);
    assert_eq!(states(&bench), [AlarmState::Latched, AlarmState::ClearedUnacknowledged]);
    assert_eq!(bench.asks(reset(low())), refused(low(), NotReset::Unacknowledged));
    assert_eq!(bench.asks(reset(sag())), refused(sag(), NotReset::NotLatching));
    let all = AlarmAction::Acknowledge { alarms: names(&[low(), sag(), low()]), seen: None };
    assert_eq!(bench.asks(all), None);
    assert_eq!(states(&bench), [AlarmState::Latched, AlarmState::Normal]);
    assert_eq!(bench.asks(reset(low())), None);
    assert_eq!(states(&bench), [AlarmState::Normal; 2]);
    bench.settle();
    assert!(bench.disk.is_empty(), "nothing is kept of what is normal: {:?}", bench.disk);
    assert_eq!(bench.asks(reset(low())), changed(0));
    // Raised again before it was normal it is one alarm.
    bench.sees(3, GOOD, DEEP);
    bench.sees(3, GOOD, NO_SAG);
    bench.sees(3, GOOD, DEEP);
    let [sag] = bench.book().active() else { panic!("{:?}", bench.book().active()) };
    assert_eq!((sag.standing.times, sag.state(true)), (2, AlarmState::ActiveUnacknowledged));
}

#[test]
fn what_came_after_what_somebody_saw_is_not_acknowledged_by_them() {
    let mut bench = Bench::new();
    bench.sees(3, BAD, NO_SAG);
    let seen = bench.now.utc;
    bench.sees(3, BAD, DEEP);
    let late = AlarmAction::Acknowledge { alarms: vec![low(), sag()], seen: Some(seen) };
    assert!(matches!(bench.asks(late), Some(Err(AlarmRefusal::RaisedSince(name, _))) if name == sag()));
    assert_eq!(bench.asks(AlarmAction::AcknowledgeAll { seen }), None);
    assert_eq!(
        [LOW, SAG].map(|rule| bench.state(rule)),
        [AlarmState::ActiveAcknowledged, AlarmState::ActiveUnacknowledged]
    );
    // What is on the shelf was not shown.
    assert_eq!(bench.asks(shelve(sag(), 60)), None);
    bench.settle();
    assert_eq!(bench.asks(AlarmAction::AcknowledgeAll { seen: bench.now.utc }), changed(0));
}

#[test]
fn a_shelf_hides_for_its_time_and_then_what_nobody_saw_is_there() {
    let mut bench = Bench::new();
    assert_eq!(bench.asks(shelve(low(), 10)), None, "also what is normal: it may come any time");
    bench.settle();
    assert_eq!(bench.sees(3, BAD, NO_SAG), 1);
    assert_eq!((bench.state(LOW), bench.book().unacknowledged()), (AlarmState::Shelved, 0));
    bench.sees(7, BAD, NO_SAG);
    assert_eq!((bench.state(LOW), bench.book().unacknowledged()), (AlarmState::ActiveUnacknowledged, 1));
    bench.settle();
    assert_eq!(bench.disk[&low()].shelf, None, "its end is kept");
    assert_eq!(bench.asks(shelve(low(), 3_600)), None);
    assert_eq!(bench.asks(AlarmAction::Unshelve(vec![low()])), None);
    assert_eq!(bench.state(LOW), AlarmState::ActiveUnacknowledged);
    bench.settle();
    assert_eq!(bench.asks(AlarmAction::Unshelve(vec![low()])), changed(0));
    let until = bench.audit.iter().find(|entry| entry.action == "alarms-shelved").unwrap().new.clone().unwrap();
    assert!(until.starts_with("until 2027-01-15T08:00:10.000Z: the sensor"), "{until}");
    let subjects: Vec<&str> = bench.audit.iter().filter_map(|entry| entry.subject.as_deref()).collect();
    assert_eq!(subjects[0], "cell voltage low, cell 1.1", "what is normal has no words yet");
    assert!(subjects[1].starts_with("Cell 1.1 at "), "{subjects:?}");
    // What is so already is not written again; a longer time is.
    assert_eq!(bench.asks(shelve(low(), 60)), None);
    bench.settle();
    assert_eq!(bench.asks(shelve(low(), 60)), changed(0));
    assert_eq!(bench.asks(shelve(low(), 70)), None);
}

#[test]
fn what_cannot_be_done_is_refused_in_words() {
    let mut bench = Bench::new();
    bench.sees(3, BAD, NO_SAG);
    let viewer = Requester::token("logger", Scope::Read, HERE);
    let nobody = Requester::anonymous(HERE, true);
    for (by, expected) in [(viewer, "scope"), (nobody, "sign in first"), (Requester::server(), "the server may not")] {
        for action in [acknowledge(low()), AlarmAction::Reset(vec![low()]), shelve(low(), 60)] {
            let refusal = bench.asks_as(by.clone(), action).unwrap().unwrap_err();
            assert!(matches!(
                refusal,
                AlarmRefusal::Denied(Denied::Scope(_) | Denied::SignIn(_) | Denied::NotForTheServer(_))
            ));
            assert!(refusal.to_string().contains(expected), "{refusal}");
        }
    }
    let name = |rule: &str, subject: &str| AlarmName { rule: rule.into(), subject: subject.into() };
    for unknown in [
        name("no.rule", "system"),
        name(LOW, "system"),
        name(LOW, "cell 9.9"),
        name("", ""),
        name(SAG, &"x".repeat(9_999)),
    ] {
        let words = bench.asks(acknowledge(unknown.clone())).unwrap().unwrap_err().to_string();
        assert!(words.starts_with("there is no alarm") && words.len() < 200, "{words}");
    }
    for count in [0, 1_001] {
        let action = AlarmAction::Unshelve(vec![low(); count]);
        assert_eq!(bench.asks(action), Some(Err(AlarmRefusal::Count(count))));
    }
    let too_long = shelve(low(), SHELVED_MOST.as_secs() + 1);
    assert_eq!(bench.asks(too_long), Some(Err(AlarmRefusal::NotShelved(NotShelved::Duration))));
    let elsewhere =
        AlarmOrder { ticket: 9, system: SystemIdx(7), action: acknowledge(low()), by: Requester::console() };
    let answer = bench.answers.order(&mut bench.site, &elsewhere, bench.now).pop();
    assert!(matches!(answer, Some(Output::AlarmsAnswered(9, Err(AlarmRefusal::NoSystem)))));
    assert!(bench.way.iter().all(|keep| keep.audit.is_none()), "nothing was done");
}

#[test]
fn what_is_kept_of_what_is_gone_from_the_site_says_why_it_ends() {
    let bench = Bench::new();
    let why = |name: AlarmName| KeptAlarm { name, life: None, shelf: None }.record(&bench.site.spec, HV).unwrap_err();
    let name = |rule: &str, subject: &str| AlarmName { rule: rule.into(), subject: subject.into() };
    assert_eq!(why(name(LOW, "cell 9.9")), "because the site file no longer has cell 9.9 in hv");
    assert_eq!(why(name("link.silent", "link gx")), "because the site file no longer has link gx in hv");
    assert_eq!(why(name("own.rule", "system")), "because this version has no rule own.rule");
}

proptest! {
    /// Whatever happens, with a disk that may fail: an unacknowledged critical alarm is gone only if somebody's order to
    /// acknowledge it was not refused; an answered order is on the disk; and once all is on the disk, a process that starts
    /// finds what this one has.
    #[test]
    fn no_order_of_events_loses_an_unacknowledged_alarm_or_an_answered_order(
        events in prop::collection::vec((0..10_u8, 1..6_u32), 1..80)
    ) {
        let mut bench = Bench::new();
        // Tickets of orders to acknowledge that were not refused, since it was raised last.
        let mut seen_by: Vec<u64> = Vec::new();
        for (event, n) in events {
            let raised = match event {
                0 | 1 => bench.sees(n, BAD, NO_SAG),
                2 | 3 => bench.sees(n, GOOD, NO_SAG),
                4 => bench.sees(n, LOST, LOST),
                _ => 0,
            };
            let before = bench.ticket;
            let answer = match event {
                5 => bench.asks(acknowledge(low())),
                6 => bench.asks(AlarmAction::Reset(vec![low()])),
                7 => bench.asks(shelve(low(), u64::from(n))),
                _ => None,
            };
            if raised > 0 {
                seen_by.clear();
            }
            if event == 5 && answer.as_ref().is_none_or(Result::is_ok) {
                seen_by.push(bench.ticket);
            }
            let told = match event {
                8 => bench.disk_all(Ok(())),
                9 => bench.disk_all(Err("no".into())),
                _ => Vec::new(),
            };
            for (ticket, answer) in told {
                match answer {
                    Ok(_) => prop_assert!(ticket <= before),
                    Err(_) => seen_by.retain(|other| *other != ticket),
                }
            }
            let records = bench.book().records();
            let life = records.iter().find(|record| record.rule.rule().unwrap().id == LOW).and_then(|record| record.life.clone());
            let stands = bench.book().active().iter().any(|alarm| alarm.rule.rule().unwrap().id == LOW);
            prop_assert_eq!(stands, life.as_ref().is_some_and(|life| life.ended.is_none()));
            if seen_by.is_empty() {
                let ever = bench.book().revision() > 0 && stands;
                prop_assert!(!ever || life.as_ref().is_some_and(|life| life.acknowledged.is_none()));
            }
        }
        // The disk is well again.
        bench.sees(30, LOST, LOST);
        bench.settle();
        bench.sees(12, LOST, LOST);
        bench.settle();
        let now = bench.book().records();
        let restored = bench.restored().records();
        let plain = |records: Vec<AlarmRecord>| -> Vec<_> {
            records.into_iter().map(|r| (r.rule, r.subject, r.life, r.shelf.map(|shelf| shelf.until))).collect()
        };
        prop_assert_eq!(plain(restored), plain(now));
    }
}
