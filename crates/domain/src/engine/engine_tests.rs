//! What follows from what, through the engine as a runtime drives it.

use super::tests::{at, batch, site};
use super::*;
use crate::control::{CommandId, CommandState, ControlKind, Refusal};
use crate::live::{Decoder, key_frame, log};
use crate::people::Requester;
use crate::reading::{CellQuantity, Sample};
use crate::twin::Health;
use crate::write::{WriteId, WriteOutcome};
use std::time::Duration;

fn engine(systems: usize) -> Engine {
    let mut spec = site();
    for n in 1..systems {
        spec.systems.push(SystemSpec { id: format!("other-{n}"), ..spec.systems[0].clone() });
    }
    Engine::new(Site::new(spec), at(0.0).mono)
}

/// The batch of `tests::batch`, of a system.
fn of(system: u8, seconds: f32, readings: &[(Target, Sample)]) -> (Now, Input) {
    let Input::Batch(batch) = batch(seconds, readings) else { panic!() };
    (at(seconds), Input::Batch(Batch { system: SystemIdx(system), ..batch }))
}

/// A few words for each output.
fn words(output: &Output) -> Vec<String> {
    let alarm = |system: u8, AlarmEvent { change, rule, subject, .. }: &AlarmEvent| {
        let what = if matches!(change, AlarmChange::Raised(_)) { "raised" } else { "cleared" };
        format!("{system}: {what} {rule}, {subject}")
    };
    match output {
        Output::Alarms(system, events) => events.iter().map(|event| alarm(system.0, event)).collect(),
        Output::Record(record) => vec![format!("{}: {} rows", record.system.0, record.rows.len())],
        Output::Receipt(receipt) | Output::Again(receipt) => vec![format!("{:?}", receipt.state)],
        Output::Journal(receipt) => vec![format!("{receipt:?}")],
        Output::Write(write) => vec![format!("{write:?}")],
        Output::Withdraw(withdrawal) => vec![format!("{withdrawal:?}")],
        Output::Audit(entry) => vec![format!("{entry:?}")],
        Output::KeepAlarms(keep) => vec![format!("{}: {} alarms to keep", keep.system.0, keep.alarms.len())],
        Output::AlarmsAnswered(ticket, result) => vec![format!("{ticket}: {result:?}")],
        Output::Publication(publication) => {
            vec![format!("{}: frame {}", publication.system.0, publication.encoded.seq)]
        }
    }
}

fn alarms(output: &Output) -> &[AlarmEvent] {
    if let Output::Alarms(_, events) = output { events } else { &[] }
}

const LOW: &[(Target, Sample)] = &[(Target::Cell(CellQuantity::Voltage, 4), Ok(2.4))];
const GOOD: &[(Target, Sample)] = &[(Target::Cell(CellQuantity::Voltage, 4), Ok(3.3))];

#[test]
fn a_batch_becomes_an_alarm_and_a_publication_right_after_its_sweep() {
    let mut engine = engine(1);
    let (mut said, mut inputs) = (Vec::new(), Vec::new());
    for tick in 1..=60_u16 {
        let seconds = f32::from(tick) * 0.2;
        inputs.push(of(0, seconds, if tick < 6 { LOW } else { GOOD }));
    }
    engine.run(at(0.0), inputs, at(12.05), |now, output| {
        // No more than the few milliseconds for the rest of a sweep after it came.
        let after_sweep_us = (now.mono.0 - at(0.0).mono.0) % 200_000;
        assert!(after_sweep_us <= 5_000, "{after_sweep_us}");
        for event in alarms(&output).iter().filter(|event| event.rule == "cell.voltage.low") {
            assert_eq!(event.words, "Cell 2.2 at 2400 mV, limit 2850 mV");
        }
        said.extend(words(&output));
    });
    let frames: Vec<String> = (0..60).map(|seq| format!("0: frame {seq}")).collect();
    let published: Vec<&String> = said.iter().filter(|word| word.contains("frame")).collect();
    assert_eq!(published, frames.iter().collect::<Vec<_>>());
    let position = |what: &str| said.iter().position(|word| word == what).unwrap_or_else(|| panic!("{what}: {said:?}"));
    let raised = position("0: raised cell.voltage.low, cell 2.2");
    assert!(said[raised + 1..].iter().any(|word| word.contains("frame")), "{said:?}");
    let cleared = position("0: cleared cell.voltage.low, cell 2.2");
    assert!(raised < cleared && position("0: 4 rows") < cleared, "{said:?}");
    // What was not over at the end.
    assert_eq!(engine.finish(Now::default()).iter().flat_map(words).collect::<Vec<_>>(), ["0: 1 rows"]);
    assert!(engine.finish(Now::default()).is_empty());
}

