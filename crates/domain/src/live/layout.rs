//! Which columns a stream has, and where their items lie in a snapshot.

use super::column::Column;
use crate::point::{DEVICE_POINTS_MAX, PointId, fingerprint};
use crate::reading::{CellQuantity, NodeQuantity};
use crate::spec::SystemSpec;
use crate::topology::Topology;
use crate::twin::SystemState;
use crate::wire::{Reader, Step, Wire, WireError, Writer};
use std::time::Duration;

/// The most cells, and the most modules: both are numbered by a `u16`.
const ITEMS_MAX: usize = 1 << 16;
/// The most points of a stream.
const POINTS_MAX: usize = 1 << 10;
/// The most quantities of a cell or of a node.
const QUANTITIES_MAX: usize = 8;

/// The columns of a stream. The other side may know fewer or more points and quantities: what is beyond is read and left
/// out, what is missing stays unknown.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    pub(super) topology: Topology,
    points: Column,
    cells: Vec<Column>,
    nodes: Vec<Column>,
    /// The points of devices.
    pub(super) devices: Column,
    /// How old each of them may be.
    pub(super) device_ages: Vec<Duration>,
    /// By which names they are known: [`fingerprint`].
    pub(super) device_names: u32,
    /// They are not those that the reader of the stream has names for: read, and not shown.
    pub(super) other_devices: bool,
}

impl Layout {
    /// The columns of a system of which nothing is known.
    pub(super) fn new(spec: &SystemSpec) -> Layout {
        let topology = spec.topology;
        let cell_step = |quantity| match quantity {
            CellQuantity::Voltage => Step::new(spec.cell_resolution_v).unwrap_or(Step::MILLI),
            CellQuantity::Temperature => Step::TENTH,
        };
        let node_step = |quantity| match quantity {
            NodeQuantity::State => Step::ONE,
            NodeQuantity::Delay => Step::MILLI,
        };
        let point_steps = PointId::ALL.iter().map(|p| Step::new(p.spec().resolution).unwrap_or(Step::ONE)).collect();
        let device_steps = spec.device_points.iter().map(|point| Step::new(point.resolution).unwrap_or(Step::ONE));
        Layout {
            topology,
            points: Column::new(PointId::COUNT, point_steps),
            cells: CellQuantity::ALL.map(|q| Column::new(topology.cells(), vec![cell_step(q)])).into(),
            nodes: NodeQuantity::ALL.map(|q| Column::new(topology.modules(), vec![node_step(q)])).into(),
            devices: Column::new(spec.device_points.len(), device_steps.collect()),
            device_ages: spec.device_points.iter().map(|point| point.max_age).collect(),
            device_names: fingerprint(&spec.device_points),
            other_devices: false,
        }
    }

    /// Every column but that of devices, in wire order.
    pub(super) fn columns(&self) -> impl Iterator<Item = &Column> {
        [&self.points].into_iter().chain(&self.cells).chain(&self.nodes)
    }

    /// Every column but that of devices, in wire order, to be changed.
    pub(super) fn columns_mut(&mut self) -> impl Iterator<Item = &mut Column> {
        [&mut self.points].into_iter().chain(&mut self.cells).chain(&mut self.nodes)
    }

    /// Takes the state of the system that the layout was made for.
    pub(super) fn take(&mut self, state: &SystemState) {
        for (i, point) in PointId::ALL.iter().enumerate() {
            self.points.take(i, state.points.last_value(*point));
        }
        for (quantity, column) in CellQuantity::ALL.into_iter().zip(&mut self.cells) {
            let cells = state.cells.column(quantity);
            (0..column.len()).for_each(|cell| column.take(cell, &cells.last_value(cell)));
        }
        for (quantity, column) in NodeQuantity::ALL.into_iter().zip(&mut self.nodes) {
            for (i, node) in state.nodes.iter().enumerate().take(column.len()) {
                column.take(i, node.last_value(quantity));
            }
        }
        (0..self.devices.len()).for_each(|i| self.devices.take(i, &state.devices.last_value(i)));
    }

