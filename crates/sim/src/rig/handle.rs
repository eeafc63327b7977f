//! The lab's hand on a running simulation.

use super::lock;
use crate::controller::setpoints::Manner;
use crate::home::Home;
use crate::plant::Plant;
use domain::lab::{LabCommand, LabState, SimDevice};
use std::sync::{Arc, Mutex};

/// What every simulated system lets a person do.
pub(crate) trait Simulation: Send {
    /// Does what a person asked for.
    fn apply(&mut self, command: LabCommand);
    /// What it is doing.
    fn lab_state(&self) -> LabState;
    /// Whether the link of `device` was silenced.
    fn is_silent(&self, device: SimDevice) -> bool;
    /// How a device answers writes.
    fn manner(&self, device: SimDevice) -> Manner;
}

macro_rules! simulation {
    ($($system:ty),*) => {$(
        impl Simulation for $system {
            fn apply(&mut self, command: LabCommand) {
                <$system>::apply(self, command);
            }
            fn lab_state(&self) -> LabState {
                <$system>::lab_state(self)
            }
            fn is_silent(&self, device: SimDevice) -> bool {
                <$system>::is_silent(self, device)
            }
            fn manner(&self, device: SimDevice) -> Manner {
                <$system>::manner(self, device)
            }
        }
    )*};
}

simulation!(Plant, Home);

/// Changes and watches a running simulation. Clones are cheap and mean the same simulation.
#[derive(Clone)]
pub struct LabHandle {
    system: Arc<Mutex<dyn Simulation>>,
}

impl LabHandle {
    pub(super) fn new(system: Arc<Mutex<dyn Simulation>>) -> LabHandle {
        LabHandle { system }
    }

    /// Does what a person asked for, from the next tick on. Faults of cells, nodes or devices that the system does not
    /// have are ignored.
    pub fn apply(&self, command: LabCommand) {
        lock(&self.system).apply(command);
    }

    /// What the simulation is doing.
    pub fn state(&self) -> LabState {
        lock(&self.system).lab_state()
    }
}
