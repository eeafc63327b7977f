//! The writer thread: a commit of what waits four times a second, and one at once when something happened; now and then a checkpoint, and old rows go in small steps.
//!
//! ```text
//!            no database --opened--> storing --disk full, file locked--> storing, with an error
//!              ^   '--fails: wait 1, 2, 4 .. 30 s--.  |
//!              '---------- any other failure ------'<-'   the connection is closed and the file checked anew
//! ```
//!
//! After a failed sync the operating system may have forgotten what it could not write, so the same connection is not
//! simply tried again.

mod clock;
mod findings;
mod making;
mod minutes;
mod restore;
mod retention;
mod sealing;

pub use retention::free_bytes;
use sealing::Sealing;

use crate::database::{Checkpoint, Database};
use crate::day::Day;
use crate::error::{Notice, StoreError};
use crate::folder::{self, FolderLock};
use crate::index::Index;
use crate::layout;
use crate::options::Options;
use crate::queue::Second;
use crate::renewed;
use crate::sealed::{Finding, Kind};
use crate::shared::{Report, Shared, Wake};
use crate::trouble::Troubles;
use crate::trust::{Clock, DAY_US, Trust};
use domain::plain::without_numbers;
use domain::storage::StorageKind;
use domain::time::Utc;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How often the log is cut back entirely.
const TRUNCATE_EVERY: Duration = Duration::from_secs(600);

/// How often old rows are deleted, and how many at most: ten times what comes in, so that it catches up after a pause
/// within hours; and so little that a wall clock that jumped ahead for a minute does not take the history with it.
const EXPIRE_EVERY: Duration = Duration::from_secs(60);
const EXPIRE_ROWS: usize = 2_000;

/// Pauses between attempts while nothing can be written: doubled from the first to the last.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LAST: Duration = Duration::from_secs(30);

/// What the thread owns.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    folder: PathBuf,
    options: Options,
    lock: Option<FolderLock>,
    db: Option<Database>,
    index: Arc<Index>,
    /// Sealed files that the catalogue does not know yet, by [`Kind`].
    adopt: [Vec<(String, Day)>; Kind::ALL.len()],
    /// How many files there were to take in when the database was opened.
    to_take_in: usize,
    /// What was found out about files and is not attended to yet.
    findings: Vec<Finding>,
    seal_at: Instant,
    sealing: Sealing,
    seal_error: Option<String>,
    report: Report,
    troubles: Troubles,
    /// The wall clock, and how much room the disk has, bytes.
    wall: fn() -> Utc,
    free: fn(&Path) -> Option<u64>,
    trust: Trust,
    clock: Clock,
    /// What the database remembers of the clock, and whether it stood behind.
    remembered: Option<(Utc, bool)>,
    /// When a day may go by age again.
    age_at: Instant,
    newest_utc_s: i64,
    checkpoint_at: Instant,
    truncate_at: Instant,
    expire_at: Instant,
    retry_at: Instant,
    retry_pause: Duration,
    dropped_logged: u64,
}

impl Writer {
    /// A writer that has not opened anything yet.
    pub(crate) fn new(folder: PathBuf, options: Options, shared: Arc<Shared>, index: Arc<Index>) -> Writer {
        let now = Instant::now();
        Writer {
            shared,
            folder,
            lock: None,
            db: None,
            index,
            adopt: Default::default(),
            to_take_in: 0,
            findings: Vec::new(),
            seal_at: now,
            sealing: Sealing::default(),
            seal_error: None,
            report: Report::default(),
            troubles: Troubles::default(),
            wall: utc_now,
            free: retention::free_bytes,
            trust: Trust::new(None, now),
            clock: Clock::Right,
            remembered: None,
            age_at: now + retention::AGE_EVERY,
            newest_utc_s: i64::MIN,
            checkpoint_at: now + options.checkpoint_every,
            truncate_at: now + TRUNCATE_EVERY,
            expire_at: now,
            retry_at: now,
            retry_pause: RETRY_FIRST,
            dropped_logged: 0,
            options,
        }
    }

