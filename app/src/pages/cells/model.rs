//! What the page says about the cells of one moment: pure, so that the server, the browser and the tests agree.

use super::choice::{By, Span};
use crate::charts::heatmap::{HeatCell, Scale};
use crate::order;
use domain::cells::ColumnStats;
use domain::limits::{Band, Limits};
use domain::reading::{CellQuantity, NoData, Sample};
use domain::spec::SystemSpec;
use domain::topology::Topology;
use domain::twin::Moment;

/// The fixed scale of deviations from the mean, V each way.
const DEVIATION_SCALE_V: f32 = 0.025;
/// Relative scales are widened to whole steps of this, so that they do not tremble with the last digit: V and °C.
const STEP_V: f32 = 0.005;
const STEP_C: f32 = 1.0;

/// The cells of one moment with what is derived from all of them.
pub struct Cells<'a> {
    /// The moment itself.
    pub moment: &'a Moment,
    /// How the cells are arranged.
    pub topology: Topology,
    /// What a healthy cell keeps to.
    pub limits: Limits,
    /// Voltages over the fresh cells, V.
    pub voltage: Option<ColumnStats>,
    /// Temperatures over the fresh cells, °C.
    pub temperature: Option<ColumnStats>,
}

/// Which limit a cell has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
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
        match self {
            Passed::VoltageLow => "under voltage",
            Passed::VoltageHigh => "over voltage",
            Passed::TemperatureHigh => "over temperature",
            Passed::TemperatureLow => "under temperature",
        }
    }
}

