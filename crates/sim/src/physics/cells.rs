//! The cells as struct of arrays: what each one is, and the state it is in.

use super::parameters as p;
use crate::prng::Prng;
use domain::topology::Topology;

/// Every cell's nature and state, by cell number.
#[derive(Clone, Debug)]
pub struct Cells {
    /// Capacity, Ah.
    pub capacity_ah: Vec<f32>,
    /// Resistance as a multiple of the rated one.
    pub resistance_factor: Vec<f32>,
    /// Self-discharge, A.
    pub self_discharge_a: Vec<f32>,
    /// Conductance to the air, W/K.
    pub to_ambient_w_per_k: Vec<f32>,
    /// Charge that can still be drawn, Ah. In double precision: a step of self-discharge is 10⁻⁷ of it.
    pub charge_ah: Vec<f64>,
    /// Hysteresis, -1 after discharge to 1 after charge.
    pub hysteresis: Vec<f32>,
    /// Voltage over the fast and the slow RC pair, V.
    pub polarisation_v: Vec<[f32; 2]>,
    /// Temperature of the cell's body, °C.
    pub temperature_c: Vec<f32>,
    /// How much hotter the terminal, where the sensor sits, is than the body, K.
    pub terminal_k: Vec<f32>,
    /// Whether a loose joint heats the terminal.
    pub loose_joint: Vec<bool>,
    /// Whether the balancing resistor is on.
    pub balancing: Vec<bool>,
    /// Voltage at the terminals, V.
    pub voltage_v: Vec<f32>,
}

impl Cells {
    /// Cells at rest, spread as a good batch is.
    pub fn new(topology: &Topology, capacity_ah: f32, soc_pct: f32, ambient_c: f32, seed: u64) -> Cells {
        let n = topology.cells();
        let spread = |stream: u64, mean: f32, sigma: f32| -> Vec<f32> {
            let mut prng = Prng::new(seed, stream);
            (0..n).map(|_| mean + sigma * prng.normal()).collect()
        };
        let capacity = spread(1, capacity_ah, capacity_ah * p::CAPACITY_SIGMA);
        let soc = spread(2, soc_pct / 100.0, p::SOC_SIGMA);
        let a_month_h = 30.0 * 24.0;
        let (loss, loss_sigma) = p::SELF_DISCHARGE_PER_MONTH;
        Cells {
            charge_ah: capacity.iter().zip(soc).map(|(c, soc)| f64::from(c * soc.clamp(0.0, 1.0))).collect(),
            capacity_ah: capacity,
            resistance_factor: spread(3, p::RATED_AH / capacity_ah, p::RESISTANCE_SIGMA * p::RATED_AH / capacity_ah),
            self_discharge_a: spread(4, capacity_ah * loss / a_month_h, capacity_ah * loss_sigma / a_month_h),
            to_ambient_w_per_k: (0..n).map(|cell| to_ambient(topology, cell)).collect(),
            hysteresis: vec![0.0; n],
            polarisation_v: vec![[0.0; 2]; n],
            temperature_c: spread(5, ambient_c + 2.0, p::TEMPERATURE_SIGMA_K),
            terminal_k: vec![0.0; n],
            loose_joint: vec![false; n],
            balancing: vec![false; n],
            voltage_v: vec![0.0; n],
        }
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.voltage_v.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.voltage_v.is_empty()
    }

    /// State of charge of `cell`, %.
    pub fn soc_pct(&self, cell: usize) -> f32 {
        (100.0 * self.charge_ah[cell] / f64::from(self.capacity_ah[cell])) as f32
    }

    /// Temperature of `cell` where its sensor sits, °C.
    pub fn terminal_c(&self, cell: usize) -> f32 {
        self.temperature_c[cell] + self.terminal_k[cell]
    }
}

/// The cells at both ends of a module have one more side in the air.
fn to_ambient(topology: &Topology, cell: usize) -> f32 {
    let place = cell % topology.cells_per_module.max(1) as usize;
    let at_end = place == 0 || place + 1 == topology.cells_per_module as usize;
    let (inside, end) = p::TO_AMBIENT_W_PER_K;
    if at_end { end } else { inside }
}
