//! The demo's site file, `sites/demo.toml`, and the files that it names: what a server reads of them, without the checks
//! for people who write their own.

use crate::SiteError;
use domain::cells::CELL_MAX_AGE;
use domain::limits::{Chemistry, Limits};
use domain::point::{MaxAge, WatchedPoint};
use domain::spec::{SiteSpec, SystemIdx, SystemKind, SystemSpec};
use domain::topology::Topology;
use links::host::inside::files;
use links::{LinkConfig, LinkTask};
use serde::Deserialize;
use sim::{HomeConfig, RigConfig, SimulatorConfig};
use std::path::Path;

const SITE: &str = include_str!("../../../sites/demo.toml");
/// Where the site file would lie.
const FOLDER: &str = "sites";
/// What it names, as it names it.
const FILES: [(&str, &[u8]); 7] = [
    ("../dbc/packtwin_hv.dbc", include_bytes!("../../../dbc/packtwin_hv.dbc")),
    ("../registers/grid_meter.toml", include_bytes!("../../../registers/grid_meter.toml")),
    ("../registers/load_meter.toml", include_bytes!("../../../registers/load_meter.toml")),
    ("../registers/packtwin_controller.toml", include_bytes!("../../../registers/packtwin_controller.toml")),
    ("../registers/victron_battery.toml", include_bytes!("../../../registers/victron_battery.toml")),
    ("../registers/victron_settings.toml", include_bytes!("../../../registers/victron_settings.toml")),
    ("../registers/solark_beside_victron.toml", include_bytes!("../../../registers/solark_beside_victron.toml")),
];

/// The site with its links, not started, and its simulators by the system that each simulates.
pub(crate) struct DemoSite {
    pub(crate) spec: SiteSpec,
    pub(crate) links: Vec<LinkTask>,
    pub(crate) simulators: Vec<(SystemIdx, SimulatorConfig)>,
}

#[derive(Deserialize)]
struct File {
    site: SiteTable,
    system: Vec<SystemTable>,
    link: Vec<LinkConfig>,
    simulator: Vec<toml::Table>,
}

#[derive(Deserialize)]
struct SiteTable {
    name: String,
}

/// Every key that the file uses; another one is an error, so that none is passed over.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SystemTable {
    id: String,
    name: String,
    kind: String,
    topology: Option<TopologyTable>,
    capacity_ah: f32,
    nominal_v: f32,
    reserve_pct: f32,
    grid_cap_w: Option<f32>,
    rate_hz: Option<f32>,
    chemistry: Option<String>,
    cells_in_series: Option<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TopologyTable {
    modules_per_rack: u16,
    cells_per_module: u16,
}

impl DemoSite {
    /// Reads the site.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(crate) fn read() -> Result<DemoSite, SiteError> {
        let wrong = |error: String| SiteError(error);
        for (path, content) in FILES {
            files::put(Path::new(FOLDER).join(path), content);
        }
        let file: File = toml::from_str(SITE).map_err(|error| wrong(error.to_string()))?;
        let mut spec = SiteSpec { name: file.site.name, systems: Vec::new(), links: Vec::new() };
        for table in file.system {
            spec.systems.push(table.spec()?);
        }
        let find = |spec: &SiteSpec, id: &str| {
            spec.find_system(id).map(|(idx, _)| idx).ok_or_else(|| wrong(format!("there is no system {id:?}")))
        };
        let mut links = Vec::new();
        for config in file.link {
            let idx = find(&spec, config.system.get_ref())?;
            let mut link = config.spec(idx);
            let system = &mut spec.systems[usize::from(idx.0)];
            let mut task =
                config.build(idx, &system.topology, Path::new(FOLDER)).map_err(|error| wrong(error.to_string()))?;
            task.number_device_points(system.device_points.len() as u16);
            system.device_points = [&system.device_points[..], &task.device_points()].concat().into();
            system.watched_points = WatchedPoint::of(&system.device_points).into();
            for max in &task.ages().points {
                allow(&mut system.max_ages, *max);
            }
            system.cell_max_age = system.cell_max_age.max(task.ages().cells.unwrap_or_default());
            link.device = task.handle().device().to_owned();
            link.silent_after = task.silent_after();
            link.only_settings = task.only_settings();
            spec.links.push(link);
            links.push(task);
        }
        let mut simulators = Vec::new();
        for table in file.simulator {
            let config = simulator(table).map_err(|error| wrong(error.to_string()))?;
            let idx = find(&spec, config.system())?;
            spec.systems[usize::from(idx.0)].simulated = true;
            simulators.push((idx, config));
        }
        Ok(DemoSite { spec, links, simulators })
    }
}

/// Lets a point be as old as its slowest link makes it.
fn allow(max_ages: &mut Vec<MaxAge>, max: MaxAge) {
    match max_ages.iter_mut().find(|known| known.point == max.point) {
        Some(known) => known.age = known.age.max(max.age),
        None => max_ages.push(max),
    }
}

/// Its `kind` says which keys it has.
fn simulator(mut table: toml::Table) -> Result<SimulatorConfig, toml::de::Error> {
    let [_, home] = SimulatorConfig::KINDS;
    let kind = table.remove("kind");
    Ok(match kind.as_ref().and_then(toml::Value::as_str) == Some(home) {
        true => SimulatorConfig::Home(table.try_into::<HomeConfig>()?),
        false => SimulatorConfig::Pack(table.try_into::<RigConfig>()?),
    })
}

impl SystemTable {
    fn spec(self) -> Result<SystemSpec, SiteError> {
        let kind = SystemKind::ALL.into_iter().find(|kind| kind.key() == self.kind);
        let kind = kind.ok_or_else(|| SiteError(format!("there is no kind of system {:?}", self.kind)))?;
        let topology = self
            .topology
            .map_or(Topology::NONE, |table| Topology::new(1, table.modules_per_rack, table.cells_per_module));
        let chemistry = match &self.chemistry {
            None => Chemistry::default(),
            Some(key) => Chemistry::from_key(key).ok_or_else(|| SiteError(format!("there is no chemistry {key:?}")))?,
        };
        let in_series = || Limits::cells_in_series(chemistry, self.nominal_v, &topology);
        Ok(SystemSpec {
            limits: Limits::of(chemistry, self.cells_in_series.unwrap_or_else(in_series), self.capacity_ah),
            id: self.id,
            name: self.name,
            kind,
            topology,
            capacity_ah: self.capacity_ah,
            nominal_v: self.nominal_v,
            reserve_pct: self.reserve_pct,
            grid_cap_w: self.grid_cap_w,
            cell_resolution_v: 0.001,
            rate_hz: self.rate_hz.unwrap_or(5.0),
            simulated: false,
            max_ages: Vec::new(),
            cell_max_age: CELL_MAX_AGE,
            device_points: Default::default(),
            watched_points: Default::default(),
            // Nobody is there who could be known, and nothing that is journalled.
            controls: Default::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server reads the same file with its own checks (`server/src/site_file.rs`), and is held against the same text.
    #[test]
    fn the_site_is_the_one_that_a_server_reads() {
        let today = format!("{:#?}\n", DemoSite::read().unwrap().spec);
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/site.txt");
        assert!(testkit::kept(path, &today) == today, "the site is another one than {path}");
    }
}
