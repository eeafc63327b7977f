//! The engine task: owns the twin, runs its cycles, and hands each one to the pages and to history.

use crate::alarms;
use crate::clock::Clock;
use crate::hub::{Hub, Published};
use crate::pace::Pace;
use crate::tape::Tape;
use domain::engine::{Input, cycle};
use domain::live::Encoder;
use domain::point::PointId;
use domain::reading::{Batch, Target};
use domain::spec::SystemIdx;
use domain::twin::Site;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio::sync::{mpsc, watch};

/// How many inputs may wait for the engine. A link that finds the queue full waits: nothing is dropped. Behind the queue
/// nothing waits: an input is taken into the twin when it arrives.
pub(crate) const INPUTS: usize = 1_024;

/// One system's rhythm, encoding and tape.
struct Lane {
    system: SystemIdx,
    id: String,
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
    let mut lanes: Vec<Lane> = (site.systems.iter().zip(0..))
        .map(|(system, idx)| Lane {
            system: SystemIdx(idx),
            id: system.spec.id.clone(),
            pace: Pace::new(system.spec.period(), start),
            encoder: Encoder::new(&system.spec),
            tape: Tape::new(&system.spec.id),
        })
        .collect();
    let mut open = true;
    loop {
        let due = lanes.iter().map(|lane| lane.pace.due()).min();
        let wait = due.map_or(Duration::MAX, |due| due.since(clock().mono));
        tokio::select! {
            _ = stop.changed() => break,
            input = inputs.recv(), if open => match input {
                Some(input) => take(&mut site, &mut lanes, input),
                // Every link has ended. Values must still go stale.
                None => open = false,
            },
            () = tokio::time::sleep(wait) => {}
        }
        // No more than a queue at once: a flood of inputs shall not keep a cycle waiting.
        for input in (0..INPUTS).map_while(|_| inputs.try_recv().ok()) {
            take(&mut site, &mut lanes, input);
        }
        let now = clock();
        for lane in lanes.iter_mut().filter(|lane| now.mono >= lane.pace.due()) {
            lane.pace.cycled(now.mono);
            site.storage = store.troubles().into_iter().map(|trouble| trouble.words).collect::<Vec<_>>().join(" ");
            let changes = cycle(&mut site, lane.system, now);
            if !changes.is_empty() {
                let events = alarms::events(&site, lane.system, &changes, now);
                store.append(alarms::second(&lane.id, now, events));
            }
            let Some(snapshot) = site.snapshot(lane.system, now) else { continue };
            let encoded = lane.encoder.encode(&snapshot);
            if let Some(second) = lane.tape.push(&snapshot, &encoded) {
                store.append(second);
            }
            hub.publish(usize::from(lane.system.0), Published::new(encoded, snapshot));
        }
    }
    for lane in &mut lanes {
        if let Some(second) = lane.tape.end() {
            store.append(second);
        }
    }
}

/// Takes what happened into the twin, and lets its system's rhythm follow it.
fn take(site: &mut Site, lanes: &mut [Lane], input: Input) {
    notice(&input, lanes);
    site.take(input);
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
