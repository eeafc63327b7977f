//! What a bus needs while it runs: the time, its link's record, and the way to the engine.

use super::Clock;
use super::frames::FrameLog;
use super::jumps::Jumps;
use super::monitor::Monitor;
use super::orders::Orders;
use super::polling::{Attempts, Polling};
use crate::ages::Ages;
use crate::host::time::{interval, timeout};
use crate::recording::Recorder;
use crate::text;
use domain::engine::Input;
use domain::link::{LinkFault, LinkIdx, LinkState, LinkStatus, UNBELIEVABLE};
use domain::plain::without_numbers;
use domain::reading::{Batch, Reading, Target};
use domain::spec::SystemIdx;
use domain::time::{Mono, Now};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a link waits for a full queue. Longer means that the engine does not run.
const SINK_PATIENCE: Duration = Duration::from_secs(5);
/// How often silence is looked for.
const BEAT: Duration = Duration::from_millis(200);
/// The status is sent at least this often.
const STATUS_EVERY: Duration = Duration::from_secs(1);

/// What is remembered of a link while it runs.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) monitor: Monitor,
    jumps: Jumps,
    pub(crate) frames: FrameLog,
    pub(crate) now: Mono,
    pub(crate) recorder: Option<Recorder>,
    /// When it last tried and last succeeded.
    pub(crate) attempts: Attempts,
    /// The number within the system of the link's first device point.
    first_device_point: u16,
    /// How the polling of a cloud goes.
    pub(crate) polling: Option<Polling>,
    /// Why the link is in its state, if there is something to say.
    pub(crate) why: String,
    sent: Option<(LinkState, Mono)>,
    logged: (LinkState, String),
}

impl Record {
    /// The record of a link that has not started.
    pub(crate) fn new(silent_after: Duration) -> Record {
        Record {
            monitor: Monitor::new(silent_after),
            jumps: Jumps::default(),
            frames: FrameLog::default(),
            now: Mono(0),
            recorder: None,
            attempts: Attempts::default(),
            first_device_point: 0,
            polling: None,
            why: String::new(),
            sent: None,
            logged: (LinkState::Idle, String::new()),
        }
    }

    /// How old the link's values may be.
    pub(crate) fn set_ages(&mut self, ages: Ages) {
        self.jumps.set_ages(ages);
    }

    /// Gives the link's device points their numbers within the system.
    pub(crate) fn number_device_points(&mut self, first: u16) {
        self.first_device_point = first;
    }

    /// A table numbers the points of its device from 0.
    fn renumber(&self, readings: &mut [Reading]) {
        for reading in readings {
            if let Target::Device(number) = &mut reading.target {
                *number = number.saturating_add(self.first_device_point);
            }
        }
    }

    /// How the link does at `now`, and why.
    fn status(&self, now: Mono) -> LinkStatus {
        LinkStatus { reason: self.reason(now), ..self.monitor.status(now) }
    }

    /// Why it is in its state.
    fn reason(&self, now: Mono) -> String {
        match (self.monitor.is_unbelievable(now), self.why.as_str()) {
            (false, why) => why.to_owned(),
            (true, "") => UNBELIEVABLE.to_owned(),
            (true, why) => format!("{UNBELIEVABLE}: {why}"),
        }
    }
}

/// Locks a record. A panic elsewhere leaves it usable: it holds counters only.
pub(crate) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The running link's side of its task.
pub(crate) struct Reporter {
    pub(crate) id: String,
    pub(crate) idx: LinkIdx,
    pub(crate) system: SystemIdx,
    pub(crate) clock: Clock,
    pub(crate) sink: mpsc::Sender<Input>,
    pub(crate) record: Arc<Mutex<Record>>,
    /// What is to be written.
    pub(crate) orders: Orders,
}

impl Reporter {
    /// The time.
    pub(crate) fn now(&self) -> Now {
        (self.clock)()
    }

    /// Changes the link's record.
    pub(crate) fn record<T>(&self, change: impl FnOnce(&mut Record) -> T) -> T {
        change(&mut lock(&self.record))
    }

    /// The path is open.
    pub(crate) async fn opened(&self) {
        let now = self.now();
        self.record(|r| {
            // What was said of a wrong device stands until the right device has delivered.
            if r.monitor.state() != LinkState::WrongDevice {
                r.why.clear();
            }
            r.monitor.opened(now.mono);
        });
        self.publish().await;
    }

    /// The path is closed, and why.
    pub(crate) async fn closed(&self, why: impl ToString) {
        let now = self.now().utc;
        self.record(|r| {
            r.why = without_numbers(&why.to_string());
            r.attempts.failure(now);
            r.monitor.closed();
        });
        self.publish().await;
    }

