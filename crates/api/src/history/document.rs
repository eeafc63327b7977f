//! A range of the past for people and programs: every row, or what is known of each step.

use crate::json::{Timestamp, Word};
use domain::alarm::Severity;
use domain::words::Words;
use schemars::JsonSchema;
use serde::Serialize;

/// A range of a system's past.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HistoryDocument {
    /// The system's id.
    pub system: String,
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// The points over time.
    #[serde(flatten)]
    pub chart: HistoryChart,
    /// What the values of each point are within the range.
    pub statistics: Vec<PointStatistics>,
    /// Energy and time by direction.
    pub energy: Energy,
    /// Single cells over time; left out if none were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<CellSeries>,
    /// Device points over time; left out if none were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub device_points: Vec<CellSeries>,
    /// What happened, oldest first: the newest 500.
    pub events: Vec<HistoryEvent>,
    /// Days that are missing; null if none is.
    pub left_out: Option<LeftOut>,
}

/// Points over time: every row where they are few, else steps.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum HistoryChart {
    /// Every row, and the one before and after the range where there is one near.
    Rows {
        /// Where it comes from: `every row`.
        tier: &'static str,
        /// When each row was taken.
        timestamps: Vec<Timestamp>,
        /// The points.
        series: Vec<PointReadings>,
    },
    /// What is known of each step.
    Steps {
        /// Where it comes from: `from minutes`.
        tier: &'static str,
        /// When the first step begins.
        first_step: Timestamp,
        /// How long each step is, ms.
        step_ms: i64,
        /// The points.
        series: Vec<PointSteps>,
    },
}

/// Every row of a point.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PointReadings {
    /// Its path.
    pub point: &'static str,
    /// Its column in files.
    pub column: String,
    /// The unit's symbol; empty for a bare number.
    pub unit: &'static str,
    /// A value for each timestamp; null where there is none.
    pub values: Vec<Option<f64>>,
}

/// A point, step by step.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PointSteps {
    /// Its path.
    pub point: &'static str,
    /// Its column in files.
    pub column: String,
    /// The unit's symbol; empty for a bare number.
    pub unit: &'static str,
    /// What is known of each step.
    #[serde(flatten)]
    pub steps: Steps,
}

/// What is known of each step; null where nothing is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Steps {
    /// How many rows have a value.
    pub rows: Vec<u32>,
    /// The first value.
    pub first: Vec<Option<f64>>,
    /// The lowest value.
    pub min: Vec<Option<f64>>,
    /// The highest value.
    pub max: Vec<Option<f64>>,
    /// The last value.
    pub last: Vec<Option<f64>>,
    /// The mean.
    pub mean: Vec<Option<f64>>,
}

/// What the values of a point are; null if there are none.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PointStatistics {
    /// Its path.
    pub point: &'static str,
    /// Its column in files.
    pub column: String,
    /// The unit's symbol; empty for a bare number.
    pub unit: &'static str,
    /// How many rows have a value.
    pub rows: u32,
    /// Their mean.
    pub mean: Option<f64>,
    /// Their standard deviation.
    pub std_dev: Option<f64>,
    /// The lowest.
    pub min: Option<f64>,
    /// The highest.
    pub max: Option<f64>,
}

/// Energy and time by direction.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Energy {
    /// Out of the battery, Wh.
    pub out_wh: f64,
    /// Into the battery, Wh.
    pub in_wh: f64,
    /// Time of discharging, s.
    pub discharging_s: f64,
    /// Time of charging, s.
    pub charging_s: f64,
    /// Time of which voltage and current are known, s.
    pub known_s: f64,
}

/// A single cell or a device point over time.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CellSeries {
    /// The name by which it was asked for: `cells/7.12/voltage`, `gpu-hall/gpu/3/power`.
    pub point: String,
    /// The unit's symbol.
    pub unit: &'static str,
    /// Its values.
    #[serde(flatten)]
    pub chart: CellChart,
}

/// The values of a cell or device point: every reading of a short range that is on the tape, else minutes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum CellChart {
    /// Every reading.
    Readings(CellReadings),
    /// What is known of each step.
    Steps(CellSteps),
}

/// Every reading of a cell or device point.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CellReadings {
    /// `every reading`.
    pub tier: &'static str,
    /// When each was taken.
    pub timestamps: Vec<Timestamp>,
    /// A value for each timestamp; null where there is none.
    pub values: Vec<Option<f64>>,
}

/// A cell or device point, step by step.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CellSteps {
    /// `from minutes`.
    pub tier: &'static str,
    /// When the first step begins.
    pub first_step: Timestamp,
    /// How long each step is, ms: whole minutes.
    pub step_ms: i64,
    /// Null: it is not known.
    pub std_dev: Option<f64>,
    /// Why not.
    pub std_dev_reason: &'static str,
    /// What is known of each step. First and last are means of a minute.
    #[serde(flatten)]
    pub steps: Steps,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HistoryEvent {
    /// When.
    pub timestamp: Timestamp,
    /// What became of it.
    pub kind: Word<EventKind>,
    /// The id of the rule.
    #[schemars(example = &"bus.sag")]
    pub rule: String,
    /// What it is about, by a name that stays; empty if that was not recorded.
    #[schemars(example = &"cell 7.12")]
    pub subject: String,
    /// How bad it is.
    pub severity: Word<Severity>,
    /// The watched value then, in the rule's unit; null if that was not recorded.
    pub value: Option<f64>,
    /// What is wrong, for people.
    pub words: String,
}

/// What became of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// It became active.
    Raised,
    /// It is over.
    Cleared,
    /// History was deleted: no alarm.
    Deleted,
}

impl Words for EventKind {
    const WHAT: &'static str = "kind of event";
    const VALUES: &'static [EventKind] = &[EventKind::Raised, EventKind::Cleared, EventKind::Deleted];

    fn as_word(self) -> &'static str {
        match self {
            EventKind::Raised => "raised",
            EventKind::Cleared => "cleared",
            EventKind::Deleted => "deleted",
        }
    }
}

/// Days that are in no answer, because their files were damaged or gone, or are still to be taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftOut {
    /// Days of rows.
    pub readings: Vec<String>,
    /// Days of minutes of cells.
    pub cells: Vec<String>,
    /// Days of minutes of device points.
    pub device_points: Vec<String>,
    /// The same as a sentence.
    pub words: String,
    /// How many of them are still to be taken in: ask again in some minutes.
    pub to_come: usize,
}
