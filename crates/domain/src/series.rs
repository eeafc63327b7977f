//! Tables of series that share one time axis, small on the wire and ready to draw: a few bits of each value.

mod cell_map;
mod codec;

pub use cell_map::{CELL_MAP_MAX, CellMap};

use crate::lab::parse_cell;
use crate::point::{PointId, Unit};
use crate::reading::CellQuantity;
use crate::spec::SystemSpec;
use crate::time::Utc;
use crate::topology::Topology;

/// What a series is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trace {
    /// A point of the system.
    Point(PointId),
    /// One quantity of a cell, counted from 0.
    Cell(CellQuantity, u16),
    /// A point of a device, by its number in the system.
    Device(u16),
}

impl Trace {
    /// Its name: the point's path, or the cell quantity's path and the cell's number, `cells/voltage/131`. A point of a
    /// device has its name in the system's [`DevicePoint`](crate::point::DevicePoint)s.
    pub fn name(self) -> String {
        match self {
            Trace::Point(point) => point.spec().path.to_owned(),
            Trace::Cell(quantity, cell) => format!("{}/{cell}", quantity.path()),
            Trace::Device(number) => format!("device point {number}"),
        }
    }

    /// The point of this path in a system: of the catalogue, or of one of its devices.
    pub fn of_point(path: &str, spec: &SystemSpec) -> Option<Trace> {
        let device = || spec.device_points.iter().position(|point| point.path == path);
        PointId::from_path(path)
            .map(Trace::Point)
            .or_else(|| device().and_then(|number| u16::try_from(number).ok()).map(Trace::Device))
    }

    /// The trace of this name, whether or not the system has it.
    pub fn from_name(name: &str) -> Option<Trace> {
        if let Some(point) = PointId::from_path(name) {
            return Some(Trace::Point(point));
        }
        let (path, cell) = name.rsplit_once('/')?;
        let quantity = CellQuantity::ALL.into_iter().find(|q| q.path() == path)?;
        Some(Trace::Cell(quantity, cell.parse().ok()?))
    }

    /// The trace of this name where a cell has the name that people use: `cells/7.12/voltage`.
    pub fn from_cell_name(name: &str, topology: &Topology) -> Option<Trace> {
        let (cell, quantity) = name.strip_prefix("cells/")?.rsplit_once('/')?;
        let known = |known: &CellQuantity| known.path().strip_prefix("cells/") == Some(quantity);
        let quantity = CellQuantity::ALL.into_iter().find(known)?;
        Some(Trace::Cell(quantity, parse_cell(cell, topology)? as u16))
    }

    /// The unit of its values; that of a device's point is in the system's [`DevicePoint`](crate::point::DevicePoint)s.
    pub fn unit(self) -> Unit {
        match self {
            Trace::Device(_) => Unit::Number,
            Trace::Point(point) => point.spec().unit,
            Trace::Cell(CellQuantity::Voltage, _) => Unit::Volt,
            Trace::Cell(CellQuantity::Temperature, _) => Unit::Celsius,
        }
    }
}

/// Several series over one time axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// When each row was taken, in the order of taking. On the wire to 1 ms.
    pub at: Vec<Utc>,
    /// The columns.
    pub series: Vec<Series>,
}

/// One column of a [`Table`].
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What it is of, see [`Trace::name`].
    pub name: String,
    /// The unit of its values.
    pub unit: Unit,
    /// Step of its values on the wire, in their unit.
    pub resolution: f32,
    /// One value for each row; `None` where there was no good and fresh one.
    pub values: Vec<Option<f32>>,
}

impl Series {
    /// The values of a point.
    pub fn of(point: PointId, values: Vec<Option<f32>>) -> Series {
        let spec = point.spec();
        Series { name: spec.path.to_owned(), unit: spec.unit, resolution: spec.resolution, values }
    }
}

impl Table {
    /// The series of this name.
    pub fn find(&self, name: &str) -> Option<&Series> {
        self.series.iter().find(|s| s.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_found_by_its_name() {
        for (name, trace) in [
            ("battery/soc", Some(Trace::Point(PointId::Soc))),
            ("cells/voltage/131", Some(Trace::Cell(CellQuantity::Voltage, 131))),
            ("cells/temperature/0", Some(Trace::Cell(CellQuantity::Temperature, 0))),
            ("cells/voltage", None),
            ("cells/voltage/70000", None),
            ("cells/colour/1", None),
            ("", None),
        ] {
            assert_eq!(Trace::from_name(name), trace, "{name}");
            assert!(trace.is_none_or(|t| t.name() == name));
        }
        let pack = Topology::new(1, 13, 20);
        let voltage = Some(Trace::Cell(CellQuantity::Voltage, 131));
        for (name, trace) in [
            ("cells/7.12/voltage", voltage),
            ("cells/131/voltage", voltage),
            ("cells/13.20/temperature", Some(Trace::Cell(CellQuantity::Temperature, 259))),
            ("cells/14.1/voltage", None),
            ("cells/7.12/colour", None),
            ("cells/voltage", None),
            ("battery/soc", None),
        ] {
            assert_eq!(Trace::from_cell_name(name, &pack), trace, "{name}");
        }
    }
}
