//! Records what a CAN link receives as a candump log, on demand.
//!
//! ```text
//! link --try_send--> queue of 8192 frames --> thread --> file
//! ```
//!
//! A recording ends by itself at its limits, so that a forgotten one cannot fill the disk.
//! The link never waits: a frame that finds the queue full is counted and left out. The file is written by a thread of
//! its own, because a write to a slow disk blocks.

use crate::can::log::write_line;
use crate::can::{CanFrame, OwnedFrame};
use domain::plain::without_numbers;
use domain::time::Utc;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Frames that may wait for the disk: more than a second of a full classic bus at 1 Mbit/s.
const QUEUE: usize = 8_192;
/// What was received is in the file after this long.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// When a recording ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordingLimits {
    /// The file gets no larger than this.
    pub bytes: u64,
    /// It runs no longer than this.
    pub time: Duration,
}

impl Default for RecordingLimits {
    /// 256 MiB: an hour and a half of a full classic bus at 500 kbit/s; and a day.
    fn default() -> RecordingLimits {
        RecordingLimits { bytes: 256 << 20, time: Duration::from_secs(24 * 3_600) }
    }
}

/// How a recording does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingStatus {
    /// The file.
    pub path: PathBuf,
    /// When its first frame was received; `None` before that.
    pub since: Option<Utc>,
    /// Frames written.
    pub frames: u64,
    /// Their bytes in the file.
    pub bytes: u64,
    /// Frames left out because the disk was too slow, or had failed.
    pub dropped: u64,
    /// What the disk said, if it has failed; nothing is written any more then.
    pub error: Option<String>,
    /// It has reached one of its limits; nothing is written any more.
    pub full: bool,
}

/// Why a recording cannot start.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The link brings no CAN frames.
    #[error("only CAN links can be recorded")]
    NotCan,
    /// One recording at a time.
    #[error("this link is being recorded to {} already; stop that first", name(.0))]
    Running(PathBuf),
    /// An old recording is never written over.
    #[error("{} exists already; name a new file", name(.0))]
    Exists(PathBuf),
    /// The file cannot be made.
    #[error("{} cannot be written: {}", name(.0), without_numbers(&.1.to_string()))]
    Refused(PathBuf, #[source] io::Error),
}

/// The name of a file: in which folder it lies is not told to who asks over the network.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The link's side of a recording. Dropping it ends the recording.
#[derive(Debug)]
pub(crate) struct Recorder {
    queue: SyncSender<(Utc, OwnedFrame)>,
    progress: Arc<Progress>,
    done: oneshot::Receiver<()>,
}

#[derive(Debug)]
struct Progress {
    path: PathBuf,
    since: OnceLock<Utc>,
    frames: AtomicU64,
    bytes: AtomicU64,
    dropped: AtomicU64,
    error: OnceLock<String>,
    full: AtomicBool,
}

impl Recorder {
    /// Makes `path` and records into it until `limits`; `interface` is the name of the bus in the log.
    pub(crate) fn start(path: &Path, interface: String, limits: RecordingLimits) -> Result<Recorder, RecordingError> {
        let refused = |e: io::Error| match e.kind() {
            ErrorKind::AlreadyExists => RecordingError::Exists(path.to_owned()),
            _ => RecordingError::Refused(path.to_owned(), e),
        };
        let file = File::create_new(path).map_err(refused)?;
        Recorder::into(file, path, interface, limits, |file| file.sync_all()).map_err(refused)
    }

