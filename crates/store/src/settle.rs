//! A data folder that an earlier version laid out in another way is laid out as `layout.rs` says.

use crate::aside;
use crate::day::Day;
use crate::error::StoreError;
use crate::layout::systems;
use crate::owner;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

/// The kinds of days that the old layout had.
const OLD_KINDS: [&str; 2] = ["pack", "cells"];

/// Moves what an earlier version laid out in another way: `<system>/pack|cells`, `cache`, `queries`. File by file, so
/// that a kill in between leaves each file in one of both places, and the next start moves the rest.
///
/// # Errors
/// The disk does not let us; then nothing is lost, and it is tried again.
pub(crate) fn settle(data: &Path) -> Result<(), StoreError> {
    let mut moved = 0;
    for name in names(data)? {
        for kind in OLD_KINDS {
            moved += move_days(data, &name, kind)?;
        }
    }
    if moved > 0 {
        tracing::info!("{moved} files of history are moved below {}", systems(data).display());
    }
    // What is left in these was never history: days are moved by now.
    for name in ["cache", "queries"] {
        let _ = fs::remove_dir_all(data.join(name));
    }
    Ok(())
}

/// Moves the days of one folder of the old layout. In the new one there are no files at that place.
fn move_days(data: &Path, system: &str, kind: &str) -> Result<usize, StoreError> {
    let from = data.join(system).join(kind);
    let to = systems(data).join(system).join(kind);
    let days: Vec<String> =
        names(&from)?.into_iter().filter(|name| is_day(name) && from.join(name).is_file()).collect();
    if days.is_empty() {
        return Ok(0);
    }
    owner::folder(&to).map_err(StoreError::io(&to))?;
    for name in &days {
        let (old, new) = (from.join(name), to.join(name));
        if new.exists() {
            let words = format!("{} was there already. Take it in with packtwin import.", new.display());
            aside::put(data, "doubled", (system, kind), &old, &words)?;
        } else {
            fs::rename(&old, &new).map_err(StoreError::io(&old))?;
        }
    }
    for folder in [&to, &from] {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::io(folder))?;
    }
    // Only if nothing is left in them.
    let _ = fs::remove_dir(&from);
    let _ = fs::remove_dir(data.join(system));
    Ok(days.len())
}

/// `2026-11-21.parquet`, and what was put aside beside it: `2026-11-21.parquet.corrupt.1793798055`.
fn is_day(name: &str) -> bool {
    name.split_once(".parquet").is_some_and(|(day, _)| day.parse::<Day>().is_ok())
}

/// The names in a folder; none if it is not there.
fn names(folder: &Path) -> Result<Vec<String>, StoreError> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(error) => Err(StoreError::io(folder)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every file of both layouts, by where it is to be found in the new one.
    fn old_files() -> Vec<(&'static str, &'static str)> {
        vec![
            ("hv/pack/2026-11-20.parquet", "systems/hv/pack/2026-11-20.parquet"),
            ("hv/cells/2026-11-20.parquet", "systems/hv/cells/2026-11-20.parquet"),
            ("hv/pack/2026-11-19.parquet.corrupt.5", "systems/hv/pack/2026-11-19.parquet.corrupt.5"),
            ("queries/pack/2026-11-20.parquet", "systems/queries/pack/2026-11-20.parquet"),
            ("cache/pack/2026-11-20.parquet", "systems/cache/pack/2026-11-20.parquet"),
            ("recordings/pack/2026-11-20.parquet", "systems/recordings/pack/2026-11-20.parquet"),
            ("recordings/bms-1.log", "recordings/bms-1.log"),
            ("systems/pack/2026-11-20.parquet", "systems/systems/pack/2026-11-20.parquet"),
            ("work/cells/2026-11-20.parquet", "systems/work/cells/2026-11-20.parquet"),
            ("set-aside/pack/2026-11-20.parquet", "systems/set-aside/pack/2026-11-20.parquet"),
        ]
    }

    fn lay(data: &Path, name: &str) {
        let path = data.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }

    /// Killed after any number of moves, the next start finishes them, and no file is lost or mixed up.
    #[test]
    fn whatever_a_system_is_called_its_days_are_moved_even_after_a_kill_in_between() {
        let all = old_files();
        for done in 0..=all.len() {
            let folder = tempfile::tempdir().unwrap();
            for (k, (old, new)) in all.iter().enumerate() {
                lay(folder.path(), old);
                if k < done && old != new {
                    fs::create_dir_all(folder.path().join(new).parent().unwrap()).unwrap();
                    fs::rename(folder.path().join(old), folder.path().join(new)).unwrap();
                }
            }
            lay(folder.path(), "cache/hv/2026-11-20-5/at.i64");
            lay(folder.path(), "systems/pack/pack/2026-11-20.parquet");
            for _ in 0..2 {
                settle(folder.path()).unwrap();
                for (old, new) in &all {
                    assert_eq!(fs::read_to_string(folder.path().join(new)).unwrap(), *old, "{done}");
                }
                assert!(folder.path().join("systems/pack/pack/2026-11-20.parquet").exists(), "the new layout stays");
                assert!(!folder.path().join("cache").exists() && !folder.path().join("queries").exists());
            }
        }
    }

    #[test]
    fn a_day_that_is_in_both_places_is_set_aside_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        lay(folder.path(), "hv/pack/2026-11-20.parquet");
        lay(folder.path(), "systems/hv/pack/2026-11-20.parquet");
        settle(folder.path()).unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("systems/hv/pack/2026-11-20.parquet"), "systems/hv/pack/2026-11-20.parquet");
        assert_eq!(read("set-aside/doubled/hv/pack/2026-11-20.parquet"), "hv/pack/2026-11-20.parquet");
        assert!(read("set-aside/doubled/hv/pack/2026-11-20.parquet.txt").contains("packtwin import"));
    }
}
