//! What is known of a system at one instant: points, nodes, alarms, statistics of its cells.

use crate::json::{Timestamp, Word, rounded};
use domain::alarm::{Alarm, Severity};
use domain::cause::explained;
use domain::cells::ColumnStats;
use domain::derived;
use domain::last_value::PowerFrom;
use domain::point::{DevicePoint, PointId};
use domain::reading::{CellQuantity, NoData, NodeQuantity, Sample};
use domain::spec::{SiteSpec, SystemSpec};
use domain::time::Mono;
use domain::twin::Snapshot;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which system, and when.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateRequest {
    /// The system's id; the first one if not given.
    #[schemars(example = &"hv")]
    pub system: Option<String>,
    /// An instant of the past: RFC 3339, a date, or ms since 1970. Now, if not given.
    pub at: Option<String>,
}

/// A system at one instant.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StateResponse {
    /// The site's name.
    pub site: String,
    /// The system's id.
    pub system: String,
    /// Its name for people.
    pub name: String,
    /// Whether its devices are simulated.
    pub simulated: bool,
    /// The instant.
    pub timestamp: Timestamp,
    /// How its cells are arranged.
    pub topology: Topology,
    /// Every point by its path: `battery/soc`.
    pub points: BTreeMap<&'static str, PointValue>,
    /// Every point that a device of this system has of its own, by its path: `gpu/3/power`.
    pub device_points: BTreeMap<String, PointValue>,
    /// Battery power as a share of what the BMS permits in its direction, %; null if either is not known.
    pub sop_use_pct: Option<f64>,
    /// The most that the battery may give now, W: the smaller of what the BMS permits and what is set on its device; null
    /// if what the BMS permits is not known.
    pub discharge_allowed_w: Option<f64>,
    /// What binds there: `bms`, `limit` (a commanded limit), `reserve`, `standby`; null as that is.
    pub discharge_bound_by: Option<&'static str>,
    /// The most that it may take now, W, in the same way.
    pub charge_allowed_w: Option<f64>,
    /// What binds there: `bms`, `limit`, `standby`; null as that is.
    pub charge_bound_by: Option<&'static str>,
    /// Share of the load that the battery covers, %; null if either is not known.
    pub load_covered_pct: Option<f64>,
    /// Its cells' voltages, V; null if none is known.
    pub cell_voltage_v: Option<CellStatistics>,
    /// Its cells' temperatures, °C; null if none is known.
    pub cell_temperature_c: Option<CellStatistics>,
    /// Its AFE nodes, one for each module.
    pub nodes: Vec<NodeState>,
    /// Active alarms, worst first.
    pub alarms: Vec<ActiveAlarm>,
    /// What is wrong with the storage of history, in words; null if nothing is.
    pub storage: Option<String>,
}

/// How cells are arranged.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Topology {
    /// Racks (strings).
    pub racks: u16,
    /// Modules in each rack.
    pub modules_per_rack: u16,
    /// Cells in each module.
    pub cells_per_module: u16,
    /// All cells; 0 if they are not seen.
    pub cells: usize,
}

/// A value and how old it is, or why there is none.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CellValue {
    /// The value; null if there is no good and fresh one.
    pub value: Option<f64>,
    /// Why there is no value; left out if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Word<NoData>>,
    /// Age of the last good value, s; left out if there never was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_s: Option<f64>,
}

/// The value of a point.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PointValue {
    /// Value, age and reason.
    #[serde(flatten)]
    pub value: CellValue,
    /// The unit's symbol; empty for a bare number.
    pub unit: &'static str,
    /// The points that it is computed from; left out if a device says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub derived_from: Option<[&'static str; 2]>,
}

/// The values of all cells at one instant, in the quantity's unit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CellStatistics {
    /// How many cells have a good and fresh value.
    pub fresh: usize,
    /// Their mean.
    pub mean: f64,
    /// Highest less lowest.
    pub spread: f64,
    /// The lowest.
    pub min: ExtremeCell,
    /// The highest.
    pub max: ExtremeCell,
}

/// A cell at one end.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExtremeCell {
    /// Its value.
    pub value: f64,
    /// Its name: `7.12`, `R3 7.12`.
    pub cell: String,
}

