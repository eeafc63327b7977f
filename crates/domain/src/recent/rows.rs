//! Rows of values in few bytes, laid out when they are made: writing one allocates nothing.

use crate::point::PointId;
use crate::reading::{CellQuantity, Sample};
use crate::series::Trace;
use crate::spec::SystemSpec;
use crate::twin::Snapshot;
use crate::wire::Step;
use std::ops::Range;

/// No cell voltage. The highest voltage that can be kept is one step less.
const NO_VOLTAGE: u16 = u16::MAX;
/// No cell temperature.
const NO_TEMPERATURE: i16 = i16::MIN;

/// So many rows: 4 bytes a cell, 4 bytes a point, of a device too.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    cells: usize,
    voltage_step: Step,
    /// NaN for none.
    points: Vec<[f32; PointId::COUNT]>,
    /// Points of devices, NaN for none.
    devices: Vec<f32>,
    device_count: usize,
    voltages: Vec<u16>,
    temperatures: Vec<i16>,
}

/// Which of two values is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    Lowest,
    Highest,
}

impl Rows {
    pub(super) fn new(rows: usize, spec: &SystemSpec, voltage_step: Step) -> Rows {
        let (cells, device_count) = (spec.topology.cells(), spec.device_points.len());
        Rows {
            cells,
            voltage_step,
            points: vec![[f32::NAN; PointId::COUNT]; rows],
            devices: vec![f32::NAN; rows * device_count],
            device_count,
            voltages: vec![NO_VOLTAGE; rows * cells],
            temperatures: vec![NO_TEMPERATURE; rows * cells],
        }
    }

    /// Writes what is good and fresh in a snapshot.
    pub(super) fn write(&mut self, row: usize, snapshot: &Snapshot) {
        for (value, point) in self.points[row].iter_mut().zip(PointId::ALL) {
            *value = snapshot.point(*point).unwrap_or(f32::NAN);
        }
        let devices = self.devices_of(row);
        for (number, value) in self.devices[devices].iter_mut().enumerate() {
            *value = snapshot.state.devices.sample(number, snapshot.now.mono).unwrap_or(f32::NAN);
        }
        let (cells, step) = (self.cells_of(row), self.voltage_step);
        for (cell, value) in self.voltages[cells.clone()].iter_mut().enumerate() {
            *value = voltage_code(step, snapshot.cell(CellQuantity::Voltage, cell));
        }
        for (cell, value) in self.temperatures[cells].iter_mut().enumerate() {
            *value = temperature_code(snapshot.cell(CellQuantity::Temperature, cell));
        }
    }

    /// Writes row `from` of `other`, which is of the same system.
    pub(super) fn copy(&mut self, row: usize, other: &Rows, from: usize) {
        self.points[row] = other.points[from];
        let (to, of) = (self.devices_of(row), other.devices_of(from));
        self.devices[to].copy_from_slice(&other.devices[of]);
        let (to, from) = (self.cells_of(row), other.cells_of(from));
        self.voltages[to.clone()].copy_from_slice(&other.voltages[from.clone()]);
        self.temperatures[to].copy_from_slice(&other.temperatures[from]);
    }

    /// Keeps of each value the lower or higher one of both rows. No value is neither.
    pub(super) fn merge(&mut self, row: usize, other: &Rows, from: usize, keep: Keep) {
        merge(&mut self.points[row], &other.points[from], |v| v.is_nan(), keep);
        let (to, of) = (self.devices_of(row), other.devices_of(from));
        merge(&mut self.devices[to], &other.devices[of], |v| v.is_nan(), keep);
        let (to, from) = (self.cells_of(row), other.cells_of(from));
        merge(&mut self.voltages[to.clone()], &other.voltages[from.clone()], |v| v == NO_VOLTAGE, keep);
        merge(&mut self.temperatures[to], &other.temperatures[from], |v| v == NO_TEMPERATURE, keep);
    }

    pub(super) fn value(&self, row: usize, trace: Trace) -> Option<f32> {
        match trace {
            Trace::Point(point) => Some(self.points[row][point as usize]).filter(|v| !v.is_nan()),
            Trace::Device(number) if usize::from(number) >= self.device_count => None,
            Trace::Device(number) => {
                Some(self.devices[row * self.device_count + usize::from(number)]).filter(|v| !v.is_nan())
            }
            Trace::Cell(_, cell) if usize::from(cell) >= self.cells => None,
            Trace::Cell(CellQuantity::Voltage, cell) => {
                let code = self.voltages[row * self.cells + usize::from(cell)];
                (code != NO_VOLTAGE).then(|| self.voltage_step.value(code.into()))
            }
            Trace::Cell(CellQuantity::Temperature, cell) => {
                let code = self.temperatures[row * self.cells + usize::from(cell)];
                (code != NO_TEMPERATURE).then(|| Step::TENTH.value(code.into()))
            }
        }
    }

    fn devices_of(&self, row: usize) -> Range<usize> {
        row * self.device_count..(row + 1) * self.device_count
    }

    fn cells_of(&self, row: usize) -> Range<usize> {
        row * self.cells..(row + 1) * self.cells
    }

    /// What it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        let devices = size_of_val(&self.devices[..]);
        devices + size_of_val(&self.points[..]) + size_of_val(&self.voltages[..]) + size_of_val(&self.temperatures[..])
    }
}

fn merge<T: Copy + PartialOrd>(kept: &mut [T], new: &[T], is_none: impl Fn(T) -> bool, keep: Keep) {
    for (kept, new) in kept.iter_mut().zip(new) {
        let further = if keep == Keep::Lowest { *new < *kept } else { *new > *kept };
        if !is_none(*new) && (further || is_none(*kept)) {
            *kept = *new;
        }
    }
}

fn voltage_code(step: Step, volts: Sample) -> u16 {
    volts.map_or(NO_VOLTAGE, |v| step.count(v).clamp(0, i32::from(NO_VOLTAGE) - 1) as u16)
}

fn temperature_code(celsius: Sample) -> i16 {
    let within = |count: i32| count.clamp(i32::from(NO_TEMPERATURE) + 1, i32::from(i16::MAX)) as i16;
    celsius.map_or(NO_TEMPERATURE, |c| within(Step::TENTH.count(c)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recent::Sampler;

    #[test]
    fn every_believable_cell_value_can_be_kept() {
        let spec = SystemSpec { cell_resolution_v: 0.00001, ..crate::engine::tests::site().systems[0].clone() };
        let step = Sampler::new(&spec).voltage_step;
        assert_eq!(voltage_code(step, Ok(6.0)), 60_000);
        assert_eq!(voltage_code(step, Ok(-1.0)), 0);
        assert_eq!([-60.0, 200.0, 1e9].map(|c| temperature_code(Ok(c))), [-600, 2_000, i16::MAX]);
    }
}
