//! What answers may take of this machine together: threads, memory, downloads, live streams. And what was counted.
//!
//! Everything heavy passes here, so that many who ask, or a few who ask for much and do not read, take nothing from the
//! others. Who gets no permit is told to come later.

mod workers;

use crate::limits::Limits;
use axum::body::Bytes;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use workers::Workers;

/// Questions to the history that are answered at the same time; each takes a thread and memory.
const QUESTIONS: usize = 4;
/// Lists of people, commands and the audit that are made at the same time: what decides does not wait for them.
const LISTS: usize = 2;
/// Files that are sent at the same time.
const DOWNLOADS: usize = 8;
/// Parquet files that are made at the same time, from rows in memory.
const PARQUET: usize = 1;
/// What of the history is warmed for the next question at the same time.
const WARMING: usize = 2;
/// Pages that are rendered at the same time; each takes a thread for some milliseconds.
const PAGES: usize = 8;
/// Answers that wait to be taken, all together, KiB.
const ANSWERS_KIB: usize = 128 << 10;
/// Smaller answers are not counted, bytes.
pub(crate) const SMALL: u64 = 64 << 10;
/// An answer that may be larger than this is a stream, bytes.
pub(crate) const LARGEST: usize = ANSWERS_KIB << 9;
/// Said where there is no memory for one more answer.
const TOO_MANY: &str = "too many large answers wait to be taken: try again in a few seconds";
/// The longest wait for a permit.
const WAIT: Duration = Duration::from_secs(10);

/// The semaphores, and the counters of this server.
#[derive(Debug)]
pub(crate) struct Gate {
    questions: Arc<Semaphore>,
    lists: Arc<Semaphore>,
    downloads: Arc<Semaphore>,
    parquet: Arc<Semaphore>,
    warming: Arc<Semaphore>,
    pages: Arc<Semaphore>,
    viewers: Arc<Semaphore>,
    answers: Arc<Semaphore>,
    workers: Workers,
    /// What happened since the start.
    pub(crate) counters: Counters,
    /// What was given at most.
    pub(crate) viewers_max: usize,
}

/// What happened since the start.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Live streams that ended because their viewer took nothing, or did not answer.
    pub(crate) viewers_dropped: AtomicU64,
    /// Requests that got no permit.
    pub(crate) refused: AtomicU64,
}

impl Gate {
    /// The semaphores that these limits leave.
    ///
    /// # Errors
    /// The system gives no threads.
    pub(crate) fn new(limits: &Limits) -> io::Result<Arc<Gate>> {
        let semaphore = |count: usize| Arc::new(Semaphore::new(count));
        Ok(Arc::new(Gate {
            questions: semaphore(QUESTIONS),
            lists: semaphore(LISTS),
            downloads: semaphore(DOWNLOADS),
            parquet: semaphore(PARQUET),
            warming: semaphore(WARMING),
            pages: semaphore(PAGES),
            viewers: semaphore(limits.viewers),
            answers: semaphore(ANSWERS_KIB),
            workers: Workers::start()?,
            counters: Counters::default(),
            viewers_max: limits.viewers,
        }))
    }

    /// A permit for a question to the history; the permit goes with the thread, not with who waits for the answer.
    pub(crate) async fn question(&self) -> Result<OwnedSemaphorePermit, String> {
        self.wait(&self.questions, 1, "questions to the history").await
    }

    /// A permit for a list of people, commands or the audit.
    pub(crate) async fn list(&self) -> Result<OwnedSemaphorePermit, String> {
        self.wait(&self.lists, 1, "lists").await
    }

    /// A permit for rendering a page.
    pub(crate) async fn page(&self) -> Result<OwnedSemaphorePermit, String> {
        self.wait(&self.pages, 1, "pages").await
    }

    /// A permit for making a Parquet file.
    pub(crate) async fn parquet(&self) -> Result<OwnedSemaphorePermit, String> {
        self.wait(&self.parquet, 1, "Parquet files").await
    }

    /// A permit for a download, if there is one.
    pub(crate) fn download(&self) -> Result<OwnedSemaphorePermit, String> {
        self.now(
            &self.downloads,
            format!("{DOWNLOADS} downloads are running, which is the most: try again when one ends"),
        )
    }

