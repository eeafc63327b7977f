//! The simulated systems and the devices that speak for them: CAN packets that are sent, Modbus requests that are answered.

use domain::lab::{LabCommand, LabState, SimDevice};
use domain::time::Utc;
use domain::topology::Topology;
use links::host::inside::net;
use sim::SimulatorConfig;
use sim::can::cannelloni::packets;
use sim::can::encode::sweep;
use sim::can::layout::{Message, SWEEP_MS, messages};
use sim::controller::registers;
use sim::controller::setpoints::Manner;
use sim::home::day::{DAY_S, hour_of_day};
use sim::home::{Home, cerbo, solark};
use sim::modbus::reply;
use sim::plant::Plant;
use sim::registers::{Answer, Question, Write};
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

/// Every system moves at the rate of the CAN sweeps.
pub(crate) const TICK: Duration = Duration::from_millis(SWEEP_MS as u64);

/// Where the packets of the controller come from. Nothing listens there.
const CONTROLLER: ([u8; 4], u16) = ([127, 0, 0, 1], 20_001);

/// A simulated system with its devices in place.
pub(crate) enum Simulated {
    Pack(Pack),
    House { home: Rc<RefCell<Home>>, time_scale: f32 },
}

/// A pack, and the end of its controller on the CAN bus.
pub(crate) struct Pack {
    plant: Rc<RefCell<Plant>>,
    to: SocketAddr,
    messages: Vec<Message>,
    sequence: u8,
}

impl Simulated {
    /// Puts the devices of `config` at their addresses; a pack has cells arranged as `topology`. A house begins at the
    /// hour that clocks show there.
    pub(crate) fn start(config: &SimulatorConfig, topology: Topology, local: Utc) -> Simulated {
        match config {
            SimulatorConfig::Pack(config) => {
                let plant = Rc::new(RefCell::new(Plant::new(&config.plant(topology))));
                meter(&plant, config.grid_meter, SimDevice::GridMeter, |plant, asked| plant.grid_meter().answer(asked));
                meter(&plant, config.load_meter, SimDevice::LoadMeter, |plant, asked| plant.load_meter().answer(asked));
                if let Some(address) = config.controller {
                    controller(&plant, address, config.serial());
                }
                Simulated::Pack(Pack { plant, to: config.can_to, messages: messages(&topology), sequence: 0 })
            }
            SimulatorConfig::Home(config) => {
                let hour = hour_of_day(local.0 as f64 / 1e6 % DAY_S);
                let home = Rc::new(RefCell::new(Home::new(&config.house(hour))));
                let (gx, mac) = (Rc::clone(&home), config.mac());
                net::answer(config.gx.to_string(), move |bytes| {
                    let silent = gx.borrow().is_silent(SimDevice::Gx);
                    let taken = |write: &_| {
                        let manner = gx.borrow().manner(SimDevice::Gx);
                        let taken = (!silent).then(|| cerbo::take(&mut gx.borrow_mut(), write));
                        taken.filter(|_| manner == Manner::default())
                    };
                    reply(bytes, |asked| (!silent).then(|| cerbo::answer(&gx.borrow(), &mac, asked)), Some(&taken))
                });
                let (inverter, serial) = (Rc::clone(&home), config.serial());
                net::answer(config.inverter.to_string(), move |bytes| {
                    let home = inverter.borrow();
                    let silent = home.is_silent(SimDevice::Inverter);
                    reply(bytes, |asked| (!silent).then(|| solark::answer(&home, &serial, asked)), None)
                });
                Simulated::House { home, time_scale: config.time_scale }
            }
        }
    }

    /// Lets a tick pass, and sends what the devices send by themselves.
    pub(crate) fn step(&mut self) {
        match self {
            Simulated::Pack(Pack { plant, to, messages, sequence }) => {
                let mut plant = plant.borrow_mut();
                plant.step(TICK.as_secs_f32());
                if !plant.is_silent(SimDevice::Controller) {
                    for packet in packets(&sweep(messages, plant.report()), sequence) {
                        net::datagram(CONTROLLER.into(), *to, packet);
                    }
                }
            }
            Simulated::House { home, time_scale } => home.borrow_mut().step_faster(TICK.as_secs_f32(), *time_scale),
        }
    }

    /// Does what a person asked for, from the next tick on.
    pub(crate) fn apply(&self, command: LabCommand) {
        match self {
            Simulated::Pack(pack) => pack.plant.borrow_mut().apply(command),
            Simulated::House { home, .. } => home.borrow_mut().apply(command),
        }
    }

    /// What the simulation is doing.
    pub(crate) fn lab_state(&self) -> LabState {
        match self {
            Simulated::Pack(pack) => pack.plant.borrow().lab_state(),
            Simulated::House { home, .. } => home.borrow().lab_state(),
        }
    }
}

/// Puts a meter of the pack at its address.
fn meter(plant: &Rc<RefCell<Plant>>, at: SocketAddr, which: SimDevice, answer: fn(&Plant, &Question) -> Answer) {
    let plant = Rc::clone(plant);
    net::answer(at.to_string(), move |bytes| {
        let plant = plant.borrow();
        reply(bytes, |asked| (!plant.is_silent(which)).then(|| answer(&plant, asked)), None)
    });
}

/// Puts the pack's controller where it is to be set. A device here answers at once or not at all, so that one who hangs up
/// or is late does not answer.
fn controller(plant: &Rc<RefCell<Plant>>, at: SocketAddr, serial: String) {
    let plant = Rc::clone(plant);
    net::answer(at.to_string(), move |bytes| {
        let silent = plant.borrow().is_silent(SimDevice::Controller);
        let answer =
            |asked: &Question| (!silent).then(|| registers::answer(&plant.borrow().report().setpoints, &serial, asked));
        let taken = |write: &Write| {
            let manner = plant.borrow().manner(SimDevice::Controller);
            let taken = (!silent).then(|| plant.borrow_mut().take(write));
            taken.filter(|_| manner == Manner::default())
        };
        reply(bytes, answer, Some(&taken))
    });
}
