//! The lab's hand on a running simulation.

use super::lock;
use crate::plant::Plant;
use domain::lab::{LabCommand, LabState};
use std::sync::{Arc, Mutex};

/// Changes and watches a running simulation. Clones are cheap and mean the same simulation.
#[derive(Clone)]
pub struct LabHandle {
    plant: Arc<Mutex<Plant>>,
}

impl LabHandle {
    pub(super) fn new(plant: Arc<Mutex<Plant>>) -> LabHandle {
        LabHandle { plant }
    }

    /// Does what a person asked for, from the next tick on. Faults of cells or nodes that do not exist are ignored.
    pub fn apply(&self, command: LabCommand) {
        lock(&self.plant).apply(command);
    }

    /// What the simulation is doing.
    pub fn state(&self) -> LabState {
        lock(&self.plant).lab_state()
    }
}
