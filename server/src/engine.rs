//! The engine task: owns the twin, runs its cycles, and hands each one to the pages and to history.

use crate::clock::Clock;
use crate::hub::{Hub, Published};
use crate::pace::Pace;
use crate::tape::Tape;
use domain::alarm::AlarmChange;
use domain::engine::{Input, Outputs, step};
use domain::live::Encoder;
use domain::point::PointId;
use domain::reading::{Batch, Target};
use domain::spec::SystemIdx;
use domain::time::Now;
use domain::twin::Site;
use std::sync::Arc;
use std::time::Duration;
use store::{Event, Second, Store};
use tokio::sync::{mpsc, watch};

/// How many inputs may wait for the engine. A link that finds the queue full waits: nothing is dropped.
pub(crate) const INPUTS: usize = 1_024;

/// One system's rhythm, encoding and tape.
struct Lane {
    pace: Pace,
    encoder: Encoder,
    tape: Tape,
}

/// Runs the site until `stop`, then hands the last second to the store.
pub(crate) async fn run(
    mut site: Site,
    mut inputs: mpsc::Receiver<Input>,
    hub: Arc<Hub>,
    store: Store,
    clock: Clock,
    mut stop: watch::Receiver<bool>,
) {
    let start = clock().mono;
    let mut lanes: Vec<Lane> = (site.systems.iter())
        .map(|system| Lane {
            pace: Pace::new(system.spec.period(), start),
            encoder: Encoder::new(&system.spec),
            tape: Tape::new(&system.spec.id),
        })
        .collect();
    let mut pending = Vec::with_capacity(64);
    loop {
        let due = lanes.iter().map(|lane| lane.pace.due()).min();
        let wait = due.map_or(Duration::MAX, |due| due.since(clock().mono));
        tokio::select! {
            input = inputs.recv() => match input {
                Some(input) => {
                    notice(&input, &mut lanes);
                    pending.push(input);
                }
                // Every link has ended. Values must still go stale.
                None => tokio::time::sleep(wait).await,
            },
            () = tokio::time::sleep(wait) => {}
            _ = stop.changed() => break,
        }
        while let Ok(input) = inputs.try_recv() {
            notice(&input, &mut lanes);
            pending.push(input);
        }
        let now = clock();
        site.storage = store.health().error.unwrap_or_default();
        for (i, lane) in lanes.iter_mut().enumerate() {
            if now.mono < lane.pace.due() {
                continue;
            }
            lane.pace.cycled(now.mono);
            let outputs = step(&mut site, now, pending.drain(..));
            let mut events = events(&site, &outputs, now);
            let Some(moment) = site.moment(SystemIdx(i as u8), now) else { continue };
            let encoded = lane.encoder.encode(&moment);
            // A cycle of one system can change another's alarms: those are recorded with theirs.
            for (system, event) in events.extract_if(.., |(system, _)| *system != i) {
                store.append(Second {
                    system: site.systems[system].spec.id.clone(),
                    utc_s: event.at_ms.div_euclid(1_000),
                    events: vec![event],
                    ..Second::default()
                });
            }
            let events = events.into_iter().map(|(_, event)| event).collect();
            if let Some(second) = lane.tape.push(&moment, &encoded, events) {
                store.append(second);
            }
            hub.publish(i, Published::new(encoded, moment));
        }
    }
    for lane in &mut lanes {
        if let Some(second) = lane.tape.end() {
            store.append(second);
        }
    }
}

/// Lets a system's rhythm follow its leading source: the one that brings cells or the pack voltage.
fn notice(input: &Input, lanes: &mut [Lane]) {
    let Input::Batch(batch) = input else { return };
    let lane = lanes.get_mut(batch.system.0 as usize).filter(|_| leads(batch));
    if let Some(lane) = lane {
        lane.pace.swept(batch.at.mono);
    }
}

fn leads(batch: &Batch) -> bool {
    (batch.readings.iter()).any(|r| matches!(r.target, Target::Cell(..) | Target::Point(PointId::Voltage)))
}

/// What the cycle changed in the alarms, told to the log and for the history, with the place of the system.
fn events(site: &Site, outputs: &Outputs, now: Now) -> Vec<(usize, Event)> {
    let event = |(system, change): &(SystemIdx, AlarmChange)| {
        let (kind, alarm) = match change {
            AlarmChange::Raised(alarm) => ("raised", alarm),
            AlarmChange::Cleared(alarm) => ("cleared", alarm),
        };
        let (spec, rule) = (site.spec.system(*system)?, alarm.rule.rule()?);
        let words = alarm.words(&site.spec, &spec.topology, &site.links).unwrap_or_default();
        tracing::info!(system = spec.id, rule = rule.id, "alarm {kind}: {words}");
        let event = Event {
            at_ms: now.utc.0.div_euclid(1_000),
            kind: kind.to_owned(),
            rule: rule.id.to_owned(),
            severity: rule.severity.word().to_owned(),
            words,
        };
        Some((system.0 as usize, event))
    };
    outputs.alarms.iter().filter_map(event).collect()
}