    /// A permit for a live stream, if there is one.
    pub(crate) fn viewer(&self) -> Result<OwnedSemaphorePermit, String> {
        self.now(&self.viewers, format!("{} live streams are open, which is the most", self.viewers_max))
    }

    /// How many live streams are open.
    pub(crate) fn viewers(&self) -> usize {
        self.viewers_max - self.viewers.available_permits()
    }

    /// A permit for warming, if there is one.
    pub(crate) fn warming(&self) -> Option<OwnedSemaphorePermit> {
        self.warming.clone().try_acquire_owned().ok()
    }

    /// Does some work for an answer on a thread that may wait for the disk and take its time. Take a permit first.
    pub(crate) fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        self.workers.run(work)
    }

    /// Memory for an answer until its last byte is sent, if there is some: who has made one does not wait with it.
    ///
    /// # Errors
    /// Too many answers wait to be taken: says so.
    pub(crate) fn hold(&self, bytes: Vec<u8>) -> Result<Bytes, String> {
        if bytes.len() as u64 <= SMALL {
            return Ok(bytes.into());
        }
        let permit = self.answers.clone().try_acquire_many_owned(kib(bytes.len() as u64)).map_err(|_| {
            count(&self.counters.refused);
            TOO_MANY.to_owned()
        })?;
        Ok(held(bytes.into(), permit))
    }

    /// Waits for memory for an answer of so many bytes; [`held`] gives it back when the answer is sent.
    ///
    /// # Errors
    /// Too many answers wait to be taken: says so.
    pub(crate) async fn room(&self, bytes: u64) -> Result<OwnedSemaphorePermit, String> {
        self.wait(&self.answers, kib(bytes), "large answers").await
    }

    fn now(&self, semaphore: &Arc<Semaphore>, words: String) -> Result<OwnedSemaphorePermit, String> {
        semaphore.clone().try_acquire_owned().map_err(|_| {
            count(&self.counters.refused);
            words
        })
    }

    async fn wait(&self, semaphore: &Arc<Semaphore>, many: u32, what: &str) -> Result<OwnedSemaphorePermit, String> {
        match timeout(WAIT, semaphore.clone().acquire_many_owned(many)).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => {
                count(&self.counters.refused);
                Err(format!("too many {what} are waiting: try again in a few seconds"))
            }
        }
    }
}

/// Counts one more.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
}

/// Bytes that hold their permit among the answers until the last of them is sent.
struct Held(Bytes, #[allow(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Bytes that hold their permit until the last of them is sent.
pub(crate) fn held(bytes: Bytes, permit: OwnedSemaphorePermit) -> Bytes {
    Bytes::from_owner(Held(bytes, permit))
}

/// How much of the memory for answers so many bytes take, KiB.
fn kib(bytes: u64) -> u32 {
    u32::try_from(bytes >> 10).unwrap_or(u32::MAX).min(ANSWERS_KIB as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_permit_is_free_again_when_the_last_byte_is_dropped() {
        let gate = Gate::new(&Limits::default()).unwrap();
        let all = ANSWERS_KIB as u32;
        let permit = gate.wait(&gate.answers, all, "answers").await.unwrap();
        let body = held(Bytes::from_static(b"rows"), permit);
        let rest = body.slice(3..);
        drop(body);
        assert_eq!(gate.answers.available_permits(), 0);
        drop(rest);
        assert!(gate.wait(&gate.answers, all, "answers").await.is_ok());
    }

    #[tokio::test]
    async fn downloads_beyond_the_most_are_refused_at_once_and_counted() {
        let gate = Gate::new(&Limits::default()).unwrap();
        let running: Vec<_> = (0..DOWNLOADS).map(|_| gate.download().unwrap()).collect();
        assert!(gate.download().unwrap_err().contains("8 downloads are running"));
        assert_eq!(gate.counters.refused.load(std::sync::atomic::Ordering::Relaxed), 1);
        drop(running);
        assert!(gate.download().is_ok());
    }
}
