//! The daisy chain of analogue front ends: what the cells look like through real sensors.

use super::report::{NodeReport, NodeState};
use crate::physics::Pack;
use crate::prng::Prng;
use domain::topology::Topology;

/// Static error of a voltage channel, deviation in mV: the part that calibration leaves.
const OFFSET_MV: f32 = 0.3;
/// Noise of a voltage sample after the front end's averaging, mV rms.
const NOISE_MV: f32 = 0.3;
/// Static error of a temperature sensor, deviation in K.
const OFFSET_K: f32 = 0.35;
/// A temperature step is taken only when the value is this far into the next one, °C: no flicker between two steps.
const STEP_HYSTERESIS_C: f32 = 0.7;
/// Answer time of the first node, and what each node farther down the chain adds, ms.
const ANSWER_MS: (f32, f32) = (4.0, 0.9);
/// Jitter of an answer, ms.
const JITTER_MS: f32 = 0.6;
/// A node is delayed when its last answer is older than this, and lost when older than that, ms.
const DELAYED_MS: f32 = 100.0;
const LOST_MS: f32 = 1_000.0;
/// What a slow node's answer is late, ms.
const SLOW_MS: f32 = 400.0;

/// The chain and what it measured last.
#[derive(Clone, Debug)]
pub struct Afe {
    /// Cell voltages, mV; `None` where the node does not answer.
    pub cell_mv: Vec<Option<u16>>,
    /// Cell temperatures, °C; `None` where the node does not answer.
    pub cell_c: Vec<Option<i8>>,
    /// The nodes, one per module.
    pub nodes: Vec<NodeReport>,
    dead: Vec<bool>,
    slow: Vec<bool>,
    frozen: Vec<bool>,
    offset_mv: Vec<f32>,
    offset_k: Vec<f32>,
    per_module: usize,
    prng: Prng,
}

impl Afe {
    /// A chain with one node for each module.
    pub fn new(topology: &Topology, seed: u64) -> Afe {
        let mut prng = Prng::new(seed, 31);
        let cells = topology.cells();
        Afe {
            cell_mv: vec![None; cells],
            cell_c: vec![None; cells],
            nodes: vec![NodeReport::default(); topology.modules()],
            dead: vec![false; topology.modules()],
            slow: vec![false; topology.modules()],
            frozen: vec![false; cells],
            offset_mv: (0..cells).map(|_| OFFSET_MV * prng.normal()).collect(),
            offset_k: (0..cells).map(|_| OFFSET_K * prng.normal()).collect(),
            per_module: topology.cells_per_module.max(1) as usize,
            prng,
        }
    }

    /// Cuts a node off; one that does not exist is ignored.
    pub fn kill(&mut self, node: usize) {
        self.set_dead(node, true);
    }

    /// Lets a node answer again.
    pub fn revive(&mut self, node: usize) {
        self.set_dead(node, false);
    }

    /// Lets a node answer late, or in time again.
    pub fn slow(&mut self, node: usize, on: bool) {
        if let Some(slow) = self.slow.get_mut(node) {
            *slow = on;
        }
    }

    /// Lets a cell's voltage stand still, or move again.
    pub fn freeze(&mut self, cell: usize, on: bool) {
        if let Some(frozen) = self.frozen.get_mut(cell) {
            *frozen = on;
        }
    }

    /// Shifts what is read of a cell's voltage, mV.
    pub fn shift_voltage(&mut self, cell: usize, by_mv: f32) {
        if let Some(offset_mv) = self.offset_mv.get_mut(cell) {
            *offset_mv += by_mv;
        }
    }

    /// Shifts what is read of every temperature, K.
    pub fn shift_temperature(&mut self, by_k: f32) {
        self.offset_k.iter_mut().for_each(|offset_k| *offset_k += by_k);
    }

    fn set_dead(&mut self, node: usize, dead: bool) {
        if let Some(slot) = self.dead.get_mut(node) {
            *slot = dead;
        }
    }