    /// Puts what is known into a state with room for as many cells and nodes.
    pub(super) fn put(&self, state: &mut SystemState) {
        for (i, point) in PointId::ALL.iter().enumerate().take(self.points.len()) {
            state.points.restore(*point, self.points.last_value(i));
        }
        for (quantity, column) in CellQuantity::ALL.into_iter().zip(&self.cells) {
            let cells = state.cells.column_mut(quantity);
            (0..column.len()).for_each(|cell| cells.restore(cell, column.last_value(cell)));
        }
        for (quantity, column) in NodeQuantity::ALL.into_iter().zip(&self.nodes) {
            for (i, node) in state.nodes.iter_mut().enumerate().take(column.len()) {
                node.restore(quantity, column.last_value(i));
            }
        }
        if !self.other_devices {
            (0..self.devices.len()).for_each(|i| state.devices.restore(i, self.devices.last_value(i)));
        }
    }

    /// Appends sizes and steps.
    pub(super) fn write(&self, w: &mut Writer) {
        self.topology.write(w);
        for count in [self.points.len(), self.cells.len(), self.nodes.len()] {
            w.varint(count as u64);
        }
        for step in self.columns().flat_map(Column::steps) {
            w.f32(step.size());
        }
    }

    /// Reads sizes and steps into columns of which nothing is known.
    ///
    /// # Errors
    /// [`WireError`] when the bytes are not sound or the sizes are beyond what any system has.
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Layout, WireError> {
        let topology = Topology::read(r)?;
        // In u64: the three sizes together overflow a usize of 32 bits.
        let modules = u64::from(topology.racks) * u64::from(topology.modules_per_rack);
        let cells = modules * u64::from(topology.cells_per_module);
        if modules.max(cells) > ITEMS_MAX as u64 {
            return Err(r.invalid("topology"));
        }
        let points = count(r, POINTS_MAX)?;
        let cell_quantities = count(r, QUANTITIES_MAX)?;
        let node_quantities = count(r, QUANTITIES_MAX)?;
        let mut column = |len: usize, steps: usize| -> Result<Column, WireError> {
            let step = |r: &mut Reader<'_>| Step::new(r.f32()?).ok_or_else(|| r.invalid("a step"));
            let steps = (0..steps).map(|_| step(r)).collect::<Result<_, _>>()?;
            Ok(Column::new(len, steps))
        };
        Ok(Layout {
            topology,
            points: column(points, points)?,
            cells: (0..cell_quantities).map(|_| column(topology.cells(), 1)).collect::<Result<_, _>>()?,
            nodes: (0..node_quantities).map(|_| column(topology.modules(), 1)).collect::<Result<_, _>>()?,
            devices: Column::default(),
            device_ages: Vec::new(),
            device_names: 0,
            other_devices: false,
        })
    }
}

impl Layout {
    /// Appends by which names the points of devices are known, and step and age of each, in runs of equal ones.
    pub(super) fn write_devices(&self, w: &mut Writer) {
        w.varint(self.device_names.into());
        let kinds: Vec<(f32, Duration)> =
            self.devices.steps().iter().map(|step| step.size()).zip(self.device_ages.iter().copied()).collect();
        w.varint(kinds.chunk_by(|a, b| a == b).count() as u64);
        for run in kinds.chunk_by(|a, b| a == b) {
            w.varint(run.len() as u64);
            w.f32(run[0].0);
            w.varint(run[0].1.as_millis() as u64);
        }
    }

    /// Reads what [`Layout::write_devices`] wrote: points of devices of which nothing is known.
    ///
    /// # Errors
    /// [`WireError`] when the bytes are not sound or there are more than any system has.
    pub(super) fn read_devices(&mut self, r: &mut Reader<'_>) -> Result<(), WireError> {
        self.device_names = r.number("names of device points")?;
        let mut steps = Vec::new();
        for _ in 0..r.count("runs of device points")? {
            let count = r.number::<usize>("number of device points")?;
            if count > DEVICE_POINTS_MAX.saturating_sub(steps.len()) {
                return Err(r.invalid("number of device points"));
            }
            let step = Step::new(r.f32()?).ok_or_else(|| r.invalid("a step"))?;
            let age = Duration::from_millis(r.varint()?);
            steps.resize(steps.len() + count, step);
            self.device_ages.resize(steps.len(), age);
        }
        self.devices = Column::new(steps.len(), steps);
        Ok(())
    }
}

fn count(r: &mut Reader<'_>, max: usize) -> Result<usize, WireError> {
    let count = r.number::<usize>("number of columns")?;
    if count > max { Err(r.invalid("number of columns")) } else { Ok(count) }
}
