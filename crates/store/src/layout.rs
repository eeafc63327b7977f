//! Where things lie in the data folder. What is a system's lies below `systems`, what is ours beside it: no name of a
//! system can lead to a folder of ours.
//!
//! ```text
//! history.db                                  the catalogue, rollups, events, and what is not sealed
//! control.db, control.begun                   accounts, settings, the audit; that there is one
//! backups/control-<day>.db                    copies of control.db
//! systems/<system>/<kind>/<day>.parquet       sealed days; kinds: pack, cells, devices
//! work/cache, work/queries                    what can be made again, or is needed for a query only
//! set-aside/<why>/<system>/<kind>/            files that nobody takes for history, each with a text that says why
//! recordings/                                 recorded frames
//! ```

use crate::day::Day;
use std::fs;
use std::path::{Path, PathBuf};

/// The kinds of sealed days: rows of the pack, minutes of cells and of device points.
pub(crate) const KINDS: [&str; 3] = ["pack", "cells", "devices"];

/// The catalogue, rollups, events, and what is not sealed.
pub(crate) fn database(data: &Path) -> PathBuf {
    data.join("history.db")
}

/// Accounts, sessions, tokens, settings, the audit.
pub(crate) fn control(data: &Path) -> PathBuf {
    data.join("control.db")
}

/// Says that there is a `control.db`: if it is gone, it is lost.
pub(crate) fn control_begun(data: &Path) -> PathBuf {
    data.join("control.begun")
}

/// Copies of it.
pub(crate) fn backups(data: &Path) -> PathBuf {
    data.join("backups")
}

/// The folder that holds a folder for each system.
pub(crate) fn systems(data: &Path) -> PathBuf {
    data.join("systems")
}

/// Every `<day>.parquet` of that kind of each system.
pub(crate) fn days_on_disk(data: &Path, kind: &str) -> Vec<(String, Day)> {
    let folders = fs::read_dir(systems(data)).into_iter().flatten().flatten();
    let names = folders.filter_map(|entry| entry.file_name().into_string().ok());
    let mut days = Vec::new();
    for system in names {
        for file in fs::read_dir(systems(data).join(&system).join(kind)).into_iter().flatten().flatten() {
            let day = file.file_name().into_string().ok();
            let day = day.as_deref().and_then(|name| name.strip_suffix(".parquet")?.parse().ok());
            days.extend(day.map(|day| (system.clone(), day)));
        }
    }
    days
}

/// Whether any day is sealed.
pub(crate) fn has_days(data: &Path) -> bool {
    KINDS.into_iter().any(|kind| !days_on_disk(data, kind).is_empty())
}

/// The folder of what can be made again: it may be deleted while no server runs.
pub(crate) fn work(data: &Path) -> PathBuf {
    data.join("work")
}

/// The folder of unpacked columns and grids.
pub(crate) fn cache(data: &Path) -> PathBuf {
    work(data).join("cache")
}

/// The folder that running SQL queries use below the data folder.
pub fn queries_folder(data: &Path) -> PathBuf {
    work(data).join("queries")
}

/// Bytes of all files below a folder.
pub(crate) fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => bytes_below(&entry.path()),
        // A link to a sealed day takes no room of its own.
        Ok(meta) if std::os::unix::fs::MetadataExt::nlink(&meta) == 1 => meta.len(),
        _ => 0,
    };
    entries.map(size).sum()
}
