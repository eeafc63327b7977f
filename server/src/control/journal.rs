//! The journal of commands and alarms: a thread that makes each step durable, in order, with its place in the audit.
//!
//! A command that is to be sent waits for it: the engine writes to a device only what the journal has. So does who acknowledges
//! an alarm. What comes while the disk works is written together. Each has how long the server has run ([`Ran`]), which is
//! noted now and then besides.

use super::audit::command_entry;
use super::ran::{NOTED_EVERY, Ran};
use crate::clock::Clock;
use domain::audit::Entry;
use domain::control::{CommandReceipt, CommandState};
use domain::engine::{AlarmKeep, Input};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use store::{CommandRow, CommandStep, Control, StoreError};
use tokio::sync::mpsc;

/// Steps that may wait for the disk. A device takes a few a second at most.
const WAITING: usize = 1_024;
/// Steps that are written together.
const TOGETHER: usize = 64;

/// What is to be written.
enum Line {
    /// A step of a command, of a system with this id.
    Step {
        receipt: Box<CommandReceipt>,
        system: String,
        /// Whether the engine waits for it.
        awaited: bool,
    },
    /// An entry of the audit.
    Entry(Box<Entry>),
    /// Alarms of a system with this id, all of them or none.
    Alarms(Box<AlarmKeep>, String),
}

/// The way to the journal.
pub(crate) struct Journal {
    steps: Option<SyncSender<Line>>,
    thread: Option<JoinHandle<()>>,
    /// How many steps it has taken down since it was started.
    recorded: Arc<AtomicU64>,
}

impl Journal {
    /// A journal in `control`; a site without one cannot be commanded. What is awaited is told to `inputs`.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(crate) fn start(
        control: Control,
        inputs: mpsc::WeakSender<Input>,
        (ran, clock): (Ran, Clock),
    ) -> std::io::Result<Journal> {
        let (steps, waiting) = sync_channel(WAITING);
        let recorded = Arc::<AtomicU64>::default();
        let count = recorded.clone();
        let thread = std::thread::Builder::new().name("journal".to_owned());
        let thread = thread.spawn(move || run(&control, &waiting, &inputs, &ran, &clock, &count))?;
        Ok(Journal { steps: Some(steps), thread: Some(thread), recorded })
    }

    /// A journal that records nothing: nothing can be commanded.
    pub(crate) fn none() -> Journal {
        Journal { steps: None, thread: None, recorded: Arc::default() }
    }

    /// How many steps of commands are on the disk since it was started.
    pub(crate) fn recorded(&self) -> u64 {
        self.recorded.load(Ordering::Relaxed)
    }

    /// Takes a step that the engine waits for; returns what it is told at once.
    pub(crate) fn record(&self, receipt: CommandReceipt, system: String) -> Option<Input> {
        let id = receipt.command.id.clone();
        self.put(Line::Step { receipt: Box::new(receipt), system, awaited: true })
            .err()
            .map(|why| Input::Journalled(id, Err(why)))
    }

    /// Takes a step that nobody waits for.
    pub(crate) fn note(&self, receipt: CommandReceipt, system: String) {
        let words = format!("{}: {}", receipt.command.id.0, receipt.words());
        if let Err(why) = self.put(Line::Step { receipt: Box::new(receipt), system, awaited: false }) {
            tracing::error!("a step of a command is not recorded ({words}): {why}");
        }
    }

    /// Takes alarms that are to be kept; returns what the engine is told at once.
    pub(crate) fn keep(&self, alarms: Box<AlarmKeep>, system: String) -> Option<Input> {
        let batch = alarms.batch;
        self.put(Line::Alarms(alarms, system)).err().map(|why| Input::AlarmsKept(batch, Err(why)))
    }

    /// Takes an entry of the audit that is of no single command.
    pub(crate) fn add(&self, entry: Entry) {
        let words = format!("{} of {}: {}", entry.action, entry.who, entry.result.as_deref().unwrap_or_default());
        if let Err(why) = self.put(Line::Entry(Box::new(entry))) {
            tracing::error!("an entry of the audit is not recorded ({words}): {why}");
        }
    }

    fn put(&self, step: Line) -> Result<(), String> {
        let Some(steps) = &self.steps else { return Err("control.db is not open".to_owned()) };
        steps.try_send(step).map_err(|why| match why {
            TrySendError::Full(_) => "too many steps wait for the disk".to_owned(),
            TrySendError::Disconnected(_) => "the journal has ended".to_owned(),
        })
    }
}

