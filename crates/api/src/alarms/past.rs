//! Alarms of a period: what ended, and the figures that ISA-18.2 asks for.

use crate::json::{Timestamp, Word, maybe_thousandths, maybe_timestamp, thousandths, timestamp};
use domain::alarm::{Counted, Figures, Occurrence, Severity};
use domain::time::Utc;
use domain::wire::Wire;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which period.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmPeriodRequest {
    /// The system's id; the first one if not given.
    #[schemars(example = &"hv")]
    pub system: Option<String>,
    /// The first instant: RFC 3339, a date, or ms since 1970. A day before `to` if not given.
    #[schemars(example = &"2026-11-20")]
    pub from: Option<String>,
    /// The first instant after it; now if not given.
    #[schemars(example = &"2026-11-27")]
    pub to: Option<String>,
}

/// Alarms that ended in a period, the newest first.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct AlarmHistoryResponse {
    /// The system's id.
    pub system: String,
    /// The first instant of the period.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub from: Utc,
    /// The first instant after it.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub to: Utc,
    /// The newest of them.
    pub alarms: Vec<EndedAlarm>,
    /// Whether more ended in the period.
    pub more: bool,
}

/// An alarm that is over.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct EndedAlarm {
    /// The id of its rule.
    #[schemars(example = &"cell.voltage.low")]
    pub rule: String,
    /// What it was about.
    #[schemars(example = &"cell 7.12")]
    pub subject: String,
    /// How bad it was.
    pub severity: Word<Severity>,
    /// What was wrong, with the worst that it came to, for people.
    pub words: String,
    /// When it was raised; null if that was before the period.
    #[serde(serialize_with = "maybe_timestamp")]
    #[schemars(with = "Option<Timestamp>")]
    pub raised: Option<Utc>,
    /// When it was over.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub ended: Utc,
}

/// The figures of a period, as ISA-18.2 (IEC 62682) asks for them.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct AlarmFiguresResponse {
    /// The system's id.
    pub system: String,
    /// The first instant of the period.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub from: Utc,
    /// The first instant after it.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub to: Utc,
    /// How much of the period was recorded, s: from the begin of the record, if that is later than the period's, to the
    /// period's end or now. Rates and shares are by it; 0 if nothing was.
    #[serde(serialize_with = "thousandths")]
    pub recorded_s: f32,
    /// Whether all of the period is in the figures; else there are more alarms than are counted at once, and these are the
    /// newest.
    pub whole: bool,
    /// How many alarms were raised.
    pub raised: u64,
    /// How many a day, on the average of what was recorded: more than 150 nobody can handle; null if less than
    /// a day was recorded.
    #[serde(serialize_with = "maybe_thousandths")]
    pub per_day: Option<f32>,
    /// How many of them were critical.
    pub critical: u64,
    /// How many of them were warnings.
    pub warnings: u64,
    /// How many of them were notices.
    pub notices: u64,
    /// The most that were raised in ten minutes, counted from the beginning of what was recorded: more than ten are a flood.
    pub busiest_10_min: u64,
    /// Pieces of ten minutes that were a flood, as a share of all that were recorded, %; null if nothing was recorded.
    #[serde(serialize_with = "maybe_thousandths")]
    pub flood_pct: Option<f32>,
    /// Those that stood for longer than 24 h at once, longest first; ten at most.
    pub standing: Vec<AlarmCount>,
    /// Those that were raised three times within a minute, the most frequent first; ten at most.
    pub chattering: Vec<AlarmCount>,
    /// Those that were raised most often; ten at most.
    pub top: Vec<AlarmCount>,
    /// How many alarms were acknowledged in the period.
    pub acknowledged: u64,
    /// Half of them were acknowledged within this time after they were raised, s; null if none was.
    pub acknowledged_median_s: Option<f32>,
    /// Nine of ten were acknowledged within this time, s; null if none was.
    pub acknowledged_most_s: Option<f32>,
}

/// An alarm, and how much there was of it in the period.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct AlarmCount {
    /// The id of its rule.
    #[schemars(example = &"cell.voltage.low")]
    pub rule: String,
    /// What it is about.
    #[schemars(example = &"cell 7.12")]
    pub subject: String,
    /// How bad it is.
    pub severity: Word<Severity>,
    /// How often it was raised.
    pub count: u64,
    /// How long it stood at once at most, s.
    #[serde(serialize_with = "thousandths")]
    pub longest_s: f32,
}

impl EndedAlarm {
    /// One that is over; `None` of one that stands.
    pub fn of(of: &Occurrence<'_>) -> Option<EndedAlarm> {
        Some(EndedAlarm {
            rule: of.name.rule.clone(),
            subject: of.name.subject.clone(),
            severity: Word(of.severity),
            words: of.words.to_owned(),
            raised: of.raised,
            ended: of.ended?,
        })
    }
}

impl AlarmFiguresResponse {
    /// The figures of `from..to` of a system, as far as it was recorded; `whole` if all of that is in them.
    pub fn of(figures: Figures, system: String, (from, to): (Utc, Utc), whole: bool) -> AlarmFiguresResponse {
        let per_day = figures.per_day().map(|per_day| per_day as f32);
        let list = |of: Vec<Counted>| of.into_iter().map(AlarmCount::of).collect();
        let (median, most) = figures.within.map(|within| (within.median_s, within.most_s)).unzip();
        AlarmFiguresResponse {
            system,
            from,
            to,
            recorded_s: (figures.days * 86_400.0) as f32,
            whole,
            raised: figures.raised,
            per_day,
            critical: figures.critical,
            warnings: figures.warnings,
            notices: figures.notices,
            busiest_10_min: figures.busiest,
            flood_pct: figures.flood_pct,
            standing: list(figures.standing),
            chattering: list(figures.chattering),
            top: list(figures.top),
            acknowledged: figures.acknowledged,
            acknowledged_median_s: median,
            acknowledged_most_s: most,
        }
    }
}

impl AlarmCount {
    fn of(Counted { name, severity, times, longest_s }: Counted) -> AlarmCount {
        AlarmCount { rule: name.rule, subject: name.subject, severity: Word(severity), count: times, longest_s }
    }
}
