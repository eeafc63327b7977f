//! What a column or a channel means: by its name, or by a map, as signals of a CAN bus are mapped.
//!
//! ```toml
//! modules = 5                 # cells of modules are numbered in each
//! cells_per_module = 52
//! step_ms = 200               # channels of different files become rows of this step
//! map = [
//!   { point = "cells/voltage", channel = "bms1_p{module}_v{cell}" },
//!   { point = "cells/temperature", channel = "bms1_p{module}_t{cell}", scale = 0.1 },
//!   { point = "battery/current", channel = "bms1_i", sign = "charge-positive" },
//! ]
//! ```

use super::table::plain_name;
use anyhow::{Context as _, Result, anyhow, bail};
use domain::minute::Stat;
use domain::point::PointId;
use domain::reading::{CellQuantity, Target};
use domain::telemetry::from_column_name;
use domain::topology::Topology;
use links::device::can_map::pattern::Pattern;
use links::device::sign::Sign;
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
    #[serde(default = "scale")]
    scale: f64,
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
fn scale() -> f64 {
    1.0
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
        let file: MapFile = toml::from_str(&text).map_err(|error| anyhow!("{shown}: {error}"))?;
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
            let mut lanes = CellQuantity::ALL.into_iter().flat_map(|quantity| Stat::ALL.map(|stat| (quantity, stat)));
            name == "cell" || lanes.any(|(quantity, stat)| store::cell_column_name(quantity, stat) == name)
        };
        let is_names = matches!(self, Meanings::Names);
        (is_names && of_minutes(&plain_name(name))) || self.of(name).is_ok_and(|meaning| meaning.is_some())
    }

    /// What a column or channel of this name is; `None` if nothing says it.
    ///
    /// # Errors
    /// The map takes it for a cell that cannot be.
    pub(super) fn of(&self, name: &str) -> Result<Option<Meaning>> {
        match self {
            Meanings::Names => {
                let point = from_column_name(&plain_name(name)).or_else(|| PointId::from_path(&name.to_lowercase()));
                Ok(point.map(|point| Meaning { target: Target::Point(point), factor: 1.0, offset: 0.0 }))
            }
            Meanings::Map(file) => file.of(name),
        }
    }
}

impl MapFile {
    fn of(&self, name: &str) -> Result<Option<Meaning>> {
        for entry in &self.map {
            let Some(numbers) = Pattern::parse(&entry.channel).ok().and_then(|pattern| pattern.matches("", name))
            else {
                continue;
            };
            let topology = Topology::new(1, self.modules, self.cells_per_module.unwrap_or(0));
            let cell = numbers.cell_index(entry.first, &topology).map_err(|_| {
                let (modules, of) = (self.modules, topology.cells_per_module);
                anyhow!("channel {name} is a cell that {modules} modules of {of} cells do not have: are `modules`, `cells_per_module` and `first` right?")
            })?;
            let cell = cell.map(|cell| u16::try_from(cell).unwrap_or(u16::MAX));
            let sign = entry.sign.map_or(1.0, Sign::factor);
            let target = target(&entry.point, cell).map_err(|why| anyhow!("{why}"))?;
            return Ok(Some(Meaning { target, factor: entry.scale * sign, offset: entry.offset * sign }));
        }
        Ok(None)
    }
}

/// The target with a path; that of cells needs a cell, unless only the path is checked.
fn target(path: &str, cell: Option<u16>) -> Result<Target, String> {
    if let Some(quantity) = CellQuantity::ALL.into_iter().find(|quantity| quantity.path() == path) {
        return Ok(Target::Cell(quantity, cell.unwrap_or(0)));
    }
    match PointId::from_path(path) {
        Some(point) => Ok(Target::Point(point)),
        None => Err(format!("{path:?} is no point: write cells/voltage, cells/temperature or the path of a point")),
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
        let of = |name| map.of(name).unwrap().map(|meaning| meaning.target);
        assert_eq!(of("bms1_p1_v1"), Some(Target::Cell(CellQuantity::Voltage, 0)));
        assert_eq!(of("bms1_p5_v52"), Some(Target::Cell(CellQuantity::Voltage, 259)));
        assert_eq!(of("bms2_p1_v1"), None);
        assert_eq!(map.of("bms1_i").unwrap().unwrap().value(125.0), -12.5);
        assert!(map.of("bms1_p6_v1").unwrap_err().to_string().contains("5 modules of 52 cells do not have"));
        assert!(map.of("bms1_p1_v0").is_err() && map.of("bms1_p1_v53").is_err());
        assert_eq!(map.step_ms(), Some(200));

        let names = |name| Meanings::Names.of(name).unwrap().map(|meaning| meaning.target);
        assert_eq!(names("SOC (%)"), Some(Target::Point(PointId::Soc)));
        assert_eq!(names("battery/voltage"), Some(Target::Point(PointId::Voltage)));
        assert_eq!(names("colour"), None);
    }

    #[test]
    fn a_wrong_map_says_what_is_wrong() {
        for (text, says) in [
            ("map = [{ point = \"cells/voltage\", channel = \"v{cell}\" }]", "cells_per_module must be there"),
            ("map = [{ point = \"battery/colour\", channel = \"x\" }]", "\"battery/colour\" is no point"),
            ("map = [{ point = \"battery/soc\", channel = \"x{zell}\" }]", "`{zell}` is not known"),
            ("step_ms = 5\nmap = []", "step_ms 5 is not from 50"),
            ("map = [{ point = \"battery/soc\" }]", "missing field `channel`"),
        ] {
            let error = format!("{:#}", map(text).unwrap_err());
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
