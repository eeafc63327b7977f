//! The pack: racks in parallel, each a string of cells in series.

use super::cells::Cells;
use super::parameters::{self as p, Curves};
use super::thermal;
use domain::topology::Topology;

/// Longer steps are cut into pieces of this, s, so that heat flow stays stable.
const LONGEST_STEP_S: f32 = 10.0;
/// No cell takes or gives more than this, A: beyond it the model says nothing.
const CURRENT_LIMIT_A: f32 = 2_000.0;
/// What a cell's voltage is kept in, V: reversal and breakdown are not modelled.
const VOLTAGE_RANGE_V: (f32, f32) = (0.0, 5.0);

/// What a pack is made of and how it starts.
#[derive(Clone, Debug, PartialEq)]
pub struct PackSpec {
    /// How the cells are arranged.
    pub topology: Topology,
    /// Rated capacity of a cell, Ah.
    pub capacity_ah: f32,
    /// Mean state of charge at the start, %.
    pub soc_pct: f32,
    /// Air temperature at the start, °C.
    pub ambient_c: f32,
    /// Seed of the spread between cells.
    pub seed: u64,
}

/// The simulated pack. Discharge is positive.
#[derive(Clone, Debug)]
pub struct Pack {
    topology: Topology,
    capacity_ah: f32,
    curves: Curves,
    cells: Cells,
    racks: Vec<Rack>,
    /// Open-circuit voltage of each cell now, V.
    ocv_v: Vec<f32>,
    /// What each cell would show with no current this instant, V.
    emf_v: Vec<f32>,
    /// Resistance of each cell now as a multiple of the rated one.
    factor: Vec<f32>,
    heat_w: Vec<f32>,
    current_a: f32,
    voltage_v: f32,
}

/// A string as the bus sees it this instant.
#[derive(Clone, Copy, Debug, Default)]
struct Rack {
    emf_v: f32,
    resistance_ohm: f32,
    current_a: f32,
}

impl Pack {
    /// A pack at rest.
    pub fn new(spec: &PackSpec) -> Pack {
        let n = spec.topology.cells();
        let mut pack = Pack {
            topology: spec.topology,
            capacity_ah: spec.capacity_ah,
            curves: Curves::default(),
            cells: Cells::new(&spec.topology, spec.capacity_ah, spec.soc_pct, spec.ambient_c, spec.seed),
            racks: vec![Rack::default(); spec.topology.racks as usize],
            ocv_v: vec![0.0; n],
            emf_v: vec![0.0; n],
            factor: vec![1.0; n],
            heat_w: vec![0.0; n],
            current_a: 0.0,
            voltage_v: 0.0,
        };
        pack.refresh();
        pack.share_current(0.0);
        pack.measure();
        pack
    }

    /// How the cells are arranged.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// The cells.
    pub fn cells(&self) -> &Cells {
        &self.cells
    }

    /// Voltage at the pack's terminals, V.
    pub fn voltage_v(&self) -> f32 {
        self.voltage_v
    }

    /// Pack current, A, discharge positive.
    pub fn current_a(&self) -> f32 {
        self.current_a
    }

    /// Pack power, W, discharge positive.
    pub fn power_w(&self) -> f32 {
        self.voltage_v * self.current_a
    }

    /// Mean state of charge of the cells, %.
    pub fn soc_pct(&self) -> f32 {
        let sum: f64 = (0..self.cells.len()).map(|cell| f64::from(self.cells.soc_pct(cell))).sum();
        (sum / self.cells.len().max(1) as f64) as f32
    }

    /// Current of `cell`, A, discharge positive: that of its rack. 0 for a cell that does not exist.
    pub fn cell_current_a(&self, cell: usize) -> f32 {
        let per_rack = self.cells.len() / self.racks.len().max(1);
        cell.checked_div(per_rack).and_then(|rack| self.racks.get(rack)).map_or(0.0, |rack| rack.current_a)
    }

    /// Instant resistance of `cell` now, Ω; that of a rated one for a cell that does not exist.
    pub fn cell_resistance_ohm(&self, cell: usize) -> f32 {
        p::R0_OHM * self.factor.get(cell).copied().unwrap_or(1.0)
    }

