//! What the page says about the cells of one snapshot: pure, so that the server, the browser and the tests agree.

use super::choice::Span;
use crate::charts::heatmap::{Beyond, HeatCell, Scale};
use crate::order;
use crate::pages::map_quantity::MapQuantity;
use domain::alarm::{Direction, Severity, Subject, Watch};
use domain::cells::ColumnStats;
use domain::limits::{Band, Limits};
use domain::point::PointId;
use domain::reading::{CellQuantity, NoData, Sample};
use domain::spec::SystemSpec;
use domain::time::Mono;
use domain::topology::Topology;
use domain::twin::Snapshot;

/// Below this share of the capacity in an hour there is no current, as for the alarms.
const REST_C: f32 = 0.01;
/// The fixed scale of deviations from the mean, V each way.
const DEVIATION_SCALE_V: f32 = 0.025;
/// Relative scales are widened to whole steps of this, so that they do not tremble with the last digit: V and °C.
const STEP_V: f32 = 0.005;
const STEP_C: f32 = 1.0;
/// Relative scales are at least this wide, so that noise stays quiet: V and °C.
const LEAST_V: f32 = 0.01;
const LEAST_C: f32 = 4.0;
/// Cell voltages further apart in time than so many periods of their source are of different instants: what lies between
/// them may be a step of the load, and no difference of the cells.
const SAME_INSTANT_PERIODS: f32 = 1.5;

/// The cells of one snapshot with what is derived from all of them.
pub struct Cells<'a> {
    /// The snapshot itself.
    pub snapshot: &'a Snapshot,
    /// How the cells are arranged.
    pub topology: Topology,
    /// What a healthy cell keeps to.
    pub limits: Limits,
    /// Voltages over the fresh cells, V.
    pub voltage: Option<ColumnStats>,
    /// Temperatures over the fresh cells, °C.
    pub temperature: Option<ColumnStats>,
    /// Since when voltages count as those of one instant, and their mean, V.
    together: Option<(Mono, f32)>,
    /// Temperature that is safe in the direction of the present current, °C; none without a current.
    critical_c: Option<Band>,
}

/// Which limit a cell has passed, and how bad that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Which limit.
    pub limit: PassedLimit,
    /// How bad: beyond a warning limit only, or beyond a critical one.
    pub severity: Severity,
}

/// Which limit a cell has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassedLimit {
    /// Voltage below its lower limit.
    VoltageLow,
    /// Voltage above its upper limit.
    VoltageHigh,
    /// Temperature above its limit.
    TemperatureHigh,
    /// Temperature below its limit.
    TemperatureLow,
}

impl Passed {
    /// The passed limit in words.
    pub fn words(self) -> &'static str {
        match self.limit {
            PassedLimit::VoltageLow => "under voltage",
            PassedLimit::VoltageHigh => "over voltage",
            PassedLimit::TemperatureHigh => "over temperature",
            PassedLimit::TemperatureLow => "under temperature",
        }
    }

    /// As the map shows it.
    fn beyond(self) -> Beyond {
        let side = match self.limit {
            PassedLimit::VoltageLow | PassedLimit::TemperatureLow => Direction::Below,
            PassedLimit::VoltageHigh | PassedLimit::TemperatureHigh => Direction::Above,
        };
        Beyond { side, severity: self.severity }
    }

    /// Whether it is about what colours a map of `by`.
    fn is_about(self, by: MapQuantity) -> bool {
        let heat = matches!(self.limit, PassedLimit::TemperatureHigh | PassedLimit::TemperatureLow);
        heat == (by == MapQuantity::Temperature)
    }
}

