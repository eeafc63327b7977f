//! The engine: one pure function between what happens to a site and what follows from it.
//!
//! [`Engine::step`] takes an [`Input`] and returns [`Output`]s. It has no sockets, tasks or clock: the server's task, a
//! test, and a page that has no server call the same function, or let [`Engine::run`] call it at the right times.
//!
//! ```text
//! batch, link, storage -> into the twin (`crate::twin`), at once
//! command, write outcome -> receipt, write
//! order about alarms -> what is to be kept of them -> answer (`answers.rs`)
//! time -> each system that is due (`pace.rs`): its rules (`cycle.rs`) -> alarms, what history keeps, publication
//! ```
//!
//! A cycle of one system costs one system: no other is evaluated, encoded or published with it.

mod answers;
mod cycle;
mod pace;
mod recorder;
mod view;

pub use answers::{AlarmKeep, AlarmsDone};
pub use cycle::cycle;
pub use recorder::{Record, Recorder};

use crate::alarm::{AlarmChange, AlarmOrder, AlarmRefusal};
use crate::audit::Entry;
use crate::control::{Arming, Command, CommandId, CommandReceipt, Desk, ReadBack, Step};
use crate::link::{LinkIdx, LinkStatus};
use crate::live::{Encoded, Encoder};
use crate::point::PointId;
use crate::reading::{Batch, Target};
use crate::spec::{SystemIdx, SystemSpec};
use crate::time::{Mono, Now};
use crate::twin::{Site, Snapshot};
use crate::write::{Receipt, Withdrawal, WriteRequest};
use answers::Answers;
use pace::Pace;
use std::sync::Arc;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A link received values.
    Batch(Batch),
    /// A link's state and counters changed.
    Link(LinkIdx, LinkStatus),
    /// Somebody wants something of a system.
    Command(Command),
    /// A command is on the disk, or why it is not: only what is on the disk is sent.
    Journalled(CommandId, Result<(), String>),
    /// Control is armed or disarmed.
    Arm(Arming),
    /// A step of a write or of a read that a link carries out.
    Write(Receipt),
    /// Somebody wants something about alarms.
    Alarms(AlarmOrder),
    /// A batch of alarms is on the disk, or why it is not.
    AlarmsKept(u64, Result<(), String>),
    /// What is wrong with the storage of history now, for people; empty if nothing is.
    Storage(String),
    /// Nothing but that time has passed: what is due is done.
    Time,
}

/// What follows from an input, for the runtime to carry out.
#[derive(Clone, Debug)]
pub enum Output {
    /// The alarms that a cycle of one system raised and cleared, at least one.
    Alarms(SystemIdx, Vec<AlarmEvent>),
    /// What is to be made durable of alarms; [`Input::AlarmsKept`] answers it.
    KeepAlarms(Box<AlarmKeep>),
    /// What has become of an order about alarms, by its ticket.
    AlarmsAnswered(u64, Result<AlarmsDone, AlarmRefusal>),
    /// What history keeps of a second that is over.
    Record(Box<Record>),
    /// A command is to be made durable; [`Input::Journalled`] answers it.
    Journal(CommandReceipt),
    /// A link is to write, or to read what it has written.
    Write(WriteRequest),
    /// A link is not to send what it was given, if it has not yet.
    Withdraw(Withdrawal),
    /// What has become of a command.
    Receipt(CommandReceipt),
    /// Of a command that is not recorded: it was asked for again and nothing of it is new, or it was turned away.
    Again(CommandReceipt),
    /// What the audit is to have besides.
    Audit(Entry),
    /// One system's newest snapshot, for everyone who watches.
    Publication(Box<Publication>),
}

/// What follows for commands, among all that follows.
fn steps(steps: Vec<Step>) -> Vec<Output> {
    let output = |step| match step {
        Step::Journal(receipt) => Output::Journal(receipt),
        Step::Write(write) => Output::Write(write),
        Step::Withdraw(withdrawal) => Output::Withdraw(withdrawal),
        Step::Receipt(receipt) => Output::Receipt(receipt),
        Step::Again(receipt) => Output::Again(receipt),
        Step::Audit(entry) => Output::Audit(entry),
    };
    steps.into_iter().map(output).collect()
}

/// An alarm that was raised or cleared, with its words of that instant.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmEvent {
    /// When.
    pub at: Now,
    /// What became of which alarm.
    pub change: AlarmChange,
    /// The rule's id: `bus.sag`.
    pub rule: &'static str,
    /// What it is about, by a name that stays: `cell 7.12`.
    pub subject: String,
    /// The sentence that people read.
    pub words: String,
}