    /// The path leads to another device than the one expected; `why` says which, and which was expected.
    pub(crate) async fn wrong_device(&self, why: impl ToString) {
        let now = self.now().utc;
        self.record(|r| {
            r.why = without_numbers(&why.to_string());
            r.attempts.failure(now);
            r.monitor.wrong_device();
        });
        self.publish().await;
    }

    /// Says something about a link whose state does not change; the log tells it once.
    pub(crate) fn remark(&self, why: impl ToString) {
        self.record(|r| r.why = why.to_string());
    }

    /// A replay has come to its end.
    pub(crate) async fn ended(&self) {
        self.record(|r| r.monitor.ended());
        self.publish().await;
    }

    /// Hands the readings of one packet or poll to the engine, if there are any. Values that jumped further than they
    /// can are left out, and counted when the next ones show that they were never true.
    pub(crate) async fn deliver(&self, at: Now, mut readings: Vec<Reading>) {
        self.record(|r| {
            readings.retain(|reading| r.jumps.believes(reading, at.mono));
            r.monitor.fault(LinkFault::Jump, r.jumps.untrue());
            r.renumber(&mut readings);
        });
        if readings.is_empty() {
            return;
        }
        // A device that only says that it has no values is as good as silent.
        if readings.iter().any(|reading| reading.sample.is_ok()) {
            self.record(|r| {
                if r.monitor.state() == LinkState::WrongDevice {
                    r.why.clear();
                }
                r.attempts.success(at.utc);
                r.monitor.readings(at.mono);
            });
        }
        self.send(Input::Batch(Batch { link: self.idx, system: self.system, at, readings })).await;
        self.publish().await;
    }

    /// Hands over what an answer brought that was heard at `heard`: readings by the instants of their measurement.
    pub(crate) async fn deliver_measured(&self, heard: Now, measured: BTreeMap<Mono, Vec<Reading>>) {
        let mut measured = measured;
        self.record(|r| {
            for (at, readings) in &mut measured {
                readings.retain(|reading| r.jumps.believes(reading, *at));
            }
            r.monitor.fault(LinkFault::Jump, r.jumps.untrue());
        });
        measured.retain(|_, readings| !readings.is_empty());
        if measured.values().flatten().any(|reading| reading.sample.is_ok()) {
            self.record(|r| {
                r.attempts.success(heard.utc);
                r.monitor.readings(heard.mono);
            });
        }
        for (at, readings) in measured {
            let at = Now { utc: heard.utc - heard.mono.since(at), mono: at };
            self.send(Input::Batch(Batch { link: self.idx, system: self.system, at, readings })).await;
        }
        self.publish().await;
    }

    /// Looks for silence, and sends the status every second, forever.
    pub(crate) async fn heartbeat(&self) {
        let mut beat = interval(BEAT);
        loop {
            beat.tick().await;
            self.publish().await;
        }
    }

    /// Sends the status if the state has changed or a second is over.
    async fn publish(&self) {
        let now = self.now().mono;
        let status = self.record(|r| {
            r.now = now;
            r.monitor.tick(now);
            let state = r.monitor.state();
            self.log_change(r, state, r.reason(now));
            let due = r.sent.is_none_or(|(before, at)| before != state || now.since(at) >= STATUS_EVERY);
            due.then(|| {
                r.sent = Some((state, now));
                r.status(now)
            })
        });
        if let Some(status) = status {
            self.send(Input::Link(self.idx, status)).await;
        }
    }

    /// One line in the log whenever the state, or what there is to say about it, changes.
    fn log_change(&self, record: &mut Record, state: LinkState, reason: String) {
        if (record.logged.0, &record.logged.1) == (state, &reason) {
            return;
        }
        let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        match state {
            LinkState::Down | LinkState::Silent | LinkState::WrongDevice => {
                tracing::warn!("Link {} is {}{why}", self.id, state.word())
            }
            _ => tracing::info!("Link {} is {}{why}", self.id, state.word()),
        }
        record.logged = (state, reason);
    }

    /// Waits while the engine's queue is full. What cannot be handed over in time is lost, and said to be.
    async fn send(&self, input: Input) {
        match timeout(SINK_PATIENCE, self.sink.reserve()).await {
            Ok(Ok(permit)) => permit.send(input),
            Ok(Err(_closed)) => {}
            Err(_) => {
                let what = match input {
                    Input::Batch(batch) => format!("{} readings", batch.readings.len()),
                    _ => "its status".to_owned(),
                };
                tracing::error!(
                    "The engine takes nothing for {}: link {} lost {what}",
                    text::time(SINK_PATIENCE),
                    self.id
                );
            }
        }
    }
}

/// The status as it is now.
pub(crate) fn status(record: &Mutex<Record>) -> LinkStatus {
    let record = lock(record);
    record.status(record.now)
}