/// An AFE node.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct NodeState {
    /// Its number, from 1.
    pub node: usize,
    /// 0 working, 1 delayed, 2 lost; null if that is not known.
    pub state: Option<f64>,
    /// Delay of its last answer, s; null if that is not known.
    pub delay_s: Option<f64>,
}

/// An active alarm.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ActiveAlarm {
    /// The id of its rule.
    #[schemars(example = &"cell.voltage.low")]
    pub rule: &'static str,
    /// What it is about, by a name that stays.
    #[schemars(example = &"cell 7.12")]
    pub subject: String,
    /// How bad it is.
    pub severity: Word<Severity>,
    /// When it became active.
    pub since: Timestamp,
    /// What is wrong, for people.
    pub words: Option<String>,
    /// What to do, for people.
    pub advice: &'static str,
    /// There is no data now, so it cannot be known whether it is over.
    pub signal_lost: bool,
    /// It comes and goes faster than its rule waits.
    pub chattering: bool,
    /// The id of the rule whose alarm it follows from; null if it stands for itself. A silent link has one alarm that stands
    /// for itself, and what is missed because of it follows.
    #[schemars(example = &"link.silent")]
    pub follows_from: Option<&'static str>,
}

impl StateResponse {
    /// What is known of the system `spec` of `site` at the instant of `snapshot`.
    pub fn of(site: &SiteSpec, spec: &SystemSpec, snapshot: &Snapshot) -> StateResponse {
        let now = snapshot.now.mono;
        let share = |sample: Sample| sample.ok().map(|value| rounded(value, 0.1));
        let stats = |quantity, step| {
            let stats = snapshot.state.cells.column(quantity).stats(now);
            stats.map(|stats| CellStatistics::of(&stats, step, spec))
        };
        let allowed = |gives: bool| {
            let allowed = derived::allowed(&snapshot.state.points, gives, now).ok();
            allowed.map(|of| (rounded(of.most_w, 1.0), of.by.word())).unzip()
        };
        let (discharge_allowed_w, discharge_bound_by) = allowed(true);
        let (charge_allowed_w, charge_bound_by) = allowed(false);
        let topology = spec.topology;
        StateResponse {
            site: site.name.clone(),
            system: spec.id.clone(),
            name: spec.name.clone(),
            simulated: spec.simulated,
            timestamp: Timestamp(snapshot.now.utc),
            topology: Topology {
                racks: topology.racks,
                modules_per_rack: topology.modules_per_rack,
                cells_per_module: topology.cells_per_module,
                cells: topology.cells(),
            },
            points: PointId::ALL.iter().map(|id| (id.spec().path, PointValue::of(*id, snapshot))).collect(),
            device_points: (spec.device_points.iter().enumerate())
                .map(|(number, point)| (point.path.clone(), PointValue::of_device(number, point, snapshot)))
                .collect(),
            sop_use_pct: share(derived::sop_use_pct(&snapshot.state.points, now)),
            discharge_allowed_w,
            discharge_bound_by,
            charge_allowed_w,
            charge_bound_by,
            load_covered_pct: share(derived::load_covered_pct(&snapshot.state.points, now)),
            cell_voltage_v: stats(CellQuantity::Voltage, spec.cell_resolution_v),
            cell_temperature_c: stats(CellQuantity::Temperature, 0.1),
            nodes: (snapshot.state.nodes.iter().zip(1..))
                .map(|(of, node)| NodeState {
                    node,
                    state: of.sample(NodeQuantity::State, now).ok().map(f64::from),
                    delay_s: of.sample(NodeQuantity::Delay, now).ok().map(f64::from),
                })
                .collect(),
            alarms: alarms(site, spec, snapshot),
            storage: Some(snapshot.site.storage.clone()).filter(|words| !words.is_empty()),
        }
    }
}

fn alarms(site: &SiteSpec, spec: &SystemSpec, snapshot: &Snapshot) -> Vec<ActiveAlarm> {
    let causes = explained(snapshot, site, spec);
    let of = |alarm: &Alarm| {
        let cause = causes.get(&(alarm.rule, alarm.subject));
        let rule = alarm.rule.rule()?;
        Some(ActiveAlarm {
            rule: rule.id,
            subject: alarm.subject.name(site, spec),
            severity: Word(rule.severity),
            since: Timestamp(alarm.since),
            words: alarm.words(site, spec, &snapshot.links),
            advice: rule.advice,
            signal_lost: alarm.signal_lost,
            chattering: alarm.chattering,
            follows_from: cause.and_then(|cause| cause.rule()).map(|rule| rule.id),
        })
    };
    snapshot.alarms.iter().filter_map(of).collect()
}

