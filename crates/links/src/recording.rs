//! Records what a CAN link receives as a candump log, on demand.
//!
//! ```text
//! link --try_send--> queue of 8192 frames --> thread --> file
//! ```
//!
//! The link never waits: a frame that finds the queue full is counted and left out. The file is written by a thread of
//! its own, because a write to a slow disk blocks.

use crate::bus::candump::write_line;
use crate::can::{CanFrame, OwnedFrame};
use domain::time::Utc;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Frames that may wait for the disk: more than a second of a full classic bus at 1 Mbit/s.
const QUEUE: usize = 8_192;
/// What was received is in the file after this long.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// How a recording does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingStatus {
    /// The file.
    pub path: PathBuf,
    /// Frames written.
    pub frames: u64,
    /// Frames left out because the disk was too slow, or had failed.
    pub dropped: u64,
    /// What the disk said, if it has failed; nothing is written any more then.
    pub error: Option<String>,
}

/// Why a recording cannot start.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The link brings no CAN frames.
    #[error("only CAN links can be recorded")]
    NotCan,
    /// One recording at a time.
    #[error("this link is being recorded to {} already; stop that first", .0.display())]
    Running(PathBuf),
    /// An old recording is never written over.
    #[error("{} exists already; name a new file", .0.display())]
    Exists(PathBuf),
    /// The file cannot be made.
    #[error("{} cannot be written: {}", .0.display(), .1)]
    Refused(PathBuf, #[source] io::Error),
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
    frames: AtomicU64,
    dropped: AtomicU64,
    error: OnceLock<String>,
}

impl Recorder {
    /// Makes `path` and records into it; `interface` is the name of the bus in the log.
    pub(crate) fn start(path: &Path, interface: String) -> Result<Recorder, RecordingError> {
        let refused = |e: io::Error| match e.kind() {
            ErrorKind::AlreadyExists => RecordingError::Exists(path.to_owned()),
            _ => RecordingError::Refused(path.to_owned(), e),
        };
        let file = File::create_new(path).map_err(refused)?;
        Recorder::into(file, path, interface, |file| file.sync_all()).map_err(refused)
    }

    fn into<W: Write + Send + 'static>(
        out: W,
        path: &Path,
        interface: String,
        sync: fn(&W) -> io::Result<()>,
    ) -> io::Result<Recorder> {
        let (queue, frames) = sync_channel(QUEUE);
        let (ended, done) = oneshot::channel();
        let (path, counts) = (path.to_owned(), || AtomicU64::new(0));
        let progress = Arc::new(Progress { path, frames: counts(), dropped: counts(), error: OnceLock::new() });
        let watched = progress.clone();
        std::thread::Builder::new().name("recording".into()).spawn(move || {
            if let Err(error) = write_all(out, &frames, &interface, &watched.frames, sync) {
                tracing::error!("The recording {} ends: {error}", watched.path.display());
                let _ = watched.error.set(error.to_string());
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
            frames: self.frames.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            error: self.error.get().cloned(),
        }
    }
}

/// Writes until the link lets go of the queue.
fn write_all<W: Write>(
    out: W,
    frames: &Receiver<(Utc, OwnedFrame)>,
    interface: &str,
    written: &AtomicU64,
    sync: fn(&W) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(64 * 1024, out);
    let mut flushed = Instant::now();
    loop {
        match frames.recv_timeout(FLUSH_EVERY) {
            Ok((at, frame)) => {
                write_line(&mut out, at, interface, &frame.frame())?;
                written.fetch_add(1, Ordering::Relaxed);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if flushed.elapsed() >= FLUSH_EVERY {
            out.flush()?;
            flushed = Instant::now();
        }
    }
    out.flush()?;
    sync(out.get_ref())
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
        (Recorder::into(disk, Path::new("x.log"), "can0".into(), |_| Ok(())).unwrap(), allow, bytes)
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
}
