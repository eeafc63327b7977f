//! The tables of a site file as they are written, and the values that make sense in them.

use super::history::HistoryTable;
use super::limits::{Battery, ChemistryKey, LimitsTable};
use super::server::ServerTable;
use super::{Complaint, Simulators};
use domain::spec::{SystemKind, SystemSpec};
use domain::topology::Topology;
use links::LinkConfig;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sim::SimulatorConfig;
use std::collections::HashSet;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// Cells are numbered in 16 bits.
const CELLS_MAX: usize = u16::MAX as usize;

/// What could be read of a site file.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) site: Option<Spanned<String>>,
    pub(super) system: Vec<SystemTable>,
    pub(super) link: Vec<LinkConfig>,
    pub(super) simulator: Simulators,
    pub(super) history: Option<HistoryTable>,
    pub(super) server: Option<ServerTable>,
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
    name: Option<String>,
    #[serde(default)]
    kind: KindKey,
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
        let complaint = |error: toml::de::Error| (error.span().unwrap_or(0..0), error.message().to_owned());
        let (document, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            // What follows from a file that is no TOML helps nobody.
            return (Tables::default(), errors.into_iter().map(complaint).collect());
        }
        let (mut tables, mut wrong) = (Tables::default(), Vec::new());
        let mut has_site = false;
        for (key, value) in document.into_inner() {
            match key.get_ref().as_ref() {
                "site" => {
                    has_site = true;
                    tables.site = one_of::<SiteTable>(value).map(|site| site.name).map_err(|e| wrong.push(e)).ok();
                }
                "history" => tables.history = one_of(value).map_err(|e| wrong.push(e)).ok(),
                "server" => tables.server = one_of(value).map_err(|e| wrong.push(e)).ok(),
                "system" => tables.system = each(value, &mut wrong),
                "link" => tables.link = each(value, &mut wrong),
                "simulator" => tables.simulator = each_of(value, &mut wrong, simulator),
                other => {
                    let known = "expected [site], [server], [history], [[system]], [[link]] or [[simulator]]";
                    wrong.push((key.span(), format!("unknown field `{other}`, {known}")));
                }
            }
        }
        if !has_site {
            wrong.push((0..0, "there is no [site] with a `name`".to_owned()));
        }
        (tables, wrong)
    }
}

/// A table, or its first mistake.
fn one_of<T: DeserializeOwned>(value: Spanned<DeValue<'_>>) -> Result<T, Complaint> {
    let span = value.span();
    T::deserialize(ValueDeserializer::from(value)).map_err(|e| (e.span().unwrap_or(span), e.message().to_owned()))
}

/// Those of an array of tables that can be read.
fn each<T: DeserializeOwned>(value: Spanned<DeValue<'_>>, wrong: &mut Vec<Complaint>) -> Vec<T> {
    each_of(value, wrong, one_of)
}

/// As [`each`], with a reader of one table.
fn each_of<T>(
    value: Spanned<DeValue<'_>>,
    wrong: &mut Vec<Complaint>,
    read: impl Fn(Spanned<DeValue<'_>>) -> Result<T, Complaint>,
) -> Vec<T> {
    let span = value.span();
    let DeValue::Array(tables) = value.into_inner() else {
        wrong.push((span, "is not a list of tables: write its name in double brackets".to_owned()));
        return Vec::new();
    };
    tables.into_iter().filter_map(|table| read(table).map_err(|e| wrong.push(e)).ok()).collect()
}

/// A `[[simulator]]`. Its `kind` says which keys it has, so it is taken out first: a tagged enum would lose the places
/// of the others.
fn simulator(mut value: Spanned<DeValue<'_>>) -> Result<Spanned<SimulatorConfig>, Complaint> {
    let span = value.span();
    let kind = match value.get_mut() {
        DeValue::Table(table) => table.remove("kind"),
        _ => None,
    };
    let [pack, home] = SimulatorConfig::KINDS;
    let written = kind.as_ref().map_or(Some(pack), |kind| kind.get_ref().as_str());
    match written {
        Some(written) if written == pack => Ok(Spanned::new(span, SimulatorConfig::Pack(one_of(value)?))),
        Some(written) if written == home => Ok(Spanned::new(span, SimulatorConfig::Home(one_of(value)?))),
        _ => Err((kind.map_or(span, |kind| kind.span()), format!("unknown kind, expected \"{pack}\" or \"{home}\""))),
    }
}

impl SystemTable {
    /// The system, or everything that is wrong with it.
    pub(super) fn check(self, ids: &mut HashSet<String>) -> Result<SystemSpec, Vec<Complaint>> {
        let mut wrong = Vec::new();
        let id = self.id.get_ref().clone();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if id.is_empty() || !id.chars().all(plain) {
            wrong.push((self.id.span(), format!("{id:?} is no short name: use a-z, 0-9 and -")));
        }
        if !ids.insert(format!("system {id}")) {
            wrong.push((self.id.span(), format!("there are two systems {id:?}")));
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
        let spec = SystemSpec {
            name: self.name.unwrap_or_else(|| id.clone()),
            id,
            kind: match self.kind {
                KindKey::DataCentre => SystemKind::DataCentre,
                KindKey::Home => SystemKind::Home,
                KindKey::Storage => SystemKind::Storage,
            },
            topology,
            capacity_ah,
            nominal_v,
            reserve_pct,
            limits,
            cell_resolution_v,
            rate_hz,
            simulated: false,
            max_ages: Vec::new(),
            cell_max_age: domain::cells::CELL_MAX_AGE,
        };
        if wrong.is_empty() { Ok(spec) } else { Err(wrong) }
    }
}