    /// The first opening, in the caller's thread, so that it hears what is wrong.
    ///
    /// # Errors
    /// Only what needs a person; what may pass becomes a notice, and is tried again.
    pub(crate) fn start(&mut self, now: Utc) -> Result<Vec<Notice>, StoreError> {
        let notices = match self.open(now) {
            Ok(notice) => notice.into_iter().collect(),
            Err(e) if e.needs_a_person() => return Err(e),
            Err(e) => {
                let why = e.to_string();
                self.failed(e, Instant::now());
                vec![Notice::NotStoring { why }]
            }
        };
        self.tell((self.wall)());
        self.shared.finish(Vec::new(), 0, self.report.clone());
        Ok(notices)
    }

    /// Runs until the store is closed.
    pub(crate) fn run(mut self) {
        let mut tick = Instant::now() + self.options.commit_every;
        loop {
            let wake = self.shared.wait(tick);
            let now = Instant::now();
            let asked = matches!(wake, Wake::Flush | Wake::Close);
            if asked || now >= self.retry_at {
                self.cycle(now, asked);
            }
            match wake {
                Wake::Close => break,
                Wake::Event | Wake::Flush => {}
                Wake::Tick => tick = now + self.options.commit_every,
            }
        }
        self.sealing.abandon();
        self.db = None;
    }

    /// Tries once to write what waits, and looks after the files. Who asked for it finds sealed what is due; else a thread
    /// makes the new files of days, and the writer goes on storing meanwhile.
    pub(crate) fn cycle(&mut self, now: Instant, asked: bool) {
        let (mut rows, flush) = self.shared.take();
        match self.try_cycle(&mut rows, now) {
            Ok(()) => {
                self.succeeded();
                self.attend();
                self.maintain(now, asked);
                self.report.error.clone_from(&self.seal_error);
            }
            Err(e) => self.failed(e, now),
        }
        self.log_dropped();
        self.tell((self.wall)());
        self.shared.finish(rows, flush, self.report.clone());
    }

    /// What stands in the way goes to those who look.
    fn tell(&mut self, now: Utc) {
        let stored = self.report.error.as_ref().filter(|_| self.seal_error.is_none());
        let words = stored.map(|why| format!("Readings are not stored, they wait in memory: {why}."));
        self.troubles.stand(StorageKind::NotStored, words, now);
        let words = self.seal_error.as_ref().map(|why| format!("{}.", sentence(why)));
        self.troubles.stand(StorageKind::NotSealed, words, now);
        self.tell_to_come(now);
        self.report.troubles = self.troubles.list(now);
    }

    /// What is still to be taken in is left out of answers, and told.
    fn tell_to_come(&mut self, now: Utc) {
        let of = |kind: Kind| self.adopt[kind as usize].iter().map(move |(system, day)| (system.clone(), kind, *day));
        let to_come: Vec<_> = Kind::ALL.into_iter().flat_map(of).collect();
        let (left, all) = (to_come.len(), self.to_take_in.max(to_come.len()));
        let words = format!(
            "The sealed days are taken in again: {} of {all} files are done. Until then answers leave the others out and \
             say so.",
            all - left
        );
        self.troubles.stand(StorageKind::TakingIn, (left > 0).then_some(words), now);
        self.index.set_to_come(to_come.into_iter().collect());
    }

