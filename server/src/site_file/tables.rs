//! The tables of a site file as they are written, and the values that make sense in them.

use super::access::AccessTable;
use super::control::ControlTable;
use super::history::HistoryTable;
use super::limits::{Battery, ChemistryKey, LimitsTable};
use super::recover::{Read, read};
use super::server::ServerTable;
use super::tls::TlsTable;
use super::{Complaint, Simulators};
use domain::plain;
use domain::spec::{SystemKind, SystemSpec};
use domain::topology::Topology;
use links::LinkConfig;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sim::SimulatorConfig;
use std::collections::HashSet;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Cells are numbered in 16 bits.
const CELLS_MAX: usize = u16::MAX as usize;

/// What could be read of a site file.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) site: Option<Spanned<String>>,
    /// With whether all that it says could be read.
    pub(super) system: Vec<(SystemTable, bool)>,
    pub(super) link: Vec<LinkConfig>,
    pub(super) simulator: Simulators,
    pub(super) control: Vec<ControlTable>,
    pub(super) history: Option<HistoryTable>,
    pub(super) server: Option<ServerTable>,
    pub(super) access: Option<AccessTable>,
    pub(super) tls: Option<TlsTable>,
    /// Whether every system that the file means is in `system`.
    pub(super) all_systems: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteTable {
    name: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SystemTable {
    pub(super) id: Spanned<String>,
    pub(super) name: Option<Spanned<String>>,
    #[serde(default)]
    kind: KindKey,
    #[serde(default)]
    topology: Option<Spanned<TopologyTable>>,
    capacity_ah: Spanned<f32>,
    nominal_v: Spanned<f32>,
    #[serde(default = "default_reserve_pct")]
    reserve_pct: Spanned<f32>,
    #[serde(default)]
    grid_cap_w: Option<Spanned<f32>>,
    #[serde(default = "default_rate_hz")]
    rate_hz: Spanned<f32>,
    #[serde(default = "default_cell_resolution_mv")]
    cell_resolution_mv: Spanned<f32>,
    #[serde(default)]
    chemistry: ChemistryKey,
    #[serde(default)]
    cells_in_series: Option<Spanned<u16>>,
    #[serde(default)]
    limits: LimitsTable,
}

/// [`SystemKind`] as it is written.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KindKey {
    DataCentre,
    Home,
    #[default]
    Storage,
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

impl Tables {
    /// Reads the tables of a site file, each for itself: what is wrong with one does not hide the others.
    pub(super) fn parse(text: &str) -> (Tables, Vec<Complaint>) {
        let complaint = |error: toml::de::Error| (error.span().unwrap_or(0..0), plain::words(error.message()));
        let (document, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            // What follows from a file that is no TOML helps nobody.
            return (Tables::default(), errors.into_iter().map(complaint).collect());
        }
        let (mut tables, mut wrong) = (Tables { all_systems: true, ..Tables::default() }, Vec::new());
        let mut has_site = false;
        for (key, value) in document.into_inner() {
            match key.get_ref().as_ref() {
                "site" => {
                    has_site = true;
                    tables.site = one_of::<SiteTable>(value, &mut wrong).table.map(|site| site.name);
                }
                "history" => tables.history = one_of(value, &mut wrong).table,
                "server" => tables.server = one_of(value, &mut wrong).table,
                "access" => tables.access = one_of(value, &mut wrong).table,
                "tls" => tables.tls = one_of(value, &mut wrong).table,
                "system" => {
                    for Read { table, whole, .. } in each(value, &mut wrong) {
                        tables.all_systems &= table.is_some();
                        tables.system.extend(table.map(|table| (table, whole)));
                    }
                }
                // What is wrong with the others may be only for want of what could not be read.
                "link" => tables.link = each(value, &mut wrong).into_iter().filter_map(whole).collect(),
                "control" => tables.control = each(value, &mut wrong).into_iter().filter_map(whole).collect(),
                "simulator" => {
                    let read = list(value, &mut wrong).into_iter().map(|table| simulator(table, &mut wrong));
                    tables.simulator = read.collect::<Vec<_>>().into_iter().flatten().collect();
                }
                other => {
                    tables.all_systems = false;
                    let known = "there is [site], [server], [tls], [access], [history], [[system]], [[link]], [[control]] and \
                        [[simulator]]";
                    wrong.push((key.span(), format!("`{other}` is not known here; {known}")));
                }
            }
        }
        if !has_site {
            wrong.push((0..0, "there is no [site] with a `name`".to_owned()));
        }
        (tables, wrong)
    }
}

/// A table as far as it can be read; what is wrong with it is told.
fn one_of<T: DeserializeOwned>(value: Spanned<DeValue<'_>>, wrong: &mut Vec<Complaint>) -> Read<T> {
    let mut read = read(value);
    wrong.append(&mut read.wrong);
    read
}

/// A table of which everything could be read.
fn whole<T>(read: Read<T>) -> Option<T> {
    read.table.filter(|_| read.whole)
}

/// Those of a list of tables, each as far as it can be read.
fn each<T: DeserializeOwned>(value: Spanned<DeValue<'_>>, wrong: &mut Vec<Complaint>) -> Vec<Read<T>> {
    list(value, wrong).into_iter().map(|table| one_of(table, wrong)).collect()
}

/// The tables of a list.
fn list<'a>(value: Spanned<DeValue<'a>>, wrong: &mut Vec<Complaint>) -> Vec<Spanned<DeValue<'a>>> {
    let span = value.span();
    match value.into_inner() {
        DeValue::Array(tables) => tables.into_iter().collect(),
        _ => {
            wrong.push((span, "is not a list of tables: write its name in double brackets".to_owned()));
            Vec::new()
        }
    }
}