#[test]
fn one_systems_cycle_is_that_system_alone() {
    let mut engine = engine(3);
    for system in 0..3 {
        let (now, input) = of(system, 0.2, LOW);
        assert!(engine.step(now, input).is_empty(), "taken, and nothing follows before the time");
    }
    let work = |engine: &mut Engine, seconds: f32| {
        crate::alarm::work_of(|| engine.step(at(seconds), Input::Time).iter().flat_map(words).collect::<Vec<_>>())
    };
    assert_eq!(work(&mut engine, 0.201), (vec![], 0), "the sweep may go on");
    let (said, of_three) = work(&mut engine, 0.205);
    assert_eq!(said, ["0: frame 0", "1: frame 0", "2: frame 0"]);
    // Only the second has anything new.
    let (now, input) = of(1, 0.4, LOW);
    engine.step(now, input);
    let (said, of_one) = work(&mut engine, 0.405);
    assert_eq!(said, ["1: frame 1"]);
    assert!(of_one > 0 && of_one * 3 <= of_three + 3, "{of_one} for one, {of_three} for three");
}

#[test]
fn without_inputs_systems_go_on_and_their_values_grow_stale() {
    let mut engine = engine(2);
    let mut seen = Vec::new();
    engine.run(at(0.0), [of(0, 0.2, GOOD)], at(10.0), |_, output| {
        if let Output::Publication(publication) = output
            && publication.system == SystemIdx(0)
        {
            seen.push(publication.snapshot);
        }
    });
    assert!((38..=42).contains(&seen.len()), "{}", seen.len());
    assert_eq!(seen[0].cell(CellQuantity::Voltage, 4), Ok(3.3));
    let last = seen.last().unwrap();
    assert_eq!(last.cell(CellQuantity::Voltage, 4), Err(crate::reading::NoData::Stale));
    assert!(
        matches!(last.site.systems[..], [Health::Alarm(_), Health::Unknown]),
        "its link is silent: {:?}",
        last.site
    );
}

#[test]
fn what_is_published_and_what_is_recorded_are_the_same_snapshots() {
    let mut engine = engine(1);
    let spec = engine.site().spec.systems[0].clone();
    let inputs: Vec<_> = (1..50_u16).map(|n| of(0, f32::from(n) * 0.2, GOOD)).collect();
    let (mut live, mut published, mut recorded) = (Decoder::of(&spec), Vec::new(), Vec::new());
    let mut keep = |output: Output| match output {
        Output::Publication(publication) => {
            let Publication { encoded, snapshot, spec, .. } = *publication;
            let key = key_frame(&spec, encoded.seq, &snapshot);
            live.decode(if published.is_empty() { &key } else { &encoded.delta }).unwrap();
            published.push(live.snapshot().now.utc);
        }
        Output::Record(record) => {
            assert_eq!(log::play(&record.frames, &spec, |snapshot| recorded.push(snapshot.now.utc)), 0);
        }
        Output::Alarms(..) | Output::Receipt(_) | Output::Again(_) | Output::Journal(_) => {}
        Output::Write(_) | Output::Withdraw(_) | Output::Audit(_) => {}
        Output::KeepAlarms(_) | Output::AlarmsAnswered(..) => {}
    };
    engine.run(at(0.0), inputs, at(10.0), |_, output| keep(output));
    engine.finish(Now::default()).into_iter().for_each(keep);
    assert_eq!(published.len(), 49);
    assert_eq!(published, recorded);
}

#[test]
fn a_command_is_refused_and_nothing_is_written_while_no_control_is_configured() {
    let mut engine = engine(1);
    let command = Command {
        id: CommandId("a".to_owned()),
        system: SystemIdx(0),
        control: ControlKind::Reserve,
        value: 20.0,
        hold: None,
        by: Requester::server(),
        expires: at(9.0).mono,
        at: at(1.0).utc,
        revision: 0,
    };
    let outputs = engine.step(at(1.0), Input::Command(command.clone()));
    let [Output::Receipt(receipt)] = &outputs[..] else { panic!("{outputs:?}") };
    assert_eq!(*receipt, CommandReceipt::new(command, at(1.0), CommandState::Refused(Refusal::ReadOnly), None));
    let stray = Receipt { id: WriteId(1), at: at(1.0), outcome: WriteOutcome::Confirmed(20.0) };
    assert!(engine.step(at(1.0), Input::Write(stray)).is_empty(), "no command waits for it");
}

#[test]
fn a_site_says_what_is_wrong_with_its_storage_and_what_is_of_no_system_changes_nothing() {
    let mut engine = engine(1);
    engine.step(at(0.1), Input::Storage("The disk is full.".to_owned()));
    let (now, input) = of(7, 0.1, LOW);
    assert!(engine.step(now, input).is_empty());
    assert!(engine.step(at(0.1), Input::Link(LinkIdx(9), LinkStatus::default())).is_empty());
    let outputs = engine.step(at(1.0), Input::Time);
    let Some(Output::Publication(publication)) = outputs.last() else { panic!("{outputs:?}") };
    assert_eq!(publication.snapshot.site.storage, "The disk is full.");
    assert_eq!(engine.due(), Some(at(1.0).mono + Duration::from_millis(250)));
    assert_eq!(Engine::new(Site::new(Default::default()), Mono::START).due(), None);
}
