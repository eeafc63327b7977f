//! The run forward: from one change of the load to the next, until something ends it.

use super::cells::Cells;
use super::load::Load;
use super::order::{Duty, Order};
use super::strings::Strings;
use super::twin::Twin;
use domain::flight::{CellExtreme, Controls, CurvePoint, End, Lasts};

/// The longest step, s.
const STEP_S: f64 = 60.0;
/// Cells are refreshed at least this often, s, and when the charge has moved by so much, points; by half of it where the
/// open-circuit curve is steep.
const REFRESH_S: f64 = 300.0;
const REFRESH_POINTS: f32 = 0.5;
/// Below this the open-circuit curve is steep, %.
const STEEP_PCT: f32 = 15.0;
/// The shortest step that the charge may ask for, s, and how exactly the end is found, s.
const SHORTEST_S: f64 = 0.5;
const END_WITHIN_S: f64 = 0.05;
/// The curve has a point every minute of the first two hours, then every five, s.
const POINTS_S: (f64, f64, f64) = (60.0, 7_200.0, 300.0);

/// What came of a run.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) lasts: Lasts,
    /// When the reserve was reached, min.
    pub(super) to_reserve_min: Option<f32>,
    pub(super) lowest: CellExtreme,
    pub(super) hottest: CellExtreme,
    pub(super) curve: Vec<CurvePoint>,
}

/// A run on its way.
struct Run<'a> {
    twin: &'a Twin,
    controls: &'a Controls,
    strings: Strings,
    cells: Cells<'a>,
    duty: Duty,
    t_s: f64,
    refreshed_s: f64,
    lowest: CellExtreme,
    hottest: CellExtreme,
    curve: Vec<CurvePoint>,
    /// Since the last point of the curve: energy, J, and lowest cell voltage, V.
    energy_j: f64,
    lowest_v: f32,
}

/// Runs `twin` forward under `load` until the load is no longer covered, `horizon_s` at most.
pub(super) fn run(twin: &Twin, load: &Load<'_>, duty: Duty, controls: &Controls, horizon_s: f64) -> Outcome {
    let (strings, cells) = twin.now(twin.cell_current_a(duty.wanted_w(load.peak_w())));
    let nowhere = CellExtreme { cell: None, value: f32::INFINITY, at_min: 0.0 };
    let mut run = Run {
        twin,
        controls,
        strings,
        cells,
        duty,
        t_s: 0.0,
        refreshed_s: 0.0,
        lowest: nowhere,
        hottest: CellExtreme { value: f32::NEG_INFINITY, ..nowhere },
        curve: Vec::new(),
        energy_j: 0.0,
        lowest_v: f32::INFINITY,
    };
    run.watch();
    run.point();
    let horizon_s = horizon_s.min(load.length_s());
    let mut to_reserve_min = None;
    let end = loop {
        let (load_w, until_s) = load.at(run.t_s);
        let (order, ended) = run.look(load_w);
        if let Some(end) = ended {
            break end;
        }
        if run.t_s >= horizon_s {
            break End::Horizon;
        }
        let point_s = run.next_point_s();
        let to_s = until_s.min(horizon_s).min(point_s).min(run.t_s + run.longest_s(order.given_w));
        let (soc_pct, from_s) = (run.soc_pct(), run.t_s);
        let ended = run.advance(load_w, order.given_w, to_s);
        let reserve_pct = controls.reserve_pct;
        if to_reserve_min.is_none() && soc_pct > reserve_pct && run.soc_pct() <= reserve_pct {
            let share = f64::from((soc_pct - reserve_pct) / (soc_pct - run.soc_pct()));
            to_reserve_min = Some(((from_s + share * (run.t_s - from_s)) / 60.0) as f32);
        }
        run.watch();
        if run.t_s >= point_s {
            run.point();
        }
        if let Some(end) = ended {
            break end;
        }
        run.refresh(order.given_w);
    };
    run.refresh_now();
    run.watch();
    if run.curve.last().is_none_or(|last| run.t_s > f64::from(last.at_min) * 60.0 + END_WITHIN_S) {
        run.point();
    }
    let lasts = Lasts { minutes: (run.t_s / 60.0) as f32, end };
    Outcome { lasts, to_reserve_min, lowest: run.lowest, hottest: run.hottest, curve: run.curve }
}