/// A `[[simulator]]`. Its `kind` says which keys it has, so it is taken out first: a tagged enum would lose the places
/// of the others.
fn simulator(mut value: Spanned<DeValue<'_>>, wrong: &mut Vec<Complaint>) -> Option<Spanned<SimulatorConfig>> {
    let span = value.span();
    let kind = match value.get_mut() {
        DeValue::Table(table) => table.remove("kind"),
        _ => None,
    };
    let [pack, home] = SimulatorConfig::KINDS;
    let written = kind.as_ref().map_or(Some(pack), |kind| kind.get_ref().as_str());
    let config = match written {
        Some(written) if written == pack => whole(one_of(value, wrong)).map(SimulatorConfig::Pack),
        Some(written) if written == home => whole(one_of(value, wrong)).map(SimulatorConfig::Home),
        _ => {
            let words = format!("there is no such kind; there is \"{pack}\" and \"{home}\"");
            wrong.push((kind.map_or(span.clone(), |kind| kind.span()), words));
            None
        }
    };
    config.map(|config| Spanned::new(span, config))
}

impl SystemTable {
    /// The system, or everything that is wrong with it.
    pub(super) fn check(self, ids: &mut HashSet<String>) -> Result<SystemSpec, Vec<Complaint>> {
        let mut wrong = Vec::new();
        let id = self.id.get_ref().clone();
        if let Err(bad) = store::plain_name(&id) {
            wrong.push((self.id.span(), bad.to_string()));
        }
        if !ids.insert(format!("system {id}")) {
            wrong.push((self.id.span(), format!("there are two systems {}", plain::quoted(&id))));
        }
        let topology = match &self.topology {
            None => Topology::NONE,
            Some(spanned) => {
                let TopologyTable { racks, modules_per_rack, cells_per_module } = *spanned.get_ref();
                let topology = Topology::new(racks, modules_per_rack, cells_per_module);
                if topology.cells() == 0 || topology.cells() > CELLS_MAX {
                    let words = format!("{topology} is {} cells: 1 to {CELLS_MAX} are possible", topology.cells());
                    wrong.push((spanned.span(), words));
                }
                topology
            }
        };
        let mut within = |value: &Spanned<f32>, low: f32, high: f32, unit: &str| -> f32 {
            let given = *value.get_ref();
            if !(low..=high).contains(&given) {
                wrong.push((value.span(), format!("{given} {unit} is not from {low} to {high} {unit}")));
            }
            given
        };
        let (capacity_ah, nominal_v) =
            (within(&self.capacity_ah, 0.1, 1e6, "Ah"), within(&self.nominal_v, 1.0, 2_000.0, "V"));
        let reserve_pct = within(&self.reserve_pct, 0.0, 100.0, "%");
        let grid_cap_w = self.grid_cap_w.as_ref().map(|cap| within(cap, 0.0, 1e9, "W"));
        let cell_resolution_v = within(&self.cell_resolution_mv, 0.1, 100.0, "mV") / 1_000.0;
        let rate_hz = within(&self.rate_hz, 0.1, 20.0, "Hz");
        // Limits that follow from what is wrong are wrong too, and say nothing new.
        let mut limits_wrong = Vec::new();
        let battery = Battery {
            chemistry: self.chemistry.0,
            cells_in_series: self.cells_in_series,
            nominal_v,
            capacity_ah,
            topology,
        };
        let limits = self.limits.check(battery, &mut limits_wrong);
        if wrong.is_empty() {
            wrong = limits_wrong;
        }
        let name = self.name.map_or_else(|| id.clone(), Spanned::into_inner);
        let spec = SystemSpec {
            kind: match self.kind {
                KindKey::DataCentre => SystemKind::DataCentre,
                KindKey::Home => SystemKind::Home,
                KindKey::Storage => SystemKind::Storage,
            },
            reserve_pct,
            grid_cap_w,
            limits,
            cell_resolution_v,
            rate_hz,
            ..SystemSpec::new(&id, &name, topology, capacity_ah, nominal_v)
        };
        if wrong.is_empty() { Ok(spec) } else { Err(wrong) }
    }
}