impl<'a> Cells<'a> {
    /// The cells of `snapshot`.
    pub fn of(snapshot: &'a Snapshot, spec: &SystemSpec) -> Cells<'a> {
        let stats = |quantity| snapshot.state.cells.column(quantity).stats(snapshot.now.mono);
        Cells {
            snapshot,
            topology: spec.topology,
            limits: spec.limits,
            voltage: stats(CellQuantity::Voltage),
            temperature: stats(CellQuantity::Temperature),
            together: together(snapshot, spec),
            critical_c: critical_c(snapshot, spec),
        }
    }

    /// How many cells the system has.
    pub fn count(&self) -> usize {
        self.topology.cells()
    }

    /// The value that colours `cell`: V, °C, or V from the mean.
    pub fn sample(&self, by: MapQuantity, cell: usize) -> Sample {
        match by {
            MapQuantity::Voltage => self.snapshot.cell(CellQuantity::Voltage, cell),
            MapQuantity::Temperature => self.snapshot.cell(CellQuantity::Temperature, cell),
            MapQuantity::Deviation => {
                let value = self.snapshot.cell(CellQuantity::Voltage, cell)?;
                let (since, mean) = self.together.ok_or(NoData::Stale)?;
                let last = self.snapshot.state.cells.column(CellQuantity::Voltage).last(cell);
                if last.is_none_or(|(_, at)| at < since) { Err(NoData::Stale) } else { Ok(value - mean) }
            }
        }
    }

    /// The last good value that coloured `cell`, however old, with its age in seconds. A deviation has none: what the
    /// other cells were at that instant is not known any more.
    pub fn last(&self, by: MapQuantity, cell: usize) -> Option<(f32, f32)> {
        let quantity = match by {
            MapQuantity::Voltage => CellQuantity::Voltage,
            MapQuantity::Temperature => CellQuantity::Temperature,
            MapQuantity::Deviation => return None,
        };
        let (value, at) = self.snapshot.state.cells.column(quantity).last(cell)?;
        Some((value, self.snapshot.now.mono.seconds_since(at)))
    }

    /// The worst alarm of each cell about what colours a map of `by`, or else about anything; `None` without one.
    fn in_alarm(&self, by: MapQuantity) -> Vec<Option<(Beyond, bool)>> {
        let mut worst: Vec<Option<(Beyond, bool)>> = vec![None; self.count()];
        for alarm in &self.snapshot.alarms {
            if let Subject::Cell(cell) = alarm.subject
                && let (Some(worst), Some(rule)) = (worst.get_mut(usize::from(cell)), alarm.rule.rule())
            {
                let heat = matches!(rule.watch, Watch::CellTemperatureHigh | Watch::CellTemperatureLow);
                let shown = heat == (by == MapQuantity::Temperature);
                if worst.is_none_or(|(_, before)| shown && !before) {
                    *worst = Some((Beyond { side: rule.direction, severity: rule.severity }, shown));
                }
            }
        }
        worst
    }

    /// The worst severity of the alarms of these cells.
    pub fn worst_alarm(&self, cells: &[usize]) -> Option<Severity> {
        let alarms = self.snapshot.alarms.iter().filter(|alarm| match alarm.subject {
            Subject::Cell(cell) => cells.contains(&usize::from(cell)),
            _ => false,
        });
        alarms.map(|alarm| alarm.severity()).max()
    }

    /// The cells of which an alarm stands although nothing is known of them now.
    pub fn alarms_without_value(&self) -> Vec<usize> {
        let cells = self.snapshot.alarms.iter().filter_map(|alarm| match alarm.subject {
            Subject::Cell(cell) if alarm.signal_lost => Some(usize::from(cell)),
            _ => None,
        });
        let mut cells: Vec<usize> = cells.filter(|cell| self.passed(*cell).is_empty()).collect();
        order::sort_by(&mut cells, |a, b| a < b);
        cells.dedup();
        cells
    }

    /// The limits that `cell` has passed: those of its warnings, so that whatever is marked has an alarm, raised or about
    /// to be. Empty for a healthy cell and for one without data.
    pub fn passed(&self, cell: usize) -> Vec<Passed> {
        let judge = |quantity, warning: Band, critical: Option<Band>, low, high| {
            let value = self.snapshot.cell(quantity, cell).ok()?;
            let is_critical = critical.is_some_and(|critical| !critical.contains(value));
            let severity = if is_critical { Severity::Critical } else { Severity::Warning };
            let limit = match value {
                v if v < warning.low || is_critical && v < warning.high => low,
                v if v > warning.high || is_critical => high,
                _ => return None,
            };
            Some(Passed { limit, severity })
        };
        let limits = &self.limits;
        let voltage = judge(
            CellQuantity::Voltage,
            limits.cell_voltage_warning_v,
            Some(limits.cell_voltage_v),
            PassedLimit::VoltageLow,
            PassedLimit::VoltageHigh,
        );
        let temperature = judge(
            CellQuantity::Temperature,
            limits.temperature_warning_c,
            self.critical_c,
            PassedLimit::TemperatureLow,
            PassedLimit::TemperatureHigh,
        );
        voltage.into_iter().chain(temperature).collect()
    }

    /// How bad it is what `cell` has passed; `None` for a healthy cell and for one without data.
    pub fn severity(&self, cell: usize) -> Option<Severity> {
        self.passed(cell).into_iter().map(|passed| passed.severity).max()
    }

    /// The same of the limits that are about what colours a map of `by`.
    pub fn severity_of(&self, by: MapQuantity, cell: usize) -> Option<Severity> {
        self.passed(cell).into_iter().filter(|passed| passed.is_about(by)).map(|passed| passed.severity).max()
    }

    /// Lowest and highest value of the colour scale, in the quantity's unit. A relative one spans the cells that keep to
    /// their limits: the others are marked anyway, and would drown the differences of the rest.
    pub fn scale(&self, by: MapQuantity, span: Span) -> Scale {
        let fixed = |band: Band| (band.low, band.high);
        let (fixed, step, least) = match by {
            MapQuantity::Voltage => (fixed(self.limits.voltage_scale_v), STEP_V, LEAST_V),
            MapQuantity::Temperature => (fixed(self.limits.temperature_scale_c), STEP_C, LEAST_C),
            MapQuantity::Deviation => ((-DEVIATION_SCALE_V, DEVIATION_SCALE_V), STEP_V, LEAST_V),
        };
        let Some((low, high)) = (span == Span::Relative).then(|| self.present(by)).flatten() else {
            return Scale { low: fixed.0, high: fixed.1 };
        };
        let (low, high) = match by {
            MapQuantity::Deviation => {
                let far = low.abs().max(high.abs()).max(least / 2.0);
                (-far, far)
            }
            MapQuantity::Voltage | MapQuantity::Temperature => {
                let widen = ((least - (high - low)) / 2.0).max(0.0);
                (low - widen, high + widen)
            }
        };
        let (low, high) = whole_steps(low, high, step);
        Scale { low, high }
    }

    /// Lowest and highest value of the fresh cells that keep to their limits; of all fresh ones if none does.
    fn present(&self, by: MapQuantity) -> Option<(f32, f32)> {
        let ends = |all: bool| {
            let cells = (0..self.count()).filter(|cell| all || self.passed(*cell).is_empty());
            cells.filter_map(|cell| self.sample(by, cell).ok()).fold(None, |ends: Option<(f32, f32)>, value| {
                let (low, high) = ends.unwrap_or((value, value));
                Some((low.min(value), high.max(value)))
            })
        };
        ends(false).or_else(|| ends(true)).or_else(|| self.present_last(by))
    }

    /// The same of the last values where none is fresh: their picture stays as it was, faded.
    fn present_last(&self, by: MapQuantity) -> Option<(f32, f32)> {
        let keeps = match by {
            MapQuantity::Voltage => self.limits.cell_voltage_warning_v,
            MapQuantity::Temperature => self.limits.temperature_warning_c,
            MapQuantity::Deviation => return None,
        };
        let ends = |all: bool| {
            let last = (0..self.count()).filter_map(|cell| Some((cell, self.last(by, cell)?.0)));
            ColumnStats::of(last.filter(|(_, value)| all || keeps.contains(*value))).map(|stats| (stats.min, stats.max))
        };
        ends(false).or_else(|| ends(true))
    }

    /// What the map shows of every cell. A cell that has passed a limit of what colours the map is marked with colour and
    /// sign, one that has passed another limit by its outline; one whose value is lost while its alarm stands keeps its
    /// mark.
    pub fn map(&self, by: MapQuantity) -> Vec<HeatCell> {
        let in_alarm = self.in_alarm(by);
        let stale = |cell| self.last(by, cell).map_or(HeatCell::NoValue, |(value, _)| HeatCell::Stale(value));
        (0..self.count())
            .map(|cell| match self.sample(by, cell) {
                Ok(value) => {
                    let passed = self.passed(cell);
                    let elsewhere = || passed.iter().map(|passed| passed.severity).max();
                    match passed.iter().find(|passed| passed.is_about(by)) {
                        Some(passed) => HeatCell::Out(value, passed.beyond()),
                        None => elsewhere().map_or(HeatCell::Good(value), |bad| HeatCell::Elsewhere(value, bad)),
                    }
                }
                Err(why) => match in_alarm[cell] {
                    Some((beyond, true)) => HeatCell::StaleOut(beyond),
                    Some((Beyond { severity, .. }, false)) => {
                        self.last(by, cell).map_or(HeatCell::NoValue, |(v, _)| HeatCell::Elsewhere(v, severity))
                    }
                    None if why == NoData::Stale => stale(cell),
                    None => HeatCell::NoValue,
                },
            })
            .collect()
    }

    /// The limits that belong on the scale of `by`, in its unit.
    pub fn limits_of(&self, by: MapQuantity) -> Vec<f32> {
        let both = |band: Band| vec![band.low, band.high];
        match by {
            MapQuantity::Voltage => both(self.limits.cell_voltage_warning_v),
            MapQuantity::Temperature => both(self.limits.temperature_warning_c),
            MapQuantity::Deviation => Vec::new(),
        }
    }

    /// The `n` fresh cells that come first when ordered by `key`, the smallest key first, with their value of `by`.
    pub fn first_by(&self, by: MapQuantity, n: usize, key: impl Fn(f32) -> f32) -> Vec<(usize, f32)> {
        let fresh = (0..self.count()).filter_map(|cell| Some((cell, self.sample(by, cell).ok()?)));
        order::first(fresh, n, |a, b| key(a.1) < key(b.1))
    }
}

/// Temperature that is safe in the direction of the present current, °C; none without a current: as the alarms have it.
fn critical_c(snapshot: &Snapshot, spec: &SystemSpec) -> Option<Band> {
    let rest_a = REST_C * spec.capacity_ah;
    match snapshot.point(PointId::Current) {
        Ok(a) if a > rest_a => Some(spec.limits.discharge_temperature_c),
        Ok(a) if a < -rest_a => Some(spec.limits.charge_temperature_c),
        _ => None,
    }
}

/// Since when voltages count as those of one instant, and the mean of those, V; `None` without a fresh cell.
fn together(snapshot: &Snapshot, spec: &SystemSpec) -> Option<(Mono, f32)> {
    let (column, now) = (snapshot.state.cells.column(CellQuantity::Voltage), snapshot.now.mono);
    let fresh = || (0..column.len()).filter(|cell| column.sample(*cell, now).is_ok()).filter_map(|c| column.last(c));
    let newest = fresh().map(|(_, at)| at).max()?;
    let since = Mono(newest.0.saturating_sub((spec.period().mul_f32(SAME_INSTANT_PERIODS)).as_micros() as u64));
    let (sum, n) =
        fresh().filter(|(_, at)| *at >= since).fold((0.0, 0_u32), |(sum, n), (v, _)| (sum + f64::from(v), n + 1));
    Some((since, (sum / f64::from(n)) as f32))
}

/// `low` and `high` moved outwards to whole steps, at least two steps apart.
fn whole_steps(low: f32, high: f32, step: f32) -> (f32, f32) {
    // A hair of tolerance: 3.2 / 0.005 is not a whole number in floating point.
    let (low, mut high) = ((low / step + 1e-3).floor(), (high / step - 1e-3).ceil());
    if high - low < 2.0 {
        high = low + 2.0;
    }
    (low * step, high * step)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use domain::alarm::{Alarm, RULES, RuleIdx, Watch};
    use domain::limits::Chemistry;
    use domain::spec::SystemKind;
    use domain::time::{Mono, Now};
    use domain::twin::SystemState;
    use std::time::Duration;

    pub(in super::super) fn spec() -> SystemSpec {
        SystemSpec {
            kind: SystemKind::DataCentre,
            simulated: true,
            ..SystemSpec::new("hv", "Pack", Topology::new(1, 2, 3), 280.0, 832.0)
        }
    }

    /// Voltages and temperatures of the six cells, received 0.4 s before now.
    fn snapshot(voltages: [Sample; 6], temperatures: [Sample; 6]) -> Snapshot {
        let mut state = SystemState::new(&spec());
        let at = Mono(1_000_000);
        for cell in 0..6 {
            state.cells.column_mut(CellQuantity::Voltage).set(cell, voltages[cell], at);
            state.cells.column_mut(CellQuantity::Temperature).set(cell, temperatures[cell], at);
        }
        let now = Now { mono: at + Duration::from_millis(400), ..Now::default() };
        Snapshot { now, received: at, state, ..Snapshot::default() }
    }

    pub(in super::super) fn example() -> Snapshot {
        let no = Err(NoData::Error);
        snapshot(
            [Ok(3.20), Ok(3.21), Ok(3.19), Ok(2.80), Ok(3.20), no],
            [Ok(25.0), Ok(46.0), Ok(26.0), no, Ok(24.5), no],
        )
    }

    #[test]
    fn a_cell_out_of_limits_is_known_by_what_it_passed() {
        let (snapshot, spec) = (example(), spec());
        let cells = Cells::of(&snapshot, &spec);
        let passed = |limit, severity| [Passed { limit, severity }];
        assert_eq!(cells.passed(1), passed(PassedLimit::TemperatureHigh, Severity::Warning));
        assert_eq!(cells.passed(3), passed(PassedLimit::VoltageLow, Severity::Critical));
        assert!(cells.passed(0).is_empty() && cells.passed(5).is_empty());
    }

    #[test]
    fn a_warning_limit_is_no_critical_one() {
        let spec = SystemSpec { limits: Limits::of(Chemistry::Nmc, 14, 100.0), ..spec() };
        let volts = [Ok(4.215), Ok(4.26), Ok(3.7), Ok(3.7), Ok(3.7), Ok(3.7)];
        let heat = [Ok(25.0), Ok(25.0), Ok(51.0), Ok(25.0), Ok(61.0), Ok(25.0)];
        let mut snapshot = snapshot(volts, heat);
        let critical_c = spec.limits.discharge_temperature_c.high;
        assert!((51.0..61.0).contains(&critical_c), "{critical_c}");
        for (current_a, hottest) in [(0.0, Severity::Warning), (20.0, Severity::Critical), (-20.0, Severity::Critical)]
        {
            snapshot.state.points.set(PointId::Current, Ok(current_a), snapshot.now.mono);
            let cells = Cells::of(&snapshot, &spec);
            let severities: Vec<_> = [0, 1, 2, 3, 4].map(|cell| cells.severity(cell)).to_vec();
            let (warning, critical) = (Some(Severity::Warning), Some(Severity::Critical));
            let hot = if current_a < 0.0 { critical } else { warning };
            assert_eq!(severities, [warning, critical, hot, None, Some(hottest)], "{current_a} A");
        }
    }

    #[test]
    fn a_cell_out_of_limits_is_marked_on_every_map_and_signed_on_its_own() {
        let (snapshot, spec) = (example(), spec());
        let cells = Cells::of(&snapshot, &spec);
        for by in [MapQuantity::Voltage, MapQuantity::Deviation] {
            let map = cells.map(by);
            assert!(matches!(map[0], HeatCell::Good(_)), "{by:?}");
            assert!(matches!(map[1], HeatCell::Elsewhere(..)), "{by:?}: too hot");
            assert!(matches!(map[3], HeatCell::Out(_, Beyond { side: Direction::Below, .. })), "{by:?}");
            assert_eq!(map[5], HeatCell::NoValue, "{by:?}");
        }
        let warm = Beyond { side: Direction::Above, severity: Severity::Warning };
        assert_eq!(cells.map(MapQuantity::Temperature)[1], HeatCell::Out(46.0, warm));
        assert_eq!(cells.map(MapQuantity::Temperature)[3], HeatCell::NoValue);
    }

    #[test]
    fn a_stale_cell_in_alarm_keeps_its_mark() {
        let (mut snapshot, spec) = (example(), spec());
        let rule = RULES.iter().position(|rule| rule.watch == Watch::CellVoltageLow);
        snapshot.alarms = vec![Alarm {
            rule: RuleIdx(rule.unwrap() as u8),
            subject: Subject::Cell(3),
            since: snapshot.now.utc,
            value: 2.8,
            worst: 2.8,
            signal_lost: true,
            chattering: false,
            standing: Default::default(),
        }];
        snapshot.now.mono = snapshot.now.mono + Duration::from_secs(9);
        let cells = Cells::of(&snapshot, &spec);
        for by in [MapQuantity::Voltage, MapQuantity::Deviation] {
            let low = Beyond { side: Direction::Below, severity: Severity::Critical };
            assert_eq!(cells.map(by)[3], HeatCell::StaleOut(low), "{by:?}");
        }
        assert_eq!(
            (cells.map(MapQuantity::Voltage)[0], cells.map(MapQuantity::Deviation)[0]),
            (HeatCell::Stale(3.2), HeatCell::NoValue)
        );
        assert_eq!(cells.alarms_without_value(), [3]);
    }

    #[test]
    fn a_deviation_is_of_one_instant() {
        // Module 2 goes dead; 0.6 s later the load steps and all others fall by 40 mV.
        let (mut snapshot, spec) = (snapshot([Ok(3.2); 6], [Ok(25.0); 6]), spec());
        let later = Mono(1_000_000) + Duration::from_millis(600);
        for cell in 0..3 {
            snapshot.state.cells.column_mut(CellQuantity::Voltage).set(cell, Ok(3.16), later);
        }
        snapshot.now.mono = later;
        let cells = Cells::of(&snapshot, &spec);
        for cell in 0..3 {
            assert!(
                cells.sample(MapQuantity::Deviation, cell).unwrap().abs() < 1e-6,
                "{:?}",
                cells.sample(MapQuantity::Deviation, cell)
            );
        }
        for cell in 3..6 {
            assert!(cells.sample(MapQuantity::Voltage, cell).is_ok(), "still fresh");
            assert_eq!(
                cells.sample(MapQuantity::Deviation, cell),
                Err(NoData::Stale),
                "it would be +40 mV, which never was"
            );
        }
        assert!(cells.last(MapQuantity::Deviation, 3).is_none());
    }

    #[test]
    fn the_relative_scale_shows_the_differences_of_the_healthy_cells() {
        let (snapshot, spec) = (example(), spec());
        let cells = Cells::of(&snapshot, &spec);
        // 3.19 to 3.20 V keep to their limits; 2.80 V does not, nor does the hot one at 3.21 V.
        let scale = cells.scale(MapQuantity::Voltage, Span::Relative);
        assert!((scale.low - 3.19).abs() < 1e-4 && (scale.high - 3.2).abs() < 1e-4, "{scale:?}");
        assert_eq!(Span::default(), Span::Relative);
    }

    #[test]
    fn the_scale_stays_when_all_cells_have_fallen_silent() {
        let (snapshot, spec) = (example(), spec());
        let old = Snapshot { now: snapshot.now + Duration::from_secs(60), ..snapshot };
        // The hot cell at 3.21 V is not told apart any more: its voltage keeps to its limits.
        let scale = Cells::of(&old, &spec).scale(MapQuantity::Voltage, Span::Relative);
        assert!((scale.low - 3.19).abs() < 1e-4 && (scale.high - 3.21).abs() < 1e-4, "{scale:?}");
        let fixed = Cells::of(&old, &spec).scale(MapQuantity::Voltage, Span::Fixed);
        assert_eq!((fixed.low, fixed.high), (2.8, 3.4));
    }

    #[test]
    fn relative_scales_keep_to_whole_steps() {
        for (low, high, step, expected) in [
            (3.2, 3.21, 0.005, (3.2, 3.21)),
            (3.201, 3.2012, 0.005, (3.2, 3.21)),
            (2.803, 3.213, 0.005, (2.8, 3.215)),
            (24.6, 31.2, 1.0, (24.0, 32.0)),
            (-3.5, -3.4, 1.0, (-4.0, -2.0)),
        ] {
            let got = whole_steps(low, high, step);
            assert!((got.0 - expected.0).abs() < 1e-4 && (got.1 - expected.1).abs() < 1e-4, "{low} {high}: {got:?}");
        }
    }

    #[test]
    fn a_system_that_never_spoke_has_scales_but_no_values() {
        let spec = spec();
        let snapshot = Snapshot { state: SystemState::new(&spec), ..Snapshot::default() };
        let cells = Cells::of(&snapshot, &spec);
        assert_eq!(cells.scale(MapQuantity::Voltage, Span::Relative), Scale { low: 2.8, high: 3.4 });
        assert_eq!(cells.sample(MapQuantity::Deviation, 0), Err(NoData::NotPresent));
        assert!(cells.first_by(MapQuantity::Voltage, 5, |v| v).is_empty());
    }
}
