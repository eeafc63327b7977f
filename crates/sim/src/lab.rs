//! Faults of the lab: what each does to the pack and to the controller.

use crate::controller::Controller;
use crate::physics::Pack;
use domain::lab::{LabFault, PackFault};
use domain::topology::Topology;

/// How far a sensor is off, mV and K.
const SHIFT_MV: f32 = 600.0;
const SHIFT_K: f32 = 45.0;

/// Whether the topology has the cell or node that `fault` is about.
pub(crate) fn exists(fault: LabFault, topology: &Topology) -> bool {
    match fault {
        LabFault::WeakCell(cell)
        | LabFault::HotCell(cell)
        | LabFault::HighCell(cell)
        | LabFault::LowCell(cell)
        | LabFault::FrozenCell(cell) => usize::from(cell) < topology.cells(),
        LabFault::DeadNode(node) | LabFault::SlowNode(node) => usize::from(node) < topology.modules(),
        LabFault::SilentLink(_) | LabFault::Pack(_) | LabFault::Writes(_) | LabFault::LateWrites(_) => true,
        LabFault::WrongEstimate => false,
    }
}

/// Brings `fault` about. The links look for their silence themselves, dispatch for limits that it ignores.
pub(crate) fn inject(fault: LabFault, pack: &mut Pack, controller: &mut Controller) {
    set(fault, true, pack, controller);
}

/// Takes `fault` back.
pub(crate) fn clear(fault: LabFault, pack: &mut Pack, controller: &mut Controller) {
    set(fault, false, pack, controller);
}

fn set(fault: LabFault, on: bool, pack: &mut Pack, controller: &mut Controller) {
    let sign = if on { 1.0 } else { -1.0 };
    match fault {
        LabFault::WeakCell(cell) if on => pack.weaken(cell.into()),
        LabFault::WeakCell(cell) => pack.mend(cell.into()),
        LabFault::HotCell(cell) if on => pack.loosen_joint(cell.into()),
        LabFault::HotCell(cell) => pack.tighten_joint(cell.into()),
        LabFault::DeadNode(node) if on => controller.kill_node(node.into()),
        LabFault::DeadNode(node) => controller.revive_node(node.into()),
        LabFault::SlowNode(node) => controller.sensors().slow(node.into(), on),
        LabFault::HighCell(cell) => controller.sensors().shift_voltage(cell.into(), sign * SHIFT_MV),
        LabFault::LowCell(cell) => controller.sensors().shift_voltage(cell.into(), -sign * SHIFT_MV),
        LabFault::FrozenCell(cell) => controller.sensors().freeze(cell.into(), on),
        LabFault::Pack(PackFault::ColdPack) => controller.sensors().shift_temperature(-sign * SHIFT_K),
        LabFault::Pack(PackFault::HotPack) => controller.sensors().shift_temperature(sign * SHIFT_K),
        LabFault::Pack(fault) => controller.set_fault(fault, on),
        LabFault::Writes(_) | LabFault::LateWrites(_) => controller.set_write_fault(fault, on),
        LabFault::SilentLink(_) | LabFault::WrongEstimate => {}
    }
}
