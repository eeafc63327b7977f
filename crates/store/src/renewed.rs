//! A database that was begun afresh because its file was damaged or gone. What was lost with it is told for a day, after
//! a restart too: a text in `set-aside` says it.

use crate::aside::{DAMAGED, GONE};
use crate::error::StoreError;
use crate::owner;
use crate::trouble::TOLD_US;
use domain::time::{Utc, rfc3339};
use std::fs;
use std::path::{Path, PathBuf};

/// `history.db-<seconds since 1970>.txt`
const NAME: &str = "history.db-";

/// Notes that the database was damaged, why, and where it is now.
///
/// # Errors
/// The disk does not take the text.
pub(crate) fn note_damaged(data: &Path, now: Utc, why: &str, kept_as: &Path) -> Result<(), StoreError> {
    let what = format!("was damaged ({why})");
    let kept = format!(" The damaged file is kept as {}: what is good in it may be recovered.", kept_as.display());
    note(data, DAMAGED, now, &words(now, &what, &kept))
}

/// Notes that there was none, although there are sealed days.
///
/// # Errors
/// As [`note_damaged`].
pub(crate) fn note_gone(data: &Path, now: Utc) -> Result<(), StoreError> {
    let advice = " If there is a copy of it, stop the server and put it back.";
    note(data, GONE, now, &words(now, "was gone or empty", advice))
}

fn words(now: Utc, what: &str, more: &str) -> String {
    format!(
        "The database of history {what} and was begun afresh at {}: alarms and events before that, what playback had at \
         full rate, and readings that were not sealed yet are lost. Sealed days are taken in again.{more}",
        rfc3339(now)
    )
}

fn note(data: &Path, why: &str, now: Utc, words: &str) -> Result<(), StoreError> {
    let folder = folder(data, why);
    owner::folder(&folder).map_err(StoreError::io(&folder))?;
    let path = folder.join(format!("{NAME}{}.txt", now.0.div_euclid(1_000_000)));
    fs::write(&path, format!("{words}\n")).map_err(StoreError::io(&path))
}

fn folder(data: &Path, why: &str) -> PathBuf {
    data.join("set-aside").join(why)
}

/// What was noted within the time that it is told for, oldest first.
pub(crate) fn lately(data: &Path, now: Utc) -> Vec<(Utc, String)> {
    let files = [DAMAGED, GONE].map(|why| fs::read_dir(folder(data, why)).into_iter().flatten().flatten());
    let told = files.into_iter().flatten().filter_map(|file| {
        let name = file.file_name().into_string().ok()?;
        let second: i64 = name.strip_prefix(NAME)?.strip_suffix(".txt")?.parse().ok()?;
        let at = Utc(second.checked_mul(1_000_000)?);
        let fresh = (0..TOLD_US).contains(&now.0.saturating_sub(at.0));
        fresh.then(|| Some((at, fs::read_to_string(file.path()).ok()?.trim().to_owned())))?
    });
    let mut told: Vec<_> = told.collect();
    told.sort();
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_told_for_a_day_oldest_first() {
        let data = tempfile::tempdir().unwrap();
        let day = |n: i64| Utc(n * TOLD_US);
        note_gone(data.path(), day(3)).unwrap();
        note_damaged(data.path(), Utc(day(3).0 - 5_000_000), "a bad page", Path::new("/d/history.db.corrupt.x"))
            .unwrap();
        note_gone(data.path(), day(1)).unwrap();
        let told = lately(data.path(), Utc(day(3).0 + 1));
        assert_eq!(told.iter().map(|(at, _)| at.0).collect::<Vec<_>>(), [day(3).0 - 5_000_000, day(3).0]);
        let words = &told[0].1;
        assert!(words.contains("(a bad page)") && words.contains("/d/history.db.corrupt.x"), "{words}");
        assert!(told[1].1.contains("gone or empty") && told[1].1.contains("1970-01-04T00:00:00"), "{}", told[1].1);
        assert_eq!(lately(data.path(), day(9)), []);
    }
}
