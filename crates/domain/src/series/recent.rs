//! The last minutes of one system, sample by sample, in a ring that is filled once and then overwritten.

use super::{Series, Table, Trace};
use crate::point::PointId;
use crate::reading::{CellQuantity, Sample};
use crate::spec::SystemSpec;
use crate::time::Utc;
use crate::twin::Snapshot;
use crate::wire::Step;
use std::ops::Range;

/// No cell voltage. The highest voltage that can be kept is one step less.
const NO_VOLTAGE: u16 = u16::MAX;
/// No cell temperature.
const NO_TEMPERATURE: i16 = i16::MIN;
/// The finest step of cell voltages: all that can be believed, 0 to 6 V, then fits 16 bits.
const FINEST_VOLTAGE_STEP_V: f32 = 0.0001;

/// The recent past of one system.
///
/// All rows are laid out when it is made, row by row, so that a push writes a few straight runs and allocates nothing:
/// 4 bytes a cell and row, 1.1 kB a row for 260 cells.
#[derive(Clone, Debug)]
pub struct Recent {
    capacity: usize,
    cells: usize,
    voltage_step: Step,
    /// Rows pushed so far; row n lies at n modulo the capacity.
    pushed: usize,
    at: Vec<Utc>,
    /// NaN for none.
    points: Vec<[f32; PointId::COUNT]>,
    voltages: Vec<u16>,
    temperatures: Vec<i16>,
}

impl Recent {
    /// Room for the last `capacity` samples (at least one) of the system that `spec` describes.
    pub fn new(spec: &SystemSpec, capacity: usize) -> Recent {
        let capacity = capacity.max(1);
        let cells = spec.topology.cells();
        Recent {
            capacity,
            cells,
            voltage_step: Step::new(spec.cell_resolution_v.max(FINEST_VOLTAGE_STEP_V)).unwrap_or(Step::MILLI),
            pushed: 0,
            at: vec![Utc(0); capacity],
            points: vec![[f32::NAN; PointId::COUNT]; capacity],
            voltages: vec![NO_VOLTAGE; capacity * cells],
            temperatures: vec![NO_TEMPERATURE; capacity * cells],
        }
    }

    /// How many samples it holds.
    pub fn len(&self) -> usize {
        self.pushed.min(self.capacity)
    }

    /// Whether it holds nothing yet.
    pub fn is_empty(&self) -> bool {
        self.pushed == 0
    }

    /// Takes a snapshot of the system: what is good and fresh in it.
    pub fn push(&mut self, snapshot: &Snapshot) {
        let row = self.pushed % self.capacity;
        self.pushed += 1;
        self.at[row] = snapshot.now.utc;
        for (value, point) in self.points[row].iter_mut().zip(PointId::ALL) {
            *value = snapshot.point(*point).unwrap_or(f32::NAN);
        }
        let cells = row * self.cells..(row + 1) * self.cells;
        for (cell, value) in self.voltages[cells.clone()].iter_mut().enumerate() {
            *value = voltage_code(self.voltage_step, snapshot.cell(CellQuantity::Voltage, cell));
        }
        for (cell, value) in self.temperatures[cells].iter_mut().enumerate() {
            *value = temperature_code(snapshot.cell(CellQuantity::Temperature, cell));
        }
    }

    /// What was taken at `from` or later, one series for each trace, oldest row first. Of a trace that the system does
    /// not have, every value is missing.
    pub fn table(&self, from: Utc, traces: &[Trace]) -> Table {
        let mut table = self.empty(traces);
        self.extend(&mut table, traces, self.rows_since(from));
        table
    }

    /// The numbers of the rows that were taken at `from` or later. Rows are numbered from the first that ever was pushed.
    pub fn rows_since(&self, from: Utc) -> Range<usize> {
        // The newest rows since the clock last passed `from`: a stepped clock may have written that time twice.
        let kept = (self.pushed - self.len()..self.pushed).rev();
        let since = kept.take_while(|row| self.at[row % self.capacity] >= from).last();
        since.unwrap_or(self.pushed)..self.pushed
    }

    /// A table of these traces without rows.
    pub fn empty(&self, traces: &[Trace]) -> Table {
        let series = traces.iter().map(|trace| Series {
            name: trace.name(),
            unit: trace.unit(),
            resolution: self.resolution(*trace),
            values: Vec::new(),
        });
        Table { series: series.collect(), at: Vec::new() }
    }

    /// Adds those of the rows with these numbers that are still kept. `table` is of the same traces.
    pub fn extend(&self, table: &mut Table, traces: &[Trace], rows: Range<usize>) {
        let rows = rows.start.max(self.pushed - self.len())..rows.end.min(self.pushed);
        let places = || rows.clone().map(|row| row % self.capacity);
        table.at.extend(places().map(|place| self.at[place]));
        for (series, trace) in table.series.iter_mut().zip(traces) {
            series.values.extend(places().map(|place| self.value(place, *trace)));
        }
    }

