//! A query's process: started, read, and killed when its time is over or its output is dropped.

use super::QueryError;
use super::script::ARGS;
use super::snapshot::Snapshot;
use axum::body::Bytes;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::Instant;

/// Bytes that are read at once, and chunks that wait for the client: beyond, the process waits.
const CHUNK_BYTES: usize = 64 << 10;
const CHUNKS: usize = 4;
/// Of what DuckDB says against a query so much is kept, bytes.
const WORDS_BYTES: u64 = 8 << 10;

/// What a query says, as it comes. Dropping it kills the query.
pub(crate) struct Output {
    chunks: mpsc::Receiver<Result<Bytes, QueryError>>,
    kill: Kill,
    limit: Duration,
    until: Instant,
}

impl Output {
    /// The next piece; `None` after the last one of a query that went well.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, QueryError>> {
        match tokio::time::timeout_at(self.until, self.chunks.recv()).await {
            Ok(chunk) => chunk,
            Err(_) => {
                self.kill.now();
                self.chunks.close();
                Some(Err(QueryError::TooLong(self.limit)))
            }
        }
    }
}

/// The process of a query, for whoever may have to end it.
struct Kill(Arc<Mutex<Process>>);

enum Process {
    NotYet,
    Runs(Child),
    Over,
}

impl Kill {
    fn now(&self) {
        end(&self.0);
    }
}

/// Ends the process, or keeps it from being started. The thread that reads sees its end and waits for it.
fn end(process: &Mutex<Process>) {
    let mut process = process.lock().unwrap_or_else(PoisonError::into_inner);
    match &mut *process {
        // An error means that it has ended by itself.
        Process::Runs(child) => drop(child.kill()),
        Process::NotYet | Process::Over => *process = Process::Over,
    }
}

impl Drop for Kill {
    fn drop(&mut self) {
        self.now();
    }
}

/// Starts a query on a thread of its own, which holds `slot` until the process is gone. `prepare` makes its folder and
/// what DuckDB is told.
pub(super) fn start(
    program: PathBuf,
    limit: Duration,
    slot: OwnedSemaphorePermit,
    prepare: impl FnOnce() -> Result<(Snapshot, String), String> + Send + 'static,
) -> Output {
    let (sender, chunks) = mpsc::channel(CHUNKS);
    let process = Arc::new(Mutex::new(Process::NotYet));
    let kill = Kill(Arc::clone(&process));
    tokio::task::spawn_blocking(move || {
        let ran = prepare()
            .map_err(QueryError::Failed)
            .and_then(|(snapshot, script)| run(&program, limit, &process, &snapshot, &script, &sender));
        if let Err(error) = ran {
            // Nobody may be there to hear it.
            let _ = sender.blocking_send(Err(error));
        }
        drop(slot);
    });
    Output { chunks, kill, limit, until: Instant::now() + limit }
}

fn run(
    program: &Path,
    limit: Duration,
    process: &Mutex<Process>,
    snapshot: &Snapshot,
    script: &str,
    sender: &mpsc::Sender<Result<Bytes, QueryError>>,
) -> Result<(), QueryError> {
    let failed = |error: std::io::Error| QueryError::Failed(error.to_string());
    let lock = || process.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut input, mut output, words) = {
        let mut state = lock();
        if matches!(*state, Process::Over) {
            return Ok(());
        }
        let mut child = command(program, limit, snapshot.folder()).spawn().map_err(failed)?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        *state = Process::Runs(child);
        let (Some(input), Some(output), Some(words)) = pipes else { return Ok(()) };
        (input, output, words)
    };
    let words = thread::spawn(move || heard(words));
    // A program that ends before it has read everything says why on the other pipe.
    let _ = input.write_all(script.as_bytes());
    drop(input);
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let count = output.read(&mut buffer).map_err(failed)?;
        if count == 0 {
            break;
        }
        if sender.blocking_send(Ok(Bytes::copy_from_slice(&buffer[..count]))).is_err() {
            end(process);
            break;
        }
    }
    // Once both pipes are closed it is about to end: nobody waits for the lock.
    drop(output);
    let words = words.join().unwrap_or_default();
    let ended = match &mut *lock() {
        Process::Runs(child) => child.wait().map_err(failed)?,
        Process::NotYet | Process::Over => return Ok(()),
    };
    *lock() = Process::Over;
    if ended.success() {
        return Ok(());
    }
    Err(match super::result::refusal(&words) {
        words if words.is_empty() => QueryError::Failed(format!("DuckDB ended with {ended}")),
        words => QueryError::Refused(words),
    })
}

/// The program in its jail, without anything of our environment.
fn command(program: &Path, limit: Duration, folder: &Path) -> Command {
    // This program, even if its file was replaced since it started.
    let mut command = Command::new("/proc/self/exe");
    command.arg("jail").arg("--folder").arg(folder).arg("--seconds").arg(limit.as_secs().to_string());
    command.arg(program).arg("--").args(ARGS);
    command.env_clear().env("TZ", "UTC").current_dir(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The first that is said; the rest is read and forgotten, so that nobody waits.
fn heard(mut from: impl Read) -> String {
    let mut words = Vec::new();
    let _ = from.by_ref().take(WORDS_BYTES).read_to_end(&mut words);
    let _ = std::io::copy(&mut from, &mut std::io::sink());
    String::from_utf8_lossy(&words).into_owned()
}