    /// The current that gives `power_w` at the terminals now, A; that of the highest power where it is too much.
    pub fn current_for_power(&self, power_w: f32) -> f32 {
        let (emf_v, resistance_ohm) = self.source();
        if resistance_ohm <= 0.0 || !power_w.is_finite() {
            return 0.0;
        }
        let root = (emf_v * emf_v - 4.0 * resistance_ohm * power_w).max(0.0).sqrt();
        (emf_v - root) / (2.0 * resistance_ohm)
    }

    /// The current at which the terminals would show `voltage_v` now, A.
    pub fn current_for_voltage(&self, voltage_v: f32) -> f32 {
        let (emf_v, resistance_ohm) = self.source();
        if resistance_ohm > 0.0 { (emf_v - voltage_v) / resistance_ohm } else { 0.0 }
    }

    /// Lets `current_a` flow for `dt_s` seconds, 0 or more. A current that is no number counts as none.
    pub fn step(&mut self, current_a: f32, ambient_c: f32, dt_s: f32) {
        let current_a = if current_a.is_finite() { current_a } else { 0.0 };
        let pieces = (dt_s / LONGEST_STEP_S).ceil().max(1.0);
        for _ in 0..pieces as u32 {
            self.share_current(current_a);
            self.advance(dt_s / pieces);
            thermal::exchange(&mut self.cells, &self.topology, &mut self.heat_w, ambient_c, dt_s / pieces);
            self.refresh();
        }
        self.share_current(current_a);
        self.measure();
    }

    /// Switches the balancing resistors.
    pub fn set_balancing(&mut self, on: impl Iterator<Item = bool>) {
        for (slot, on) in self.cells.balancing.iter_mut().zip(on) {
            *slot = on;
        }
    }

    /// Makes `cell` a weak cell. Its SoC stays, its capacity and resistance change.
    pub fn weaken(&mut self, cell: usize) {
        let (capacity, resistance) = p::WEAK_CELL;
        self.scale_cell(cell, capacity, resistance);
    }

    /// Makes a weak `cell` again what it was.
    pub fn mend(&mut self, cell: usize) {
        let (capacity, resistance) = p::WEAK_CELL;
        self.scale_cell(cell, 1.0 / capacity, 1.0 / resistance);
    }

    /// Loosens the busbar joint of `cell`, so that its terminal heats up.
    pub fn loosen_joint(&mut self, cell: usize) {
        self.set_joint(cell, true);
    }

    /// Tightens the joint of `cell`, so that its terminal cools down.
    pub fn tighten_joint(&mut self, cell: usize) {
        self.set_joint(cell, false);
    }

    fn set_joint(&mut self, cell: usize, loose: bool) {
        if let Some(slot) = self.cells.loose_joint.get_mut(cell) {
            *slot = loose;
        }
    }

    fn scale_cell(&mut self, cell: usize, capacity: f32, resistance: f32) {
        if cell < self.cells.len() {
            self.cells.capacity_ah[cell] *= capacity;
            self.cells.charge_ah[cell] *= f64::from(capacity);
            self.cells.resistance_factor[cell] *= resistance;
        }
    }

    /// The racks in parallel as one source: voltage, V, and resistance, Ω.
    fn source(&self) -> (f32, f32) {
        let siemens: f32 = self.racks.iter().map(|r| 1.0 / r.resistance_ohm).sum();
        let short_a: f32 = self.racks.iter().map(|r| r.emf_v / r.resistance_ohm).sum();
        if siemens > 0.0 { (short_a / siemens, 1.0 / siemens) } else { (0.0, 0.0) }
    }

    /// Shares the pack current among the racks so that all show the same voltage.
    fn share_current(&mut self, current_a: f32) {
        let limit_a = CURRENT_LIMIT_A * self.racks.len() as f32;
        self.current_a = current_a.clamp(-limit_a, limit_a);
        let (emf_v, resistance_ohm) = self.source();
        let bus_v = emf_v - resistance_ohm * self.current_a;
        for rack in &mut self.racks {
            rack.current_a = (rack.emf_v - bus_v) / rack.resistance_ohm;
        }
    }

