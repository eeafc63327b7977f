//! The twin: the battery as it is at the check, and what is answered of it.

use super::cells::{CellTable, Cells};
use super::estimate::{Estimate, estimate, polarised};
use super::load::Load;
use super::order::{Allowed, Duty};
use super::reading::{Reading, Wiring};
use super::recent::Recent;
use super::run::{Outcome, run};
use super::strings::{Span, State, Strings};
use crate::controller::limits::{Basis, Limits};
use crate::dispatch::Converter;
use crate::physics::parameters::{self as p, Curves};
use domain::flight::{
    Assumption, Backup, Controls, Dispatch, FlightCheck, HORIZON_MAX_S, Known, LoadProfile, Outlook, Plan, Unknown,
};
use domain::spec::SystemSpec;
use domain::twin::Snapshot;

/// Headroom is power that can be given for so long, s.
const HEADROOM_S: f32 = 30.0;
/// The energy above the floor is summed in so many pieces.
const ENERGY_PIECES: u16 = 24;

/// A battery that can be run forward. Made once, it answers any number of plans: while a slider moves.
#[derive(Clone, Debug)]
pub struct Twin {
    pub(super) wiring: Wiring,
    pub(super) curves: Curves,
    pub(super) cells: CellTable,
    /// The state of the cells of every string.
    pub(super) state: State,
    /// State of charge as the BMS says it, %.
    pub(super) soc_pct: f32,
    /// Usable capacity of a cell, Ah.
    pub(super) usable_ah: f32,
    /// Pack current now, A, discharge positive.
    pub(super) current_a: f32,
    pub(super) ambient_c: f32,
    /// What the battery keeps to.
    pub(super) limits: domain::limits::Limits,
    /// Rated capacity of all strings together, Ah.
    capacity_ah: f32,
    /// Pack voltage without a current, V.
    open_v: f32,
    discharge: BmsLimit,
    charge: BmsLimit,
    load_w: Known<f32>,
    converter: Converter,
    assumptions: Vec<Assumption>,
}

/// What a BMS allows, as what a usual one would allow: scaled so that it is now what the BMS says.
#[derive(Clone, Copy, Debug, PartialEq)]
struct BmsLimit {
    /// What it says now, W.
    said_w: Option<f32>,
    /// What a usual one would say now, W.
    usual_w: f32,
}

impl BmsLimit {
    /// What it will allow when a usual one allows `usual_w`.
    fn at(self, usual_w: f32) -> f32 {
        match self.said_w {
            None => usual_w,
            // It follows rules of its own.
            Some(said_w) if self.usual_w <= 0.0 => said_w,
            Some(said_w) => (usual_w * said_w / self.usual_w).min(said_w.max(usual_w)),
        }
    }
}

impl Twin {
    /// The twin of a system as `snapshot` and the last minutes show it.
    ///
    /// # Errors
    /// Something is not known without which nothing can be said: the state of charge, the capacity, a model of the cells.
    pub fn of(spec: &SystemSpec, snapshot: &Snapshot, recent: &Recent) -> Known<Twin> {
        let mut reading = Reading::of(spec, snapshot, recent)?;
        let state = polarised(&reading, recent);
        let estimates = estimate(&mut reading, &state, &Curves::default());
        Ok(Twin::new(spec, reading, state, &estimates))
    }

    /// The twin of a reading with estimated cells, whose strings are in this state.
    pub(super) fn new(spec: &SystemSpec, reading: Reading, state: State, estimates: &[Estimate]) -> Twin {
        let usable_ah = reading.wiring.capacity_ah * reading.health;
        let table = CellTable {
            number: reading.cells.iter().map(|cell| cell.number).collect(),
            weight: reading.cells.iter().map(|cell| cell.weight).collect(),
            soc_pct: estimates.iter().map(|cell| cell.soc_pct).collect(),
            points_per_ah: vec![100.0 / usable_ah; estimates.len()],
            factor: estimates.iter().map(|cell| cell.factor).collect(),
            offset_v: estimates.iter().map(|cell| cell.offset_v).collect(),
            temperature_c: reading.cells.iter().map(|cell| cell.temperature_c).collect(),
            to_ambient_w_per_k: reading.cells.iter().map(|cell| cell.to_ambient_w_per_k).collect(),
        };
        let mut twin = Twin {
            wiring: reading.wiring,
            curves: Curves::default(),
            cells: table,
            state,
            soc_pct: reading.soc_pct,
            usable_ah,
            current_a: reading.current_a,
            ambient_c: reading.ambient_c,
            limits: spec.limits,
            capacity_ah: spec.capacity_ah,
            open_v: spec.nominal_v,
            discharge: BmsLimit { said_w: None, usual_w: 0.0 },
            charge: BmsLimit { said_w: None, usual_w: 0.0 },
            load_w: reading.load_w,
            converter: Converter::of(spec.kind),
            assumptions: reading.assumptions,
        };
        twin.hear(reading.bms_w);
        twin
    }

