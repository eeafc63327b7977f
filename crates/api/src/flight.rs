//! A flight check: what values of controls would bring, before anything is sent; of a command kept, and held against what
//! was measured afterwards.

use crate::control::ControlResponse;
use crate::json::{Timestamp, digits_of, maybe_timestamp, timestamp};
use domain::control::ControlKind;
use domain::flight::{
    CellExtreme, Controls, Course, CurvePoint, Dispatch, End, Known, Lasts, Mode, Outlook, Score, Verdict,
};
use domain::spec::{SystemKind, SystemSpec};
use domain::time::Utc;
use domain::topology::Topology;
use domain::wire::Wire;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is to be run forward. Nothing of it is sent to a device.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlightRequest {
    /// The system's id; the first one if not given.
    #[schemars(example = &"hv")]
    pub system: Option<String>,
    /// The wanted values by the key of their control, in its unit. What is not named stays as it is read back now.
    #[serde(default)]
    pub wanted: BTreeMap<String, f64>,
    /// What the load does from now on.
    #[serde(default)]
    pub load: LoadRequest,
    /// What the building may draw from the grid, W; that of the site file, or a grid setpoint, if not given.
    #[schemars(example = 66_000)]
    pub grid_cap_w: Option<f32>,
    /// Whether the grid is lost: then the battery carries the whole load.
    #[serde(default)]
    pub backup: bool,
    /// How far is looked ahead, min, at most 1440; as far if not given.
    #[schemars(range(min = 1, max = 1440))]
    pub horizon_min: Option<f32>,
}

/// What the load does from now on. Powers in W, not negative; times in s, at least 1.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "profile", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LoadRequest {
    /// The load of the last ten minutes, again and again; where half of it is not known, its mean goes on.
    #[default]
    Repeated,
    /// The mean load of the last five minutes goes on.
    Held,
    /// This power.
    Constant {
        /// The power, W.
        load_w: f32,
    },
    /// Bursts that come at even times, the first one now.
    Bursts {
        /// Power between them, W.
        base_w: f32,
        /// Power during them, W.
        burst_w: f32,
        /// Time from one to the next, s.
        every_s: f32,
        /// How long each takes, s.
        lasting_s: f32,
    },
    /// A recorded load, after whose end nothing is looked at.
    Recorded {
        /// Mean power of each step, W.
        load_w: Vec<f32>,
        /// Length of a step, s.
        step_s: f32,
    },
}

/// The answer of a flight check.
#[derive(Clone, Debug, Default, PartialEq, Wire, Serialize, JsonSchema)]
pub struct FlightResponse {
    /// The system's id.
    pub system: String,
    /// The instant of the check, from which times count.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub timestamp: Utc,
    /// What it says.
    #[serde(flatten)]
    pub forecast: Forecast,
}

/// What is expected, if nothing is done and as it is wanted.
#[derive(Clone, Debug, Default, PartialEq, Wire, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Forecast {
    /// What the load is taken to do, in words.
    pub load: String,
    /// Its mean until the horizon, W; null if it is not known.
    pub load_w: Option<f64>,
    /// How far was looked ahead, min.
    pub horizon_min: f64,
    /// If nothing is done.
    pub present: OutlookResponse,
    /// With the wanted values.
    pub wanted: OutlookResponse,
    /// What had to be assumed, in sentences.
    pub assumptions: Vec<String>,
}

/// What comes of one set of values of controls. Minutes count from the check.
#[derive(Clone, Debug, Default, PartialEq, Wire, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OutlookResponse {
    /// Why what is null is not known; empty if nothing is.
    pub unknown: String,
    /// What the building may draw from the grid, W; null if that is not said, or the grid is lost.
    pub grid_cap_w: Option<f64>,
    /// For how long the battery covers the load above the grid cap, min; where the grid is lost, the whole load.
    pub training_min: Option<f64>,
    /// What ends it: `horizon` (nothing, as far as was looked), `reserve`, `empty`, `discharge-limit`, `bms-power`,
    /// `current-limit`, `cell-voltage`, `cell-temperature`, `standby`, `mode`. Empty if not known.
    pub training_ends_by: String,
    /// Both in words.
    pub training_words: String,
    /// For how long it carries the whole load, if the grid fails now, min.
    pub backup_min: Option<f64>,
    /// What ends that, as above.
    pub backup_ends_by: String,
    /// Both in words.
    pub backup_words: String,
    /// Until the state of charge is down to the reserve then, min; null if it ends before, or is not reached.
    pub backup_to_reserve_min: Option<f64>,
    /// The lowest cell voltage until the training ends, V, of which cell, and when.
    pub lowest_cell_v: Option<f64>,
    /// Its name; empty where cells are not seen.
    pub lowest_cell: String,
    /// When, min.
    pub lowest_cell_at_min: Option<f64>,
    /// The highest cell temperature until then, °C.
    pub hottest_cell_c: Option<f64>,
    /// Its name; empty where cells are not seen.
    pub hottest_cell: String,
    /// When, min.
    pub hottest_cell_at_min: Option<f64>,
    /// Energy at the terminals until the reserve is reached, Wh.
    pub energy_above_floor_wh: Option<f64>,
    /// Power that could be given for 30 s beyond what the load needs at most, W; negative where it is short.
    pub headroom_w: Option<f64>,
    /// The run until the training ends: every minute of the first two hours, every five after them.
    pub curve: Vec<OutlookPoint>,
}