    /// Leaves in `rows` what is not on disk.
    fn try_cycle(&mut self, rows: &mut Vec<Second>, now: Instant) -> Result<(), StoreError> {
        if self.db.is_none() {
            let notice = self.open(utc_now())?;
            notice.iter().for_each(|notice| tracing::error!("{notice}"));
        }
        self.look_at_clock(now)?;
        let Some(db) = &mut self.db else { return Ok(()) };
        db.is_in_place()?;
        if !rows.is_empty() {
            db.commit(rows)?;
            self.report.last_commit = Some(utc_now());
            self.newest_utc_s = rows.iter().map(|row| row.utc_s).max().unwrap_or(self.newest_utc_s);
            rows.clear();
        }
        let near = (self.newest_utc_s.saturating_mul(1_000_000)).abs_diff((self.wall)().0) <= DAY_US as u64;
        if now >= self.expire_at && near && self.clock == Clock::Right {
            // By the newest row, not by the clock: without new rows, the old ones are all there is.
            let before_utc_s = self.newest_utc_s.saturating_sub(self.options.keep.as_secs() as i64);
            let kept = (self.options.keep_around_events, self.options.keep_around_max_bytes);
            db.expire(before_utc_s, EXPIRE_ROWS, kept)?;
            self.expire_at = now + EXPIRE_EVERY;
        }
        if now >= self.truncate_at {
            db.checkpoint(Checkpoint::Truncate)?;
            self.truncate_at = now + TRUNCATE_EVERY;
            self.checkpoint_at = now + self.options.checkpoint_every;
        } else if now >= self.checkpoint_at {
            db.checkpoint(Checkpoint::Passive)?;
            self.checkpoint_at = now + self.options.checkpoint_every;
        }
        (self.report.rows, self.report.bytes) = (db.rows(), db.bytes());
        Ok(())
    }

    fn open(&mut self, now: Utc) -> Result<Option<Notice>, StoreError> {
        if self.lock.is_none() {
            self.lock = Some(folder::take(&self.folder)?);
        }
        let (mut db, notice) = Database::open_or_renew(&layout::database(&self.folder), now)?;
        (self.report.rows, self.report.bytes) = (db.rows(), db.bytes());
        if let Some((known, behind)) = db.known_clock()? {
            self.trust = Trust::new(Some(known), Instant::now());
            self.clock = if behind { Clock::Behind(0) } else { Clock::Right };
        }
        self.db = Some(db);
        for (at, words) in renewed::lately(&self.folder, now) {
            self.troubles.happened(StorageKind::Damaged, words, at);
        }
        self.restore()?;
        Ok(notice)
    }

    fn succeeded(&mut self) {
        if self.report.error.take().is_some() && self.seal_error.is_none() {
            tracing::info!("history is stored again");
        }
        self.retry_pause = RETRY_FIRST;
    }

    fn failed(&mut self, error: StoreError, now: Instant) {
        let words = without_numbers(&error.to_string());
        if self.report.error.as_ref() != Some(&words) {
            tracing::error!("history is not stored, readings wait in memory: {words}");
        }
        self.report.error = Some(words);
        self.retry_at = now + self.retry_pause;
        self.retry_pause = (2 * self.retry_pause).min(RETRY_LAST);
        if error.leaves_connection_good() {
            return;
        }
        self.db = None;
        if let StoreError::Damaged { path, why } = error {
            // Not left to the next opening: its check may end before it finds the place.
            match Database::set_aside(&path, &why, utc_now()) {
                Ok(notice) => tracing::error!("{notice}"),
                Err(e) => tracing::error!("the damaged history could not be put aside: {e}"),
            }
        }
    }

    fn log_dropped(&mut self) {
        let dropped = self.shared.dropped();
        if self.report.error.is_none() && dropped > self.dropped_logged {
            let lost = dropped - self.dropped_logged;
            tracing::error!("{lost} rows of history were lost while it could not be stored");
            let words = format!("{lost} seconds of readings were lost while they could not be stored.");
            self.troubles.happened(StorageKind::Lost, words, utc_now());
            self.dropped_logged = dropped;
        }
    }
}

/// Words that begin with a capital letter.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The wall clock, for records. Nothing is timed with it.
fn utc_now() -> Utc {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Utc(since_1970.as_micros() as i64)
}

#[cfg(test)]
mod tests;