    /// Asks every node once, `dt_s` seconds after the last time.
    pub fn sweep(&mut self, pack: &Pack, dt_s: f32) {
        for node in 0..self.nodes.len() {
            let cells = node * self.per_module..(node + 1) * self.per_module;
            if self.dead[node] {
                self.nodes[node] = silent(self.nodes[node], dt_s);
                self.cell_mv[cells.clone()].fill(None);
                self.cell_c[cells].fill(None);
                continue;
            }
            let delay_ms = ANSWER_MS.0 + ANSWER_MS.1 * node as f32 + JITTER_MS * self.prng.normal().abs();
            let errors = self.nodes[node].errors;
            let (state, late_ms) =
                if self.slow[node] { (NodeState::Delayed, SLOW_MS) } else { (NodeState::Working, 0.0) };
            self.nodes[node] = NodeReport { state, delay_ms: (delay_ms + late_ms).round() as u16, errors };
            for cell in cells {
                let noise_mv = self.offset_mv[cell] + NOISE_MV * self.prng.normal();
                let measured_mv = (pack.cells().voltage_v[cell] * 1e3 + noise_mv).round() as u16;
                self.cell_mv[cell] = self.cell_mv[cell].filter(|_| self.frozen[cell]).or(Some(measured_mv));
                let celsius = pack.cells().terminal_c(cell) + self.offset_k[cell];
                self.cell_c[cell] = Some(stepped(self.cell_c[cell], celsius));
            }
        }
    }
}

/// The whole degree to show for `celsius` after `last` was shown.
fn stepped(last: Option<i8>, celsius: f32) -> i8 {
    match last {
        Some(last) if (celsius - f32::from(last)).abs() < STEP_HYSTERESIS_C => last,
        _ => celsius.round() as i8,
    }
}

/// A node that did not answer again.
fn silent(node: NodeReport, dt_s: f32) -> NodeReport {
    let delay_ms = f32::from(node.delay_ms) + dt_s * 1e3;
    let state = if delay_ms > LOST_MS {
        NodeState::Lost
    } else if delay_ms > DELAYED_MS {
        NodeState::Delayed
    } else {
        NodeState::Working
    };
    NodeReport { state, delay_ms: delay_ms as u16, errors: node.errors.saturating_add(1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::physics::{Pack, PackSpec};

    fn pack() -> Pack {
        let topology = Topology::new(1, 13, 20);
        Pack::new(&PackSpec { topology, capacity_ah: 280.0, soc_pct: 60.0, ambient_c: 22.0, seed: 3 })
    }

    #[test]
    fn sensors_are_off_by_about_a_millivolt_and_a_degree_and_do_not_flicker() {
        let pack = pack();
        let mut afe = Afe::new(pack.topology(), 3);
        afe.sweep(&pack, 0.2);
        let first_c = afe.cell_c.clone();
        for _ in 0..50 {
            afe.sweep(&pack, 0.2);
            for cell in 0..260 {
                let error_mv = f32::from(afe.cell_mv[cell].unwrap()) - pack.cells().voltage_v[cell] * 1e3;
                assert!(error_mv.abs() < 3.0, "cell {cell}: {error_mv} mV");
                let error_c = f32::from(afe.cell_c[cell].unwrap()) - pack.cells().terminal_c(cell);
                assert!(error_c.abs() < 2.0, "cell {cell}: {error_c} °C");
            }
            assert_eq!(afe.cell_c, first_c);
        }
    }

    #[test]
    fn a_dead_node_takes_its_cells_along_and_comes_back() {
        let pack = pack();
        let mut afe = Afe::new(pack.topology(), 3);
        afe.sweep(&pack, 0.2);
        afe.kill(11);
        let mut states = Vec::new();
        for _ in 0..6 {
            afe.sweep(&pack, 0.2);
            states.push(afe.nodes[11].state);
            for cell in 0..260 {
                assert_eq!(afe.cell_mv[cell].is_none(), (220..240).contains(&cell));
            }
        }
        assert_eq!((states[0], states[5]), (NodeState::Delayed, NodeState::Lost));
        assert_eq!(afe.nodes[11].errors, 6);
        assert!(afe.nodes[11].delay_ms > 1_000);
        afe.revive(11);
        afe.sweep(&pack, 0.2);
        assert_eq!(afe.nodes[11].state, NodeState::Working);
        assert!(afe.cell_c.iter().all(Option::is_some) && afe.nodes[11].delay_ms < 50);
    }
}
