//! What a column or a channel means: by its name, or by a map, as signals of a CAN bus are mapped.
//!
//! ```toml
//! modules = 5                 # cells of modules are numbered in each
//! cells_per_module = 52
//! step_ms = 200               # channels of different files become rows of this step
//! map = [
//!   { point = "cells/voltage", channel = "bms1_p{module}_v{cell}" },
//!   { point = "cells/temperature", channel = "bms1_p{module}_t{cell}", scale = 0.1 },  # else by its unit
//!   { point = "battery/current", channel = "bms1_i", sign = "charge-positive" },
//! ]
//! ```

use super::table::{bare_name, plain_name, unit_of};
use anyhow::{Context as _, Result, anyhow, bail};
use domain::minute::Stat;
use domain::plain;
use domain::point::PointId;
use domain::reading::{CellQuantity, Target};
use domain::telemetry::from_column_name;
use domain::topology::Topology;
use links::device::can_map::pattern::Pattern;
use links::device::sign::Sign;
use links::device::unit::{self, Conversion};
use serde::Deserialize;
use std::path::Path;

/// The step of rows that are joined from channels, ms, if the map names none.
const STEP_MS: i64 = 200;

/// How columns and channels are understood.
#[derive(Debug)]
pub(super) enum Meanings {
    /// Their names are those that `packtwin export` writes, or paths of points.
    Names,
    /// A map says it.
    Map(MapFile),
}

/// A map as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MapFile {
    #[serde(default = "one")]
    modules: u16,
    cells_per_module: Option<u16>,
    #[serde(default = "step_ms")]
    step_ms: i64,
    map: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    point: String,
    channel: String,
    #[serde(default = "first")]
    first: u32,
    /// Factor to the point's unit, in place of the one that follows from a unit in brackets.
    scale: Option<f64>,
    #[serde(default)]
    offset: f64,
    sign: Option<Sign>,
}

fn one() -> u16 {
    1
}
fn first() -> u32 {
    1
}
fn step_ms() -> i64 {
    STEP_MS
}

/// What a column is, and how its numbers become ours: times `factor`, plus `offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Meaning {
    pub(super) target: Target,
    factor: f64,
    offset: f64,
    /// The entry of the map that says so.
    pub(super) entry: Option<usize>,
}

/// What is known of a column or channel.
#[derive(Debug, PartialEq)]
pub(super) enum Found {
    /// Nothing says what it is.
    Nothing,
    /// It is known what it is, but it cannot be used: why, in words.
    Refused {
        /// Why.
        why: String,
        /// The entry of the map that is about it.
        entry: Option<usize>,
    },
    /// What it is.
    Meaning(Meaning),
}

impl Meaning {
    /// A value in our unit and sign; NaN stays NaN.
    pub(super) fn value(&self, read: f32) -> f32 {
        if self.factor == 1.0 && self.offset == 0.0 {
            read
        } else {
            (f64::from(read) * self.factor + self.offset) as f32
        }
    }
}

