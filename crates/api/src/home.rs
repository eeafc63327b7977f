//! What the page of a house shows of its past: curves, statistics, energy of the day, and how its GX is asked.

use crate::history::{EnergyFlow, Statistics};
use crate::json::{Timestamp, Word, digits_of, each_shaped, maybe_thousandths, maybe_timestamp, shaped, timestamp};
use crate::series::SeriesResponse;
use domain::point::PointId;
use domain::series::Table;
use domain::soc::{Count, FullBy, Move};
use domain::time::Utc;
use domain::wire::Wire;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is asked for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HomeRequest {
    /// The system's id; the first one if not given.
    #[schemars(example = &"home")]
    pub system: Option<String>,
    /// How far back the curves go, h; 24 if not given.
    #[schemars(range(min = 1, max = 72), example = 24)]
    pub hours: Option<u32>,
    /// For how many pixels the curves are; 640 if not given.
    #[schemars(range(min = 100, max = 2000), example = 640)]
    pub width: Option<usize>,
    /// The start of the reader's day, ms since 1970; the last 25 hours at most, and if not given.
    pub day: Option<i64>,
    /// An instant of the past that is taken for the present: what is known of the polling now is left out then.
    pub until: Option<String>,
}

/// The past of a house over some hours.
#[derive(Clone, Debug, Default, PartialEq, Wire, Serialize, JsonSchema)]
pub struct HomeResponse {
    /// When the hours begin.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub from: Utc,
    /// When they end: the time of the answer.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub to: Utc,
    /// Curves of the battery, thinned to the ends and extremes of each step. A row without values is a gap.
    #[serde(serialize_with = "shaped::<_, _, SeriesResponse>")]
    #[schemars(with = "SeriesResponse")]
    pub curves: Table,
    /// Of the battery's voltage over the hours; null without a value.
    pub voltage: Option<Statistics>,
    /// Of its current, discharge positive.
    pub current: Option<Statistics>,
    /// Of its temperature.
    pub temperature: Option<Statistics>,
    /// Energy and time by direction, over the hours.
    #[serde(flatten)]
    pub flow: EnergyFlow,
    /// Our own count of the battery's charge; its line is of the same hours.
    #[serde(serialize_with = "shaped::<_, _, CountedCharge>")]
    #[schemars(with = "CountedCharge")]
    pub counted: Count,
    /// Movements of a reported state of charge that no current explains, oldest first.
    #[serde(serialize_with = "each_shaped::<_, _, ChargeJump>")]
    #[schemars(with = "Vec<ChargeJump>")]
    pub jumps: Vec<SocJump>,
    /// The energy of the day.
    pub day: DayEnergy,
    /// How the link to the GX is asked; null if the system has no such link.
    pub poller: Option<Poller>,
}

/// A reported state of charge that moved as no current can move it.
#[derive(Clone, Copy, Debug, PartialEq, Wire)]
pub struct SocJump {
    /// Whether it is an inverter's estimate; else it is what the battery's own gauge says.
    pub inverter: bool,
    /// When it was over.
    pub at: Utc,
    /// How far it went.
    pub movement: Move,
}

/// Energy since the start of the day, Wh, none of it negative. Null where nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Wire, Serialize, JsonSchema)]
pub struct DayEnergy {
    /// When the day began, where the reader is.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub from: Utc,
    /// From the sun.
    #[serde(serialize_with = "maybe_thousandths")]
    pub solar_wh: Option<f32>,
    /// Taken by the house.
    #[serde(serialize_with = "maybe_thousandths")]
    pub load_wh: Option<f32>,
    /// From the grid.
    #[serde(serialize_with = "maybe_thousandths")]
    pub import_wh: Option<f32>,
    /// To the grid.
    #[serde(serialize_with = "maybe_thousandths")]
    pub export_wh: Option<f32>,
    /// Into the battery.
    #[serde(serialize_with = "maybe_thousandths")]
    pub charged_wh: Option<f32>,
    /// Out of the battery.
    #[serde(serialize_with = "maybe_thousandths")]
    pub discharged_wh: Option<f32>,
}

impl DayEnergy {
    /// Of the energy of each power by its direction, Wh, up and down, neither negative; `None` where it is not known. When
    /// the day began is left open.
    pub fn by_direction(both: impl Fn(PointId) -> Option<(f32, f32)>) -> DayEnergy {
        let (grid, battery) = (both(PointId::GridPower), both(PointId::Power));
        DayEnergy {
            solar_wh: both(PointId::SolarPower).map(|(up, _)| up),
            load_wh: both(PointId::LoadPower).map(|(up, _)| up),
            import_wh: grid.map(|(up, _)| up),
            export_wh: grid.map(|(_, down)| down),
            charged_wh: battery.map(|(_, down)| down),
            discharged_wh: battery.map(|(up, _)| up),
            ..DayEnergy::default()
        }
    }
}

/// How asking a GX goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Wire, Serialize, JsonSchema)]
pub struct Poller {
    /// When it was last tried.
    #[serde(serialize_with = "maybe_timestamp")]
    #[schemars(with = "Option<Timestamp>")]
    pub last_attempt: Option<Utc>,
    /// When values last came.
    #[serde(serialize_with = "maybe_timestamp")]
    #[schemars(with = "Option<Timestamp>")]
    pub last_success: Option<Utc>,
    /// How many attempts have failed since.
    pub failures: u32,
    /// How many rows of the last 24 hours have a value.
    pub readings_24h: u32,
    /// Requests of the last hour and the most that are made in one; null for a link that is not limited.
    #[serde(flatten, serialize_with = "shaped::<_, _, RequestLimit>")]
    #[schemars(with = "RequestLimit")]
    pub requests: Option<(u16, u16)>,
}

