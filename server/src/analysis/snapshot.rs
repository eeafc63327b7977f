//! What a query sees: a folder with links to the sealed days and an export of the rest, as they are at one instant.
//!
//! A link holds a file as it was, even when the store puts a longer one in its place meanwhile.

use super::jail::SPILL;
use crate::hub::Hub;
use domain::reading::CellQuantity;
use domain::spec::SystemSpec;
use domain::twin::Moment;
use std::fs;
use std::io;
use std::path::Path;
use store::{Event, History, Range};
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
}

impl Snapshot {
    /// Where it is.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Takes a snapshot of the system at `place` below `parent`.
///
/// # Errors
/// Says what could not be read or written.
pub(super) fn take(parent: &Path, hub: &Hub, place: usize) -> Result<Snapshot, String> {
    let spec = hub.site.systems.get(place).ok_or("there is no such system")?;
    let newest = hub.newest(place).ok_or("there is no such system")?;
    let failed = |error: io::Error| format!("{}: {error}", parent.display());
    fs::create_dir_all(parent).map_err(failed)?;
    // Absolute: DuckDB compares paths with the folder that it may read.
    let parent = parent.canonicalize().map_err(failed)?;
    let folder = tempfile::Builder::new().prefix("query-").tempdir_in(&parent).map_err(failed)?;
    fs::create_dir(folder.path().join(SPILL)).map_err(failed)?;
    let files = link(hub.store.history(), &spec.id, folder.path())?;
    let all = Range::new(i64::MIN / 1_000, i64::MAX / 1_000);
    let events = hub.store.history().events(&spec.id, all, EVENTS_MAX).map_err(|error| error.to_string())?;
    write_csv(&folder.path().join("events.csv"), &events_csv(&events))?;
    write_csv(&folder.path().join("cells.csv"), &cells_csv(spec, &newest.moment))?;
    Ok(Snapshot { folder, files })
}

fn link(history: &History, system: &str, folder: &Path) -> Result<Vec<String>, String> {
    let mut attempt = 1;
    loop {
        let parts = history.parts(system);
        let days = format!("days-{attempt}");
        fs::create_dir(folder.join(&days)).map_err(|error| error.to_string())?;
        let mut files = Vec::with_capacity(parts.sealed.len() + 1);
        for (segment, path) in &parts.sealed {
            let name = format!("{days}/{}.parquet", segment.day);
            let to = folder.join(&name);
            // A disk without links gives copies. A file that is gone is noticed below.
            if fs::hard_link(path, &to).or_else(|_| fs::copy(path, &to).map(drop)).is_ok() {
                files.push(name);
            }
        }
        let now: Vec<_> = history.coverage(system).segments;
        let same = now.iter().eq(parts.sealed.iter().map(|(segment, _)| segment)) && files.len() == now.len();
        if same || attempt == ATTEMPTS {
            store::write_parquet(&folder.join(TAIL), &parts.tail).map_err(|error| error.to_string())?;
            files.push(TAIL.to_owned());
            return Ok(files);
        }
        attempt += 1;
    }
}

/// Lines of a CSV file, the first with the names.
type Lines = Vec<Vec<String>>;

fn events_csv(events: &[Event]) -> Lines {
    let names = ["timestamp", "kind", "rule", "severity", "words"].map(str::to_owned).to_vec();
    let line = |event: &Event| {
        let at = crate::archive::rfc3339(event.at_ms).trim_end_matches('Z').replace('T', " ");
        vec![at, event.kind.clone(), event.rule.clone(), event.severity.clone(), event.words.clone()]
    };
    [names].into_iter().chain(events.iter().map(line)).collect()
}

/// Each cell as it is now. A value that is not there or too old is empty.
fn cells_csv(spec: &SystemSpec, moment: &Moment) -> Lines {
    let names = ["number", "cell", "module", "voltage_v", "temperature_c"].map(str::to_owned).to_vec();
    let topology = &spec.topology;
    let value = |quantity, cell| moment.cell(quantity, cell).map(|value| value.to_string()).unwrap_or_default();
    let line = |cell: usize| {
        let module = topology.module_of(cell) + 1;
        let (voltage, temperature) = (value(CellQuantity::Voltage, cell), value(CellQuantity::Temperature, cell));
        vec![cell.to_string(), topology.cell_name(cell), module.to_string(), voltage, temperature]
    };
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
