//! A query's process: started, read, and killed when its time is over or its output is dropped.
//!
//! Its time is over whether or not somebody reads: a timer of its own ends the process, and the thread that reads it waits
//! for the client no longer than that.

use super::QueryError;
use super::script::ARGS;
use super::snapshot::Snapshot;
use axum::body::Bytes;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::runtime::Handle;
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
    /// How NULL is written in a table.
    pub(super) null: String,
    kill: Kill,
    limit: Duration,
    until: Instant,
    /// Its time was over before all of it was taken.
    cut: Arc<AtomicBool>,
    /// Ends the process when its time is over.
    _timer: AbortOnDrop,
}

/// What to run, and within which limits.
pub(super) struct Job {
    /// The DuckDB program.
    pub(super) program: PathBuf,
    /// The longest that it may take, with the way to the client.
    pub(super) limit: Duration,
    /// How NULL is written in a table.
    pub(super) null: String,
    /// Whether it may run where the kernel cannot confine it.
    pub(super) unconfined: bool,
    /// Held until the process is gone.
    pub(super) permits: (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>),
}

/// A task that ends with this.
struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Output {
    /// The next piece; `None` after the last one of a query that went well.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, QueryError>> {
        match tokio::time::timeout_at(self.until, self.chunks.recv()).await {
            // What is left of a query that was cut must not look like its end.
            Ok(None) if self.cut.swap(false, Ordering::Relaxed) => Some(Err(QueryError::TooLong(self.limit))),
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

/// Ends the process, or keeps it from being started; says whether there was something to end. The thread that reads sees
/// its end and waits for it.
fn end(process: &Mutex<Process>) -> bool {
    let mut process = process.lock().unwrap_or_else(PoisonError::into_inner);
    match &mut *process {
        // An error means that it has ended by itself.
        Process::Runs(child) => child.kill().is_ok(),
        Process::NotYet => {
            *process = Process::Over;
            true
        }
        Process::Over => false,
    }
}

impl Drop for Kill {
    fn drop(&mut self) {
        self.now();
    }
}

/// Starts a query on a thread of its own, which holds its permits until the process is gone. `prepare` makes its folder and
/// what DuckDB is told.
pub(super) fn start(
    job: Job,
    prepare: impl FnOnce() -> Result<(Snapshot, String), QueryError> + Send + 'static,
) -> Output {
    let (sender, chunks) = mpsc::channel(CHUNKS);
    let (limit, until) = (job.limit, Instant::now() + job.limit);
    let process = Arc::new(Mutex::new(Process::NotYet));
    let cut = Arc::new(AtomicBool::new(false));
    let (kill, null) = (Kill(Arc::clone(&process)), job.null.clone());
    let timer = tokio::spawn({
        let (process, cut) = (Arc::clone(&process), Arc::clone(&cut));
        async move {
            tokio::time::sleep_until(until).await;
            if end(&process) {
                cut.store(true, Ordering::Relaxed);
            }
        }
    });
    let client = Client { sender, until, cut: Arc::clone(&cut), runtime: Handle::current() };
    tokio::task::spawn_blocking(move || {
        let ran = prepare().and_then(|(snapshot, script)| run(&job, &process, &snapshot, &script, &client));
        if let Err(error) = ran
            && !client.cut.load(Ordering::Relaxed)
        {
            client.send(Err(error));
        }
        drop(job.permits);
    });
    Output { chunks, null, kill, limit, until, cut, _timer: AbortOnDrop(timer.abort_handle()) }
}

/// The way to whoever reads.
struct Client {
    sender: mpsc::Sender<Result<Bytes, QueryError>>,
    until: Instant,
    cut: Arc<AtomicBool>,
    runtime: Handle,
}

impl Client {
    /// Waits until there is room, but not beyond the query's time. Says whether to go on.
    fn send(&self, piece: Result<Bytes, QueryError>) -> bool {
        match self.runtime.block_on(tokio::time::timeout_at(self.until, self.sender.send(piece))) {
            Ok(sent) => sent.is_ok(),
            Err(_) => {
                self.cut.store(true, Ordering::Relaxed);
                false
            }
        }
    }
}

fn run(
    job: &Job,
    process: &Mutex<Process>,
    snapshot: &Snapshot,
    script: &str,
    client: &Client,
) -> Result<(), QueryError> {
    let failed = |error: std::io::Error| QueryError::Failed(error.to_string());
    let lock = || process.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut input, mut output, words) = {
        let mut state = lock();
        if matches!(*state, Process::Over) {
            return Ok(());
        }
        let mut child = command(job, snapshot.folder()).spawn().map_err(failed)?;
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
        if !client.send(Ok(Bytes::copy_from_slice(&buffer[..count]))) {
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
    // Where the data folder lies is nobody's business.
    let words = words.replace(&format!("{}/", snapshot.folder().display()), "");
    Err(match super::result::refusal(&words) {
        words if words.is_empty() => QueryError::Failed(format!("DuckDB ended with {ended}")),
        words => QueryError::Refused(words),
    })
}

/// The program in its jail, without anything of our environment.
fn command(job: &Job, folder: &Path) -> Command {
    // This program, even if its file was replaced since it started.
    let mut command = Command::new("/proc/self/exe");
    command.arg("jail").arg("--folder").arg(folder).arg("--seconds").arg(job.limit.as_secs().to_string());
    if job.unconfined {
        command.arg("--unconfined");
    }
    command.arg(&job.program).arg("--").args(ARGS).arg(&job.null).arg(":memory:");
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