    /// Takes what the BMS allows now: discharge and charge, W.
    fn hear(&mut self, (discharge_w, charge_w): (Option<f32>, Option<f32>)) {
        let (strings, cells) = self.now(0.0);
        let (lowest_v, open_v) = (cells.lowest(&strings).1, strings.source().0);
        let usual = Limits::from(&self.basis(&strings, &cells, self.soc_pct, lowest_v));
        self.open_v = open_v;
        self.discharge = BmsLimit { said_w: discharge_w, usual_w: usual.discharge_w };
        self.charge = BmsLimit { said_w: charge_w, usual_w: usual.charge_w };
    }

    /// What had to be assumed.
    pub fn assumptions(&self) -> &[Assumption] {
        &self.assumptions
    }

    /// The mean load of a profile, W; unknown where it is the load of the last minutes and they are not.
    pub fn mean_load_w(&self, load: &LoadProfile) -> Known<f32> {
        if *load == LoadProfile::Held {
            return self.load_w;
        }
        Ok(Load::new(load, 0.0).mean_w())
    }

    /// Runs `plan` forward with both sets of control values.
    pub fn check(&self, plan: &Plan, present: &Controls, wanted: &Controls) -> FlightCheck {
        let load_w = self.load(plan).map(|load| load.mean_w());
        let present_outlook = self.outlook(plan, present);
        let wanted_outlook = if wanted == present { present_outlook.clone() } else { self.outlook(plan, wanted) };
        let assumptions = self.assumptions.clone();
        FlightCheck { present: present_outlook, wanted: wanted_outlook, assumptions, load_w }
    }

    /// What comes of `plan` with these control values.
    pub fn outlook(&self, plan: &Plan, controls: &Controls) -> Outlook {
        let load = match self.load(plan) {
            Ok(load) if controls.are_possible() => load,
            Ok(_) => return Outlook::unknown(Unknown::Controls),
            Err(why) => return Outlook::unknown(why),
        };
        let horizon_s = f64::from(plan.horizon_s.min(HORIZON_MAX_S));
        let run = |dispatch| run(self, &load, Duty::new(dispatch, controls, self.converter), controls, horizon_s);
        let main = run(plan.dispatch);
        let backup = |outcome: &Outcome| Backup { to_reserve_min: outcome.to_reserve_min, lasts: outcome.lasts };
        let backup = if plan.dispatch == Dispatch::Backup { backup(&main) } else { backup(&run(Dispatch::Backup)) };
        let duty = Duty::new(plan.dispatch, controls, self.converter);
        let mean_w = load.mean_wanted_w(|load_w| duty.wanted_w(load_w));
        Outlook {
            training: Ok(main.lasts),
            backup: Ok(backup),
            lowest_cell: Ok(main.lowest),
            hottest_cell: Ok(main.hottest),
            energy_above_floor_wh: Ok(self.energy_above_wh(controls.reserve_pct, self.cell_current_a(mean_w))),
            headroom_w: Ok(self.most_w(&duty, controls) - duty.wanted_w(load.peak_w())),
            curve: main.curve,
        }
    }

