//! A broken history: how it is found at the start, and how it is put aside without being lost.

use super::connection::Connection;
use super::sql;
use crate::error::{Notice, StoreError, code};
use domain::time::{Utc, civil};
use sqlx::Row as _;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the check at the start may take, for a start must not wait for it. Two days of one pack take 0.4 s when the
/// file is in memory; on a slow disk a part is checked, and damage in the rest shows itself when it is read.
pub(super) const CHECK_LIMIT: Duration = Duration::from_secs(2);

/// Looks for damage in the structure of the file, for at most `limit`.
///
/// # Errors
/// [`StoreError::Damaged`] with the first thing found.
pub(super) fn check(conn: &mut Connection, path: &Path, limit: Duration) -> Result<(), StoreError> {
    let verdict = conn.limited(limit, |conn| conn.first(sql::QUICK_CHECK.plain(), |row| row.try_get::<String, _>(0)));
    match verdict.map(Option::unwrap_or_default) {
        Ok(words) if words == "ok" => Ok(()),
        Ok(words) => Err(StoreError::Damaged { path: path.to_owned(), why: words.replace('\n', " ") }),
        Err(e) if code(&e) == Some(libsqlite3_sys::SQLITE_INTERRUPT) => {
            tracing::info!("{} is large: checked for {limit:?} only", path.display());
            Ok(())
        }
        Err(e) => Err(StoreError::sqlite(path)(e)),
    }
}

/// Renames the file with its log to `history.db.corrupt.<time>`, so that a fresh one can take its place.
/// Nothing may have it open.
pub(super) fn set_aside(path: &Path, why: &str, now: Utc) -> Result<Notice, StoreError> {
    let kept_as = free_name(path, now);
    // The log first: a fresh file must never meet the log of another, even if we are stopped in between.
    for suffix in ["-wal", "-shm", ""] {
        let (from, to) = (with_suffix(path, suffix), with_suffix(&kept_as, suffix));
        match fs::rename(&from, &to) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::Io { path: from, source });
            }
            _ => {}
        }
    }
    sync_folder(path);
    Ok(Notice::SetAside { kept_as, why: why.to_owned() })
}

/// The log's and the lock table's names are the file's with a suffix.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes the renames durable. If it fails, a power cut may bring the damaged file back, to be renamed again.
fn sync_folder(path: &Path) {
    let synced = path.parent().map(|folder| File::open(folder).and_then(|f| f.sync_all()));
    if let Some(Err(e)) = synced {
        tracing::debug!("the folder of {} could not be synced: {e}", path.display());
    }
}

fn free_name(path: &Path, now: Utc) -> PathBuf {
    let name = with_suffix(path, &format!(".corrupt.{}", stamp(now)));
    let numbered = (2..).map(|n| with_suffix(&name, &format!(".{n}")));
    std::iter::once(name.clone()).chain(numbered).find(|candidate| !candidate.exists()).unwrap_or(name)
}

/// UTC as it stands in file names: `20261104T131415Z`.
fn stamp(utc: Utc) -> String {
    let seconds = utc.0.div_euclid(1_000_000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (h, m, s) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}T{h:02}{m:02}{s:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::connection::Access;

    #[test]
    fn file_names_carry_the_time_in_utc() {
        for (seconds, expected) in [
            (0, "19700101T000000Z"),
            (-1, "19691231T235959Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_709_210_096, "20240229T123456Z"),
            (1_798_761_599, "20261231T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(stamp(Utc(seconds * 1_000_000)), expected);
        }
    }

    #[test]
    fn the_check_finds_damage_but_ends_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        let fill = "CREATE TABLE t (x);
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
            INSERT INTO t SELECT zeroblob(500) FROM n";
        Connection::open(&path, Access::Write).unwrap().run_any(fill).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        let page = bytes.len() / 4_096 * 3 / 4 * 4_096;
        bytes[page..page + 4_096].fill(0xAB);
        fs::write(&path, bytes).unwrap();

        let mut conn = Connection::open(&path, Access::Write).unwrap();
        assert!(matches!(check(&mut conn, &path, Duration::from_secs(60)), Err(StoreError::Damaged { .. })));
        check(&mut conn, &path, Duration::ZERO).unwrap();
    }

    #[test]
    fn a_second_damaged_file_does_not_replace_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        for expected in ["history.db.corrupt.19700101T000000Z", "history.db.corrupt.19700101T000000Z.2"] {
            fs::write(&path, "broken").unwrap();
            fs::write(with_suffix(&path, "-wal"), "log").unwrap();
            let notice = set_aside(&path, "broken", Utc(0)).unwrap();
            let kept_as = folder.path().join(expected);
            assert!(kept_as.exists() && with_suffix(&kept_as, "-wal").exists() && !path.exists());
            assert_eq!(notice, Notice::SetAside { kept_as, why: "broken".to_owned() });
        }
    }
}