    /// Charge, polarisation, hysteresis and heat over `dt_s` seconds.
    fn advance(&mut self, dt_s: f32) {
        let hours = f64::from(dt_s) / 3_600.0;
        let keep1 = (-dt_s / p::RC1.1).exp();
        let keep2 = (-dt_s / p::RC2.1).exp();
        let per_rack = self.cells.len() / self.racks.len().max(1);
        let cells = &mut self.cells;
        for (rack_number, rack) in self.racks.iter().enumerate() {
            let current_a = rack.current_a;
            let throughput = current_a.abs() * hours as f32 / self.capacity_ah;
            let keep_h = (-throughput / p::HYSTERESIS_THROUGHPUT).exp();
            let towards = if current_a > 0.0 { -1.0 } else { 1.0 };
            for cell in rack_number * per_rack..(rack_number + 1) * per_rack {
                let soc_pct = cells.soc_pct(cell);
                let loss_v = self.ocv_v[cell] - self.emf_v[cell] + current_a * p::R0_OHM * self.factor[cell];
                let kelvin = cells.temperature_c[cell] + 273.15;
                self.heat_w[cell] = current_a * (loss_v - kelvin * self.curves.entropy.at(soc_pct));

                let [v1, v2] = cells.polarisation_v[cell];
                let drive_v = current_a * self.factor[cell];
                cells.polarisation_v[cell] =
                    [keep1 * v1 + (1.0 - keep1) * p::RC1.0 * drive_v, keep2 * v2 + (1.0 - keep2) * p::RC2.0 * drive_v];
                cells.hysteresis[cell] = keep_h * cells.hysteresis[cell] + (1.0 - keep_h) * towards;

                let balancing_a = if cells.balancing[cell] { p::BALANCING_A } else { 0.0 };
                let drawn_a = f64::from(current_a + balancing_a + cells.self_discharge_a[cell]);
                let drawn_ah = drawn_a * hours * if drawn_a < 0.0 { p::COULOMBIC_EFFICIENCY } else { 1.0 };
                cells.charge_ah[cell] =
                    (cells.charge_ah[cell] - drawn_ah).clamp(0.0, f64::from(cells.capacity_ah[cell]));
            }
        }
    }

    /// Every cell's source voltage and resistance, and the racks' sums, from the cells' state.
    fn refresh(&mut self) {
        let cells = &self.cells;
        for cell in 0..cells.len() {
            let soc_pct = cells.soc_pct(cell);
            let [v1, v2] = cells.polarisation_v[cell];
            self.ocv_v[cell] = self.curves.ocv.at(soc_pct);
            self.emf_v[cell] = self.ocv_v[cell] + cells.hysteresis[cell] * self.curves.hysteresis.at(soc_pct) - v1 - v2;
            self.factor[cell] = cells.resistance_factor[cell]
                * self.curves.temperature.at(cells.temperature_c[cell])
                * self.curves.low_soc.at(soc_pct);
        }
        let per_rack = cells.len() / self.racks.len().max(1);
        for (number, rack) in self.racks.iter_mut().enumerate() {
            let range = number * per_rack..(number + 1) * per_rack;
            rack.emf_v = self.emf_v[range.clone()].iter().sum();
            rack.resistance_ohm = p::RACK_WIRING_OHM
                + p::BUSBAR_OHM * per_rack as f32
                + p::R0_OHM * self.factor[range].iter().sum::<f32>();
        }
    }

    /// Terminal voltages of cells and pack.
    fn measure(&mut self) {
        let per_rack = self.cells.len() / self.racks.len().max(1);
        for (number, rack) in self.racks.iter().enumerate() {
            for cell in number * per_rack..(number + 1) * per_rack {
                self.cells.voltage_v[cell] = (self.emf_v[cell] - rack.current_a * p::R0_OHM * self.factor[cell])
                    .clamp(VOLTAGE_RANGE_V.0, VOLTAGE_RANGE_V.1);
            }
        }
        let (emf_v, resistance_ohm) = self.source();
        self.voltage_v = (emf_v - resistance_ohm * self.current_a).max(0.0);
    }
}
