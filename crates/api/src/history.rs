//! Any range of a system's past: as a page draws it, and as programs read it.

mod document;

pub use document::{
    CellChart, CellReadings, CellSeries, CellSteps, Energy, EventKind, HistoryChart, HistoryDocument, HistoryEvent,
    LeftOut, PointReadings, PointStatistics, PointSteps, Steps,
};

use crate::json::thousandths;
use domain::alarm::Severity;
use domain::energy::Flow;
use domain::series::Table;
use domain::time::Utc;
use domain::wire::Wire;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is asked for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryRequest {
    /// The system's id; the first one if not given.
    #[schemars(example = &"hv")]
    pub system: Option<String>,
    /// Points by path or column, cells as `cells/7.12/voltage`, and device points by their names (`gpu-hall/gpu/3/power`,
    /// see `/api/v1/devices`), separated by commas. Of a file: all columns if not given, no cells and no device points.
    #[schemars(example = &"soc,battery/voltage")]
    pub points: Option<String>,
    /// The first instant: RFC 3339, a date, or ms since 1970. A day before `to` if not given.
    #[schemars(example = &"2026-11-20T13:00:00Z")]
    pub from: Option<String>,
    /// The first instant after it; now if not given.
    #[schemars(example = &"2026-11-20T14:00:00Z")]
    pub to: Option<String>,
    /// Of the picture, pixels; 1000 if not given. A file has every row.
    #[schemars(range(min = 1, max = 4096), example = 100)]
    pub width: Option<usize>,
}

/// A range of a system's past as a page draws it, in the binary form. Programs get a [`HistoryDocument`].
#[derive(Clone, Debug, Default, PartialEq, Wire)]
pub struct HistoryResponse {
    /// What to draw: every row, or of each step its first, two extremes and last as four rows spread over what is known of the
    /// step.
    pub table: Table,
    /// Length of a step, ms; 0 if the table has every row.
    pub step_ms: u64,
    /// What to draw of single cells and device points, over their own time axis: of each step four rows, as above.
    pub cells: Table,
    /// Length of a step of the cells, ms.
    pub cell_step_ms: u64,
    /// Where the answer comes from, for people: `every row`.
    pub tier: String,
    /// How many rows stand behind it.
    pub rows: u64,
    /// When the system's past begins and ends; null if it has none.
    pub whole: Option<(Utc, Utc)>,
    /// What the values in the range are, one for each series, then one for each of the cells'.
    pub statistics: Vec<Statistics>,
    /// Energy and time by direction.
    pub flow: EnergyFlow,
    /// Paths of the points that have a past.
    pub points: Vec<String>,
    /// What happened, oldest first.
    pub events: Vec<EventMark>,
    /// What is missing because files of history were damaged, as a sentence; empty if nothing is.
    pub left_out: String,
}

/// What the values of a series are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Wire, Serialize, JsonSchema)]
pub struct Statistics {
    /// How many rows have a value.
    pub n: u64,
    /// Their mean.
    #[serde(serialize_with = "thousandths")]
    pub mean: f32,
    /// Their standard deviation; null where it is not known, as of cells of which only minutes are kept.
    #[serde(serialize_with = "thousandths")]
    #[schemars(with = "Option<f32>")]
    pub std_dev: f32,
    /// The lowest.
    #[serde(serialize_with = "thousandths")]
    pub min: f32,
    /// The highest.
    #[serde(serialize_with = "thousandths")]
    pub max: f32,
}

/// Energy and time by direction. In JSON: the times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Wire, Serialize, JsonSchema)]
pub struct EnergyFlow {
    /// Energy out of the battery, Wh.
    #[serde(skip)]
    pub out_wh: f32,
    /// Energy into the battery, Wh.
    #[serde(skip)]
    pub in_wh: f32,
    /// Time of discharging, s.
    #[serde(skip)]
    pub discharging_s: f32,
    /// Time of charging, s.
    #[serde(serialize_with = "thousandths")]
    pub charging_s: f32,
    /// Time of which voltage and current are known, s.
    #[serde(serialize_with = "thousandths")]
    pub known_s: f32,
}

impl From<&Flow> for EnergyFlow {
    fn from(flow: &Flow) -> EnergyFlow {
        EnergyFlow {
            out_wh: flow.out_wh as f32,
            in_wh: flow.in_wh as f32,
            discharging_s: flow.discharging_s as f32,
            charging_s: flow.charging_s as f32,
            known_s: flow.known_s as f32,
        }
    }
}

/// An event, as it is marked on a chart.
#[derive(Clone, Debug, PartialEq, Wire)]
pub struct EventMark {
    /// When.
    pub at: Utc,
    /// Whether it began; else it ended.
    pub began: bool,
    /// How bad it is.
    pub severity: Severity,
    /// What it is, for people.
    pub words: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::point::Unit;
    use domain::series::Series;
    use proptest::prelude::*;

    fn response() -> HistoryResponse {
        HistoryResponse {
            table: Table {
                at: vec![Utc(1_000_000), Utc(2_000_000)],
                series: vec![Series {
                    name: "battery/soc".into(),
                    unit: Unit::Percent,
                    resolution: 0.01,
                    values: vec![Some(50.25), None],
                }],
            },
            step_ms: 7_776_000_000,
            cells: Table {
                at: vec![Utc(60_000_000)],
                series: vec![Series {
                    name: "cells/7.12/voltage".into(),
                    unit: Unit::Volt,
                    resolution: 0.000_1,
                    values: vec![Some(3.25)],
                }],
            },
            cell_step_ms: 60_000,
            tier: "every row".into(),
            rows: 12_960_000,
            whole: Some((Utc(-5), Utc(1_760_000_000_000_000))),
            statistics: vec![Statistics { n: 2, mean: 1.0, std_dev: 0.5, min: -1.0, max: 3.0 }],
            flow: EnergyFlow { out_wh: 1.0, in_wh: 2.0, discharging_s: 3.0, charging_s: 4.0, known_s: 5.0 },
            points: vec!["battery/soc".into()],
            events: vec![EventMark { at: Utc(9), began: true, severity: Severity::Warning, words: "sag".into() }],
            left_out: "readings of 2026-11-20".into(),
        }
    }

    #[test]
    fn a_range_comes_back_as_it_was() {
        for response in [response(), HistoryResponse::default()] {
            assert_eq!(HistoryResponse::from_bytes(&response.to_bytes()), Ok(response));
        }
    }

    proptest! {
        #[test]
        fn what_is_read_of_bent_bytes_can_be_written_and_read_again(cut in 0..200_usize, place in 0..200_usize, byte in any::<u8>()) {
            let mut bytes = response().to_bytes();
            let len = bytes.len();
            bytes[place % len] = byte;
            bytes.truncate(len - cut % len);
            if let Ok(response) = HistoryResponse::from_bytes(&bytes) {
                // By its bytes: a bent number may be none, which equals nothing.
                let written = response.to_bytes();
                prop_assert_eq!(HistoryResponse::from_bytes(&written).map(|again| again.to_bytes()), Ok(written));
            }
        }
    }
}
