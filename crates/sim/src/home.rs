//! A simulated house: a 48 V bank, panels, a hybrid inverter, and the devices that report them. Pure; time is a
//! parameter.
//!
//! ```text
//!   sun, clouds --> panels --.                .--> house
//!                             inverter <-----+
//!   bank (cell physics) <----'                '--> grid
//!     |  shunt -----------------> Cerbo GX  (registers of its services)
//!     |  the inverter's estimate -> Sol-Ark  (registers of a hybrid inverter)
//! ```

pub mod cerbo;
pub mod day;
pub mod energy;
pub mod gauge;
pub mod inverter;
pub mod solark;

use crate::controller::setpoints::{Manner, Setpoint, Setpoints};
use crate::physics::{Pack, PackSpec};
use day::{house_w, pv_w};
use domain::lab::{LabCommand, LabFault, LabState, LoadMode, SimDevice};
use domain::spec::SystemKind;
use domain::topology::Topology;
use energy::Energy;
use gauge::Gauge;
use inverter::{CURRENT_MAX_A, Inverter, ac_w, is_full};

/// Longer steps are cut into pieces of this, s: the inverter answers within a second.
const LONGEST_STEP_S: f32 = 1.0;
/// The gauges' errors at the start, %: shunt and inverter.
const GAUGE_ERROR_PCT: (f32, f32) = (0.2, -4.0);
/// How far an estimate that was set anew is off, points.
const WRONG_ESTIMATE_PCT: f32 = 15.0;
/// Cells above this are bled, V.
const BALANCING_ABOVE_V: f32 = 3.45;
/// How many cells are in series.
pub const SERIES: u16 = 16;
/// How many strings of them are in parallel.
pub const STRINGS: u16 = 3;

/// What is simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct HomeSpec {
    /// Rated capacity of the whole bank, Ah.
    pub capacity_ah: f32,
    /// State of charge at the start, %.
    pub soc_pct: f32,
    /// Air temperature around the bank at the start, °C.
    pub ambient_c: f32,
    /// The minimum state of charge that is set on the GX at the start: the inverter leaves this much in the battery, by its
    /// own estimate, %.
    pub floor_pct: f32,
    /// Time of day at the start, hours after midnight.
    pub start_h: f32,
    /// Seed of everything random.
    pub seed: u64,
}

impl Default for HomeSpec {
    /// The house of the demo, at noon: three batteries of 280 Ah.
    fn default() -> HomeSpec {
        HomeSpec { capacity_ah: 840.0, soc_pct: 68.0, ambient_c: 21.0, floor_pct: 30.0, start_h: 12.0, seed: 1 }
    }
}

/// The simulated house. The same spec and the same commands give the same values.
#[derive(Clone, Debug)]
pub struct Home {
    seed: u64,
    capacity_ah: f32,
    bank: Pack,
    inverter: Inverter,
    shunt: Gauge,
    estimate: Gauge,
    energy: Energy,
    /// Simulated time, seconds after some midnight.
    at_s: f64,
    pv_w: f32,
    house_w: f32,
    load: LoadMode,
    burst: Option<(f32, f32)>,
    ambient_c: f32,
    faults: Vec<LabFault>,
    setpoints: Setpoints,
}

impl Home {
    /// The house as it is when one begins to look.
    pub fn new(spec: &HomeSpec) -> Home {
        let (shunt_pct, estimate_pct) = GAUGE_ERROR_PCT;
        let mut home = Home {
            seed: spec.seed,
            capacity_ah: spec.capacity_ah,
            bank: Pack::new(&PackSpec {
                topology: Topology::new(STRINGS, 1, SERIES),
                capacity_ah: spec.capacity_ah / f32::from(STRINGS),
                soc_pct: spec.soc_pct,
                ambient_c: spec.ambient_c,
                seed: spec.seed,
            }),
            inverter: Inverter::new(spec.floor_pct),
            shunt: Gauge::shunt(spec.capacity_ah, spec.soc_pct + shunt_pct),
            estimate: Gauge::inverter(spec.capacity_ah, spec.soc_pct + estimate_pct),
            energy: Energy::default(),
            at_s: f64::from(spec.start_h) * 3_600.0,
            pv_w: 0.0,
            house_w: 0.0,
            load: LoadMode::Auto,
            burst: None,
            ambient_c: spec.ambient_c,
            faults: Vec::new(),
            setpoints: Setpoints::new(spec.floor_pct),
        };
        home.advance(LONGEST_STEP_S);
        home
    }

    /// Lets `dt_s` seconds pass.
    pub fn step(&mut self, dt_s: f32) {
        self.step_faster(dt_s, 1.0);
    }

    /// Lets `dt_s` seconds pass for those who set something, and `scale` times as much for the house.
    pub fn step_faster(&mut self, dt_s: f32, scale: f32) {
        self.setpoints.step(dt_s);
        let dt_s = dt_s * scale;
        let pieces = (dt_s / LONGEST_STEP_S).ceil().max(1.0);
        for _ in 0..pieces as u32 {
            self.advance(dt_s / pieces);
        }
    }