/// The run at an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Wire, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OutlookPoint {
    /// Minutes from the check.
    pub at_min: f64,
    /// State of charge, %.
    pub soc_pct: f64,
    /// Mean battery power since the point before, W, discharge positive.
    pub battery_w: f64,
    /// Lowest cell voltage since the point before, V.
    pub lowest_v: f64,
    /// Temperature of the hottest cell, °C.
    pub hottest_c: f64,
}

/// What was predicted for a command when it was taken, and how right that was.
#[derive(Clone, Debug, Default, PartialEq, Wire, Serialize, JsonSchema)]
pub struct CommandFlight {
    /// When the prediction was made.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub made_at: Utc,
    /// When it is held against what was measured.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub due_at: Utc,
    /// The prediction. Its curves end at `due_at`.
    pub prediction: Forecast,
    /// When it was held against what was measured; null before.
    #[serde(serialize_with = "maybe_timestamp")]
    #[schemars(with = "Option<Timestamp>")]
    pub scored_at: Option<Utc>,
    /// What was measured beside it; null before.
    pub score: Option<ScoreResponse>,
}

/// What was predicted and what was measured, side by side.
#[derive(Clone, Debug, Default, PartialEq, Wire, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ScoreResponse {
    /// `as-predicted`, `close`, `other-load` (with the load that there was, it would have been right), `off`, or
    /// `not-comparable`.
    pub verdict: String,
    /// In a sentence, with the reason if nothing could be compared.
    pub words: String,
    /// Over so many minutes.
    pub compared_min: f64,
    /// State of charge at their end, %.
    pub soc_pct: SideBySide,
    /// Lowest cell voltage in them, V.
    pub lowest_cell_v: SideBySide,
    /// Mean battery power in them, W, discharge positive.
    pub battery_w: SideBySide,
    /// For how long the load was covered, min; what was measured is null while it still is.
    pub training_min: SideBySide,
    /// What was measured, every half minute.
    pub measured: Vec<MeasuredPoint>,
}

/// A quantity as it was predicted and as it was; null where it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Wire, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SideBySide {
    /// As it was predicted.
    pub predicted: Option<f64>,
    /// As it was.
    pub actual: Option<f64>,
}

/// What was measured at an instant; null where it was not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Wire, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MeasuredPoint {
    /// Minutes from the check.
    pub at_min: f64,
    /// State of charge, %.
    pub soc_pct: Option<f64>,
    /// Mean battery power since the instant before, W, discharge positive.
    pub battery_w: Option<f64>,
    /// Lowest cell voltage since the instant before, V.
    pub lowest_v: Option<f64>,
}

/// What a system's controls are set to, as a flight check takes it: the same on a page and on the server.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The values of the controls.
    pub controls: Controls,
    /// What the building may draw from the grid, W; `None` if that is not said.
    pub grid_cap_w: Option<f32>,
    /// What had to be assumed of controls that could not be read, in sentences.
    pub assumptions: Vec<String>,
}

impl Settings {
    /// As the controls were read back last, and what the site file says for the rest: its reserve and its grid cap.
    pub fn of(control: &ControlResponse, spec: &SystemSpec) -> Settings {
        let mut settings = Settings {
            controls: Controls::with_reserve(spec.reserve_pct),
            grid_cap_w: spec.grid_cap_w,
            assumptions: Vec::new(),
        };
        for state in &control.controls {
            let Some(kind) = ControlKind::from_key(&state.control) else { continue };
            match state.present {
                Some(value) => settings.set(kind, value),
                None => settings.assumptions.push(match kind {
                    ControlKind::Reserve | ControlKind::MinimumSoc => {
                        format!("{} could not be read: that of the site file is taken", state.label)
                    }
                    ControlKind::Mode => format!("{} could not be read: Max ROI is assumed", state.label),
                    ControlKind::Run => format!("{} could not be read: the battery is taken to work", state.label),
                    _ => format!("{} could not be read: it is taken not to limit", state.label),
                }),
            }
        }
        settings
    }

