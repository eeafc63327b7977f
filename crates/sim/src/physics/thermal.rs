//! Heat: from the cells' losses, between neighbours, into the air.

use super::cells::Cells;
use super::parameters as p;
use domain::topology::Topology;

/// Moves every cell's temperature by `dt_s` seconds.
///
/// `heat_w` comes in as the heat that each cell makes and is used up as scratch. Euler steps are exact enough: the
/// fastest body has a time constant of over half an hour; the terminals, faster, follow an exact exponential.
pub(super) fn exchange(cells: &mut Cells, topology: &Topology, heat_w: &mut [f32], ambient_c: f32, dt_s: f32) {
    let keep = (-dt_s / (p::TERMINAL_K_PER_W * p::TERMINAL_J_PER_K)).exp();
    for (cell, heat) in heat_w.iter_mut().enumerate() {
        let joint_w = joint_heat_w(cells, cell);
        let target_k = joint_w * p::TERMINAL_K_PER_W;
        cells.terminal_k[cell] = target_k + keep * (cells.terminal_k[cell] - target_k);
        *heat += cells.terminal_k[cell] / p::TERMINAL_K_PER_W;
        *heat -= cells.to_ambient_w_per_k[cell] * (cells.temperature_c[cell] - ambient_c);
    }
    let per_module = topology.cells_per_module.max(1) as usize;
    for (module, heat) in heat_w.chunks_mut(per_module).enumerate() {
        let temperature_c = &cells.temperature_c[module * per_module..][..heat.len()];
        for cell in 1..heat.len() {
            let flow_w = p::TO_NEIGHBOUR_W_PER_K * (temperature_c[cell - 1] - temperature_c[cell]);
            heat[cell - 1] -= flow_w;
            heat[cell] += flow_w;
        }
    }
    for (temperature, heat) in cells.temperature_c.iter_mut().zip(heat_w) {
        *temperature += *heat * dt_s / p::HEAT_CAPACITY_J_PER_K;
    }
}

/// Heat of a loose joint at the terminal of `cell`, W.
fn joint_heat_w(cells: &Cells, cell: usize) -> f32 {
    if !cells.loose_joint[cell] {
        return 0.0;
    }
    let (from_c, to_c) = p::JOINT_FADE_C;
    p::JOINT_HEAT_W * ((to_c - cells.terminal_c(cell)) / (to_c - from_c)).clamp(0.0, 1.0)
}