impl<'a> Cells<'a> {
    /// The cells of `moment`.
    pub fn of(moment: &'a Moment, spec: &SystemSpec) -> Cells<'a> {
        let stats = |quantity| moment.state.cells.column(quantity).stats(moment.now.mono);
        Cells {
            moment,
            topology: spec.topology,
            limits: spec.limits,
            voltage: stats(CellQuantity::Voltage),
            temperature: stats(CellQuantity::Temperature),
        }
    }

    /// How many cells the system has.
    pub fn count(&self) -> usize {
        self.topology.cells()
    }

    /// The value that colours `cell`: V, °C, or V from the mean.
    pub fn sample(&self, by: By, cell: usize) -> Sample {
        match by {
            By::Voltage => self.moment.cell(CellQuantity::Voltage, cell),
            By::Temperature => self.moment.cell(CellQuantity::Temperature, cell),
            By::Deviation => {
                let value = self.moment.cell(CellQuantity::Voltage, cell)?;
                Ok(value - self.voltage.map_or(value, |stats| stats.mean))
            }
        }
    }

    /// The last good value that coloured `cell`, however old, with its age in seconds.
    pub fn last(&self, by: By, cell: usize) -> Option<(f32, f32)> {
        let quantity = if by == By::Temperature { CellQuantity::Temperature } else { CellQuantity::Voltage };
        let (value, at) = self.moment.state.cells.column(quantity).last(cell)?;
        let value = if by == By::Deviation { value - self.voltage?.mean } else { value };
        Some((value, self.moment.now.mono.seconds_since(at)))
    }

    /// The limits that `cell` has passed: those of its warnings, so that whatever is marked has an alarm, raised or about
    /// to be. Empty for a healthy cell and for one without data.
    pub fn passed(&self, cell: usize) -> Vec<Passed> {
        let (voltage_v, temperature_c) = (self.limits.cell_voltage_warning_v, self.limits.temperature_warning_c);
        let is = |quantity, beyond: &dyn Fn(f32) -> bool| self.moment.cell(quantity, cell).is_ok_and(beyond);
        [
            (Passed::VoltageLow, is(CellQuantity::Voltage, &|v| v < voltage_v.low)),
            (Passed::VoltageHigh, is(CellQuantity::Voltage, &|v| v > voltage_v.high)),
            (Passed::TemperatureHigh, is(CellQuantity::Temperature, &|c| c > temperature_c.high)),
            (Passed::TemperatureLow, is(CellQuantity::Temperature, &|c| c < temperature_c.low)),
        ]
        .into_iter()
        .filter_map(|(passed, is_passed)| is_passed.then_some(passed))
        .collect()
    }

    /// Lowest and highest value of the colour scale, in the quantity's unit.
    pub fn scale(&self, by: By, span: Span) -> Scale {
        let fixed = |band: Band| (band.low, band.high);
        let (low, high) = match (by, span) {
            (By::Voltage, Span::Fixed) => fixed(self.limits.voltage_scale_v),
            (By::Temperature, Span::Fixed) => fixed(self.limits.temperature_scale_c),
            (By::Deviation, Span::Fixed) => (-DEVIATION_SCALE_V, DEVIATION_SCALE_V),
            (By::Voltage, Span::Relative) => {
                self.voltage.map_or(fixed(self.limits.voltage_scale_v), |s| whole_steps(s.min, s.max, STEP_V))
            }
            (By::Temperature, Span::Relative) => {
                self.temperature.map_or(fixed(self.limits.temperature_scale_c), |s| whole_steps(s.min, s.max, STEP_C))
            }
            (By::Deviation, Span::Relative) => {
                let far = self.voltage.map_or(DEVIATION_SCALE_V, |s| (s.max - s.mean).max(s.mean - s.min));
                let (_, high) = whole_steps(0.0, far, STEP_V);
                (-high, high)
            }
        };
        Scale { low, high }
    }

    /// What the map shows of every cell. A cell that has passed any limit is marked, whatever colours the map.
    pub fn map(&self, by: By) -> Vec<HeatCell> {
        (0..self.count())
            .map(|cell| match self.sample(by, cell) {
                Ok(value) => match self.passed(cell).first() {
                    None => HeatCell::Good(value),
                    Some(Passed::VoltageLow | Passed::TemperatureLow) => HeatCell::Low(value),
                    Some(Passed::VoltageHigh | Passed::TemperatureHigh) => HeatCell::High(value),
                },
                Err(NoData::Stale) => {
                    self.last(by, cell).map_or(HeatCell::NoValue, |(value, _)| HeatCell::Stale(value))
                }
                Err(_) => HeatCell::NoValue,
            })
            .collect()
    }

    /// The limits that belong on the scale of `by`, in its unit.
    pub fn limits_of(&self, by: By) -> Vec<f32> {
        let both = |band: Band| vec![band.low, band.high];
        match by {
            By::Voltage => both(self.limits.cell_voltage_warning_v),
            By::Temperature => both(self.limits.temperature_warning_c),
            By::Deviation => Vec::new(),
        }
    }

    /// The `n` fresh cells that come first when ordered by `key`, the smallest key first, with their value of `by`.
    pub fn first_by(&self, by: By, n: usize, key: impl Fn(f32) -> f32) -> Vec<(usize, f32)> {
        let fresh = (0..self.count()).filter_map(|cell| Some((cell, self.sample(by, cell).ok()?)));
        order::first(fresh, n, |a, b| key(a.1) < key(b.1))
    }
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
    use domain::limits::Chemistry;
    use domain::spec::SystemKind;
    use domain::time::{Mono, Now};
    use domain::twin::SystemState;
    use std::time::Duration;

    pub(in super::super) fn spec() -> SystemSpec {
        SystemSpec {
            id: "hv".into(),
            name: "Pack".into(),
            topology: Topology::new(1, 2, 3),
            capacity_ah: 280.0,
            nominal_v: 832.0,
            reserve_pct: 20.0,
            limits: Limits::of(Chemistry::Lfp, 260, 280.0),
            cell_resolution_v: 0.001,
            rate_hz: 5.0,
            simulated: true,
            max_ages: Vec::new(),
            kind: SystemKind::DataCentre,
        }
    }

    /// Voltages and temperatures of the six cells, received 0.4 s before now.
    fn moment(voltages: [Sample; 6], temperatures: [Sample; 6]) -> Moment {
        let mut state = SystemState::new(&spec());
        let at = Mono(1_000_000);
        for cell in 0..6 {
            state.cells.column_mut(CellQuantity::Voltage).set(cell, voltages[cell], at);
            state.cells.column_mut(CellQuantity::Temperature).set(cell, temperatures[cell], at);
        }
        let now = Now { mono: at + Duration::from_millis(400), ..Now::default() };
        Moment { now, received: at, state, ..Moment::default() }
    }

    pub(in super::super) fn example() -> Moment {
        let no = Err(NoData::Error);
        moment([Ok(3.20), Ok(3.21), Ok(3.19), Ok(2.80), Ok(3.20), no], [Ok(25.0), Ok(46.0), Ok(26.0), no, Ok(24.5), no])
    }

    #[test]
    fn a_cell_out_of_limits_is_known_by_what_it_passed() {
        let (moment, spec) = (example(), spec());
        let cells = Cells::of(&moment, &spec);
        assert_eq!(cells.passed(1), [Passed::TemperatureHigh]);
        assert_eq!(cells.passed(3), [Passed::VoltageLow]);
        assert!(cells.passed(0).is_empty() && cells.passed(5).is_empty());
    }

    #[test]
    fn a_marked_cell_is_marked_on_every_map() {
        let (moment, spec) = (example(), spec());
        let cells = Cells::of(&moment, &spec);
        for by in [By::Voltage, By::Deviation] {
            let map = cells.map(by);
            assert!(matches!(map[0], HeatCell::Good(_)), "{by:?}");
            assert!(matches!(map[1], HeatCell::High(_)), "{by:?}: too hot");
            assert!(matches!(map[3], HeatCell::Low(_)), "{by:?}");
            assert_eq!(map[5], HeatCell::NoValue, "{by:?}");
        }
        assert_eq!(cells.map(By::Temperature)[3], HeatCell::NoValue);
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
        let moment = Moment { state: SystemState::new(&spec), ..Moment::default() };
        let cells = Cells::of(&moment, &spec);
        assert_eq!(cells.scale(By::Voltage, Span::Relative), Scale { low: 2.8, high: 3.4 });
        assert_eq!(cells.sample(By::Deviation, 0), Err(NoData::NotPresent));
        assert!(cells.first_by(By::Voltage, 5, |v| v).is_empty());
    }
}
