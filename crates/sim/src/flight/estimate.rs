//! The state of each cell from what is read of it: a state of charge, a resistance and an offset that together give exactly
//! the voltage that is read.
//!
//! One voltage tells no two things apart, so each cell is estimated by what is likely beforehand (a Kalman update, iterated
//! because the open-circuit curve bends): its state of charge lies near that of the BMS, its resistance near the rated one,
//! and its sensor is good. Where the curve is steep, near empty, a low voltage is a low charge; where it is flat and current
//! flows, it is a high resistance. What neither explains is kept as an offset that stays.
//!
//! First all cells together by the median, whose errors are those of the BMS and of the polarisation; then each cell by its
//! distance from it, whose errors are those of a batch of cells and of the sensors.

use super::reading::{CellReading, Reading};
use super::recent::Recent;
use super::strings::{Span, State};
use crate::physics::parameters::{self as p, Curves};
use domain::flight::Assumption;

/// How uncertain the state of charge of the BMS is, points; the resistance of such cells, share; and the voltage that
/// hysteresis and slow polarisation give, V.
const PACK: Spread = Spread { soc_points: 2.0, resistance: 0.10, voltage_v: 0.008 };
/// How far one cell is from the others, and what its sensor adds.
const CELL: Spread = Spread { soc_points: 100.0 * p::SOC_SIGMA, resistance: 0.03, voltage_v: 0.000_5 };
/// An update is repeated so often, each time so much of the way.
const UPDATES: usize = 10;
const UPDATE_SHARE: f32 = 0.7;
/// A voltage that is further from the model than this is told, V.
const UNEXPLAINED_V: f32 = 0.020;
/// Without a history, a current above this share of the capacity in an hour tells which way the hysteresis is.
const TELLING_C: f32 = 0.02;

/// Standard deviations.
struct Spread {
    soc_points: f32,
    resistance: f32,
    voltage_v: f32,
}

/// The estimated state of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    /// State of charge, %.
    pub(super) soc_pct: f32,
    /// Resistance at 25 °C as a multiple of that of a rated cell of 280 Ah.
    pub(super) factor: f32,
    /// What the voltage is above the model's, V.
    pub(super) offset_v: f32,
}

/// What the current makes of the voltage of every cell.
struct Load<'a> {
    curves: &'a Curves,
    /// What falls off over a rated cell, V.
    drop_v: f32,
    hysteresis: f32,
}

impl Load<'_> {
    fn voltage_v(&self, soc_pct: f32, factor: f32, celsius: f32) -> f32 {
        let (ocv, gap) = (self.curves.ocv.at(soc_pct), self.curves.hysteresis.at(soc_pct));
        ocv + self.hysteresis * gap - factor * self.per_factor_v(soc_pct, celsius)
    }

    fn per_factor_v(&self, soc_pct: f32, celsius: f32) -> f32 {
        self.curves.temperature.at(celsius) * self.curves.low_soc.at(soc_pct) * self.drop_v
    }

    /// The most likely state of a cell with this voltage and temperature, if `before` was likely.
    fn update(&self, before: Estimate, spread: &Spread, voltage_v: f32, celsius: f32) -> Estimate {
        let soc_var = spread.soc_points * spread.soc_points;
        let factor_var = (spread.resistance * before.factor).powi(2);
        let voltage_var = spread.voltage_v * spread.voltage_v;
        let wanted_v = voltage_v - before.offset_v;
        let (mut soc_pct, mut factor) = (before.soc_pct, before.factor);
        for _ in 0..UPDATES {
            let by_soc =
                self.voltage_v(soc_pct + 0.5, factor, celsius) - self.voltage_v(soc_pct - 0.5, factor, celsius);
            let by_factor = -self.per_factor_v(soc_pct, celsius);
            let off_v = wanted_v - self.voltage_v(soc_pct, factor, celsius)
                + by_soc * (soc_pct - before.soc_pct)
                + by_factor * (factor - before.factor);
            let gain = off_v / (by_soc * by_soc * soc_var + by_factor * by_factor * factor_var + voltage_var);
            soc_pct += UPDATE_SHARE * (before.soc_pct + by_soc * soc_var * gain - soc_pct);
            factor += UPDATE_SHARE * (before.factor + by_factor * factor_var * gain - factor);
            soc_pct = soc_pct.clamp(0.0, 100.0);
            factor = factor.max(0.3 * before.factor);
        }
        Estimate { soc_pct, factor, offset_v: voltage_v - self.voltage_v(soc_pct, factor, celsius) }
    }
}