    /// Sets the value of a control, in its unit.
    pub fn set(&mut self, kind: ControlKind, value: f64) {
        let number = value as f32;
        match kind {
            ControlKind::Reserve | ControlKind::MinimumSoc => self.controls.reserve_pct = number,
            ControlKind::DischargeLimit => self.controls.discharge_limit_w = Some(number),
            ControlKind::ChargeLimit => self.controls.charge_limit_w = Some(number),
            ControlKind::Mode => self.controls.mode = if number < 0.5 { Mode::MaxSafety } else { Mode::MaxRoi },
            ControlKind::Run => self.controls.running = number > 0.5,
            ControlKind::GridSetpoint => self.grid_cap_w = Some(number),
        }
    }

    /// What the battery does; `None` if it is not said what the building may draw from the grid.
    pub fn dispatch(&self) -> Option<Dispatch> {
        self.grid_cap_w.map(|grid_cap_w| Dispatch::PeakShaving { grid_cap_w })
    }
}

impl OutlookResponse {
    /// An outlook of a system whose cells are arranged like this; of the curve as far as `to_min`.
    pub fn of(outlook: &Outlook, grid_cap_w: Option<f32>, topology: &Topology, to_min: f32) -> OutlookResponse {
        let lasts = |lasts: Known<Lasts>| match lasts {
            Ok(lasts) => (
                Some(digits_of(lasts.minutes.into(), 1)),
                lasts.end.word().to_owned(),
                format!("{lasts}: {}", lasts.end.words(topology)),
            ),
            Err(_) => (None, String::new(), String::new()),
        };
        let cell = |extreme: Known<CellExtreme>, digits: i32| match extreme {
            Ok(CellExtreme { cell, value, at_min }) => (
                Some(digits_of(value.into(), digits)),
                cell.map(|cell| topology.cell_name(cell.into())).unwrap_or_default(),
                Some(digits_of(at_min.into(), 1)),
            ),
            Err(_) => (None, String::new(), None),
        };
        let number = |value: Known<f32>| value.ok().map(|value| digits_of(value.into(), 0));
        let (training_min, training_ends_by, training_words) = lasts(outlook.training);
        let (backup_min, backup_ends_by, backup_words) = lasts(outlook.backup.map(|backup| backup.lasts));
        let (lowest_cell_v, lowest_cell, lowest_cell_at_min) = cell(outlook.lowest_cell, 3);
        let (hottest_cell_c, hottest_cell, hottest_cell_at_min) = cell(outlook.hottest_cell, 1);
        let to_reserve_min = outlook.backup.ok().and_then(|backup| backup.to_reserve_min);
        let reasons = [
            outlook.training.err(),
            outlook.backup.err(),
            outlook.lowest_cell.err(),
            outlook.hottest_cell.err(),
            outlook.energy_above_floor_wh.err(),
            outlook.headroom_w.err(),
        ];
        OutlookResponse {
            unknown: reasons.into_iter().flatten().next().map(|why| why.to_string()).unwrap_or_default(),
            grid_cap_w: grid_cap_w.map(f64::from),
            training_min,
            training_ends_by,
            training_words,
            backup_min,
            backup_ends_by,
            backup_words,
            backup_to_reserve_min: to_reserve_min.map(|minutes| digits_of(minutes.into(), 1)),
            lowest_cell_v,
            lowest_cell,
            lowest_cell_at_min,
            hottest_cell_c,
            hottest_cell,
            hottest_cell_at_min,
            energy_above_floor_wh: number(outlook.energy_above_floor_wh),
            headroom_w: number(outlook.headroom_w),
            curve: outlook.curve.iter().filter(|point| point.at_min <= to_min).map(OutlookPoint::from).collect(),
        }
    }

    /// What of it is held against what happens: how long the load is covered, and the curve.
    pub fn predicted(&self) -> (Option<Lasts>, Vec<CurvePoint>) {
        let end = End::from_word(&self.training_ends_by);
        let training = self.training_min.zip(end).map(|(minutes, end)| Lasts { minutes: minutes as f32, end });
        (training, self.curve.iter().map(CurvePoint::from).collect())
    }

