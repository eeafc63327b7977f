//! The journal of commands: a thread that makes each step durable, in order, with its place in the audit.
//!
//! A command that is to be sent waits for it: the engine writes to a device only what the journal has. Steps that come
//! while the disk works are written together.

use super::audit::command_entry;
use domain::control::{CommandReceipt, CommandState};
use domain::engine::Input;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use store::{CommandRow, CommandStep, Control, StoreError};
use tokio::sync::mpsc;

/// Steps that may wait for the disk. A device takes a few a second at most.
const WAITING: usize = 1_024;
/// Steps that are written together.
const TOGETHER: usize = 64;

/// One step, of a system with this id.
struct Step {
    receipt: CommandReceipt,
    system: String,
    /// Whether the engine waits for it.
    awaited: bool,
}

/// The way to the journal.
pub(crate) struct Journal {
    steps: Option<SyncSender<Step>>,
    thread: Option<JoinHandle<()>>,
}

impl Journal {
    /// A journal in `control`; a site without one cannot be commanded. What is awaited is told to `inputs`.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(crate) fn start(control: Control, inputs: mpsc::WeakSender<Input>) -> std::io::Result<Journal> {
        let (steps, waiting) = sync_channel(WAITING);
        let thread = std::thread::Builder::new().name("journal".to_owned());
        let thread = thread.spawn(move || run(&control, &waiting, &inputs))?;
        Ok(Journal { steps: Some(steps), thread: Some(thread) })
    }

    /// A journal that records nothing: nothing can be commanded.
    pub(crate) fn none() -> Journal {
        Journal { steps: None, thread: None }
    }

    /// Takes a step that the engine waits for; returns what it is told at once.
    pub(crate) fn record(&self, receipt: CommandReceipt, system: String) -> Option<Input> {
        let id = receipt.command.id.clone();
        self.put(Step { receipt, system, awaited: true }).err().map(|why| Input::Journalled(id, Err(why)))
    }

    /// Takes a step that nobody waits for.
    pub(crate) fn note(&self, receipt: CommandReceipt, system: String) {
        let words = format!("{}: {}", receipt.command.id.0, receipt.state);
        if let Err(why) = self.put(Step { receipt, system, awaited: false }) {
            tracing::error!("a step of a command is not recorded ({words}): {why}");
        }
    }

    fn put(&self, step: Step) -> Result<(), String> {
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

fn run(control: &Control, waiting: &Receiver<Step>, inputs: &mpsc::WeakSender<Input>) {
    while let Ok(first) = waiting.recv() {
        let more = (1..TOGETHER).map_while(|_| waiting.try_recv().ok());
        let steps: Vec<Step> = [first].into_iter().chain(more).collect();
        // One that cannot be written must not take the others with it.
        let done = write(control, &steps).err().map(|_| steps.iter().map(|step| write(control, [step])).collect());
        let done: Vec<Result<(), StoreError>> = done.unwrap_or_else(|| steps.iter().map(|_| Ok(())).collect());
        for (step, done) in steps.into_iter().zip(done) {
            let id = step.receipt.command.id;
            if let Err(why) = &done {
                tracing::error!("a step of the command {} is not recorded: {why}", id.0);
            }
            if let (true, Some(inputs)) = (step.awaited, inputs.upgrade()) {
                // The engine may have ended: then nothing is sent.
                let _ = inputs.blocking_send(Input::Journalled(id, done.map_err(|why| why.to_string())));
            }
        }
    }
}

fn write<'a>(control: &Control, steps: impl IntoIterator<Item = &'a Step>) -> Result<(), StoreError> {
    let steps: Vec<&Step> = steps.into_iter().collect();
    control.write(|tables| {
        for Step { receipt, system, .. } in &steps {
            tables.add_command_step(&row(receipt, system))?;
            if let Some(entry) = command_entry(receipt, system) {
                tables.audit(entry)?;
            }
        }
        Ok(())
    })
}

/// A step as the journal keeps it.
fn row(receipt: &CommandReceipt, system: &str) -> CommandRow {
    let CommandReceipt { command, at, state, before } = receipt;
    // What is awaited is on the disk when it is told.
    let state = if *state == CommandState::Requested { &CommandState::Journalled } else { state };
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
            words: state.to_string(),
            read_back: state.read_back(),
        },
    }
}