impl CellValue {
    /// A sample, the last good value with its time, and the step of its digits.
    pub(crate) fn of(sample: Sample, last: Option<(f32, Mono)>, step: f32, now: Mono) -> CellValue {
        CellValue {
            value: sample.ok().map(|value| rounded(value, step)),
            reason: sample.err().map(Word),
            age_s: last.map(|(_, at)| rounded(now.seconds_since(at), 0.001)),
        }
    }
}

impl PointValue {
    fn of(id: PointId, snapshot: &Snapshot) -> PointValue {
        let (spec, points) = (id.spec(), &snapshot.state.points);
        let derived = id == PointId::Power && points.power_from() == PowerFrom::Derived;
        PointValue {
            value: CellValue::of(snapshot.point(id), points.last_value(id).last(), spec.resolution, snapshot.now.mono),
            unit: spec.unit.symbol(),
            derived_from: derived.then(|| [PointId::Voltage, PointId::Current].map(|id| id.spec().path)),
        }
    }
}

impl PointValue {
    /// The value of the device point `number` of the system.
    fn of_device(number: usize, point: &DevicePoint, snapshot: &Snapshot) -> PointValue {
        let (values, now) = (&snapshot.state.devices, snapshot.now.mono);
        PointValue {
            value: CellValue::of(values.sample(number, now), values.last_value(number).last(), point.resolution, now),
            unit: point.unit.symbol(),
            derived_from: None,
        }
    }
}

impl CellStatistics {
    fn of(of: &ColumnStats, step: f32, spec: &SystemSpec) -> CellStatistics {
        let extreme = |value, cell| ExtremeCell { value: rounded(value, step), cell: spec.topology.cell_name(cell) };
        CellStatistics {
            fresh: of.fresh,
            mean: rounded(of.mean, step / 10.0),
            spread: rounded(of.spread(), step),
            min: extreme(of.min, of.min_at),
            max: extreme(of.max, of.max_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::alarm::{RULES, RuleIdx, Subject};
    use domain::link::{LinkIdx, LinkSpec};
    use domain::point::{PointLimits, Unit, WatchedPoint};
    use domain::time::Utc;
    use domain::topology::Topology as Arrangement;

    #[test]
    fn what_a_silent_link_takes_with_it_says_from_which_rule_it_follows() {
        let watched = WatchedPoint {
            number: 0,
            path: "hall/gpu/3/temperature".into(),
            unit: Unit::Celsius,
            resolution: 0.1,
            limits: PointLimits { low: None, high: Some(90.0) },
        };
        let spec = SystemSpec {
            watched_points: [watched].into(),
            ..SystemSpec::new("hall", "Hall", Arrangement::NONE, 100.0, 800.0)
        };
        let link = LinkSpec { id: "hall".into(), name: "GPU hall".into(), ..LinkSpec::default() };
        let site = SiteSpec { systems: vec![spec.clone()], links: vec![link], ..SiteSpec::default() };
        let alarm = |id: &str, subject| {
            let rule = RuleIdx(RULES.iter().position(|rule| rule.id == id).unwrap() as u8);
            Alarm {
                rule,
                subject,
                since: Utc(0),
                value: 9.0,
                worst: 9.0,
                signal_lost: false,
                chattering: false,
                standing: Default::default(),
            }
        };
        let of_point = |id| alarm(id, Subject::Device(0));
        let alarms = vec![
            of_point("device.point.stale"),
            alarm("link.silent", Subject::Link(LinkIdx(0))),
            of_point("device.point.high"),
        ];
        let snapshot = Snapshot { alarms, ..Snapshot::unknown(&spec, Utc(0)) };
        let told: Vec<_> = StateResponse::of(&site, &spec, &snapshot).alarms;
        let told: Vec<_> = told.iter().map(|alarm| (alarm.rule, alarm.follows_from)).collect();
        let expected =
            [("device.point.stale", Some("link.silent")), ("link.silent", None), ("device.point.high", None)];
        assert_eq!(told, expected);
    }
}
