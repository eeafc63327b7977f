//! What the callers and the writer thread share: the queue, the wish to flush or close, and the health.
//!
//! One lock, held for snapshots only, never during I/O.

use crate::queue::{Queue, Second};
use crate::sealed::Finding;
use domain::storage::{StorageKind, StorageTrouble};
use domain::time::Utc;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// How the history does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// When rows were last committed; `None` before the first time since the start.
    pub last_commit: Option<Utc>,
    /// Rows in the history, all systems together. Counted when it was opened, kept up since.
    pub rows: u64,
    /// Rows that wait in memory.
    pub pending: usize,
    /// Rows that were lost since the start, because storing did not work for too long.
    pub dropped: u64,
    /// What keeps rows from the disk, in words; `None` when all is well.
    pub error: Option<String>,
    /// Size on disk with the write-ahead log, bytes.
    pub bytes: u64,
    /// What a person should know, worst first: what is wrong now, and what happened in the last day.
    pub troubles: Vec<StorageTrouble>,
}

/// Why the writer thread woke up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// It is time for the next commit.
    Tick,
    /// Something happened that shall be kept at once.
    Event,
    /// Somebody waits for a commit.
    Flush,
    /// The store is being closed.
    Close,
}

/// What an attempt to write brought, for the health.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    pub(crate) last_commit: Option<Utc>,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) error: Option<String>,
    pub(crate) troubles: Vec<StorageTrouble>,
}

struct State {
    queue: Queue,
    in_hand: usize,
    /// Events wait in the queue.
    happened: bool,
    findings: Vec<Finding>,
    flushes_asked: u64,
    flushes_done: u64,
    closing: bool,
    stopped: bool,
    report: Report,
}

/// The queue and its surroundings, behind one lock.
pub(crate) struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    done: Condvar,
}

impl Shared {
    pub(crate) fn new(max_bytes: usize) -> Shared {
        Shared {
            state: Mutex::new(State {
                queue: Queue::new(max_bytes),
                in_hand: 0,
                happened: false,
                findings: Vec::new(),
                flushes_asked: 0,
                flushes_done: 0,
                closing: false,
                stopped: false,
                report: Report::default(),
            }),
            wake: Condvar::new(),
            done: Condvar::new(),
        }
    }

    /// A thread that panicked while it held the lock left nothing half done: every change here is one assignment.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // The callers' side.

    pub(crate) fn append(&self, row: Second) {
        let mut state = self.lock();
        if !row.events.is_empty() {
            state.happened = true;
            self.wake.notify_one();
        }
        state.queue.push(row);
    }

    /// Something was found out about a file, for the writer to attend to at once.
    pub(crate) fn found(&self, finding: Finding) {
        let mut state = self.lock();
        state.findings.push(finding);
        state.happened = true;
        self.wake.notify_one();
    }

    pub(crate) fn health(&self) -> Health {
        let state = self.lock();
        let Report { last_commit, rows, bytes, mut error, mut troubles } = state.report.clone();
        if state.stopped && !state.closing {
            let words = "The thread that writes history has stopped: restart packtwin.".to_owned();
            let since = last_commit.unwrap_or_default();
            troubles.insert(0, StorageTrouble { kind: StorageKind::NotStored, since, words });
            error = Some("the writer thread has stopped".to_owned());
        }
        Health {
            last_commit,
            rows,
            pending: state.queue.len() + state.in_hand,
            dropped: state.queue.dropped(),
            error,
            bytes,
            troubles,
        }
    }

    /// Waits until the writer has tried to write everything appended so far.
    pub(crate) fn flush(&self) {
        let mut state = self.lock();
        state.flushes_asked += 1;
        let mine = state.flushes_asked;
        self.wake.notify_one();
        while state.flushes_done < mine && !state.stopped {
            state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(crate) fn close(&self) {
        self.lock().closing = true;
        self.wake.notify_one();
    }

    // The writer's side.

    /// Sleeps until `tick`, or until something happened or somebody asks to flush or close.
    pub(crate) fn wait(&self, tick: Instant) -> Wake {
        let mut state = self.lock();
        loop {
            if state.closing {
                return Wake::Close;
            }
            if state.flushes_asked > state.flushes_done {
                return Wake::Flush;
            }
            if std::mem::take(&mut state.happened) {
                return Wake::Event;
            }
            let left = tick.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Wake::Tick;
            }
            (state, _) = self.wake.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes what was found out about files.
    pub(crate) fn take_findings(&self) -> Vec<Finding> {
        std::mem::take(&mut self.lock().findings)
    }

    /// Takes all waiting rows, and says which flush they answer.
    pub(crate) fn take(&self) -> (Vec<Second>, u64) {
        let mut state = self.lock();
        let rows = state.queue.take();
        state.happened = false;
        state.in_hand = rows.len();
        (rows, state.flushes_asked)
    }

    /// Ends what [`Shared::take`] began: `unwritten` rows go back, and those who wait are told.
    pub(crate) fn finish(&self, unwritten: Vec<Second>, flush: u64, report: Report) {
        let mut state = self.lock();
        state.in_hand = 0;
        state.queue.put_back(unwritten);
        state.report = report;
        state.flushes_done = flush;
        self.done.notify_all();
    }

    /// What a person should know, as the last attempt to write left it.
    pub(crate) fn troubles(&self) -> Vec<StorageTrouble> {
        self.health().troubles
    }

    /// How many rows were dropped since the start.
    pub(crate) fn dropped(&self) -> u64 {
        self.lock().queue.dropped()
    }

    /// The writer thread is gone: nobody shall wait for it.
    pub(crate) fn stopped(&self) {
        self.lock().stopped = true;
        self.done.notify_all();
    }
}
