//! The folder of recordings: names, and what all of them may take of the disk.
//!
//! A recording that finds no room is refused in words; none is ever removed to make room, a person does that.

use domain::time::{Utc, rfc3339};
use links::{RecordingLimits, RecordingStatus};
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::{Duration, Instant, UNIX_EPOCH};

/// Recordings that are kept, at most.
pub(crate) const FILES_MAX: usize = 200;
/// What all of them take, bytes, with what those that run may still take.
pub(crate) const BYTES_MAX: u64 = 4 << 30;
/// With less room than this none begins, bytes.
const LEAST: u64 = 1 << 20;
/// Starts within [`STARTS_TIME`], at most.
const STARTS_MAX: usize = 10;
const STARTS_TIME: Duration = Duration::from_secs(60);

/// What every recording's name ends with.
const SUFFIX: &str = ".log";

/// A name for a recording of `link` that begins at `at`: letters that every file system and every shell takes.
pub(crate) fn name_of(link: &str, at: Utc) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let link: String = link.chars().map(plain).collect();
    let at: String = rfc3339(at).chars().filter(|c| !matches!(c, '-' | ':')).collect();
    format!("{link}-{at}{SUFFIX}")
}

/// Whether `name` can be that of a recording: no name that leads anywhere else is one.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.ends_with(SUFFIX) && !name.starts_with('.') && name.len() <= 255 && name.chars().all(plain)
}

/// A recording in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Its name.
    pub(crate) name: String,
    /// Its size.
    pub(crate) bytes: u64,
    /// When it was written to last.
    pub(crate) changed: Utc,
}

/// The recordings in `folder`; none if it is not there.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn kept(folder: &Path) -> io::Result<Vec<Kept>> {
    match std::fs::read_dir(folder) {
        Ok(files) => Ok(files.flatten().filter_map(|file| entry(&file)).collect()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn entry(file: &std::fs::DirEntry) -> Option<Kept> {
    let name = file.file_name().into_string().ok().filter(|name| is_name(name))?;
    // Of the entry itself: a link to elsewhere is no recording.
    let found = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let changed = found.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Kept { name, bytes: found.len(), changed: Utc(i64::try_from(changed.as_micros()).ok()?) })
}

/// How large and how long one more recording may be beside those that are kept and those that run.
///
/// # Errors
/// There is no room for one: says what to do.
pub(crate) fn room(kept: &[Kept], running: &[RecordingStatus]) -> Result<RecordingLimits, String> {
    let most = RecordingLimits::default();
    let advice = "remove some from the folder recordings of the data folder or with DELETE /api/v1/recordings/NAME";
    if kept.len() >= FILES_MAX {
        return Err(format!("{FILES_MAX} recordings are kept, which is the most: {advice}"));
    }
    let taken: u64 = kept.iter().map(|file| file.bytes).sum();
    let to_come = running.iter().filter(|run| !run.full && run.error.is_none());
    let to_come: u64 = to_come.map(|run| most.bytes.saturating_sub(run.bytes)).sum();
    let left = BYTES_MAX.saturating_sub(taken + to_come);
    if left < LEAST {
        let mb = (taken + to_come) / 1_000_000;
        return Err(format!("the recordings take {mb} MB, with what those that run may take: {advice}"));
    }
    Ok(RecordingLimits { bytes: most.bytes.min(left), ..most })
}

/// The starts of the last minute.
#[derive(Debug, Default)]
pub(crate) struct Starts(VecDeque<Instant>);

impl Starts {
    /// Takes note of one more.
    ///
    /// # Errors
    /// There were too many: says how long to wait.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), String> {
        while self.0.front().is_some_and(|first| now - *first >= STARTS_TIME) {
            self.0.pop_front();
        }
        if self.0.len() >= STARTS_MAX {
            return Err(format!(
                "{STARTS_MAX} recordings were started within a minute, which is the most: wait a minute"
            ));
        }
        self.0.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: u64) -> Kept {
        Kept { name: "a.log".into(), bytes, changed: Utc(0) }
    }

    fn run(bytes: u64, full: bool) -> RecordingStatus {
        RecordingStatus { path: "a.log".into(), since: None, frames: 0, bytes, dropped: 0, error: None, full }
    }

    #[test]
    fn all_recordings_together_have_a_number_and_a_size() {
        const MOST: u64 = 256 << 20;
        for (kept, running, expected) in [
            (vec![], vec![], Ok(MOST)),
            (vec![file(1); FILES_MAX - 1], vec![], Ok(MOST)),
            (vec![file(1); FILES_MAX], vec![], Err("200 recordings are kept")),
            (vec![file(BYTES_MAX - (3 << 20))], vec![], Ok(3 << 20)),
            (vec![file(BYTES_MAX)], vec![], Err("take 4294 MB")),
            // Fifteen that run may still take almost all.
            (vec![], vec![run(0, false); 15], Ok(MOST)),
            (vec![], vec![run(0, false); 16], Err("take 4294 MB")),
            (vec![], vec![run(MOST, true); 16], Ok(MOST)),
        ] {
            let found = room(&kept, &running).map(|limits| limits.bytes);
            match expected {
                Ok(bytes) => assert_eq!(found, Ok(bytes)),
                Err(words) => assert!(found.clone().is_err_and(|said| said.contains(words)), "{found:?}"),
            }
        }
    }

    #[test]
    fn starts_have_a_rate() {
        let (mut starts, now) = (Starts::default(), Instant::now());
        assert!((0..STARTS_MAX).all(|_| starts.take(now).is_ok()));
        assert!(starts.take(now).unwrap_err().contains("wait a minute"));
        assert!(starts.take(now + STARTS_TIME).is_ok());
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for (name, fits) in [
            ("bms-20261121T135400.123Z.log", true),
            ("a..log", true),
            ("../bms.log", false),
            ("..log", false),
            (".hidden.log", false),
            ("a/b.log", false),
            ("a\\b.log", false),
            ("a\0.log", false),
            ("bms.txt", false),
            ("", false),
        ] {
            assert_eq!(is_name(name), fits, "{name:?}");
        }
    }

    #[test]
    fn a_recording_is_named_after_link_and_time() {
        for link in ["bms", "../../etc/pass wd", "Speicher \u{fc}ber CAN", ""] {
            let name = name_of(link, Utc(1_763_733_240_123_000));
            assert!(is_name(&name) && name.ends_with("-20251121T135400.123Z.log"), "{name}");
        }
    }
}
