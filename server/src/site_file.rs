//! The site file: what a person writes to name the site's systems, links and mappings.
//!
//! A file that is wrong starts nothing: [`SiteFileError`] names the file, the line and the key.

mod locate;

use domain::spec::{CellLimits, SiteSpec, SystemIdx, SystemSpec};
use domain::topology::Topology;
use links::{LinkConfig, LinkTask};
use locate::locate;
use serde::Deserialize;
use sim::RigConfig;
use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use thiserror::Error;
use toml::Spanned;

/// A site, read and checked.
pub(crate) struct SiteFile {
    /// The site's specification.
    pub(crate) spec: SiteSpec,
    /// Its links, built but not started, in the order of the specification.
    pub(crate) links: Vec<LinkTask>,
    /// Its simulators, with the system that each simulates.
    pub(crate) simulators: Vec<(SystemIdx, RigConfig)>,
}

/// What is wrong with a site file, and where.
#[derive(Debug, Error, PartialEq)]
pub(crate) enum SiteFileError {
    /// It cannot be read.
    #[error("{}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Something in it is wrong.
    #[error("{}:{line}: {key}{}{message}", path.display(), if key.is_empty() { "" } else { ": " })]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The table and key, such as `link.map`.
        key: String,
        /// What is wrong with it.
        message: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tables {
    site: SiteTable,
    #[serde(default)]
    system: Vec<SystemTable>,
    #[serde(default)]
    link: Vec<LinkConfig>,
    #[serde(default)]
    simulator: Vec<Spanned<RigConfig>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteTable {
    name: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SystemTable {
    id: Spanned<String>,
    name: Option<String>,
    #[serde(default)]
    topology: Option<Spanned<TopologyTable>>,
    capacity_ah: Spanned<f32>,
    nominal_v: Spanned<f32>,
    #[serde(default = "default_reserve_pct")]
    reserve_pct: Spanned<f32>,
    #[serde(default = "default_rate_hz")]
    rate_hz: Spanned<f32>,
    #[serde(default = "default_cell_resolution_mv")]
    cell_resolution_mv: Spanned<f32>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TopologyTable {
    #[serde(default = "one")]
    racks: u16,
    modules_per_rack: u16,
    cells_per_module: u16,
}

fn one() -> u16 {
    1
}
fn default_reserve_pct() -> Spanned<f32> {
    Spanned::new(0..0, 20.0)
}
fn default_rate_hz() -> Spanned<f32> {
    Spanned::new(0..0, 5.0)
}
fn default_cell_resolution_mv() -> Spanned<f32> {
    Spanned::new(0..0, 1.0)
}

/// Cells are numbered in 16 bits.
const CELLS_MAX: usize = u16::MAX as usize;

/// The simulators of a site file, with their places in it.
pub(crate) type Simulators = Vec<Spanned<RigConfig>>;

/// A complaint at a place in the text.
type Complaint = (Range<usize>, String);

/// Reads and checks the site file at `path`; `adjust` may change its links before they are built (a replay does).
///
/// # Errors
/// [`SiteFileError`] for the first thing that is wrong.
pub(crate) fn read(
    path: &Path,
    adjust: impl FnOnce(&mut [LinkConfig], &mut Simulators) -> Result<(), String>,
) -> Result<SiteFile, SiteFileError> {
    let unreadable = |reason: String| SiteFileError::Read { path: path.to_owned(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    let wrong = |(span, message): Complaint| {
        let (line, key) = locate(&text, span.start);
        SiteFileError::Wrong { path: path.to_owned(), line, key, message }
    };
    let mut tables: Tables =
        toml::from_str(&text).map_err(|error| wrong((error.span().unwrap_or(0..0), error.message().to_owned())))?;
    adjust(&mut tables.link, &mut tables.simulator).map_err(unreadable)?;
    let base = path.parent().unwrap_or(Path::new("."));
    check(tables, base).map_err(wrong)
}

fn check(tables: Tables, base: &Path) -> Result<SiteFile, Complaint> {
    let Tables { site, system, link, simulator } = tables;
    let mut ids = HashSet::new();
    let mut systems = Vec::with_capacity(system.len());
    for table in system {
        systems.push(table.check(&mut ids)?);
    }
    if systems.is_empty() {
        return Err((site.name.span(), "the site has no [[system]]: name at least one".to_owned()));
    }
    let find = |id: &str, span: Range<usize>| -> Result<SystemIdx, Complaint> {
        let place = systems.iter().position(|system: &SystemSpec| system.id == id);
        place.map(|place| SystemIdx(place as u8)).ok_or_else(|| {
            let known: Vec<&str> = systems.iter().map(|system| system.id.as_str()).collect();
            (span, format!("there is no system {id:?}; there is {}", known.join(", ")))
        })
    };
    let (mut specs, mut tasks) = (Vec::new(), Vec::new());
    for config in &link {
        let idx = find(config.system.get_ref(), config.system.span())?;
        if !ids.insert(format!("link {}", config.id.get_ref())) {
            return Err((config.id.span(), format!("there are two links {:?}", config.id.get_ref())));
        }
        specs.push(config.spec(idx));
        let topology = &systems[idx.0 as usize].topology;
        let task = config
            .build(idx, topology, base)
            .map_err(|error| (error.span().unwrap_or_else(|| config.id.span()), error.to_string()))?;
        tasks.push(task);
    }
    let mut simulators = Vec::new();
    for config in simulator {
        let idx = find(&config.get_ref().system, config.span())?;
        simulators.push((idx, config.into_inner()));
    }
    for (idx, _) in &simulators {
        systems[idx.0 as usize].simulated = true;
    }
    let spec = SiteSpec { name: site.name.into_inner(), systems, links: specs };
    Ok(SiteFile { spec, links: tasks, simulators })
}

impl SystemTable {
    fn check(self, ids: &mut HashSet<String>) -> Result<SystemSpec, Complaint> {
        let id = self.id.get_ref().clone();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if id.is_empty() || !id.chars().all(plain) {
            return Err((self.id.span(), format!("{id:?} is no short name: use a-z, 0-9 and -")));
        }
        if !ids.insert(format!("system {id}")) {
            return Err((self.id.span(), format!("there are two systems {id:?}")));
        }
        let topology = match &self.topology {
            None => Topology::NONE,
            Some(spanned) => {
                let TopologyTable { racks, modules_per_rack, cells_per_module } = *spanned.get_ref();
                let topology = Topology::new(racks, modules_per_rack, cells_per_module);
                if topology.cells() == 0 || topology.cells() > CELLS_MAX {
                    let words = format!("{topology} is {} cells: 1 to {CELLS_MAX} are possible", topology.cells());
                    return Err((spanned.span(), words));
                }
                topology
            }
        };
        Ok(SystemSpec {
            name: self.name.unwrap_or_else(|| id.clone()),
            id,
            topology,
            capacity_ah: within(&self.capacity_ah, 0.1, 1e6, "Ah")?,
            nominal_v: within(&self.nominal_v, 1.0, 2_000.0, "V")?,
            reserve_pct: within(&self.reserve_pct, 0.0, 100.0, "%")?,
            cell_limits: CellLimits::LFP,
            cell_resolution_v: within(&self.cell_resolution_mv, 0.1, 100.0, "mV")? / 1_000.0,
            rate_hz: within(&self.rate_hz, 0.1, 20.0, "Hz")?,
            simulated: false,
        })
    }
}

fn within(value: &Spanned<f32>, low: f32, high: f32, unit: &str) -> Result<f32, Complaint> {
    let given = *value.get_ref();
    if (low..=high).contains(&given) {
        Ok(given)
    } else {
        Err((value.span(), format!("{given} {unit} is not from {low} to {high} {unit}")))
    }
}
