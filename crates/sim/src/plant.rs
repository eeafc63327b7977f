//! The whole simulated system: load, peak shaving, pack, controller, meters. Pure; time is a parameter.

use crate::can::commands::Commands;
use crate::can::encode::Frame;
use crate::controller::limits::Limits;
use crate::controller::report::Report;
use crate::controller::setpoints::{Manner, Setpoint};
use crate::controller::{Controller, registers};
use crate::dispatch::{PeakShaver, grid_w};
use crate::lab;
use crate::load::AiLoad;
use crate::meter::Meter;
use crate::physics::{Pack, PackSpec};
use crate::registers::{Taken, Write};
use crate::sunspec::settings::Gateway;
use crate::sunspec::{self, Nameplate};
use domain::lab::{LabCommand, LabFault, LabState, PackFault, SimDevice};
use domain::topology::Topology;

/// What is simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct PlantSpec {
    /// How the cells are arranged.
    pub topology: Topology,
    /// Rated capacity of a cell, Ah.
    pub capacity_ah: f32,
    /// State of charge at the start, %.
    pub soc_pct: f32,
    /// Air temperature at the start, °C.
    pub ambient_c: f32,
    /// Peak shaving keeps the grid under this, W.
    pub grid_cap_w: f32,
    /// Peak shaving leaves this much in the battery, %, until somebody sets another reserve.
    pub reserve_pct: f32,
    /// Seed of everything random.
    pub seed: u64,
}

impl Default for PlantSpec {
    /// The 832 V pack of the demo.
    fn default() -> PlantSpec {
        PlantSpec {
            topology: Topology::new(1, 13, 20),
            capacity_ah: 280.0,
            soc_pct: 71.0,
            ambient_c: 22.0,
            grid_cap_w: 66e3,
            reserve_pct: 20.0,
            seed: 1,
        }
    }
}

/// The simulated system. The same spec and the same commands give the same values.
#[derive(Clone, Debug)]
pub struct Plant {
    load: AiLoad,
    shaver: PeakShaver,
    pack: Pack,
    controller: Controller,
    grid_meter: Meter,
    load_meter: Meter,
    ambient_c: f32,
    faults: Vec<LabFault>,
    /// What the controller's doors know beside its setpoints.
    gateway: Gateway,
    commands: Commands,
}

impl Plant {
    /// The system as it is switched on: contactors open, load idle.
    pub fn new(spec: &PlantSpec) -> Plant {
        let pack = Pack::new(&PackSpec {
            topology: spec.topology,
            capacity_ah: spec.capacity_ah,
            soc_pct: spec.soc_pct,
            ambient_c: spec.ambient_c,
            seed: spec.seed,
        });
        let mut plant = Plant {
            load: AiLoad::new(spec.seed),
            shaver: PeakShaver::new(spec.grid_cap_w, spec.reserve_pct),
            controller: Controller::new(&pack, spec.capacity_ah, spec.soc_pct, spec.reserve_pct, spec.seed),
            pack,
            grid_meter: Meter::new(spec.seed, 40),
            load_meter: Meter::new(spec.seed, 41),
            ambient_c: spec.ambient_c,
            faults: Vec::new(),
            gateway: Gateway::default(),
            commands: Commands::default(),
        };
        plant.step(0.0);
        plant
    }

    /// Lets `dt_s` seconds pass.
    pub fn step(&mut self, dt_s: f32) {
        self.load.step(dt_s);
        let load_w = self.load.power_w();
        let (report, set) = (self.controller.report(), self.controller.setpoints());
        let wanted_w = if self.controller.connected() && set.runs() {
            let ignored = self.faults.contains(&LabFault::Pack(PackFault::LimitsIgnored));
            let limits = if ignored { Limits::NONE } else { set.narrow(report.limits) };
            self.shaver.set(set.value(Setpoint::Reserve), set.mode());
            self.shaver.battery_w(load_w, report.soc_pct, &limits)
        } else {
            0.0
        };
        self.pack.step(self.pack.current_for_power(wanted_w), self.ambient_c, dt_s);
        self.commands.step(dt_s);
        self.controller.measure(&self.pack, self.ambient_c, dt_s);
        self.pack.set_balancing(self.controller.balancing());
        self.grid_meter.step(grid_w(load_w, self.pack.power_w()), dt_s);
        self.load_meter.step(load_w, dt_s);
    }

    /// What the controller says.
    pub fn report(&self) -> &Report {
        self.controller.report()
    }

    /// Takes a write over Modbus, by the controller's own register map.
    ///
    /// # Errors
    /// The exception code with which it is refused.
    pub fn take(&mut self, write: &Write) -> Taken {
        self.controller.set(|setpoints| registers::take(setpoints, write))
    }

    /// Takes a write at the controller's SunSpec gateway.
    ///
    /// # Errors
    /// As [`Plant::take`].
    pub fn take_at_gateway(&mut self, plate: &Nameplate, write: &Write) -> Taken {
        self.controller.set(|setpoints| sunspec::settings::take(setpoints, &mut self.gateway, plate, write))
    }

    /// What the SunSpec gateway says: every register from [`sunspec::BASE`] on.
    pub fn gateway(&self, plate: &Nameplate) -> Vec<u16> {
        sunspec::registers(self.report(), &self.gateway, plate)
    }

    /// Lets the controller hear a frame on the CAN bus; says whether it was taken.
    pub fn hear(&mut self, frame: &Frame) -> bool {
        self.controller.set(|setpoints| self.commands.take(setpoints, frame))
    }

    /// The pack as it truly is.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// The meter at the grid connection.
    pub fn grid_meter(&self) -> &Meter {
        &self.grid_meter
    }

    /// The AI load's meter.
    pub fn load_meter(&self) -> &Meter {
        &self.load_meter
    }

    /// Whether the link of `device` was silenced.
    pub fn is_silent(&self, device: SimDevice) -> bool {
        self.faults.contains(&LabFault::SilentLink(device))
    }

    /// How `device` answers writes now.
    pub fn manner(&self, device: SimDevice) -> Manner {
        if device == SimDevice::Controller { self.controller.setpoints().manner() } else { Manner::default() }
    }

    /// Does what a person asked for. A fault in a cell or node that does not exist is ignored.
    pub fn apply(&mut self, command: LabCommand) {
        match command {
            LabCommand::Load(mode) => self.load.set_mode(mode),
            LabCommand::Burst { power_w, seconds } => self.load.start_burst(power_w, seconds),
            LabCommand::Ambient(celsius) => self.ambient_c = celsius,
            LabCommand::Inject(fault) => {
                if lab::exists(fault, self.pack.topology()) && !self.faults.contains(&fault) {
                    self.faults.push(fault);
                    lab::inject(fault, &mut self.pack, &mut self.controller);
                }
            }
            LabCommand::Clear(fault) => {
                if let Some(place) = self.faults.iter().position(|f| *f == fault) {
                    self.faults.remove(place);
                    lab::clear(fault, &mut self.pack, &mut self.controller);
                }
            }
            LabCommand::ClearAll => {
                for fault in std::mem::take(&mut self.faults) {
                    lab::clear(fault, &mut self.pack, &mut self.controller);
                }
            }
        }
    }

    /// What the simulation is doing.
    pub fn lab_state(&self) -> LabState {
        LabState {
            load: self.load.mode(),
            burst: self.load.burst(),
            ambient_c: self.ambient_c,
            faults: self.faults.clone(),
        }
    }
}
