//! The cells as struct of arrays: voltage, heat and resistance of each, anew whenever the charge has moved a little.

use super::strings::{Heating, Source, State, Strings};
use super::twin::Twin;
use crate::physics::parameters::{self as p, Curves};

/// Slopes of the open-circuit curve are taken over this, points of charge: the grid of the curve.
const SLOPE_POINTS: f32 = 0.5;
/// Self-discharge, points of charge in a second.
const SELF_DISCHARGE_PER_S: f32 = 100.0 * p::SELF_DISCHARGE_PER_MONTH.0 / (30.0 * 24.0 * 3_600.0);

/// What each cell was at the check.
#[derive(Clone, Debug, Default)]
pub(super) struct CellTable {
    /// Which cell, from 0; `None` for a mean one.
    pub(super) number: Vec<Option<u16>>,
    /// How many cells in series it stands for.
    pub(super) weight: Vec<f32>,
    /// State of charge, %.
    pub(super) soc_pct: Vec<f32>,
    /// State of charge that one Ah is, points.
    pub(super) points_per_ah: Vec<f32>,
    /// Resistance at 25 °C as a multiple of that of a rated cell.
    pub(super) factor: Vec<f32>,
    /// What the voltage is above the model's, V.
    pub(super) offset_v: Vec<f32>,
    /// Temperature, °C.
    pub(super) temperature_c: Vec<f32>,
    /// Conductance to the air, W/K.
    pub(super) to_ambient_w_per_k: Vec<f32>,
}

/// A cell that may be the lowest or highest of its string until the next refresh.
#[derive(Clone, Copy, Debug, Default)]
struct Candidate {
    cell: usize,
    source: Source,
}

/// Of each string: who is lowest without a current, with the present one and with the largest one, and who is highest.
#[derive(Clone, Copy, Debug, Default)]
struct Candidates {
    lowest: [Candidate; 3],
    highest: Candidate,
}

/// The cells on their way.
#[derive(Clone, Debug)]
pub(super) struct Cells<'a> {
    table: &'a CellTable,
    curves: &'a Curves,
    per_string: usize,
    per_module: usize,
    ambient_c: f32,
    /// The largest current of a cell that may come, A.
    peak_a: f32,
    temperature_c: Vec<f32>,
    hysteresis_v: Vec<f32>,
    factor: Vec<f32>,
    soc_pct: Vec<f32>,
    heat_j: Vec<f32>,
    candidates: Vec<Candidates>,
    /// The coldest and the hottest cell.
    pub(super) coldest: (usize, f32),
    pub(super) hottest: (usize, f32),
}