/// One cycle of one system, encoded once for everyone.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The system.
    pub system: SystemIdx,
    /// How it is configured.
    pub spec: Arc<SystemSpec>,
    /// The frame for those who have the snapshot before.
    pub encoded: Encoded,
    /// The snapshot itself.
    pub snapshot: Snapshot,
}

/// A site's twin with the rhythm, the live stream and the running second of each of its systems.
#[derive(Clone, Debug)]
pub struct Engine {
    site: Site,
    systems: Vec<SystemRuntime>,
    desk: Desk,
    answers: Answers,
}

/// What the engine keeps of one system beside its twin.
#[derive(Clone, Debug)]
struct SystemRuntime {
    spec: Arc<SystemSpec>,
    pace: Pace,
    encoder: Encoder,
    recorder: Recorder,
}

/// What was read back of the controls of a system are points of it: pages and history have them with its other values.
fn take_settings(site: &mut Site, desk: &Desk, idx: SystemIdx) {
    let Some(system) = site.systems.get_mut(usize::from(idx.0)) else { return };
    for control in desk.controls().iter().filter(|control| control.system == idx) {
        if let Some(ReadBack { value, at }) = control.present {
            system.state.points.set(control.spec.kind.spec().point, Ok(value as f32), at.mono);
        }
    }
}

impl Engine {
    /// The engine of a site that starts at `now`.
    pub fn new(site: Site, now: Mono) -> Engine {
        let systems = site.systems.iter().map(|system| SystemRuntime {
            spec: Arc::new(system.spec.clone()),
            pace: Pace::new(system.spec.period(), now),
            encoder: Encoder::new(&system.spec),
            recorder: Recorder::default(),
        });
        let desk = Desk::new(&site.spec);
        Engine { systems: systems.collect(), site, desk, answers: Answers::default() }
    }

    /// The twin.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The controls.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The controls, to take what a journal says of them before the first step.
    pub fn desk_mut(&mut self) -> &mut Desk {
        &mut self.desk
    }

    /// When the next system is due; `None` in a site without systems. Until then, time alone changes nothing.
    pub fn due(&self) -> Option<Mono> {
        self.systems.iter().map(|system| system.pace.due()).min()
    }

    /// Takes what happened; returns what follows. Systems that are due wait for [`Input::Time`], so that several inputs
    /// can be taken before.
    pub fn step(&mut self, now: Now, input: Input) -> Vec<Output> {
        match input {
            Input::Batch(batch) => {
                let system = self.systems.get_mut(usize::from(batch.system.0));
                if let Some(system) = system.filter(|_| leads(&batch)) {
                    system.pace.swept(batch.at.mono);
                }
                self.site.apply(&batch);
                Vec::new()
            }
            Input::Link(link, status) => {
                self.site.set_link(link, status);
                Vec::new()
            }
            Input::Command(command) => steps(self.desk.command(&self.site, command, now)),
            Input::Journalled(id, done) => steps(self.desk.journalled(&id, done, now)),
            Input::Arm(arming) => steps(self.desk.arm(arming)),
            Input::Write(receipt) => steps(self.desk.told(receipt)),
            Input::Alarms(order) => self.answers.order(&mut self.site, &order, now),
            Input::AlarmsKept(batch, done) => self.answers.kept(&mut self.site, batch, done, now),
            Input::Storage(trouble) => {
                self.site.storage = trouble;
                Vec::new()
            }
            Input::Time => {
                let mut outputs = Vec::new();
                for (system, idx) in self.systems.iter_mut().zip(0..) {
                    if now.mono >= system.pace.due() {
                        take_settings(&mut self.site, &self.desk, SystemIdx(idx));
                        system.cycle(&mut self.site, SystemIdx(idx), now, &mut outputs);
                        outputs.extend(self.answers.cycle(&mut self.site, SystemIdx(idx), now.mono));
                        outputs.extend(steps(self.desk.cycle(&self.site, SystemIdx(idx), now)));
                    }
                }
                outputs
            }
        }
    }

