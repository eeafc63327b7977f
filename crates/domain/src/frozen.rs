//! Values that stand still while what belongs to them moves: a sensor or gateway that repeats its last answer.
//!
//! To stand still alone proves nothing: a battery at rest does. So each watched point has a witness, a quantity that
//! cannot move far without it, and a cell has the mean of all cells. A value is frozen when it is delivered again and
//! again, the same to the last bit, after its witness has moved far.

use crate::cells::Column;
use crate::last_value::Points;
use crate::point::PointId;
use crate::reading::Sample;
use crate::spec::SystemSpec;
use crate::time::Mono;

/// How far a witness must move, as a share of the current that empties the battery in an hour, or of its power.
const FAR: f32 = 0.1;
/// How far the mean of all cells must move, V, and in steps of a cell's voltage: the larger counts.
const CELLS_FAR_V: f32 = 0.020;
const CELLS_FAR_STEPS: f32 = 3.0;

/// What a point cannot stand still beside, as a share of one hour's current or power.
type Witness = fn(&dyn Fn(PointId) -> Sample, &SystemSpec) -> Sample;

/// The watched points with their witnesses.
pub const WATCHED: [(PointId, Witness); 5] = [
    // Its inner resistance moves the voltage with the current.
    (PointId::Voltage, |point, system| Ok(point(PointId::Current)? / system.capacity_ah)),
    (PointId::Current, |point, system| {
        let power_w = point(PointId::InverterBatteryPower).or_else(|_| point(PointId::Power))?;
        Ok(power_w / system.energy_wh())
    }),
    (PointId::Power, |point, system| Ok(point(PointId::Voltage)? * point(PointId::Current)? / system.energy_wh())),
    (PointId::GridPower, |point, system| {
        let solar_w = point(PointId::SolarPower).unwrap_or(0.0);
        Ok((point(PointId::LoadPower)? - point(PointId::Power)? - solar_w) / system.energy_wh())
    }),
    (PointId::LoadPower, |point, system| {
        let solar_w = point(PointId::SolarPower).unwrap_or(0.0);
        Ok((point(PointId::GridPower)? + point(PointId::Power)? + solar_w) / system.energy_wh())
    }),
];

/// One value and its witness.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Still {
    /// The value since it last changed.
    value: Option<f32>,
    /// Where its witness was then.
    witness: Option<f32>,
    /// When the witness had moved far.
    moved: Option<Mono>,
}

impl Still {
    /// Takes a value received at `at` and its witness; returns for how long it has been repeated since the witness moved
    /// by more than `far`, s.
    fn take(&mut self, value: f32, at: Mono, witness: Sample, far: f32, now: Mono) -> f32 {
        if self.value != Some(value) {
            *self = Still { value: Some(value), witness: witness.ok(), moved: None };
            return 0.0;
        }
        let Ok(witness) = witness else { return 0.0 };
        let from = *self.witness.get_or_insert(witness);
        if (witness - from).abs() > far && self.moved.is_none() {
            self.moved = Some(now);
        }
        self.moved.map_or(0.0, |moved| at.seconds_since(moved))
    }
}

/// Watches one system.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FrozenWatch {
    points: [(Still, f32); WATCHED.len()],
    cells: Vec<(Still, f32)>,
}

impl FrozenWatch {
    /// Takes what is known at `now`.
    pub fn update(&mut self, points: &Points, cells: &Column, system: &SystemSpec, now: Mono) {
        let sample = |point| points.sample(point, now);
        for ((point, witness), (still, still_s)) in WATCHED.iter().zip(&mut self.points) {
            let known = sample(*point).ok().zip(points.last_value(*point).last());
            *still_s = known.map_or(0.0, |(value, (_, at))| still.take(value, at, witness(&sample, system), FAR, now));
        }
        let mean = cells.stats(now).filter(|stats| stats.fresh > 1).map(|stats| stats.mean);
        self.cells.resize(cells.len(), Default::default());
        let Some(mean) = mean else { return };
        let far_v = CELLS_FAR_V.max(CELLS_FAR_STEPS * system.cell_resolution_v);
        for (cell, (still, still_s)) in self.cells.iter_mut().enumerate() {
            let known = cells.sample(cell, now).ok().zip(cells.last(cell));
            *still_s = known.map_or(0.0, |(value, (_, at))| still.take(value, at, Ok(mean), far_v, now));
        }
    }

    /// For how long a point has been repeated since its witness moved, s; `None` for one that is not watched.
    pub fn point_s(&self, point: PointId) -> Option<f32> {
        let place = WATCHED.iter().position(|(watched, _)| *watched == point)?;
        Some(self.points[place].1)
    }

    /// The same for a cell's voltage.
    pub fn cell_s(&self, cell: usize) -> Option<f32> {
        self.cells.get(cell).map(|(_, still_s)| *still_s)
    }
}
