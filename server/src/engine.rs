//! The engine's task: hands the pure engine what arrives and the time, and carries out what follows.

use crate::alarms::{self, AlarmOrders};
use crate::clock::Clock;
use crate::control::{Commands, Journal};
use crate::hub::{Hub, Published};
use crate::writes::Writes;
use domain::control::CommandState;
use domain::engine::{Engine, Input, Output, Record};
use domain::spec::SystemIdx;
use domain::time::Now;
use std::sync::Arc;
use std::time::Duration;
use store::{Second, Store};
use tokio::sync::{mpsc, watch};

/// How many inputs may wait for the engine. A link that finds the queue full waits: nothing is dropped. Behind the queue
/// nothing waits: an input is taken into the twin when it arrives.
pub(crate) const INPUTS: usize = 1_024;

/// Where the engine's outputs go.
pub(crate) struct Outlets {
    pub(crate) hub: Arc<Hub>,
    pub(crate) store: Store,
    pub(crate) writes: Writes,
    pub(crate) commands: Arc<Commands>,
    pub(crate) journal: Journal,
    pub(crate) alarms: Arc<AlarmOrders>,
}

/// Runs the engine until `stop`, then hands the last second to the store.
pub(crate) async fn run(
    mut engine: Engine,
    mut inputs: mpsc::Receiver<Input>,
    outlets: Outlets,
    clock: Clock,
    mut stop: watch::Receiver<bool>,
) {
    let mut open = true;
    loop {
        let wait = engine.due().map_or(Duration::MAX, |due| due.since(clock().mono));
        let first = tokio::select! {
            _ = stop.changed() => break,
            input = inputs.recv(), if open => {
                // Every link may have ended. Values must still go stale.
                open = input.is_some();
                input
            }
            () = tokio::time::sleep(wait) => None,
        };
        // No more than a queue at once: a flood of inputs shall not keep a cycle waiting.
        let waiting = (0..INPUTS).map_while(|_| inputs.try_recv().ok());
        let now = clock();
        let mut commanded = false;
        for input in first.into_iter().chain(waiting) {
            commanded |= matches!(input, Input::Command(_) | Input::Journalled(..) | Input::Arm(_) | Input::Write(_));
            outlets.step(&mut engine, now, input);
        }
        if commanded {
            outlets.publish_controls(&engine, now);
        }
        outlets.alarms.publish(&engine);
        let now = clock();
        if engine.due().is_some_and(|due| due <= now.mono) {
            let troubles: Vec<String> = outlets.store.troubles().into_iter().map(|trouble| trouble.words).collect();
            outlets.step(&mut engine, now, Input::Storage(troubles.join(" ")));
            outlets.step(&mut engine, now, Input::Time);
            outlets.publish_controls(&engine, now);
            outlets.alarms.publish(&engine);
        }
    }
    let now = clock();
    for output in engine.finish(now) {
        outlets.carry_out(output, now);
    }
}

impl Outlets {
    /// Hands one input to the engine, and carries out all that follows.
    fn step(&self, engine: &mut Engine, now: Now, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            inputs.extend(engine.step(now, input).into_iter().filter_map(|output| self.carry_out(output, now)));
        }
    }

    /// Publishes what can be commanded now.
    pub(crate) fn publish_controls(&self, engine: &Engine, now: Now) {
        for system in (0..).zip(&engine.site().spec.systems).map(|(idx, _)| SystemIdx(idx)) {
            self.commands.publish(engine, system, self.journal.recorded(), now);
        }
    }

    /// Carries out one output; returns what happens by it at once.
    pub(crate) fn carry_out(&self, output: Output, now: Now) -> Option<Input> {
        let id = |system: SystemIdx| self.hub.site.system(system).map(|spec| spec.id.clone()).unwrap_or_default();
        match output {
            Output::Alarms(system, events) => self.store.append(alarms::second(&id(system), &events)),
            Output::KeepAlarms(keep) => {
                let system = id(keep.system);
                return self.journal.keep(keep, system);
            }
            Output::AlarmsAnswered(ticket, result) => self.alarms.answer(ticket, result),
            Output::Record(record) => self.store.append(second(&id(record.system), *record)),
            Output::Publication(publication) => self.hub.publish(Published::new(*publication)),
            Output::Journal(receipt) => {
                let system = id(receipt.command.system);
                return self.journal.record(receipt, system);
            }
            Output::Receipt(receipt) => {
                let (system, command) = (id(receipt.command.system), &receipt.command);
                let (by, control, state) = (&command.by.name, command.control.spec().key, &receipt.state);
                tracing::info!(system, by, control, "command {}: {state}", command.id.0);
                // What was recorded before it was sent has its step already.
                if receipt.state != CommandState::Journalled {
                    self.journal.note(receipt.clone(), system);
                }
                self.commands.tell_all(receipt);
            }
            Output::Again(receipt) => self.commands.tell_all(receipt),
            Output::Audit(entry) => self.journal.add(entry),
            Output::Withdraw(withdrawal) => self.writes.withdraw(withdrawal),
            Output::Write(write) => return self.writes.hand_over(write, now).map(Input::Write),
        }
        None
    }
}

/// What the engine recorded of a system, for the store.
pub(crate) fn second(system: &str, record: Record) -> Second {
    let Record { utc_s, frames, rows, cells, devices, .. } = record;
    Second { system: system.to_owned(), utc_s, tape: frames, rows, cells, devices, ..Second::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::tests::{hub, spec};
    use domain::spec::{SiteSpec, SystemSpec};
    use domain::twin::Site;
    use tokio::runtime::Handle;

    /// The slowest system, and nothing that wakes the engine.
    #[tokio::test]
    async fn it_stops_at_once_whatever_it_waits_for_also_when_every_link_has_ended() {
        for links_ended in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let spec = SystemSpec { rate_hz: 0.1, ..spec() };
            let hub = Arc::new(hub(&spec, folder.path()));
            let site = SiteSpec { name: "Site".to_owned(), systems: vec![spec], links: Vec::new() };
            let engine = Engine::new(Site::new(site), (hub.clock)().mono);
            let (sink, inputs) = mpsc::channel(INPUTS);
            let (stop, stopped) = watch::channel(false);
            let writes = Writes::new(Vec::new(), sink.downgrade(), Handle::current(), hub.clock.clone());
            let clock = hub.clock.clone();
            let commands = Arc::new(Commands::new(sink.downgrade(), 1, clock.clone()));
            let alarms = Arc::new(AlarmOrders::new(sink.downgrade(), 1, clock.clone()));
            let (store, journal) = (hub.store.clone(), Journal::none());
            let outlets = Outlets { store, hub, writes, commands, journal, alarms };
            let running = tokio::spawn(run(engine, inputs, outlets, clock, stopped));
            let sink = (!links_ended).then_some(sink);
            tokio::task::yield_now().await;
            stop.send(true).unwrap();
            tokio::time::timeout(Duration::from_secs(2), running).await.expect("it did not stop").unwrap();
            drop(sink);
        }
    }
}
