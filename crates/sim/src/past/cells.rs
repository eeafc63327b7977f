//! What each cell did in a minute of the past: a reduced model, driven by the mean cell of the same past.
//!
//! A cell differs from the mean by its state of charge (on the open-circuit curve), by its resistance (times the drop over
//! the mean cell's) and by how its place is cooled. The three cells that the pack's own extremes name are the same ones.
//! Each minute follows from its own numbers and the seed, so a past may be cut anywhere.

use super::CELL_EXTREMES;
use crate::physics::parameters::{self as p, Curves};
use crate::prng::Prng;
use domain::minute::{CellMinute, MINUTE_MS, Stat, count};
use domain::reading::CellQuantity;
use domain::topology::Topology;

/// The demo's pack.
const TOPOLOGY: Topology = Topology::new(1, 13, 20);
/// A cell whose resistance rises: its number, its excess at first, and how much that grows in a day.
const AGEING: (usize, f32, f32) = (88, 0.05, 0.003);
const AGEING_MOST: f32 = 0.25;
/// No other cell is further from the mean: V by its charge, share of the resistance.
const CHARGE_MOST_V: f32 = 0.001_8;
const RESISTANCE_MOST: f32 = 0.045;
/// Noise of one sample, V and K; the extremes of a minute lie about three of it apart from the mean.
const NOISE: (f32, f32) = (0.000_3, 0.03);
/// One day in so many, a module's node does not answer for a while.
const SILENT_ONE_IN: u64 = 6;
/// For how long, min.
const SILENT_MIN: (f32, f32) = (15.0, 75.0);

const DAY_MINUTES: i64 = 1_440;

/// Lowest, mean and highest of something.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Extent {
    min: f32,
    sum: f64,
    max: f32,
    n: u16,
}

impl Extent {
    pub(super) fn add(&mut self, value: f32) {
        self.min = if self.n == 0 { value } else { self.min.min(value) };
        self.max = if self.n == 0 { value } else { self.max.max(value) };
        self.sum += f64::from(value);
        self.n += 1;
    }

    fn mean(&self) -> f32 {
        (self.sum / f64::from(self.n.max(1))) as f32
    }
}

/// The mean cell in a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PackMinute {
    /// Which: whole minutes since 1970-01-01 UTC.
    pub(super) minute: i64,
    /// Voltage, V.
    pub(super) voltage_v: Extent,
    /// What of the voltage falls off over the instant resistance, V.
    pub(super) drop_v: Extent,
    /// Temperature, °C.
    pub(super) cell_c: Extent,
    /// Temperature of the air at the end, °C.
    pub(super) air_c: f32,
    /// State of charge at the end, %.
    pub(super) soc_pct: f32,
}

/// How a cell differs from the mean one.
#[derive(Clone, Copy, Debug)]
struct Nature {
    /// By how many points of charge it is ahead, and how many it gains in a day.
    charge_pct: (f32, f32),
    /// Voltage that it has more at any charge, V.
    offset_v: f32,
    /// Resistance beyond the mean cell's, as a share of it.
    resistance: f32,
    /// Share of the pack's warming, and what it has more, K.
    warmth: (f32, f32),
}

/// The cells of the simulated past.
#[derive(Clone, Debug)]
pub struct CellPast {
    seed: u64,
    first_day: i64,
    curves: Curves,
    natures: Vec<Nature>,
}

impl CellPast {
    /// The cells of the [`Past`](super::Past) of this seed and start.
    pub fn new(seed: u64, start_ms: i64) -> CellPast {
        let mut prng = Prng::new(seed, 40);
        let (lowest, highest, warmest) = CELL_EXTREMES;
        let nature = |cell: usize| {
            let place = cell % TOPOLOGY.cells_per_module as usize;
            let module = TOPOLOGY.module_of(cell);
            let at_end = place == 0 || place + 1 == TOPOLOGY.cells_per_module as usize;
            // The modules in the middle of the rack and the cells in the middle of a module are cooled less.
            let middle = 1.0 - (module as f32 - 6.0).abs() / 6.0;
            let cooled = if at_end { p::TO_AMBIENT_W_PER_K.1 } else { p::TO_AMBIENT_W_PER_K.0 };
            let share = 0.9 * p::TO_AMBIENT_W_PER_K.0 / cooled + 0.2 * middle;
            let (_, loss_sigma) = p::SELF_DISCHARGE_PER_MONTH;
            let usual = Nature {
                charge_pct: (100.0 * p::SOC_SIGMA * prng.normal(), -100.0 * loss_sigma * prng.normal() / 30.0),
                offset_v: 0.0,
                resistance: (p::RESISTANCE_SIGMA * prng.normal()).clamp(-RESISTANCE_MOST, RESISTANCE_MOST),
                warmth: (share, (0.25 * prng.normal()).clamp(-0.5, 0.3)),
            };
            // As the pack's own extremes have them.
            match cell {
                _ if cell == lowest => {
                    Nature { charge_pct: (0.0, 0.0), offset_v: -0.002, resistance: p::WEAK_CELL.1 - 1.0, ..usual }
                }
                _ if cell == highest => Nature { charge_pct: (0.0, 0.0), offset_v: 0.002, resistance: -0.05, ..usual },
                _ if cell == warmest => Nature { warmth: (super::WARMEST_SHARE, 0.4), ..usual },
                _ => usual,
            }
        };
        CellPast {
            seed,
            first_day: start_ms.div_euclid(MINUTE_MS * DAY_MINUTES),
            curves: Curves::default(),
            natures: (0..TOPOLOGY.cells()).map(nature).collect(),
        }
    }

