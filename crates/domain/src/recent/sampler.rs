//! Tables of a system's series: their columns, their steps, and what is missing between two rows.

use crate::point::DevicePoint;
use crate::reading::{CellQuantity, Sample};
use crate::series::{Series, Table, Trace};
use crate::spec::SystemSpec;
use crate::time::Utc;
use crate::twin::Snapshot;
use crate::wire::Step;
use std::sync::Arc;
use std::time::Duration;

/// The finest step of cell voltages: all that can be believed, 0 to 6 V, then fits 16 bits.
const FINEST_VOLTAGE_STEP_V: f32 = 0.0001;
/// Rows further apart than this, and than two and a half periods of their system, have nothing between them.
const GAP: Duration = Duration::from_millis(1_500);

/// Makes tables of one system's series.
#[derive(Clone, Debug)]
pub struct Sampler {
    /// Step of cell voltages.
    pub(super) voltage_step: Step,
    period: Duration,
    devices: Arc<[DevicePoint]>,
}

impl Sampler {
    /// Tables of the system that `spec` describes.
    pub fn new(spec: &SystemSpec) -> Sampler {
        let voltage_step = Step::new(spec.cell_resolution_v.max(FINEST_VOLTAGE_STEP_V)).unwrap_or(Step::MILLI);
        Sampler { voltage_step, period: spec.period(), devices: spec.device_points.clone() }
    }

    /// A table of these traces without rows.
    pub fn empty(&self, traces: &[Trace]) -> Table {
        let series = traces.iter().map(|trace| Series {
            name: self.device(*trace).map_or_else(|| trace.name(), |point| point.path.clone()),
            unit: self.device(*trace).map_or_else(|| trace.unit(), |point| point.unit),
            resolution: self.resolution(*trace),
            values: Vec::new(),
        });
        Table { series: series.collect(), at: Vec::new() }
    }

    /// Adds the values of a snapshot to a table of these traces.
    pub fn push(&self, table: &mut Table, traces: &[Trace], snapshot: &Snapshot) {
        let value = |trace: &Trace| -> Option<f32> {
            let sample: Sample = match *trace {
                Trace::Point(point) => snapshot.point(point),
                Trace::Cell(quantity, cell) => snapshot.cell(quantity, cell.into()),
                Trace::Device(number) => snapshot.state.devices.sample(number.into(), snapshot.now.mono),
            };
            let value = sample.ok()?;
            Some(match trace {
                Trace::Point(_) | Trace::Device(_) => value,
                Trace::Cell(CellQuantity::Voltage, _) => self.voltage_step.round(value),
                Trace::Cell(CellQuantity::Temperature, _) => Step::TENTH.round(value),
            })
        };
        self.row(table, snapshot.now.utc, traces.iter().map(value));
    }

    /// Adds a row, and before it one without values if there was nothing for some time.
    pub(super) fn row(&self, table: &mut Table, at: Utc, values: impl Iterator<Item = Option<f32>>) {
        if let Some(last) = table.at.last().copied() {
            let passed = Duration::from_micros(u64::try_from(at.0.saturating_sub(last.0)).unwrap_or(0));
            if passed > GAP.max(self.period * 5 / 2) {
                table.at.push(Utc(last.0.saturating_add(self.period.as_micros() as i64)));
                table.series.iter_mut().for_each(|series| series.values.push(None));
            }
        }
        Sampler::add(table, at, values);
    }

    /// Adds a row, whatever is before it.
    pub(super) fn add(table: &mut Table, at: Utc, values: impl Iterator<Item = Option<f32>>) {
        table.at.push(at);
        for (series, value) in table.series.iter_mut().zip(values) {
            series.values.push(value);
        }
    }

    fn device(&self, trace: Trace) -> Option<&DevicePoint> {
        if let Trace::Device(number) = trace { self.devices.get(usize::from(number)) } else { None }
    }

    fn resolution(&self, trace: Trace) -> f32 {
        match trace {
            Trace::Point(point) => point.spec().resolution,
            Trace::Device(_) => self.device(trace).map_or(1.0, |point| point.resolution),
            Trace::Cell(CellQuantity::Voltage, _) => self.voltage_step.size(),
            Trace::Cell(CellQuantity::Temperature, _) => Step::TENTH.size(),
        }
    }
}
