//! Every cell: at one instant, and over time.

use crate::history::LeftOut;
use crate::json::{Timestamp, Word};
use crate::state::CellValue;
use domain::point::Unit;
use domain::reading::CellQuantity;
use domain::series::CellMap;
use domain::spec::SystemSpec;
use domain::twin::Snapshot;
use domain::words::Words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Every cell at one instant.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CellsResponse {
    /// The system's id.
    pub system: String,
    /// The instant.
    pub timestamp: Timestamp,
    /// The cells, in their order.
    pub cells: Vec<Cell>,
}

/// A cell.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Cell {
    /// Its name: `7.12`, or `R3 7.12` where there are several racks.
    pub cell: String,
    /// Its voltage, V.
    pub voltage_v: CellValue,
    /// Its temperature, °C.
    pub temperature_c: CellValue,
}

impl CellsResponse {
    /// The cells of the system `spec` at the instant of `snapshot`.
    pub fn of(spec: &SystemSpec, snapshot: &Snapshot) -> CellsResponse {
        let now = snapshot.now.mono;
        let value = |quantity, cell, step| {
            let column = snapshot.state.cells.column(quantity);
            CellValue::of(column.sample(cell, now), column.last(cell), step, now)
        };
        let cells = (0..spec.topology.cells()).map(|cell| Cell {
            cell: spec.topology.cell_name(cell),
            voltage_v: value(CellQuantity::Voltage, cell, spec.cell_resolution_v),
            temperature_c: value(CellQuantity::Temperature, cell, 0.1),
        });
        CellsResponse { system: spec.id.clone(), timestamp: Timestamp(snapshot.now.utc), cells: cells.collect() }
    }
}

/// What is asked of the cells' past.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CellsHistoryRequest {
    /// The system's id; the first one if not given.
    #[schemars(example = &"hv")]
    pub system: Option<String>,
    /// What of the cells; `deviation` if not given.
    #[schemars(example = &"deviation")]
    pub quantity: Option<MapQuantity>,
    /// The first instant: RFC 3339, a date, or ms since 1970. A day before `to` if not given.
    #[schemars(example = &"2026-11-20")]
    pub from: Option<String>,
    /// The first instant after it; now if not given.
    #[schemars(example = &"2026-11-21")]
    pub to: Option<String>,
    /// How many steps at most, about: pixels of the picture. 1000 if not given.
    #[schemars(range(min = 1, max = 4096), example = 24)]
    pub width: Option<usize>,
}

/// A quantity of cells over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum MapQuantity {
    /// Mean voltage, V.
    Voltage,
    /// Mean temperature, °C.
    Temperature,
    /// How far the mean voltage lies from that of all cells, V.
    #[default]
    Deviation,
}

impl MapQuantity {
    /// The unit of its values and their step.
    pub fn unit(self) -> (Unit, f32) {
        match self {
            MapQuantity::Voltage | MapQuantity::Deviation => (Unit::Volt, 0.000_1),
            MapQuantity::Temperature => (Unit::Celsius, 0.01),
        }
    }
}

impl Words for MapQuantity {
    const WHAT: &'static str = "quantity of cells";
    const VALUES: &'static [MapQuantity] = &[MapQuantity::Voltage, MapQuantity::Temperature, MapQuantity::Deviation];

    fn as_word(self) -> &'static str {
        match self {
            MapQuantity::Voltage => "voltage",
            MapQuantity::Temperature => "temperature",
            MapQuantity::Deviation => "deviation",
        }
    }
}

/// Every cell over time, one value a cell and step. In the binary form: [`CellMap`].
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CellsHistoryResponse {
    /// The system's id.
    pub system: String,
    /// What the values are.
    pub quantity: Word<MapQuantity>,
    /// Their unit's symbol.
    pub unit: &'static str,
    /// When the first step begins.
    pub first_step: Timestamp,
    /// How long each step is, ms: whole minutes.
    pub step_ms: u64,
    /// How many steps there are.
    pub steps: usize,
    /// The cells, in their order.
    pub cells: Vec<CellOverTime>,
    /// Days that are missing; null if none is.
    pub left_out: Option<LeftOut>,
}

/// A cell over time.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CellOverTime {
    /// Its name: `7.12`.
    pub cell: String,
    /// Its number, from 0.
    pub number: usize,
    /// A value for each step; null where nothing is known.
    pub values: Vec<Option<f64>>,
}

impl CellsHistoryResponse {
    /// The map of a quantity of the cells of the system `spec`.
    pub fn of(
        spec: &SystemSpec,
        quantity: MapQuantity,
        map: &CellMap,
        left_out: Option<LeftOut>,
    ) -> CellsHistoryResponse {
        // Quotients of whole numbers print short; float sums do not.
        let per_unit = (1.0 / f64::from(map.resolution)).round();
        let rounded = |value: f32| (f64::from(value) * per_unit).round() / per_unit;
        let cells = (0..map.cells).map(|cell| CellOverTime {
            cell: spec.topology.cell_name(cell),
            number: cell,
            values: (0..map.steps).map(|step| map.get(cell, step).map(rounded)).collect(),
        });
        CellsHistoryResponse {
            system: spec.id.clone(),
            quantity: Word(quantity),
            unit: map.unit.symbol(),
            first_step: Timestamp(map.from),
            step_ms: map.step_ms,
            steps: map.steps,
            cells: cells.collect(),
            left_out,
        }
    }
}
