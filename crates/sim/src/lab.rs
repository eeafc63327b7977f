//! Faults of the lab: what each does to the pack and to the controller.

use crate::controller::Controller;
use crate::physics::Pack;
use domain::lab::LabFault;
use domain::topology::Topology;

/// Whether the topology has the cell or node that `fault` is about.
pub(crate) fn exists(fault: LabFault, topology: &Topology) -> bool {
    match fault {
        LabFault::WeakCell(cell) | LabFault::HotCell(cell) => usize::from(cell) < topology.cells(),
        LabFault::DeadNode(node) => usize::from(node) < topology.modules(),
        LabFault::SilentLink(_) => true,
    }
}

/// Brings `fault` about. The links look for their silence themselves.
pub(crate) fn inject(fault: LabFault, pack: &mut Pack, controller: &mut Controller) {
    match fault {
        LabFault::WeakCell(cell) => pack.weaken(cell.into()),
        LabFault::HotCell(cell) => pack.loosen_joint(cell.into()),
        LabFault::DeadNode(node) => controller.kill_node(node.into()),
        LabFault::SilentLink(_) => {}
    }
}

/// Takes `fault` back.
pub(crate) fn clear(fault: LabFault, pack: &mut Pack, controller: &mut Controller) {
    match fault {
        LabFault::WeakCell(cell) => pack.mend(cell.into()),
        LabFault::HotCell(cell) => pack.tighten_joint(cell.into()),
        LabFault::DeadNode(node) => controller.revive_node(node.into()),
        LabFault::SilentLink(_) => {}
    }
}
