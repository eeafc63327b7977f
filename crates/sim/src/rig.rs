//! The simulated system on its sockets: a clock that moves the plant, and the devices that speak for it.
//!
//! Everything runs in tasks that end when the [`Rig`] is dropped.

pub mod config;
pub mod handle;

use crate::bus::can_udp::CanSender;
use crate::bus::modbus::{ReadRegisters, serve};
use crate::can::layout::{MAX_CELLS, SWEEP_MS};
use crate::meter::Meter;
use crate::plant::Plant;
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
    grid_meter: SocketAddr,
    load_meter: SocketAddr,
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
        let grid = listen(SimDevice::GridMeter, config.grid_meter).await?;
        let load = listen(SimDevice::LoadMeter, config.load_meter).await?;
        let sender = CanSender::open(config.can_to, &topology)
            .await
            .map_err(|source| RigError::Send { address: config.can_to, source })?;
        let bound = |device: SimDevice, listener: &TcpListener, address| {
            listener.local_addr().map_err(|source| RigError::Bind { device: device.name(), address, source })
        };
        let grid_meter = bound(SimDevice::GridMeter, &grid, config.grid_meter)?;
        let load_meter = bound(SimDevice::LoadMeter, &load, config.load_meter)?;

        let plant = Arc::new(Mutex::new(Plant::new(&config.plant(topology))));
        let mut tasks = JoinSet::new();
        for (listener, device, meter) in [
            (grid, SimDevice::GridMeter, Plant::grid_meter as fn(&Plant) -> &Meter),
            (load, SimDevice::LoadMeter, Plant::load_meter),
        ] {
            tasks.spawn(serve(listener, device.name(), registers_of(plant.clone(), device, meter)));
        }
        tasks.spawn(run(plant.clone(), sender));
        Ok(Rig { lab: LabHandle::new(plant), grid_meter, load_meter, _tasks: tasks })
    }

    /// What a person may do to the simulation. It may outlive the rig; then nothing moves any more.
    pub fn lab(&self) -> LabHandle {
        self.lab.clone()
    }

    /// Where the grid meter listens.
    pub fn grid_meter_addr(&self) -> SocketAddr {
        self.grid_meter
    }

    /// Where the AI load's meter listens.
    pub fn load_meter_addr(&self) -> SocketAddr {
        self.load_meter
    }
}

async fn listen(device: SimDevice, address: SocketAddr) -> Result<TcpListener, RigError> {
    TcpListener::bind(address).await.map_err(|source| RigError::Bind { device: device.name(), address, source })
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

/// Reads the registers of a meter of the plant, unless its link was silenced.
fn registers_of(plant: Arc<Mutex<Plant>>, device: SimDevice, meter: fn(&Plant) -> &Meter) -> ReadRegisters {
    Arc::new(move || {
        let plant = lock(&plant);
        (!plant.is_silent(device)).then(|| meter(&plant).registers())
    })
}

/// The plant. A step leaves no half-done state that matters, so a poisoned lock is as good as any.
fn lock(plant: &Mutex<Plant>) -> MutexGuard<'_, Plant> {
    plant.lock().unwrap_or_else(PoisonError::into_inner)
}
