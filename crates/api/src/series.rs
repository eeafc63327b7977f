//! The last minutes at full rate.

use crate::json::{Timestamp, rounded};
use domain::series::Table;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is asked for: points, a cell, or both.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeriesRequest {
    /// The system's id; the first one if not given.
    #[schemars(example = &"hv")]
    pub system: Option<String>,
    /// Paths of points, separated by commas; at most 128.
    #[schemars(example = &"battery/power,load/power")]
    pub points: Option<String>,
    /// A cell, by its name or its number from 0: its voltage and temperature.
    #[schemars(example = &"7.12")]
    pub cell: Option<String>,
    /// How far back, s; 600 if not given.
    #[schemars(range(min = 1, max = 600), example = 60)]
    pub seconds: Option<u32>,
    /// The instant before which they are; now, if not given. RFC 3339, a date, or ms since 1970.
    pub until: Option<String>,
}

/// Series over one time axis. Of the last minute every sample, before it the lowest and the highest of each second, then of
/// each five; before `until` every sample. In the binary form: [`Table`].
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SeriesResponse {
    /// When each value was taken. A row without values says that there was nothing for a while.
    pub timestamps: Vec<Timestamp>,
    /// The series, in the order in which they were asked for.
    pub series: Vec<Series>,
}

/// A series.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Series {
    /// The point's path, or the quantity of a cell with its number: `cells/voltage/131`.
    pub name: String,
    /// The unit's symbol; empty for a bare number.
    pub unit: &'static str,
    /// A value for each timestamp; null where there was no good and fresh one.
    pub values: Vec<Option<f64>>,
}

impl From<&Table> for SeriesResponse {
    fn from(table: &Table) -> SeriesResponse {
        let series = table.series.iter().map(|series| Series {
            name: series.name.clone(),
            unit: series.unit.symbol(),
            values: series.values.iter().map(|value| value.map(|value| rounded(value, series.resolution))).collect(),
        });
        SeriesResponse { timestamps: table.at.iter().copied().map(Timestamp).collect(), series: series.collect() }
    }
}