impl Run<'_> {
    /// What is given for this load now, and what ends the run if something does.
    fn look(&mut self, load_w: f32) -> (Order, Option<End>) {
        let (lowest, lowest_v) = self.cells.lowest(&self.strings);
        let allowed = self.twin.allowed(&self.strings, &self.cells, self.soc_pct(), lowest_v);
        let order = self.duty.order(load_w, self.soc_pct(), &allowed, self.controls);
        if order.wanted_w <= 0.0 {
            return (order, None);
        }
        let limits = &self.twin.limits;
        let band = limits.discharge_temperature_c;
        let (hottest, coldest) = (self.cells.hottest, self.cells.coldest);
        let ended = if order.short.is_some() && !self.controls.running {
            order.short
        } else if lowest_v <= limits.cell_voltage_v.low {
            Some(End::CellVoltage(self.cells.number(lowest)))
        } else if hottest.1 > band.high {
            Some(End::CellTemperature(self.cells.number(hottest.0)))
        } else if coldest.1 < band.low {
            Some(End::CellTemperature(self.cells.number(coldest.0)))
        } else if self.soc_pct() <= 0.0 {
            Some(End::Empty)
        } else {
            order.short
        };
        (order, ended)
    }

    /// Lets `given_w` flow until `to_s`, or until the load is no longer covered, and says what ended it.
    fn advance(&mut self, load_w: f32, given_w: f32, to_s: f64) -> Option<End> {
        let from_s = self.t_s;
        let mut step_s = to_s - from_s;
        self.strings.step(given_w, step_s as f32);
        let mut ended = if given_w > 0.0 { self.look(load_w).1 } else { None };
        if ended.is_some() {
            let (mut covered_s, mut ended_s) = (0.0, step_s);
            while ended_s - covered_s > END_WITHIN_S {
                let middle_s = (covered_s + ended_s) / 2.0;
                self.strings.undo();
                self.strings.step(given_w, middle_s as f32);
                match self.look(load_w).1 {
                    Some(end) => (ended, ended_s) = (Some(end), middle_s),
                    None => covered_s = middle_s,
                }
            }
            step_s = ended_s;
            self.strings.undo();
            self.strings.step(given_w, step_s as f32);
        }
        self.t_s = if ended.is_some() { from_s + step_s } else { to_s };
        self.energy_j += f64::from(given_w) * step_s;
        ended
    }

    /// How long a step may be, s.
    fn longest_s(&self, given_w: f32) -> f64 {
        let points_per_s = self.twin.cell_current_a(given_w.abs()) * 100.0 / self.twin.usable_ah / 3_600.0;
        let left = self.refresh_points() - self.moved_points();
        let by_charge_s = f64::from(left / points_per_s.max(1e-9)).max(SHORTEST_S);
        STEP_S.min(by_charge_s)
    }

    fn refresh_points(&self) -> f32 {
        if self.soc_pct() < STEEP_PCT { REFRESH_POINTS / 2.0 } else { REFRESH_POINTS }
    }

    /// How far the charge has moved since the last refresh, points.
    fn moved_points(&self) -> f32 {
        let most_ah = self.strings.states.iter().map(|state| state.since_ah.abs()).fold(0.0, f32::max);
        100.0 * most_ah / self.twin.usable_ah
    }

    /// Refreshes the cells if it is time.
    fn refresh(&mut self, given_w: f32) {
        let since_s = self.t_s - self.refreshed_s;
        if since_s >= REFRESH_S || self.moved_points() >= 0.95 * self.refresh_points() {
            self.refresh_now();
            self.strings.share(given_w);
        }
    }

    fn refresh_now(&mut self) {
        self.cells.refresh(&mut self.strings, self.t_s, (self.t_s - self.refreshed_s) as f32);
        self.refreshed_s = self.t_s;
    }

    /// State of charge as the BMS will say it, %.
    fn soc_pct(&self) -> f32 {
        self.twin.soc_pct - (100.0 * self.strings.drawn_ah()) as f32 / self.twin.usable_ah
    }

    /// Keeps what is lowest and hottest.
    fn watch(&mut self) {
        let at_min = (self.t_s / 60.0) as f32;
        let (cell, volts) = self.cells.lowest(&self.strings);
        self.lowest_v = self.lowest_v.min(volts);
        if volts < self.lowest.value {
            self.lowest = CellExtreme { cell: self.cells.number(cell), value: volts, at_min };
        }
        let (cell, celsius) = self.cells.hottest;
        if celsius > self.hottest.value {
            self.hottest = CellExtreme { cell: self.cells.number(cell), value: celsius, at_min };
        }
    }

    /// When the curve's next point is due, s.
    fn next_point_s(&self) -> f64 {
        let (early_s, until_s, late_s) = POINTS_S;
        let points = self.curve.len() as f64;
        let early = until_s / early_s;
        if points <= early { points * early_s } else { until_s + (points - early) * late_s }
    }

    /// Adds a point to the curve.
    fn point(&mut self) {
        let last_s = self.curve.last().map_or(0.0, |last| f64::from(last.at_min) * 60.0);
        let held_s = (self.t_s - last_s).max(1e-3);
        self.curve.push(CurvePoint {
            at_min: (self.t_s / 60.0) as f32,
            soc_pct: self.soc_pct(),
            battery_w: (self.energy_j / held_s) as f32,
            lowest_v: self.lowest_v,
            hottest_c: self.cells.hottest.1,
        });
        (self.energy_j, self.lowest_v) = (0.0, f32::INFINITY);
    }
}