    /// When nothing follows: the end of every command that is not recorded yet, what history keeps of the second that is
    /// running, and what of alarms is not kept yet.
    pub fn finish(&mut self, now: Now) -> Vec<Output> {
        let systems = self.systems.iter_mut().zip(0..);
        let records = systems.filter_map(|(system, idx)| system.recorder.end(SystemIdx(idx)));
        let records = records.map(|record| Output::Record(Box::new(record)));
        let ended: Vec<Output> = steps(self.desk.give_up(now)).into_iter().chain(records).collect();
        let indexes = (0..self.systems.len()).map(|idx| SystemIdx(idx as u8));
        let unsaved = indexes.filter_map(|idx| self.answers.cycle(&mut self.site, idx, now.mono));
        ended.into_iter().chain(unsaved).collect()
    }

    /// Runs from `from` until `until` without sockets: hands over each input at its time, the times going up, and lets
    /// what is due be done between them. `each` gets every output with its time.
    pub fn run(
        &mut self,
        from: Now,
        inputs: impl IntoIterator<Item = (Now, Input)>,
        until: Now,
        mut each: impl FnMut(Now, Output),
    ) {
        let mut now = from;
        let mut inputs = inputs.into_iter().take_while(|(at, _)| at.mono <= until.mono).peekable();
        loop {
            let next_input = inputs.peek().map(|(at, _)| at.mono);
            let due = self.due().filter(|due| *due <= until.mono);
            match (due, next_input) {
                (Some(due), input) if input.is_none_or(|input| due < input) => {
                    now = now + due.since(now.mono);
                    self.step(now, Input::Time).into_iter().for_each(|output| each(now, output));
                }
                (_, Some(_)) => {
                    let Some((at, input)) = inputs.next() else { return };
                    now = at;
                    self.step(now, input).into_iter().for_each(|output| each(now, output));
                }
                _ => return,
            }
        }
    }
}

impl SystemRuntime {
    fn cycle(&mut self, site: &mut Site, idx: SystemIdx, now: Now, outputs: &mut Vec<Output>) {
        self.pace.cycled(now.mono);
        let changes = cycle(site, idx, now);
        let events = changes.into_iter().filter_map(|change| AlarmEvent::of(site, idx, change, now));
        let events: Vec<AlarmEvent> = events.collect();
        if !events.is_empty() {
            outputs.push(Output::Alarms(idx, events));
        }
        let Some(snapshot) = site.snapshot(idx, now) else { return };
        let encoded = self.encoder.encode(&snapshot);
        outputs.extend(
            self.recorder.push(idx, &self.spec, &snapshot, &encoded).map(|record| Output::Record(Box::new(record))),
        );
        let publication = Publication { system: idx, spec: self.spec.clone(), encoded, snapshot };
        outputs.push(Output::Publication(Box::new(publication)));
    }
}

impl AlarmEvent {
    /// The event of a change now; `None` for a rule that this version does not know.
    fn of(site: &Site, system: SystemIdx, change: AlarmChange, at: Now) -> Option<AlarmEvent> {
        let spec = site.spec.system(system)?;
        let words = match &change {
            AlarmChange::Raised(alarm) => alarm.words(&site.spec, spec, &site.links),
            AlarmChange::Cleared(alarm) => alarm.words_of_end(&site.spec, spec),
        };
        let (rule, subject) = change.alarm().name(&site.spec, spec)?;
        Some(AlarmEvent { at, change, rule, subject, words: words? })
    }
}

/// Whether a batch is of the source that leads its system: the one that brings cells or the pack voltage.
fn leads(batch: &Batch) -> bool {
    (batch.readings.iter()).any(|r| matches!(r.target, Target::Cell(..) | Target::Point(PointId::Voltage)))
}