    /// In a few words for lists and the audit, of a system of this kind: `training 74 min, backup 52 min, lowest cell
    /// 3.121 V`.
    pub fn words(&self, kind: SystemKind) -> String {
        if self.training_min.is_none() && self.backup_min.is_none() {
            return format!("not known: {}", self.unknown);
        }
        let lasts =
            |what: &str, words: &str| words.split_once(": ").map(|(minutes, end)| format!("{what} {minutes} ({end})"));
        let parts = [
            lasts(kind.lasting(), &self.training_words),
            lasts("backup", &self.backup_words),
            self.lowest_cell_v.map(|volts| format!("lowest cell {volts:.3} V")),
            Some(format!("not known: {}", self.unknown)).filter(|_| !self.unknown.is_empty()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl From<&CurvePoint> for OutlookPoint {
    fn from(point: &CurvePoint) -> OutlookPoint {
        let CurvePoint { at_min, soc_pct, battery_w, lowest_v, hottest_c } = *point;
        OutlookPoint {
            at_min: digits_of(at_min.into(), 2),
            soc_pct: digits_of(soc_pct.into(), 3),
            battery_w: digits_of(battery_w.into(), 0),
            lowest_v: digits_of(lowest_v.into(), 4),
            hottest_c: digits_of(hottest_c.into(), 2),
        }
    }
}

impl From<&OutlookPoint> for CurvePoint {
    fn from(point: &OutlookPoint) -> CurvePoint {
        let OutlookPoint { at_min, soc_pct, battery_w, lowest_v, hottest_c } = *point;
        CurvePoint {
            at_min: at_min as f32,
            soc_pct: soc_pct as f32,
            battery_w: battery_w as f32,
            lowest_v: lowest_v as f32,
            hottest_c: hottest_c as f32,
        }
    }
}

impl ScoreResponse {
    /// The outlook that was predicted beside what was measured, over the time that both have.
    pub fn of(predicted: &OutlookResponse, course: &Course) -> ScoreResponse {
        let (training, curve) = predicted.predicted();
        let score = Score::against(training, &curve, course);
        let sides = score.sides(training, &curve, course);
        let pair = |(predicted, actual): (Option<f32>, Option<f32>), digits: i32| SideBySide {
            predicted: predicted.map(|value| digits_of(value.into(), digits)),
            actual: actual.map(|value| digits_of(value.into(), digits)),
        };
        ScoreResponse {
            verdict: score.verdict.word().to_owned(),
            words: score.to_string(),
            compared_min: digits_of(score.compared_min.into(), 1),
            soc_pct: pair(sides.soc_pct, 2),
            lowest_cell_v: pair(sides.lowest_v, 3),
            battery_w: pair(sides.battery_w, 0),
            training_min: pair(sides.training_min, 1),
            measured: course
                .measured
                .iter()
                .map(|instant| MeasuredPoint {
                    at_min: digits_of(instant.at_min.into(), 2),
                    soc_pct: instant.soc_pct.map(|value| digits_of(value.into(), 2)),
                    battery_w: instant.battery_w.map(|value| digits_of(value.into(), 0)),
                    lowest_v: instant.lowest_v.map(|value| digits_of(value.into(), 3)),
                })
                .collect(),
        }
    }

    /// Nothing can be compared, and why.
    pub fn nothing(why: &str) -> ScoreResponse {
        ScoreResponse {
            verdict: Verdict::NotComparable.word().to_owned(),
            words: format!("not known: {why}"),
            ..ScoreResponse::default()
        }
    }
}

/// The load of a request in words.
pub fn load_words(load: &LoadRequest) -> String {
    match load {
        LoadRequest::Repeated => "the load of the last 10 minutes, again and again".to_owned(),
        LoadRequest::Held => "the mean load of the last 5 minutes".to_owned(),
        LoadRequest::Constant { load_w } => format!("{:.1} kW", load_w / 1e3),
        LoadRequest::Bursts { base_w, burst_w, every_s, lasting_s } => format!(
            "bursts of {:.1} kW for {lasting_s} s every {every_s} s, else {:.1} kW",
            burst_w / 1e3,
            base_w / 1e3
        ),
        LoadRequest::Recorded { load_w, step_s } => {
            format!("a recorded load of {:.0} min", load_w.len() as f32 * step_s / 60.0)
        }
    }
}