    fn into<W: Write + Send + 'static>(
        out: W,
        path: &Path,
        interface: String,
        limits: RecordingLimits,
        sync: fn(&W) -> io::Result<()>,
    ) -> io::Result<Recorder> {
        let (queue, frames) = sync_channel(QUEUE);
        let (ended, done) = oneshot::channel();
        let (path, counts) = (path.to_owned(), || AtomicU64::new(0));
        let progress = Arc::new(Progress {
            path,
            since: OnceLock::new(),
            frames: counts(),
            bytes: counts(),
            dropped: counts(),
            error: OnceLock::new(),
            full: AtomicBool::new(false),
        });
        let watched = progress.clone();
        std::thread::Builder::new().name("recording".into()).spawn(move || {
            let outcome = write_all(out, &frames, &interface, limits, &watched);
            if let Err(error) = outcome.and_then(|out| sync(&out)) {
                tracing::error!("The recording {} ends: {error}", watched.path.display());
                let _ = watched.error.set(without_numbers(&error.to_string()));
            }
            drop(frames);
            // Nobody waits for a recording that was dropped.
            let _ = ended.send(());
        })?;
        Ok(Recorder { queue, progress, done })
    }

    /// Takes a frame that was received at `at`. Never waits, never allocates.
    pub(crate) fn take(&mut self, frame: &CanFrame<'_>, at: Utc) {
        match self.queue.try_send((at, OwnedFrame::new(frame))) {
            Ok(()) => {}
            // What comes after its end does not belong to it.
            Err(TrySendError::Disconnected(_)) if self.progress.full.load(Ordering::Relaxed) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.progress.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// How it does.
    pub(crate) fn status(&self) -> RecordingStatus {
        self.progress.status()
    }

    /// Ends it, and waits until everything that was queued is in the file.
    pub(crate) async fn stop(self) -> RecordingStatus {
        drop(self.queue);
        // It ends without a word only if the writer has panicked: then the counts say what there is.
        let _ = self.done.await;
        self.progress.status()
    }
}

impl Progress {
    fn status(&self) -> RecordingStatus {
        RecordingStatus {
            path: self.path.clone(),
            since: self.since.get().copied(),
            frames: self.frames.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            error: self.error.get().cloned(),
            full: self.full.load(Ordering::Relaxed),
        }
    }
}

/// Writes until the link lets go of the queue, or a limit is reached. Gives what it has written to.
fn write_all<W: Write>(
    out: W,
    frames: &Receiver<(Utc, OwnedFrame)>,
    interface: &str,
    limits: RecordingLimits,
    progress: &Progress,
) -> io::Result<W> {
    let mut out = BufWriter::with_capacity(64 * 1024, out);
    let (began, mut flushed) = (Instant::now(), Instant::now());
    let mut line = Vec::new();
    let mut bytes = 0;
    loop {
        match frames.recv_timeout(FLUSH_EVERY) {
            Ok((at, frame)) => {
                progress.since.get_or_init(|| at);
                line.clear();
                write_line(&mut line, at, interface, &frame.frame())?;
                bytes += line.len() as u64;
                if bytes > limits.bytes {
                    progress.full.store(true, Ordering::Relaxed);
                    break;
                }
                out.write_all(&line)?;
                progress.frames.fetch_add(1, Ordering::Relaxed);
                progress.bytes.store(bytes, Ordering::Relaxed);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if flushed.elapsed() >= FLUSH_EVERY {
            out.flush()?;
            flushed = Instant::now();
        }
        if began.elapsed() >= limits.time {
            progress.full.store(true, Ordering::Relaxed);
            break;
        }
    }
    out.flush()?;
    out.into_inner().map_err(io::IntoInnerError::into_error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::sync::mpsc::{Sender, channel};

    /// A disk that writes only after it was allowed to, and fails when nobody allows any more.
    struct Disk {
        allowed: Mutex<Receiver<()>>,
        bytes: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let allowed = self.allowed.lock().unwrap().recv();
            allowed.map_err(|_| io::Error::new(ErrorKind::StorageFull, "no space left"))?;
            self.bytes.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn recorder() -> (Recorder, Sender<()>, Arc<Mutex<Vec<u8>>>) {
        let (allow, allowed) = channel();
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let disk = Disk { allowed: Mutex::new(allowed), bytes: bytes.clone() };
        (into(disk, RecordingLimits::default()), allow, bytes)
    }

    fn into<W: Write + Send + 'static>(out: W, limits: RecordingLimits) -> Recorder {
        Recorder::into(out, Path::new("x.log"), "can0".into(), limits, |_| Ok(())).unwrap()
    }

    fn frames(recorder: &mut Recorder, count: usize) {
        let frame = OwnedFrame::from_linux(0x250, false, &[7; 8]).unwrap();
        (0..count).for_each(|at| recorder.take(&frame.frame(), Utc(at as i64)));
    }

    #[tokio::test]
    async fn a_slow_disk_slows_nobody_and_what_it_misses_is_counted() {
        let (mut recorder, allow, bytes) = recorder();
        // The disk does nothing yet: at most its buffer and the queue are full.
        frames(&mut recorder, 40_000);
        let dropped = recorder.status().dropped;
        assert!(dropped > 40_000 - 2 * QUEUE as u64, "{dropped}");
        (0..100).for_each(|_| allow.send(()).unwrap());
        let status = recorder.stop().await;
        assert_eq!((status.frames + status.dropped, status.error), (40_000, None));
        let lines = bytes.lock().unwrap().iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(lines as u64, status.frames);
    }

    #[tokio::test]
    async fn a_full_disk_ends_the_recording_and_says_so() {
        let (mut recorder, allow, _) = recorder();
        frames(&mut recorder, 5);
        drop(allow);
        let status = recorder.stop().await;
        assert_eq!((status.frames, status.error.as_deref()), (5, Some("no space left")));
    }

    #[tokio::test]
    async fn a_recording_ends_at_its_size_and_what_comes_after_is_not_missing() {
        // A line has 46 bytes.
        let limits = RecordingLimits { bytes: 100, ..RecordingLimits::default() };
        let mut recorder = into(io::sink(), limits);
        frames(&mut recorder, 3);
        while !recorder.status().full {
            tokio::task::yield_now().await;
        }
        // The thread may still be about to let go of the queue.
        frames(&mut recorder, 3);
        let status = recorder.stop().await;
        assert_eq!((status.frames, status.bytes, status.dropped, status.full), (2, 92, 0, true));
    }

    #[tokio::test]
    async fn a_recording_ends_at_its_time() {
        let limits = RecordingLimits { time: Duration::ZERO, ..RecordingLimits::default() };
        let mut recorder = into(io::sink(), limits);
        frames(&mut recorder, 1);
        while !recorder.status().full {
            tokio::task::yield_now().await;
        }
        assert_eq!(recorder.stop().await.error, None);
    }
}