#[cfg(test)]
mod engine_tests;
#[cfg(test)]
mod limits_tests;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::alarm::{AlarmRecord, Life, RULES, RuleIdx, Subject};

    use crate::link::LinkSpec;
    use crate::link::LinkState;
    use crate::reading::CellQuantity;
    use crate::reading::{NoData, NodeQuantity, Sample};
    use crate::reading::{Reading, Target};
    use crate::spec::{SiteSpec, SystemKind, SystemSpec};
    use crate::topology::Topology;
    use std::time::Duration;

    /// A site with one 2 x 3-cell system and one link.
    pub(crate) fn site() -> SiteSpec {
        SiteSpec {
            name: "Test".into(),
            systems: vec![SystemSpec {
                kind: SystemKind::DataCentre,
                simulated: true,
                ..SystemSpec::new("hv", "Pack", Topology::new(1, 2, 3), 280.0, 832.0)
            }],
            links: vec![LinkSpec {
                id: "bms".into(),
                name: "Battery controller".into(),
                protocol: "CAN over UDP".into(),
                device: String::new(),
                address: "127.0.0.1:20000".into(),
                system: SystemIdx(0),
                silent_after: Duration::from_secs(1),
                only_settings: false,
            }],
        }
    }

    /// Takes all inputs, then evaluates every system at `now`; returns what changed in the alarms.
    pub(crate) fn step(site: &mut Site, now: Now, inputs: impl IntoIterator<Item = Input>) -> Vec<AlarmChange> {
        for input in inputs {
            match input {
                Input::Batch(batch) => site.apply(&batch),
                Input::Link(link, status) => site.set_link(link, status),
                other => panic!("not of a link: {other:?}"),
            }
        }
        (0..site.systems.len()).flat_map(|i| cycle(site, SystemIdx(i as u8), now)).collect()
    }

    pub(crate) fn at(seconds: f32) -> Now {
        Now { mono: Mono::START, ..Now::default() } + Duration::from_secs_f32(seconds)
    }

    pub(crate) fn batch(seconds: f32, readings: &[(Target, Sample)]) -> Input {
        Input::Batch(Batch {
            link: LinkIdx(0),
            system: SystemIdx(0),
            at: at(seconds),
            readings: readings.iter().map(|(target, sample)| Reading { target: *target, sample: *sample }).collect(),
        })
    }

    fn active(site: &Site) -> Vec<&'static str> {
        site.systems[0].alarms.active().iter().map(|a| a.rule.rule().unwrap().id).collect()
    }

    #[test]
    fn a_silent_link_is_noticed_even_if_it_never_spoke() {
        let mut site = Site::new(site());
        let value: &[(Target, Sample)] = &[(Target::Point(PointId::Soc), Ok(50.0))];
        step(&mut site, at(0.9), []);
        step(&mut site, at(1.1), []);
        assert!(active(&site).is_empty());
        step(&mut site, at(1.4), []);
        assert_eq!(active(&site), ["link.silent"]);
        step(&mut site, at(1.6), [batch(1.6, value)]);
        step(&mut site, at(2.5), [batch(2.5, value)]);
        step(&mut site, at(2.7), [batch(2.7, value)]);
        assert!(active(&site).is_empty());
        // To say that there is no value is not to speak.
        let nothing: &[(Target, Sample)] = &[(Target::Point(PointId::Soc), Err(NoData::Error))];
        step(&mut site, at(4.0), [batch(4.0, nothing)]);
        step(&mut site, at(4.5), [batch(4.5, nothing)]);
        assert_eq!(active(&site), ["link.silent"]);
    }

    #[test]
    fn news_of_an_older_measurement_do_not_take_the_place_of_a_newer_one() {
        let mut site = Site::new(site());
        let soc = Target::Point(PointId::Soc);
        let sample = |site: &Site, now: f32| site.systems[0].state.points.sample(PointId::Soc, at(now).mono);
        step(&mut site, at(500.0), [batch(500.0, &[(soc, Ok(50.0))])]);
        // A cloud knows what was so a minute before, and that there was no value then.
        step(&mut site, at(500.5), [batch(440.0, &[(soc, Ok(60.0))]), batch(440.0, &[(soc, Err(NoData::Error))])]);
        assert_eq!(sample(&site, 500.5), Ok(50.0));
        assert_eq!(site.links[0].last_at, Some(at(500.0).mono), "the link was heard when it was");
        // Of what is not known otherwise, the age counts from the measurement.
        step(&mut site, at(600.0), [batch(598.0, &[(soc, Ok(60.0))])]);
        assert_eq!((sample(&site, 600.9), sample(&site, 601.1)), (Ok(60.0), Err(NoData::Stale)));
    }

    #[test]
    fn impossible_values_change_nothing() {
        let mut site = Site::new(site());
        let voltage = Target::Cell(CellQuantity::Voltage, 0);
        step(&mut site, at(0.1), [batch(0.1, &[(voltage, Ok(3.3)), (Target::Point(PointId::Soc), Ok(50.0))])]);
        for bad in [f32::NAN, f32::INFINITY, -1.0, 65.535] {
            let bad = Ok(bad);
            step(&mut site, at(0.2), [batch(0.2, &[(voltage, bad), (Target::Cell(CellQuantity::Voltage, 99), bad)])]);
            let snapshot = site.snapshot(SystemIdx(0), at(0.2)).unwrap();
            assert_eq!(snapshot.cell(CellQuantity::Voltage, 0), Ok(3.3));
        }
        step(&mut site, at(0.3), [batch(0.3, &[(Target::Point(PointId::Soc), Ok(101.0))])]);
        assert_eq!(site.snapshot(SystemIdx(0), at(0.3)).unwrap().point(PointId::Soc), Ok(50.0));
    }

    #[test]
    fn a_module_that_stops_reporting_is_missed_cell_by_cell() {
        let mut site = Site::new(site());
        let cell = |c| Target::Cell(CellQuantity::Voltage, c);
        for tick in 1..30 {
            let seconds = tick as f32 * 0.2;
            let mut readings: Vec<_> = (0..3).map(|c| (cell(c), Ok(3.3))).collect();
            if tick == 1 {
                readings.extend((3..6).map(|c| (cell(c), Ok(3.3))));
            }
            step(&mut site, at(seconds), [batch(seconds, &readings)]);
        }
        assert_eq!(active(&site), ["cells.missing"]);
        let alarm = site.systems[0].alarms.active()[0];
        let words = RULES[alarm.rule.0 as usize].words(alarm.subject, alarm.value, &site.spec, &site.spec.systems[0]);
        assert_eq!(words, "3 of 6 cells without a fresh voltage");
    }

    #[test]
    fn cells_that_never_come_are_missed_once_their_link_is_up_for_long_enough() {
        let raised_at = |brings_cells: bool, cells_until: f32, state: LinkState| {
            let mut site = Site::new(site());
            site.cell_links = vec![brings_cells];
            (1..40).map(|tick| tick as f32 * 0.2).find(|seconds| {
                let mut readings = vec![(Target::Point(PointId::Soc), Ok(50.0))];
                if *seconds < cells_until {
                    readings.extend((0..6).map(|c| (Target::Cell(CellQuantity::Voltage, c), Ok(3.3))));
                }
                let status = LinkStatus { state, ..LinkStatus::default() };
                step(&mut site, at(*seconds), [batch(*seconds, &readings), Input::Link(LinkIdx(0), status)]);
                active(&site).contains(&"cells.missing")
            })
        };
        let max_age = crate::cells::CELL_MAX_AGE.as_secs_f32();
        let never = raised_at(true, 0.0, LinkState::Up).unwrap();
        assert!((max_age + 1.9..max_age + 2.7).contains(&never), "{never}");
        // All of them gone at once are missed too.
        assert!(raised_at(true, 1.0, LinkState::Up).is_some_and(|at| at > 1.0 + max_age + 2.0));
        assert_eq!(raised_at(true, 0.0, LinkState::Silent), None, "then the link is the problem");
        assert_eq!(raised_at(false, 0.0, LinkState::Up), None, "a meter brings no cells");
        assert_eq!(raised_at(true, 99.0, LinkState::Up), None);
    }

    #[test]
    fn another_device_is_called_so_until_the_right_one_delivers() {
        let mut site = Site::new(site());
        let tick = |site: &mut Site, seconds: f32, state: LinkState| {
            let reason = "the device's serial number is B, not A".to_owned();
            let status = LinkStatus { state, reason, ..LinkStatus::default() };
            step(site, at(seconds), [Input::Link(LinkIdx(0), status)]);
            active(site)
        };
        assert!(tick(&mut site, 1.0, LinkState::WrongDevice).is_empty());
        for seconds in [1.5, 3.0, 9.0] {
            assert_eq!(tick(&mut site, seconds, LinkState::WrongDevice), ["link.stranger"]);
        }
        let alarm = site.systems[0].alarms.active()[0];
        let words = |site: &Site| alarm.words(&site.spec, &site.spec.systems[0], &site.links).unwrap();
        assert_eq!(words(&site), "Battery controller: the device's serial number is B, not A");
        assert_eq!(tick(&mut site, 9.2, LinkState::Down), ["link.stranger"], "gone is not right");
        assert_eq!(words(&site), "Battery controller: what answered last was another device than the one expected");
        let value: &[(Target, Sample)] = &[(Target::Point(PointId::Soc), Ok(50.0))];
        for seconds in [10.0, 10.5, 11.1] {
            tick(&mut site, seconds, LinkState::Up);
            step(&mut site, at(seconds), [batch(seconds, value)]);
        }
        assert!(active(&site).is_empty());
    }

    #[test]
    fn a_cycle_of_one_system_leaves_the_others_and_their_delays_alone() {
        let mut spec = site();
        spec.systems.push(SystemSpec { id: "other".into(), ..spec.systems[0].clone() });
        let mut site = Site::new(spec);
        let low = Target::Cell(CellQuantity::Voltage, 0);
        for idx in [SystemIdx(0), SystemIdx(1)] {
            let Input::Batch(bad) = batch(0.1, &[(low, Ok(2.8))]) else { panic!() };
            site.apply(&Batch { system: idx, ..bad });
        }
        // The first is bad for longer than its rule waits; of the second nobody has looked.
        let raised = |site: &mut Site, idx, seconds| cycle(site, SystemIdx(idx), at(seconds)).len();
        assert_eq!((raised(&mut site, 0, 0.2), raised(&mut site, 0, 0.6)), (0, 1));
        assert!(site.systems[1].alarms.active().is_empty());
        assert_eq!((raised(&mut site, 1, 0.7), raised(&mut site, 1, 0.9), raised(&mut site, 1, 1.1)), (0, 0, 1));
        assert_eq!(raised(&mut site, 9, 2.0), 0, "there is no such system");
    }

    #[test]
    fn a_link_that_was_silent_before_a_restart_is_silent_until_it_speaks() {
        let mut site = Site::new(site());
        let rule = RULES.iter().position(|rule| rule.id == "link.silent").unwrap();
        let life = Life::raised(None, crate::time::Utc(-7), 5.0);
        let (rule, subject) = (RuleIdx(rule as u8), Subject::Link(LinkIdx(0)));
        let silent = AlarmRecord { rule, subject, life: Some(life.clone()), shelf: None };
        assert_eq!(site.systems[0].alarms.restore(vec![silent]), [true]);
        for tenth in 0..40 {
            let outputs = step(&mut site, at(tenth as f32 * 0.1), []);
            assert_eq!((outputs.len(), active(&site)), (0, vec!["link.silent"]), "at {tenth} tenths");
        }
        assert_eq!(site.systems[0].alarms.active()[0].since, life.since);
    }

    #[test]
    fn a_lost_node_is_not_called_late_as_well() {
        let mut site = Site::new(site());
        let node = |quantity| Target::Node(quantity, 0);
        let mut tick = |seconds: f32, state: f32| {
            let readings = [(node(NodeQuantity::State), Ok(state)), (node(NodeQuantity::Delay), Ok(5.0))];
            step(&mut site, at(seconds), [batch(seconds, &readings)]);
            active(&site)
        };
        assert!(tick(0.2, 1.0).is_empty());
        assert_eq!(tick(0.8, 1.0), ["afe.node.delay"]);
        tick(1.0, NodeQuantity::LOST);
        assert_eq!(tick(1.6, NodeQuantity::LOST), ["afe.node.lost", "afe.node.delay"]);
        assert_eq!(tick(4.0, NodeQuantity::LOST), ["afe.node.lost"]);
    }

    #[test]
    fn an_estimate_that_is_set_anew_is_told_apart_from_a_gauge_that_counts() {
        let mut site = Site::new(site());
        // 28 A of 280 Ah for ten minutes: 1.7 points.
        for second in 1..=700 {
            let told = |soc_pct: f32| Ok(soc_pct - (second as f32 * 28.0 / 280.0 / 36.0));
            let estimate = told(if second > 600 { 68.0 } else { 60.0 });
            let readings = [
                (Target::Point(PointId::Current), Ok(28.0)),
                (Target::Point(PointId::Soc), told(64.0)),
                (Target::Point(PointId::InverterSoc), estimate),
            ];
            step(&mut site, at(second as f32), [batch(second as f32, &readings)]);
            let expected: &[&str] = if second >= 603 { &["soc.inverter.impossible"] } else { &[] };
            assert_eq!(active(&site), expected, "at {second} s");
        }
        let alarm = site.systems[0].alarms.active()[0];
        let words = alarm.words(&site.spec, &site.spec.systems[0], &site.links).unwrap();
        assert_eq!(words, "Inverter's estimate moved 6.7 points further than the current explains");
    }

    #[test]
    fn a_burst_that_drops_the_bus_by_six_percent_is_a_sag() {
        let mut site = Site::new(site());
        for tick in 1..=40 {
            let seconds = tick as f32 * 0.2;
            let volts = if tick < 30 { 850.0 } else { 799.0 };
            step(&mut site, at(seconds), [batch(seconds, &[(Target::Point(PointId::Voltage), Ok(volts))])]);
        }
        assert_eq!(active(&site), ["bus.sag"]);
    }
}