/// The requests of a poller.
#[derive(Serialize, JsonSchema)]
struct RequestLimit {
    /// Requests of the last hour; null for a link that is not limited.
    requests: Option<u16>,
    /// The most requests of an hour; null for a link that is not limited.
    requests_per_hour: Option<u16>,
}

impl From<&Option<(u16, u16)>> for RequestLimit {
    fn from(requests: &Option<(u16, u16)>) -> RequestLimit {
        let (requests, requests_per_hour) = requests.unzip();
        RequestLimit { requests, requests_per_hour }
    }
}

/// The battery's charge by our own count.
#[derive(Serialize, JsonSchema)]
struct CountedCharge {
    /// The count now, %; null while none goes on.
    soc: Option<f64>,
    /// How far it may be off because the current is not measured exactly, points.
    error_points: Option<f64>,
    /// The full charge that it began at.
    full_at: Option<Timestamp>,
    /// How that is known.
    full_by: Option<Word<FullBy>>,
    /// For how long since then the current was not known and had to be guessed, s.
    guessed_s: f64,
    /// The last instant with a current before the gap that ended the last count; null if one goes on.
    lost_from: Option<Timestamp>,
    /// The first one after it.
    lost_to: Option<Timestamp>,
    /// The count over time: its instants.
    timestamps: Vec<Timestamp>,
    /// The count over time, %; null where it ended.
    values: Vec<Option<f64>>,
}

impl From<&Count> for CountedCharge {
    fn from(of: &Count) -> CountedCharge {
        let rounded = |value: f32| digits_of(value.into(), 3);
        CountedCharge {
            soc: of.soc_pct.map(rounded),
            error_points: of.soc_pct.map(|_| rounded(of.error_points)),
            full_at: of.full.map(|full| Timestamp(full.at)),
            full_by: of.full.map(|full| Word(full.by)),
            guessed_s: rounded(of.bridged_s),
            lost_from: of.lost.map(|lost| Timestamp(lost.from)),
            lost_to: of.lost.map(|lost| Timestamp(lost.to)),
            timestamps: of.line.iter().map(|(at, _)| Timestamp(*at)).collect(),
            values: of.line.iter().map(|(_, pct)| pct.map(rounded)).collect(),
        }
    }
}

/// A reported state of charge that moved as no current can move it.
#[derive(Serialize, JsonSchema)]
struct ChargeJump {
    /// The path of the point that reports it.
    point: &'static str,
    /// When it was over.
    at: Timestamp,
    /// How long it took, s.
    over_s: f64,
    /// How far it went, points, up positive.
    moved: f64,
    /// How far the measured charge went meanwhile, points, up positive.
    counted: f64,
    /// How much of that no error of measuring explains, points.
    unexplained: f64,
}

impl From<&SocJump> for ChargeJump {
    fn from(of: &SocJump) -> ChargeJump {
        let Move { over_s, moved, counted, unexplained } = of.movement;
        let [over_s, moved, counted, unexplained] =
            [over_s, moved, counted, unexplained].map(|value| digits_of(value.into(), 3));
        let point = if of.inverter { PointId::InverterSoc } else { PointId::Soc };
        ChargeJump { point: point.spec().path, at: Timestamp(of.at), over_s, moved, counted, unexplained }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::point::Unit;
    use domain::series::Series;
    use domain::soc::{Full, Lost};

    #[test]
    fn a_past_round_trips_and_no_part_of_it_does() {
        let values = vec![Some(53.2), None];
        let series = Series { name: "battery/voltage".into(), unit: Unit::Volt, resolution: 0.01, values };
        let full = HomeResponse {
            from: Utc(1_000_000),
            to: Utc(9_000_000),
            curves: Table { at: vec![Utc(1_000_000), Utc(2_000_000)], series: vec![series] },
            voltage: Some(Statistics { n: 2, mean: 53.2, std_dev: 0.1, min: 53.1, max: 53.3 }),
            flow: EnergyFlow { charging_s: 60.0, known_s: 90.0, ..EnergyFlow::default() },
            counted: Count {
                line: vec![(Utc(1_000_000), Some(99.5)), (Utc(2_000_000), None), (Utc(3_000_000), Some(50.25))],
                full: Some(Full { at: Utc(-7), by: FullBy::Reported }),
                soc_pct: Some(50.25),
                error_points: 0.5,
                bridged_s: 60.0,
                lost: Some(Lost { from: Utc(3), to: Utc(4) }),
            },
            jumps: vec![SocJump {
                inverter: true,
                at: Utc(2_000_000),
                movement: Move { over_s: 60.0, moved: 6.0, counted: 0.5, unexplained: 4.25 },
            }],
            day: DayEnergy { from: Utc(-5), solar_wh: Some(12.5), ..DayEnergy::default() },
            poller: Some(Poller {
                last_attempt: Some(Utc(8)),
                failures: 3,
                requests: Some((4, 50)),
                ..Poller::default()
            }),
            ..HomeResponse::default()
        };
        for past in [full, HomeResponse::default()] {
            let bytes = past.to_bytes();
            assert_eq!(HomeResponse::from_bytes(&bytes).as_ref(), Ok(&past));
            for len in 0..bytes.len() {
                assert!(HomeResponse::from_bytes(&bytes[..len]).is_err(), "the first {len} bytes");
            }
        }
    }
}