impl Meanings {
    /// Reads a map.
    ///
    /// # Errors
    /// It cannot be read, or an entry of it cannot be: the error names it.
    pub(super) fn read(path: &Path) -> Result<Meanings> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| format!("read {shown}"))?;
        let file: MapFile = toml::from_str(&text).map_err(|error| {
            let line =
                1 + text.get(..error.span().unwrap_or(0..0).start).map_or(0, |before| before.matches('\n').count());
            anyhow!("{shown}:{line}: {}", plain::words(error.message()))
        })?;
        if !(50..=60_000).contains(&file.step_ms) {
            bail!("{shown}: step_ms {} is not from 50 to 60 000", file.step_ms);
        }
        for entry in &file.map {
            Pattern::parse(&entry.channel).map_err(|why| anyhow!("{shown}: {why}"))?;
            target(&entry.point, None).map_err(|why| anyhow!("{shown}: {why}"))?;
            if entry.point.starts_with("cells/") && file.cells_per_module.is_none() {
                bail!(
                    "{shown}: cells are mapped, so cells_per_module must be there (and modules, if there are several)"
                );
            }
        }
        Ok(Meanings::Map(file))
    }

    /// The step to which rows are joined, ms; `None` if they stay as they are.
    pub(super) fn step_ms(&self) -> Option<i64> {
        match self {
            Meanings::Names => None,
            Meanings::Map(file) => Some(file.step_ms),
        }
    }

    /// Whether a column of this name may have a meaning.
    pub(super) fn wants(&self, name: &str) -> bool {
        let of_minutes = |name: &str| {
            let mut all = CellQuantity::ALL.into_iter().flat_map(|quantity| Stat::ALL.map(|stat| (quantity, stat)));
            name == "cell" || all.any(|(quantity, stat)| store::cell_column_name(quantity, stat) == name)
        };
        let is_names = matches!(self, Meanings::Names);
        (is_names && of_minutes(&plain_name(name))) || matches!(self.of(name, ""), Ok(Found::Meaning(_)))
    }

    /// What a column or channel of this name is. `unit` is the one of its values where the name says none.
    ///
    /// # Errors
    /// The map takes it for a cell that cannot be.
    pub(super) fn of(&self, name: &str, unit: &str) -> Result<Found> {
        let unit = Some(unit_of(name)).filter(|own| !own.is_empty()).unwrap_or(unit);
        match self {
            Meanings::Names => {
                let by_path = || PointId::from_path(&bare_name(name).to_lowercase());
                let Some(point) = from_column_name(&plain_name(name)).or_else(by_path) else {
                    return Ok(Found::Nothing);
                };
                let target = Target::Point(point);
                Ok(match unit::conversion(unit, target) {
                    Ok(Conversion { factor, offset }) => {
                        Found::Meaning(Meaning { target, factor, offset, entry: None })
                    }
                    Err(why) => Found::Refused { why, entry: None },
                })
            }
            Meanings::Map(file) => file.of(name, unit),
        }
    }

    /// The entries of the map, as `point = channel`.
    pub(super) fn entries(&self) -> Vec<String> {
        match self {
            Meanings::Names => Vec::new(),
            Meanings::Map(file) => {
                file.map.iter().map(|entry| format!("{} (channel {})", entry.point, entry.channel)).collect()
            }
        }
    }
}

/// What a target is called: the path of a point, a cell by its number from 0.
pub(super) fn target_name(target: Target) -> String {
    match target {
        Target::Point(point) => point.spec().path.to_owned(),
        Target::Cell(quantity, cell) => format!("{} of cell {cell}", quantity.path()),
        Target::Node(quantity, node) => format!("{} of node {node}", quantity.path()),
        Target::Device(number) => format!("device point {number}"),
    }
}

impl MapFile {
    /// Upper and lower case are the same, as in the names of columns; with or without the unit in brackets.
    fn of(&self, name: &str, unit: &str) -> Result<Found> {
        for (index, entry) in self.map.iter().enumerate() {
            let numbers = Pattern::parse(&entry.channel).ok().and_then(|pattern| {
                pattern.matches_any_case(name).or_else(|| pattern.matches_any_case(bare_name(name)))
            });
            let Some(numbers) = numbers else { continue };
            let topology = Topology::new(1, self.modules, self.cells_per_module.unwrap_or(0));
            let cell = numbers.cell_index(entry.first, &topology).map_err(|_| {
                let (modules, of) = (self.modules, topology.cells_per_module);
                anyhow!("channel {name} is a cell that {modules} modules of {of} cells do not have: are `modules`, `cells_per_module` and `first` right?")
            })?;
            let cell = cell.map(|cell| u16::try_from(cell).unwrap_or(u16::MAX));
            let sign = entry.sign.map_or(1.0, Sign::factor);
            let target = target(&entry.point, cell).map_err(|why| anyhow!("{why}"))?;
            let own = match entry.scale {
                Some(factor) => Conversion { factor, offset: 0.0 },
                None => match unit::conversion(unit, target) {
                    Ok(conversion) => conversion,
                    Err(why) => {
                        let why = format!("{why}, or set `scale` in the map");
                        return Ok(Found::Refused { why, entry: Some(index) });
                    }
                },
            };
            let (factor, offset) = (own.factor * sign, (own.offset + entry.offset) * sign);
            return Ok(Found::Meaning(Meaning { target, factor, offset, entry: Some(index) }));
        }
        Ok(Found::Nothing)
    }
}