/// What the last minutes made of the cells, up to the present current.
pub(super) fn polarised(reading: &Reading, recent: &Recent) -> State {
    let wiring = &reading.wiring;
    let of_cell = |current_a: f32| current_a / (wiring.strings as f32 * wiring.parallel);
    let now_a = of_cell(reading.current_a);
    if reading.assumptions.contains(&Assumption::Settled) {
        let tells = now_a.abs() > TELLING_C * wiring.capacity_ah;
        let hysteresis = if tells { -now_a.signum() } else { 0.0 };
        return State { settled_a: [now_a; 2], hysteresis, ..State::default() };
    }
    // The slow pair may have begun anywhere; the mean current is likeliest.
    let known_s = recent.known_s();
    let mean_a = recent.current.iter().map(|stretch| stretch.current_a * stretch.seconds).sum::<f32>() / known_s;
    let begin = State { settled_a: [of_cell(mean_a); 2], ..State::default() };
    let pass = |state: State, stretch: &super::Stretch| {
        state.after(of_cell(stretch.current_a), &Span::of(stretch.seconds), wiring.capacity_ah)
    };
    let State { settled_a, hysteresis, .. } = recent.current.iter().fold(begin, pass);
    State { settled_a, hysteresis, ..State::default() }
}

/// The state of every cell of `reading`, polarised so. Cells that the model does not explain are told.
pub(super) fn estimate(reading: &mut Reading, state: &State, curves: &Curves) -> Vec<Estimate> {
    let wiring = &reading.wiring;
    let current_a = reading.current_a / (wiring.strings as f32 * wiring.parallel);
    let load = Load { curves, drop_v: state.drop_v(current_a), hysteresis: state.hysteresis };
    let rated = Estimate { soc_pct: reading.soc_pct, factor: p::RATED_AH / wiring.capacity_ah, offset_v: 0.0 };
    let all = match median(&reading.cells) {
        Some((voltage_v, celsius)) => load.update(rated, &PACK, voltage_v, celsius),
        None => rated,
    };
    let cell = Spread { voltage_v: CELL.voltage_v.hypot(reading.resolution_v * 0.29), ..CELL };
    let estimates: Vec<Estimate> = (reading.cells.iter())
        .map(|read| match read.voltage_v {
            Some(voltage_v) => load.update(all, &cell, voltage_v, read.temperature_c),
            None => all,
        })
        .collect();
    let off = || estimates.iter().filter(|estimate| estimate.offset_v.abs() > UNEXPLAINED_V);
    if let Some(worst) = off().max_by(|a, b| a.offset_v.abs().total_cmp(&b.offset_v.abs())) {
        let told = Assumption::Unexplained { cells: off().count() as u16, worst_v: worst.offset_v };
        reading.assumptions.push(told);
    }
    estimates
}

/// Median of the voltages that are known, and of their cells' temperatures.
fn median(cells: &[CellReading]) -> Option<(f32, f32)> {
    let middle = |mut values: Vec<f32>| {
        values.sort_by(f32::total_cmp);
        values.get(values.len() / 2).copied()
    };
    // One entry may stand for many: then it is the mean of all, and the other one the lowest.
    let most = cells.iter().map(|cell| cell.weight).fold(0.0, f32::max);
    let known = || cells.iter().filter(|cell| cell.voltage_v.is_some() && cell.weight >= most);
    let voltage_v = middle(known().filter_map(|cell| cell.voltage_v).collect())?;
    Some((voltage_v, middle(known().map(|cell| cell.temperature_c).collect())?))
}
