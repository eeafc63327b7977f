//! What a query sees: a folder with links to the sealed days and an export of the rest, as they are at one instant.
//!
//! A link holds a file as it was, even when the store puts a longer one in its place meanwhile.

use super::jail::SPILL;
use crate::hub::Hub;
use domain::spec::SystemSpec;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use store::{Day, Event, History, Range};
use tempfile::TempDir;

/// How often links are made anew because a day was sealed meanwhile.
const ATTEMPTS: usize = 3;
/// The newest events that a query sees.
const EVENTS_MAX: usize = 100_000;
const TAIL: &str = "tail.parquet";

/// A folder for one query; removed when it is dropped.
#[derive(Debug)]
pub(super) struct Snapshot {
    folder: TempDir,
    /// The Parquet files in it, oldest first.
    pub(super) files: Vec<String>,
    /// Those of the cells.
    pub(super) cell_files: Vec<String>,
    /// Those of the device points.
    pub(super) device_files: Vec<String>,
}

impl Snapshot {
    /// Where it is.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Takes a snapshot of the system at `index` below `parent`.
///
/// # Errors
/// Says what could not be read or written.
pub(super) fn take(parent: &Path, hub: &Hub, index: usize) -> Result<Snapshot, String> {
    let spec = hub.site.systems.get(index).ok_or("there is no such system")?;
    let failed = |error: io::Error| format!("{}: {error}", parent.display());
    store::owner::folder(parent).map_err(failed)?;
    // Absolute: DuckDB compares paths with the folder that it may read.
    let parent = parent.canonicalize().map_err(failed)?;
    let folder = tempfile::Builder::new().prefix("query-").tempdir_in(&parent).map_err(failed)?;
    fs::create_dir(folder.path().join(SPILL)).map_err(failed)?;
    let files = link(hub.store.history(), &spec.id, folder.path())?;
    let events = hub.store.history().events(&spec.id, Range::ALL, EVENTS_MAX).map_err(|error| error.to_string())?;
    write_csv(&folder.path().join("events.csv"), &events_csv(&events))?;
    write_csv(&folder.path().join("names.csv"), &names_csv(spec))?;
    let cell_files = link_cells(hub.store.history(), &spec.id, folder.path())?;
    let device_files = link_devices(hub.store.history(), &spec.id, folder.path())?;
    Ok(Snapshot { folder, files, cell_files, device_files })
}

/// Links the sealed days of rows, and writes the others beside them.
fn link(history: &History, system: &str, folder: &Path) -> Result<Vec<String>, String> {
    linked(folder, "days", |attempt| {
        let parts = history.parts(system);
        let files: Vec<_> = parts.sealed.iter().map(|(segment, path)| (segment.day, path.clone())).collect();
        let linked = attempt.link(&files)?;
        let same = history.coverage(system).segments.iter().eq(parts.sealed.iter().map(|(segment, _)| segment));
        store::write_parquet(&attempt.tail(), &parts.tail).map_err(|error| error.to_string())?;
        Ok((linked, same))
    })
}

/// The same of the minutes of cells.
fn link_cells(history: &History, system: &str, folder: &Path) -> Result<Vec<String>, String> {
    linked(folder, "cells", |attempt| {
        let parts = history.cell_parts(system);
        let files: Vec<_> = parts.sealed.iter().map(|(of, path)| (of.day, path.clone())).collect();
        let linked = attempt.link(&files)?;
        let same = history.cell_coverage(system).days.iter().eq(parts.sealed.iter().map(|(of, _)| of));
        store::write_cells_parquet(&attempt.tail(), &parts.tail).map_err(|error| error.to_string())?;
        Ok((linked, same))
    })
}

/// The same of the minutes of device points.
fn link_devices(history: &History, system: &str, folder: &Path) -> Result<Vec<String>, String> {
    linked(folder, "devices", |attempt| {
        let parts = history.device_parts(system);
        let files: Vec<_> = parts.sealed.iter().map(|(of, path)| (of.day, path.clone())).collect();
        let linked = attempt.link(&files)?;
        let same = history.device_coverage(system).days.iter().eq(parts.sealed.iter().map(|(of, _)| of));
        store::write_devices_parquet(&attempt.tail(), &parts.tail).map_err(|error| error.to_string())?;
        Ok((linked, same))
    })
}

/// A folder that is filled with links, and filled anew if a day was sealed meanwhile.
struct Attempt<'a> {
    folder: &'a Path,
    name: String,
}

impl Attempt<'_> {
    /// Links files under the names of their days; gives the names. One that is gone is left out.
    fn link(&self, files: &[(Day, PathBuf)]) -> Result<Vec<String>, String> {
        fs::create_dir(self.folder.join(&self.name)).map_err(|error| error.to_string())?;
        let mut names = Vec::with_capacity(files.len() + 1);
        for (day, path) in files {
            let name = format!("{}/{day}.parquet", self.name);
            let to = self.folder.join(&name);
            // A disk without links gives copies.
            if fs::hard_link(path, &to).or_else(|_| fs::copy(path, &to).map(drop)).is_ok() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn tail(&self) -> PathBuf {
        self.folder.join(&self.name).join(TAIL)
    }
}

/// Fills folders with `fill`, which gives the names of the days and whether they are still all there are, until they are.
fn linked(
    folder: &Path,
    what: &str,
    fill: impl Fn(&Attempt<'_>) -> Result<(Vec<String>, bool), String>,
) -> Result<Vec<String>, String> {
    let mut attempt = 1;
    loop {
        let now = Attempt { folder, name: format!("{what}-{attempt}") };
        let (mut files, same) = fill(&now)?;
        if same || attempt == ATTEMPTS {
            files.push(format!("{}/{TAIL}", now.name));
            return Ok(files);
        }
        attempt += 1;
    }
}

/// Lines of a CSV file, the first with the names.
type Lines = Vec<Vec<String>>;

fn events_csv(events: &[Event]) -> Lines {
    let names = ["timestamp", "kind", "rule", "subject", "severity", "words"].map(str::to_owned).to_vec();
    let line = |event: &Event| {
        let at = crate::times::rfc3339(event.at_ms).trim_end_matches('Z').replace('T', " ");
        let (kind, severity) = (event.kind.word().to_owned(), event.severity.word().to_owned());
        vec![at, kind, event.rule.clone(), event.subject.clone(), severity, event.words.clone()]
    };
    [names].into_iter().chain(events.iter().map(line)).collect()
}

/// Each cell's number, name and module.
fn names_csv(spec: &SystemSpec) -> Lines {
    let names = ["cell", "name", "module"].map(str::to_owned).to_vec();
    let topology = &spec.topology;
    let line =
        |cell: usize| vec![cell.to_string(), topology.cell_name(cell), (topology.module_of(cell) + 1).to_string()];
    [names].into_iter().chain((0..topology.cells()).map(line)).collect()
}

fn write_csv(path: &Path, lines: &Lines) -> Result<(), String> {
    let write = || -> csv::Result<()> {
        let mut writer = csv::Writer::from_path(path)?;
        lines.iter().try_for_each(|line| writer.write_record(line))?;
        writer.flush()?;
        Ok(())
    };
    write().map_err(|error| format!("{}: {error}", path.display()))
}
