//! The simulated system on its sockets: a clock that moves the plant, and the devices that speak for it.
//!
//! Everything runs in tasks that end when the [`Rig`] is dropped.

pub mod config;
pub mod handle;

use crate::bus::can_fault::{CanFault, CanFaults};
use crate::bus::can_udp::CanSender;
use crate::bus::modbus::{Outlet, ReadRegisters, Registers, WireFault};
use crate::can::layout::{MAX_CELLS, SWEEP_MS};
use crate::meter::Meter;
use crate::plant::Plant;
use crate::sunspec::{self, Nameplate};
pub use config::RigConfig;
use domain::lab::SimDevice;
use domain::topology::Topology;
pub use handle::LabHandle;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// After a longer pause, as of a suspended machine, the simulation goes on from where it was, s.
const LONGEST_GAP_S: f32 = 5.0;

/// Why a simulated system could not be started.
#[derive(Debug, Error)]
pub enum RigError {
    /// The topology has no cells, or more than the CAN layout carries.
    #[error("a simulated system of {topology} cells: from 1 to {MAX_CELLS} can be sent over CAN")]
    Cells {
        /// What was asked for.
        topology: Topology,
    },
    /// An address cannot be listened on.
    #[error("{device} of the simulated system: cannot listen on {address}: {source}")]
    Bind {
        /// Which device.
        device: &'static str,
        /// Its address.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// No socket for sending CAN frames.
    #[error("battery controller of the simulated system: cannot send to {address}: {source}")]
    Send {
        /// Where to.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
}

/// A running simulated system. Dropping it stops it.
pub struct Rig {
    lab: LabHandle,
    /// The devices that answer over Modbus, and where they listen.
    outlets: Vec<(SimDevice, SocketAddr, Outlet)>,
    can_faults: CanFaults,
    // Dropping the set aborts its tasks.
    _tasks: JoinSet<()>,
}

impl Rig {
    /// Starts the devices of `config` with cells arranged as `topology`, and lets time run.
    ///
    /// # Errors
    /// [`RigError`] names the device and its address; nothing keeps running.
    pub async fn start(config: &RigConfig, topology: Topology) -> Result<Rig, RigError> {
        if !(1..=MAX_CELLS).contains(&topology.cells()) {
            return Err(RigError::Cells { topology });
        }
        let sender = CanSender::open(config.can_to, &topology)
            .await
            .map_err(|source| RigError::Send { address: config.can_to, source })?;
        let plant = Arc::new(Mutex::new(Plant::new(&config.plant(topology))));
        let plate = Nameplate {
            serial: format!("PT-{:08}", config.seed),
            topology,
            capacity_ah: config.capacity_ah * f32::from(topology.racks),
        };
        let grid = registers_of(plant.clone(), SimDevice::GridMeter, |plant| meter(plant.grid_meter()));
        let load = registers_of(plant.clone(), SimDevice::LoadMeter, |plant| meter(plant.load_meter()));
        let gateway = registers_of(plant.clone(), SimDevice::Controller, move |plant| Registers {
            base: sunspec::BASE,
            words: sunspec::registers(plant.report(), &plate),
        });
        let mut tasks = JoinSet::new();
        let mut outlets = Vec::new();
        for (device, address, read) in [
            (SimDevice::GridMeter, Some(config.grid_meter), grid),
            (SimDevice::LoadMeter, Some(config.load_meter), load),
            (SimDevice::Controller, config.sunspec, gateway),
        ] {
            let Some(address) = address else { continue };
            let bind = |source| RigError::Bind { device: device.name(), address, source };
            let listener = TcpListener::bind(address).await.map_err(bind)?;
            let outlet = Outlet::new(read);
            outlets.push((device, listener.local_addr().map_err(bind)?, outlet.clone()));
            tasks.spawn(outlet.serve(listener, device.name()));
        }
        let can_faults = sender.faults();
        tasks.spawn(run(plant.clone(), sender));
        Ok(Rig { lab: LabHandle::new(plant), outlets, can_faults, _tasks: tasks })
    }

    /// Where a device answers over Modbus: the meters always, the controller if it has a SunSpec gateway.
    pub fn modbus_addr(&self, device: SimDevice) -> Option<SocketAddr> {
        self.outlets.iter().find(|(known, ..)| *known == device).map(|(_, address, _)| *address)
    }

    /// Brings about a fault of a device on its Modbus connections, from the next request on; `None` ends it.
    pub fn wire_fault(&self, device: SimDevice, fault: Option<WireFault>) {
        for (_, _, outlet) in self.outlets.iter().filter(|(known, ..)| *known == device) {
            outlet.faults().set(fault);
        }
    }

    /// Brings about a fault of the controller's CAN bus, from the next sweep on; `None` ends it.
    pub fn can_fault(&self, fault: Option<CanFault>) {
        self.can_faults.set(fault);
    }

    /// What a person may do to the simulation. It may outlive the rig; then nothing moves any more.
    pub fn lab(&self) -> LabHandle {
        self.lab.clone()
    }
}

/// Moves the plant by the time that passed, and sends its frames, at every tick.
async fn run(plant: Arc<Mutex<Plant>>, mut sender: CanSender) {
    let mut ticks = interval(Duration::from_millis(SWEEP_MS.into()));
    // Ticks stay on their grid: a late one is followed by an early one, a missed one is left out.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut last = Instant::now();
    loop {
        let now = ticks.tick().await;
        let dt_s = now.duration_since(last).as_secs_f32().min(LONGEST_GAP_S);
        last = now;
        let report = {
            let mut plant = lock(&plant);
            plant.step(dt_s);
            (!plant.is_silent(SimDevice::Controller)).then(|| plant.report().clone())
        };
        if let Some(report) = report {
            sender.send(&report).await;
        }
    }
}

/// Reads a device's registers from the plant, unless its link was silenced.
fn registers_of(
    plant: Arc<Mutex<Plant>>,
    device: SimDevice,
    registers: impl Fn(&Plant) -> Registers + Send + Sync + 'static,
) -> ReadRegisters {
    Arc::new(move || {
        let plant = lock(&plant);
        (!plant.is_silent(device)).then(|| registers(&plant))
    })
}

fn meter(meter: &Meter) -> Registers {
    Registers { base: 0, words: meter.registers().to_vec() }
}

/// The plant. A step leaves no half-done state that matters, so a poisoned lock is as good as any.
fn lock(plant: &Mutex<Plant>) -> MutexGuard<'_, Plant> {
    plant.lock().unwrap_or_else(PoisonError::into_inner)
}