/// The target with a path; that of cells needs a cell, unless only the path is checked.
fn target(path: &str, cell: Option<u16>) -> Result<Target, String> {
    if let Some(quantity) = CellQuantity::ALL.into_iter().find(|quantity| quantity.path() == path) {
        return Ok(Target::Cell(quantity, cell.unwrap_or(0)));
    }
    match PointId::from_path(path) {
        Some(point) => Ok(Target::Point(point)),
        None => Err(format!(
            "{} is no point: write cells/voltage, cells/temperature or the path of a point",
            plain::quoted(path)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(text: &str) -> Result<Meanings> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("map.toml");
        std::fs::write(&path, text).unwrap();
        Meanings::read(&path)
    }

    #[test]
    fn channels_are_found_by_the_map_and_columns_by_their_names() {
        let map = map(r#"
            modules = 5
            cells_per_module = 52
            map = [
              { point = "cells/voltage", channel = "bms1_p{module}_v{cell}" },
              { point = "battery/current", channel = "bms1_i", sign = "charge-positive", scale = 0.1 },
            ]"#)
        .unwrap();
        let meaning = |of: &Meanings, name: &str, unit: &str| match of.of(name, unit).unwrap() {
            Found::Meaning(meaning) => Some(meaning),
            _ => None,
        };
        let of = |name| meaning(&map, name, "").map(|meaning| meaning.target);
        assert_eq!(of("bms1_p1_v1"), Some(Target::Cell(CellQuantity::Voltage, 0)));
        assert_eq!(of("bms1_p5_v52"), Some(Target::Cell(CellQuantity::Voltage, 259)));
        assert_eq!(of("BMS1_P1_v2"), Some(Target::Cell(CellQuantity::Voltage, 1)));
        assert_eq!(of("bms2_p1_v1"), None);
        assert_eq!(meaning(&map, "bms1_i", "").unwrap().value(125.0), -12.5);
        // A given scale counts; else the unit does, of the channel or of its values.
        assert_eq!(meaning(&map, "bms1_i [kA]", "").unwrap().value(125.0), -12.5);
        assert_eq!(meaning(&map, "bms1_p1_v1 (mV)", "").unwrap().value(3_200.0), 3.2);
        assert_eq!(meaning(&map, "bms1_p1_v1", "mV").unwrap().value(3_200.0), 3.2);
        let refused = map.of("bms1_p1_v1", "A").unwrap();
        assert!(
            matches!(&refused, Found::Refused { why, entry: Some(0) } if why.contains("it is in A")),
            "{refused:?}"
        );
        assert!(map.of("bms1_p6_v1", "").unwrap_err().to_string().contains("5 modules of 52 cells do not have"));
        assert!(map.of("bms1_p1_v0", "").is_err() && map.of("bms1_p1_v53", "").is_err());
        assert_eq!(map.step_ms(), Some(200));

        let names = |name| meaning(&Meanings::Names, name, "").map(|meaning| meaning.target);
        assert_eq!(names("SOC (%)"), Some(Target::Point(PointId::Soc)));
        assert_eq!(names("battery/voltage"), Some(Target::Point(PointId::Voltage)));
        assert_eq!(names("colour"), None);
    }

    #[test]
    fn the_unit_of_a_name_is_converted_or_refused() {
        for (name, read, expected) in [
            ("pack_power [kW]", 12.5, Ok(12_500.0)),
            ("pack_voltage (kV)", 0.832, Ok(832.0)),
            ("battery/voltage [mV]", 832_000.0, Ok(832.0)),
            ("soc [%]", 55.0, Ok(55.0)),
            ("min_cell_v[mV]", 3_200.0, Ok(3.2)),
            ("soc [1]", 0.5, Ok(50.0)),
            ("max_cell_temp (\u{b0}F)", 77.0, Ok(25.0)),
            ("cell_temperature_min [K]", 300.0, Ok(26.85)),
            ("max_cell_temp [\u{b0}R]", 1.0, Err("the unit \u{b0}R is not known here: convert it to \u{b0}C")),
            ("pack_current (V)", 1.0, Err("it is in V, but A is needed")),
        ] {
            let found = match Meanings::Names.of(name, "").unwrap() {
                Found::Meaning(meaning) => Ok(meaning.value(read)),
                Found::Refused { why, .. } => Err(why),
                Found::Nothing => panic!("{name}"),
            };
            assert_eq!(found, expected.map_err(str::to_owned), "{name}");
        }
    }

    #[test]
    fn a_wrong_map_says_what_is_wrong() {
        for (text, expected) in [
            ("map = [{ point = \"cells/voltage\", channel = \"v{cell}\" }]", "cells_per_module must be there"),
            ("map = [{ point = \"battery/colour\", channel = \"x\" }]", "\"battery/colour\" is no point"),
            ("map = [{ point = \"battery/soc\", channel = \"x{zell}\" }]", "`{zell}` is not known"),
            ("step_ms = 5\nmap = []", "step_ms 5 is not from 50"),
            ("map = [{ point = \"battery/soc\" }]", ":1: `channel` is missing"),
        ] {
            let error = format!("{:#}", map(text).unwrap_err());
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