    fn advance(&mut self, dt_s: f32) {
        self.at_s += f64::from(dt_s);
        self.burst = self.burst.map(|(w, left_s)| (w, left_s - dt_s)).filter(|(_, left_s)| *left_s > 0.0);
        self.pv_w = pv_w(self.seed, self.at_s);
        self.house_w = match (self.burst, self.load) {
            (Some((power_w, _)), _) | (None, LoadMode::Fixed(power_w)) => power_w,
            (None, LoadMode::Auto) => house_w(self.seed, self.at_s),
        };
        // The GX tells the inverter, which goes by its own estimate of the charge.
        self.inverter.set(self.setpoints.value(Setpoint::MinimumSoc), self.setpoints.value(Setpoint::GridSetpoint));
        let wanted_w = self.inverter.battery_w(self.pv_w, self.house_w, self.estimate.soc_pct(), dt_s);
        let charge_limit_a = self.bank.current_for_voltage(self.inverter.voltage_max_v()).min(0.0);
        let current_a = self.bank.current_for_power(wanted_w).clamp(-CURRENT_MAX_A, CURRENT_MAX_A).max(charge_limit_a);
        self.bank.step(current_a, self.ambient_c, dt_s);
        let bleed: Vec<bool> = self.bank.cells().voltage_v.iter().map(|v| *v > BALANCING_ABOVE_V).collect();
        self.bank.set_balancing(bleed.into_iter());

        let (current_a, voltage_v) = (self.bank.current_a(), self.bank.voltage_v());
        self.shunt.step(current_a, voltage_v, dt_s);
        self.estimate.step(current_a, voltage_v, dt_s);
        if is_full(voltage_v, -current_a, self.capacity_ah) {
            self.shunt.full();
            self.estimate.full();
            self.inverter.full();
        }
        self.energy.step(self.at_s, dt_s, self.pv_w, self.house_w, self.grid_w(), self.battery_w());
    }

    /// The bank as it truly is.
    pub fn bank(&self) -> &Pack {
        &self.bank
    }

    /// Rated capacity of the bank, Ah.
    pub fn capacity_ah(&self) -> f32 {
        self.capacity_ah
    }

    /// Battery power, W, discharge positive.
    pub fn battery_w(&self) -> f32 {
        self.bank.power_w()
    }

    /// Power of the panels, W.
    pub fn pv_w(&self) -> f32 {
        self.pv_w
    }

    /// Power of the house, W.
    pub fn house_w(&self) -> f32 {
        self.house_w
    }

    /// AC power of the inverter, W, positive into the house.
    pub fn inverter_w(&self) -> f32 {
        ac_w(self.pv_w, self.battery_w())
    }

    /// Grid power, W, import positive.
    pub fn grid_w(&self) -> f32 {
        self.house_w - self.inverter_w()
    }

    /// The most that charging may raise the bank to now, V.
    pub fn charge_voltage_v(&self) -> f32 {
        self.inverter.voltage_max_v()
    }

    /// The shunt's opinion of the battery.
    pub fn shunt(&self) -> &Gauge {
        &self.shunt
    }

    /// The inverter's opinion of the battery.
    pub fn estimate(&self) -> &Gauge {
        &self.estimate
    }

    /// The energy counters.
    pub fn energy(&self) -> &Energy {
        &self.energy
    }

    /// Time of day, hours after midnight.
    pub fn hour(&self) -> f32 {
        day::hour_of_day(self.at_s)
    }

    /// Mean temperature of the cells, °C.
    pub fn temperature_c(&self) -> f32 {
        let cells = self.bank.cells();
        (0..cells.len()).map(|cell| cells.terminal_c(cell)).sum::<f32>() / cells.len() as f32
    }

    /// Whether the link of `device` was silenced.
    pub fn is_silent(&self, device: SimDevice) -> bool {
        self.faults.contains(&LabFault::SilentLink(device))
    }

    /// How `device` answers writes: only the GX takes any.
    pub fn manner(&self, device: SimDevice) -> Manner {
        if device == SimDevice::Gx { self.setpoints.manner() } else { Manner::default() }
    }

    /// What others may set on the GX.
    pub fn setpoints(&self) -> &Setpoints {
        &self.setpoints
    }

    /// Does what a person asked for. Its cells are not measured one by one, so a house has faults of its devices only, and of
    /// how its GX takes writes.
    pub fn apply(&mut self, command: LabCommand) {
        match command {
            LabCommand::Load(mode) => (self.load, self.burst) = (mode, None),
            LabCommand::Burst { power_w, seconds } => self.burst = Some((power_w, seconds)),
            LabCommand::Ambient(celsius) => self.ambient_c = celsius,
            LabCommand::Inject(LabFault::SilentLink(device)) if SimDevice::of(SystemKind::Home).contains(&device) => {
                if !self.is_silent(device) {
                    self.faults.push(LabFault::SilentLink(device));
                }
            }
            LabCommand::Inject(LabFault::WrongEstimate) => {
                if !self.faults.contains(&LabFault::WrongEstimate) {
                    self.faults.push(LabFault::WrongEstimate);
                    self.estimate.shift(-WRONG_ESTIMATE_PCT);
                }
            }
            LabCommand::Inject(fault @ (LabFault::Writes(_) | LabFault::LateWrites(_))) => {
                if !self.faults.contains(&fault) {
                    self.faults.push(fault);
                    self.setpoints.set_fault(fault, true);
                }
            }
            LabCommand::Inject(_) => {}
            LabCommand::Clear(fault) => self.clear(|active| active == fault),
            LabCommand::ClearAll => self.clear(|_| true),
        }
    }

    fn clear(&mut self, meant: impl Fn(LabFault) -> bool) {
        if self.faults.contains(&LabFault::WrongEstimate) && meant(LabFault::WrongEstimate) {
            self.estimate.shift(WRONG_ESTIMATE_PCT);
        }
        for fault in self.faults.extract_if(.., |active| meant(*active)) {
            self.setpoints.set_fault(fault, false);
        }
    }

    /// What the simulation is doing.
    pub fn lab_state(&self) -> LabState {
        LabState { load: self.load, burst: self.burst, ambient_c: self.ambient_c, faults: self.faults.clone() }
    }
}