    fn value(&self, row: usize, trace: Trace) -> Option<f32> {
        match trace {
            Trace::Point(point) => Some(self.points[row][point as usize]).filter(|v| !v.is_nan()),
            Trace::Cell(_, cell) if cell as usize >= self.cells => None,
            Trace::Cell(CellQuantity::Voltage, cell) => {
                let code = self.voltages[row * self.cells + cell as usize];
                (code != NO_VOLTAGE).then(|| self.voltage_step.value(code.into()))
            }
            Trace::Cell(CellQuantity::Temperature, cell) => {
                let code = self.temperatures[row * self.cells + cell as usize];
                (code != NO_TEMPERATURE).then(|| Step::TENTH.value(code.into()))
            }
        }
    }

    fn resolution(&self, trace: Trace) -> f32 {
        match trace {
            Trace::Point(point) => point.spec().resolution,
            Trace::Cell(CellQuantity::Voltage, _) => self.voltage_step.size(),
            Trace::Cell(CellQuantity::Temperature, _) => Step::TENTH.size(),
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
    use crate::reading::{NoData, Reading, Target};
    use crate::time::Now;
    use crate::twin::SystemState;
    use std::time::Duration;

    const TRACES: [Trace; 4] = [
        Trace::Point(PointId::Soc),
        Trace::Cell(CellQuantity::Voltage, 1),
        Trace::Cell(CellQuantity::Temperature, 1),
        Trace::Cell(CellQuantity::Voltage, 60_000),
    ];

    #[test]
    fn the_last_samples_are_kept_with_their_gaps() {
        let spec = crate::engine::tests::site().systems[0].clone();
        let mut recent = Recent::new(&spec, 10);
        let mut snapshot = Snapshot { now: Now::default(), state: SystemState::new(&spec), ..Snapshot::default() };
        assert!(recent.is_empty() && recent.table(Utc(0), &TRACES).at.is_empty());
        for i in 0..25_u16 {
            snapshot.now = snapshot.now + Duration::from_secs(1);
            let voltage = if i == 20 { Err(NoData::Error) } else { Ok(3.2 + f32::from(i) * 1e-3 + 0.000_4) };
            for (target, sample) in [
                (Target::Point(PointId::Soc), Ok(f32::from(i))),
                (Target::Cell(CellQuantity::Voltage, 1), voltage),
                (Target::Cell(CellQuantity::Temperature, 1), Ok(-f32::from(i))),
            ] {
                if i < 23 {
                    snapshot.state.apply(Reading { target, sample }, snapshot.now.mono);
                }
            }
            recent.push(&snapshot);
        }
        let table = recent.table(Utc(18_000_000), &TRACES);
        assert_eq!(table.at, (18..=25).map(|s| Utc(s * 1_000_000)).collect::<Vec<_>>());
        // Held until stale: 1.5 s for cells, 3 s for the state of charge.
        let expected: [&[Option<f32>]; 4] = [
            &[17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 22.0, 22.0].map(Some),
            &[Some(3.217), Some(3.218), Some(3.219), None, Some(3.221), Some(3.222), Some(3.222), None],
            &[Some(-17.0), Some(-18.0), Some(-19.0), Some(-20.0), Some(-21.0), Some(-22.0), Some(-22.0), None],
            &[None; 8],
        ];
        for (series, values) in table.series.iter().zip(expected) {
            assert_eq!(series.values, values, "{}", series.name);
        }
        assert_eq!(recent.table(Utc(0), &[]).at.len(), 10, "older ones are overwritten");
        assert_eq!(recent.table(Utc(99_000_000), &TRACES).series[0].values, []);
        // In parts it is the same; a row that was overwritten meanwhile is left out.
        let rows = recent.rows_since(Utc(18_000_000));
        let mut parts = recent.empty(&TRACES);
        for first in rows.clone().step_by(3) {
            recent.extend(&mut parts, &TRACES, first..(first + 3).min(rows.end));
        }
        assert_eq!(parts, table);
        recent.extend(&mut parts, &TRACES, 0..3);
        assert_eq!((rows, parts), (17..25, table));
    }

    #[test]
    fn every_believable_cell_value_can_be_kept() {
        let spec = SystemSpec { cell_resolution_v: 0.00001, ..crate::engine::tests::site().systems[0].clone() };
        let recent = Recent::new(&spec, 1);
        assert_eq!(voltage_code(recent.voltage_step, Ok(6.0)), 60_000);
        assert_eq!(voltage_code(recent.voltage_step, Ok(-1.0)), 0);
        assert_eq!([-60.0, 200.0, 1e9].map(|c| temperature_code(Ok(c))), [-600, 2_000, i16::MAX]);
    }
}