impl Drop for Journal {
    /// Waits until all that it was given is on the disk.
    fn drop(&mut self) {
        self.steps = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the journal of commands ended with a panic");
        }
    }
}

fn run(
    control: &Control,
    waiting: &Receiver<Line>,
    inputs: &mpsc::WeakSender<Input>,
    ran: &Ran,
    clock: &Clock,
    recorded: &AtomicU64,
) {
    let note = || {
        if let Err(why) = ran.note(control, clock().utc) {
            tracing::warn!("how long the server has run is not noted: {why}");
        }
    };
    loop {
        let first = match waiting.recv_timeout(NOTED_EVERY) {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => {
                note();
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return note(),
        };
        let more = (1..TOGETHER).map_while(|_| waiting.try_recv().ok());
        let lines: Vec<Line> = [first].into_iter().chain(more).collect();
        // One that cannot be written must not take the others with it.
        let done =
            write(control, &lines, ran).err().map(|_| lines.iter().map(|line| write(control, [line], ran)).collect());
        let done: Vec<Result<(), StoreError>> = done.unwrap_or_else(|| lines.iter().map(|_| Ok(())).collect());
        for (line, done) in lines.into_iter().zip(done) {
            if done.is_ok() && matches!(line, Line::Step { .. }) {
                recorded.fetch_add(1, Ordering::Relaxed);
            }
            if let Err(why) = &done {
                tracing::error!("{} is not recorded: {why}", line.words());
            }
            if let (Some(answer), Some(inputs)) = (line.answer(done.map_err(|why| why.to_string())), inputs.upgrade()) {
                // The engine may have ended: then nothing is sent.
                let _ = inputs.blocking_send(answer);
            }
        }
    }
}

impl Line {
    fn words(&self) -> String {
        match self {
            Line::Step { receipt, .. } => format!("a step of the command {}", receipt.command.id.0),
            Line::Entry(entry) => format!("an entry of the audit ({} of {})", entry.action, entry.who),
            Line::Alarms(keep, system) => format!("what became of {} alarms of {system}", keep.alarms.len()),
        }
    }

    /// What the engine is told, if it waits for this.
    fn answer(self, done: Result<(), String>) -> Option<Input> {
        match self {
            Line::Step { receipt, awaited: true, .. } => Some(Input::Journalled(receipt.command.id, done)),
            Line::Alarms(keep, _) => Some(Input::AlarmsKept(keep.batch, done)),
            _ => None,
        }
    }
}

fn write<'a>(control: &Control, lines: impl IntoIterator<Item = &'a Line>, ran: &Ran) -> Result<(), StoreError> {
    let lines: Vec<&Line> = lines.into_iter().collect();
    control.write(|tables| {
        for line in &lines {
            match line {
                Line::Step { receipt, system, .. } => {
                    tables.add_command_step(&row(receipt, system), ran.so_far())?;
                    if let Some(entry) = command_entry(receipt, system) {
                        tables.audit(entry)?;
                    }
                }
                Line::Entry(entry) => {
                    tables.audit(Entry::clone(entry))?;
                }
                Line::Alarms(keep, system) => {
                    keep.alarms.iter().try_for_each(|alarm| tables.keep_alarm(system, alarm))?;
                    tables.add_alarms_seen(system, &keep.seen)?;
                    if let Some(entry) = &keep.audit {
                        tables.audit(entry.clone())?;
                    }
                }
            }
        }
        Ok(())
    })
}

/// A step as the journal keeps it.
fn row(receipt: &CommandReceipt, system: &str) -> CommandRow {
    // What is awaited is on the disk when it is told.
    let is_awaited = receipt.state == CommandState::Requested;
    let recorded = is_awaited.then(|| CommandReceipt { state: CommandState::Journalled, ..receipt.clone() });
    let receipt = recorded.as_ref().unwrap_or(receipt);
    let CommandReceipt { command, at, state, before, .. } = receipt;
    CommandRow {
        id: command.id.0.clone(),
        system: system.to_owned(),
        control: command.control.spec().key.to_owned(),
        value: command.value,
        before: *before,
        hold_s: command.hold.map(|hold| hold.as_secs() as i64),
        revision: command.revision as i64,
        who: command.by.name.clone(),
        asked: command.at,
        last: CommandStep {
            at: at.utc,
            state: state.word().to_owned(),
            words: receipt.words(),
            read_back: state.read_back(),
        },
    }
}