    /// What the cells did in the minute in which the mean cell did this.
    pub fn minute(&self, pack: &PackMinute) -> CellMinute {
        let mut minute = CellMinute::empty(pack.minute, self.natures.len());
        let mut noise = Prng::new(self.seed, pack.minute as u64);
        let day = pack.minute.div_euclid(DAY_MINUTES);
        let silent = self.silent(day, pack.minute.rem_euclid(DAY_MINUTES));
        let ocv_v = self.curves.ocv.at(pack.soc_pct);
        for (cell, nature) in self.natures.iter().enumerate() {
            let [low, middle, high] = [(); 3].map(|()| noise.normal());
            if silent == Some(TOPOLOGY.module_of(cell)) {
                continue;
            }
            let days = (day - self.first_day) as f32;
            let charge_v = self.curves.ocv.at(pack.soc_pct + nature.charge_pct.0 + nature.charge_pct.1 * days) - ocv_v;
            let ahead_v = nature.offset_v + charge_v.clamp(-CHARGE_MOST_V, CHARGE_MOST_V);
            let (ageing, at_first, a_day) = AGEING;
            let resistance = match cell == ageing {
                true => (at_first + a_day * days).min(AGEING_MOST),
                false => nature.resistance,
            };
            // Within a minute the voltage is the lowest where the drop is the largest.
            let voltage = |mean_v: f32, drop_v: f32| mean_v + ahead_v - resistance * drop_v;
            let (share, more_c) = nature.warmth;
            let warm = |cell_c: f32| pack.air_c + share * (cell_c - pack.air_c) + more_c;
            let voltages = [
                voltage(pack.voltage_v.min, pack.drop_v.max) - NOISE.0 * (2.8 + 0.4 * low),
                voltage(pack.voltage_v.mean(), pack.drop_v.mean()) + NOISE.0 * 0.06 * middle,
                voltage(pack.voltage_v.max, pack.drop_v.min) + NOISE.0 * (2.8 + 0.4 * high),
            ];
            let temperatures = [
                warm(pack.cell_c.min) - NOISE.1 * (2.8 + 0.4 * high),
                warm(pack.cell_c.mean()) + NOISE.1 * 0.06 * middle,
                warm(pack.cell_c.max) + NOISE.1 * (2.8 + 0.4 * low),
            ];
            for (quantity, values) in [(CellQuantity::Voltage, voltages), (CellQuantity::Temperature, temperatures)] {
                let columns = &mut minute.columns[quantity as usize];
                columns.iter_mut().zip(values).for_each(|(column, value)| column[cell] = count(quantity, value));
                columns[Stat::N as usize][cell] = pack.voltage_v.n;
            }
        }
        minute
    }

    /// The module whose node does not answer in this minute of a day, if any.
    fn silent(&self, day: i64, minute: i64) -> Option<usize> {
        let mut prng = Prng::new(self.seed, day as u64 ^ 0x5151_5151);
        if !prng.bits().is_multiple_of(SILENT_ONE_IN) {
            return None;
        }
        let module = (prng.bits() % TOPOLOGY.modules() as u64) as usize;
        let from = prng.range(0.0, DAY_MINUTES as f32 - SILENT_MIN.1) as i64;
        let to = from + prng.range(SILENT_MIN.0, SILENT_MIN.1) as i64;
        (from..to).contains(&minute).then_some(module)
    }
}