impl<'a> Cells<'a> {
    pub(super) fn new(twin: &'a Twin, peak_a: f32) -> Cells<'a> {
        let table = &twin.cells;
        let n = table.soc_pct.len();
        Cells {
            table,
            curves: &twin.curves,
            per_string: twin.wiring.per_string,
            per_module: twin.wiring.per_module,
            ambient_c: twin.ambient_c,
            peak_a,
            temperature_c: table.temperature_c.clone(),
            hysteresis_v: vec![0.0; n],
            factor: vec![0.0; n],
            soc_pct: table.soc_pct.clone(),
            heat_j: vec![0.0; n],
            candidates: vec![Candidates::default(); twin.wiring.strings],
            coldest: (0, 0.0),
            hottest: (0, 0.0),
        }
    }

    /// Brings the cells to the state of their strings, `t_s` after the check and `since_s` after the last refresh, and the
    /// strings' sources to that of their cells.
    pub(super) fn refresh(&mut self, strings: &mut Strings, t_s: f64, since_s: f32) {
        self.warm(strings, since_s);
        for string in 0..strings.states.len() {
            strings.states[string].since_ah = 0.0;
            strings.heating[string] = Heating::default();
            let (state, current_a) = (strings.states[string], strings.current_a[string]);
            strings.sources[string] = self.refresh_string(string, &state, current_a, t_s as f32);
        }
        let extreme = |better: fn(f32, f32) -> bool| {
            let start = (0, self.temperature_c[0]);
            let step = |best: (usize, f32), (cell, celsius): (usize, &f32)| {
                if better(*celsius, best.1) { (cell, *celsius) } else { best }
            };
            self.temperature_c.iter().enumerate().fold(start, step)
        };
        self.coldest = extreme(|a, b| a < b);
        self.hottest = extreme(|a, b| a > b);
    }

    /// Heat of the losses, to the neighbours, into the air.
    fn warm(&mut self, strings: &Strings, since_s: f32) {
        if since_s <= 0.0 {
            return;
        }
        for (string, heating) in strings.heating.iter().enumerate() {
            let Heating { current, drop, hysteresis } = *heating;
            let (current, drop, hysteresis) = (current as f32, drop as f32, hysteresis as f32);
            for cell in string * self.per_string..(string + 1) * self.per_string {
                let celsius = self.temperature_c[cell];
                let entropy = self.curves.entropy.at(self.soc_pct[cell]);
                self.heat_j[cell] = self.factor[cell] * drop
                    - self.hysteresis_v[cell] * hysteresis
                    - current * (celsius + 273.15) * entropy
                    - since_s * self.table.to_ambient_w_per_k[cell] * (celsius - self.ambient_c);
            }
        }
        for (module, heat_j) in self.heat_j.chunks_mut(self.per_module).enumerate() {
            let celsius = &self.temperature_c[module * self.per_module..];
            for cell in 1..heat_j.len() {
                let flow_j = since_s * p::TO_NEIGHBOUR_W_PER_K * (celsius[cell - 1] - celsius[cell]);
                heat_j[cell - 1] -= flow_j;
                heat_j[cell] += flow_j;
            }
        }
        for (celsius, heat_j) in self.temperature_c.iter_mut().zip(&self.heat_j) {
            *celsius += heat_j / p::HEAT_CAPACITY_J_PER_K;
        }
    }

    /// The source that a string is, and who of it may be lowest.
    fn refresh_string(&mut self, string: usize, state: &State, current_a: f32, t_s: f32) -> Source {
        let (table, curves) = (self.table, self.curves);
        let lost_pct = SELF_DISCHARGE_PER_S * t_s;
        let drawn_ah = state.drawn_ah as f32;
        // The slope counts in the direction in which the charge moves.
        let ahead = if current_a < 0.0 { SLOPE_POINTS } else { -SLOPE_POINTS };
        let now_v = state.drop_v(current_a);
        let drops_v = [now_v, state.drop_v(self.peak_a) + p::RC1.0 * (self.peak_a - state.settled_a[0]).max(0.0), 0.0];
        let mut sum = Source::default();
        let mut best = Candidates::default();
        let mut lowest_v = [f32::INFINITY; 3];
        let mut highest_v = f32::NEG_INFINITY;
        for cell in string * self.per_string..(string + 1) * self.per_string {
            let soc_pct = (table.soc_pct[cell] - table.points_per_ah[cell] * drawn_ah - lost_pct).clamp(0.0, 100.0);
            let ocv_v = curves.ocv.at(soc_pct);
            let slope_v = (curves.ocv.at(soc_pct + ahead) - ocv_v) / ahead;
            let source = Source {
                ocv_v: ocv_v + table.offset_v[cell],
                slope_v_per_ah: -slope_v * table.points_per_ah[cell],
                hysteresis_v: curves.hysteresis.at(soc_pct),
                factor: table.factor[cell]
                    * curves.temperature.at(self.temperature_c[cell])
                    * curves.low_soc.at(soc_pct),
            };
            (self.soc_pct[cell], self.hysteresis_v[cell], self.factor[cell]) =
                (soc_pct, source.hysteresis_v, source.factor);
            let weight = table.weight[cell];
            sum.ocv_v += weight * source.ocv_v;
            sum.slope_v_per_ah += weight * source.slope_v_per_ah;
            sum.hysteresis_v += weight * source.hysteresis_v;
            sum.factor += weight * source.factor;
            let open_v = source.ocv_v + state.hysteresis * source.hysteresis_v;
            for (place, drop_v) in drops_v.iter().enumerate() {
                let volts = open_v - source.factor * drop_v;
                if volts < lowest_v[place] {
                    lowest_v[place] = volts;
                    best.lowest[place] = Candidate { cell, source };
                }
            }
            let volts = open_v - source.factor * now_v;
            if volts > highest_v {
                highest_v = volts;
                best.highest = Candidate { cell, source };
            }
        }
        self.candidates[string] = best;
        sum
    }

    /// The lowest cell now, and its voltage, V.
    pub(super) fn lowest(&self, strings: &Strings) -> (usize, f32) {
        let mut lowest = (0, f32::INFINITY);
        for (string, candidates) in self.candidates.iter().enumerate() {
            let state = &strings.states[string];
            let drop_v = state.drop_v(strings.current_a[string]);
            for candidate in &candidates.lowest {
                let volts = candidate.source.voltage_v(state, drop_v).max(0.0);
                if volts < lowest.1 {
                    lowest = (candidate.cell, volts);
                }
            }
        }
        lowest
    }

    /// The highest cell voltage now, V.
    pub(super) fn highest_v(&self, strings: &Strings) -> f32 {
        let voltage = |(string, candidates): (usize, &Candidates)| {
            let state = &strings.states[string];
            candidates.highest.source.voltage_v(state, state.drop_v(strings.current_a[string]))
        };
        self.candidates.iter().enumerate().map(voltage).fold(f32::NEG_INFINITY, f32::max)
    }

    /// Which cell an entry is, from 0; `None` for a mean one.
    pub(super) fn number(&self, cell: usize) -> Option<u16> {
        self.table.number[cell]
    }

    /// Open-circuit voltage with offset and hysteresis, and resistance factor, of each entry as it was at the last refresh.
    pub(super) fn now(&self, state: &State) -> impl Iterator<Item = (f32, f32)> + '_ {
        let hysteresis = state.hysteresis;
        (0..self.soc_pct.len()).map(move |cell| {
            let ocv_v = self.curves.ocv.at(self.soc_pct[cell]) + self.table.offset_v[cell];
            (ocv_v + hysteresis * self.hysteresis_v[cell], self.factor[cell])
        })
    }
}
