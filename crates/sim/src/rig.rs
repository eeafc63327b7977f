//! Simulated systems on their sockets: a clock that moves a plant, and the devices that speak for it.
//!
//! Everything runs in tasks that end when the [`Rig`] is dropped.

pub mod handle;
pub mod home;
mod pack;
mod tick;

use crate::bus::can_fault::{CanFault, CanFaults};
use crate::bus::modbus::{Device, Outlet, WireFault};
use crate::can::layout::MAX_CELLS;
use crate::config::{HomeConfig, RigConfig};
use crate::modbus::Framing;
use crate::registers::{Answer, Question, Taken, Write};
use domain::lab::SimDevice;
use domain::topology::Topology;
pub use handle::LabHandle;
use handle::Simulation;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use thiserror::Error;
use tick::TICK;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

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
    /// Where the controller's SunSpec gateway listens, if it has one.
    sunspec: Option<SocketAddr>,
    can_faults: CanFaults,
    // Dropping the set aborts its tasks.
    tasks: JoinSet<()>,
}

impl Rig {
    /// A system without devices.
    fn new(system: Arc<Mutex<dyn Simulation>>) -> Rig {
        Rig {
            lab: LabHandle::new(system),
            outlets: Vec::new(),
            sunspec: None,
            can_faults: CanFaults::default(),
            tasks: JoinSet::new(),
        }
    }

    /// Lets a device of `system` answer questions at `address`, unless its link was silenced.
    async fn listen<S: Simulation + 'static>(
        &mut self,
        system: &Arc<Mutex<S>>,
        device: SimDevice,
        address: SocketAddr,
        framing: Framing,
        answer: impl Fn(&S, &Question) -> Answer + Send + Sync + 'static,
    ) -> Result<(), RigError> {
        self.listen_or_not(system, device, address, framing, move |system, question| Some(answer(system, question)))
            .await
    }

    /// As [`Rig::listen`], for a device that does not answer every question.
    async fn listen_or_not<S: Simulation + 'static>(
        &mut self,
        system: &Arc<Mutex<S>>,
        device: SimDevice,
        address: SocketAddr,
        framing: Framing,
        answer: impl Fn(&S, &Question) -> Option<Answer> + Send + Sync + 'static,
    ) -> Result<(), RigError> {
        self.open(device, address, Outlet::new(framing, asked(system, device, answer))).await
    }

    /// As [`Rig::listen`] over Modbus TCP, for a device that others may set.
    async fn listen_and_take<S: Simulation + 'static>(
        &mut self,
        system: &Arc<Mutex<S>>,
        device: SimDevice,
        address: SocketAddr,
        answer: impl Fn(&S, &Question) -> Answer + Send + Sync + 'static,
        take: impl Fn(&mut S, &Write) -> Taken + Send + Sync + 'static,
    ) -> Result<(), RigError> {
        let answers = asked(system, device, move |system: &S, question| Some(answer(system, question)));
        let (taken, minding) = (system.clone(), system.clone());
        let taker = move |write: &Write| {
            let mut system = lock(&taken);
            if system.is_silent(device) { None } else { Some(take(&mut system, write)) }
        };
        let manners = Arc::new(move || lock(&minding).manner(device));
        let outlet = Outlet::new(Framing::Tcp, answers).taking(Arc::new(taker)).with_manners(manners);
        self.open(device, address, outlet).await
    }

    async fn open(&mut self, device: SimDevice, address: SocketAddr, outlet: Outlet) -> Result<(), RigError> {
        let bind = |source| RigError::Bind { device: device.name(), address, source };
        let listener = TcpListener::bind(address).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        self.outlets.push((device, address, outlet.clone()));
        self.tasks.spawn(outlet.serve(listener, device.name()));
        Ok(())
    }

    /// Where a device answers over Modbus TCP: the meters, the GX and the inverter always, the controller where it is to
    /// be set, or else at its SunSpec gateway, if it has one.
    pub fn modbus_addr(&self, device: SimDevice) -> Option<SocketAddr> {
        self.addr(device, Framing::Tcp)
    }

    /// Where the controller's SunSpec gateway answers, if it has one.
    pub fn sunspec_addr(&self) -> Option<SocketAddr> {
        self.sunspec
    }

    /// Where a gateway passes on the serial bytes of a device, if there is one.
    pub fn rtu_addr(&self, device: SimDevice) -> Option<SocketAddr> {
        self.addr(device, Framing::Rtu)
    }

    fn addr(&self, device: SimDevice, framing: Framing) -> Option<SocketAddr> {
        let outlet = self.outlets.iter().find(|(known, _, outlet)| *known == device && outlet.framing() == framing);
        outlet.map(|(_, address, _)| *address)
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

/// How a device of `system` answers; not while its link was silenced.
fn asked<S: Simulation + 'static>(
    system: &Arc<Mutex<S>>,
    device: SimDevice,
    answer: impl Fn(&S, &Question) -> Option<Answer> + Send + Sync + 'static,
) -> Device {
    let system = system.clone();
    Arc::new(move |question: &Question| {
        let system = lock(&system);
        if system.is_silent(device) { None } else { answer(&system, question) }
    })
}

/// The system. A step leaves no half-done state that matters, so a poisoned lock is as good as any.
fn lock<S: ?Sized>(system: &Mutex<S>) -> MutexGuard<'_, S> {
    system.lock().unwrap_or_else(PoisonError::into_inner)
}