    fn load<'a>(&self, plan: &'a Plan) -> Known<Load<'a>> {
        if !plan.is_possible() {
            return Err(Unknown::Plan);
        }
        let held_w = if plan.load == LoadProfile::Held { self.load_w? } else { 0.0 };
        Ok(Load::new(&plan.load, held_w))
    }

    /// Strings and cells at the check, where up to `peak_a` may come to flow through a cell.
    pub(super) fn now(&self, peak_a: f32) -> (Strings, Cells<'_>) {
        let Wiring { strings, parallel, capacity_ah, fixed_ohm, .. } = self.wiring;
        let mut strings = Strings::new(strings, self.state, parallel, capacity_ah, fixed_ohm);
        let mut cells = Cells::new(self, peak_a);
        cells.refresh(&mut strings, 0.0, 0.0);
        strings.share_current(self.current_a);
        // Once more, now that it is known which cells are lowest at this current.
        cells.refresh(&mut strings, 0.0, 0.0);
        (strings, cells)
    }

    /// Current of a cell at this power of the pack, about, A.
    pub(super) fn cell_current_a(&self, power_w: f32) -> f32 {
        power_w / self.open_v.max(1.0) / (self.wiring.strings as f32 * self.wiring.parallel)
    }

    fn basis(&self, strings: &Strings, cells: &Cells<'_>, soc_pct: f32, lowest_v: f32) -> Basis {
        Basis {
            capacity_ah: self.capacity_ah,
            soc_pct,
            pack_v: strings.pack_voltage_v(),
            cell_v: (lowest_v, cells.highest_v(strings)),
            cell_c: (cells.coldest.1, cells.hottest.1),
        }
    }

    /// What may be given and taken in this state.
    pub(super) fn allowed(&self, strings: &Strings, cells: &Cells<'_>, soc_pct: f32, lowest_v: f32) -> Allowed {
        let basis = self.basis(strings, cells, soc_pct, lowest_v);
        let usual = Limits::from(&basis);
        let bms = Limits {
            discharge_w: self.discharge.at(usual.discharge_w),
            charge_w: self.charge.at(usual.charge_w),
            ..usual
        };
        Allowed { bms, by_current_w: self.limits.discharge_current_a * basis.pack_v }
    }

    /// Energy at the terminals until the state of charge is down to `floor_pct`, at this current of a cell, Wh.
    fn energy_above_wh(&self, floor_pct: f32, current_a: f32) -> f32 {
        let above_ah = (self.soc_pct - floor_pct).max(0.0) / 100.0 * self.usable_ah;
        let drop_v = current_a * (p::R0_OHM + p::RC1.0 + p::RC2.0);
        let table = &self.cells;
        let voltage = |cell: usize, drawn_ah: f32| {
            let soc_pct = table.soc_pct[cell] - table.points_per_ah[cell] * drawn_ah;
            let factor = table.factor[cell]
                * self.curves.temperature.at(table.temperature_c[cell])
                * self.curves.low_soc.at(soc_pct);
            // Discharging, the hysteresis soon is at its lower end.
            let volts = self.curves.ocv.at(soc_pct) + table.offset_v[cell] - self.curves.hysteresis.at(soc_pct);
            f64::from(table.weight[cell] * (volts - factor * drop_v))
        };
        let pieces = (0..ENERGY_PIECES).map(|piece| above_ah * (f32::from(piece) + 0.5) / f32::from(ENERGY_PIECES));
        let cells_v: f64 =
            pieces.map(|drawn| (0..table.soc_pct.len()).map(|cell| voltage(cell, drawn)).sum::<f64>()).sum();
        let wires_v = f64::from(self.wiring.fixed_ohm * current_a * self.wiring.parallel * self.wiring.strings as f32);
        let string_ah = f64::from(above_ah * self.wiring.parallel);
        (string_ah * (cells_v / f64::from(ENERGY_PIECES) - wires_v)) as f32
    }

    /// The most that can be given for [`HEADROOM_S`] from now, W: by cells, BMS, limits and dispatch.
    fn most_w(&self, duty: &Duty, controls: &Controls) -> f32 {
        let (strings, cells) = self.now(0.0);
        let allowed = self.allowed(&strings, &cells, self.soc_pct, cells.lowest(&strings).1);
        let span = Span::of(HEADROOM_S);
        // Of the voltage that falls off over a rated cell then, this much there is without a current, and per ampere.
        let rest_v = self.state.after(0.0, &span, self.wiring.capacity_ah).polarisation_v();
        let unit = State { settled_a: [0.0; 2], ..self.state };
        let ohm = unit.after(1.0, &span, self.wiring.capacity_ah).drop_v(1.0);
        let low_v = self.limits.cell_voltage_v.low;
        let highest_a = |(open_v, factor): (f32, f32)| (open_v - factor * rest_v - low_v) / (factor * ohm);
        let current_a = cells.now(&self.state).map(highest_a).fold(f32::INFINITY, f32::min).max(0.0);
        let string_v = |(source, state): (&super::strings::Source, &State)| {
            source.voltage_v(state, rest_v + ohm * current_a) - self.wiring.fixed_ohm * current_a * self.wiring.parallel
        };
        let volts: f32 = strings.sources.iter().zip(&strings.states).map(string_v).sum();
        duty.most_w(self.soc_pct, &allowed, controls).0.min(volts * current_a * self.wiring.parallel)
    }
}
