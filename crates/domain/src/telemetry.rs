//! A system's history as rows: one row a cycle, one column a point. What is sealed, exported and asked in SQL.
//!
//! Names and order of the first columns are those that people's notebooks and queries already use.

use crate::point::PointId;
use crate::time::Utc;
use crate::twin::Snapshot;

/// The columns that every table has, in their order, after `timestamp`.
pub const LEADING: [PointId; 5] =
    [PointId::Soc, PointId::Voltage, PointId::Current, PointId::CellVoltageMin, PointId::CellTemperatureMax];

/// Columns whose name does not follow from the path of their point.
const NAMES: [(PointId, &str); 5] = [
    (PointId::Voltage, "pack_voltage"),
    (PointId::Current, "pack_current"),
    (PointId::Power, "pack_power"),
    (PointId::CellVoltageMin, "min_cell_v"),
    (PointId::CellTemperatureMax, "max_cell_temp"),
];

/// Every point in the order of the columns.
pub fn columns() -> impl Iterator<Item = PointId> {
    let rest = PointId::ALL.iter().copied().filter(|point| !LEADING.contains(point));
    LEADING.into_iter().chain(rest)
}

/// The column's name: `pack_voltage`, `grid_power`. That of the battery's own points is without `battery`.
pub fn column_name(point: PointId) -> String {
    match NAMES.iter().find(|(known, _)| *known == point) {
        Some((_, name)) => (*name).to_owned(),
        None => {
            let path = point.spec().path;
            path.strip_prefix("battery/").unwrap_or(path).replace('/', "_")
        }
    }
}

/// The point of the column with this name.
pub fn from_column_name(name: &str) -> Option<PointId> {
    PointId::ALL.iter().copied().find(|point| column_name(*point) == name)
}

/// What was known of a system at one instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// When, ms since 1970-01-01 UTC.
    pub at_ms: i64,
    /// Each point's value in its unit, rounded to its resolution, by [`PointId`]; NaN where there was no good and fresh
    /// one.
    pub values: [f32; PointId::COUNT],
}

impl Row {
    /// A row without values.
    pub fn empty(at_ms: i64) -> Row {
        Row { at_ms, values: [f32::NAN; PointId::COUNT] }
    }

    /// What a snapshot says.
    pub fn of(snapshot: &Snapshot) -> Row {
        let mut row = Row::empty(snapshot.now.utc.0.div_euclid(1_000));
        for point in PointId::ALL {
            if let Ok(value) = snapshot.point(*point) {
                row.set(*point, value);
            }
        }
        row
    }

    /// The point's value; NaN for none.
    pub fn get(&self, point: PointId) -> f32 {
        self.values[point as usize]
    }

    /// Sets a point's value, rounded to the point's resolution.
    pub fn set(&mut self, point: PointId, value: f32) {
        self.values[point as usize] = rounded(point, value);
    }

    /// When, as it is used elsewhere.
    pub fn at(&self) -> Utc {
        Utc(self.at_ms.saturating_mul(1_000))
    }
}

/// A value rounded to its point's resolution, a power of ten: the nearest number that prints short.
pub fn rounded(point: PointId, value: f32) -> f32 {
    let resolution = f64::from(point.spec().resolution);
    // Quotients of whole numbers are exact to the last bit; 0.01 is not.
    let rounded = if resolution < 1.0 {
        let per_unit = (1.0 / resolution).round();
        (f64::from(value) * per_unit).round() / per_unit
    } else {
        (f64::from(value) / resolution).round() * resolution
    };
    rounded as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_name_of_its_own_and_the_first_are_those_that_are_known() {
        let names: Vec<String> = columns().map(column_name).collect();
        assert_eq!(names[..5], ["soc", "pack_voltage", "pack_current", "min_cell_v", "max_cell_temp"]);
        assert_eq!(names.len(), PointId::COUNT);
        for point in PointId::ALL {
            assert_eq!(from_column_name(&column_name(*point)), Some(*point));
        }
        assert!(names.contains(&"grid_power".to_owned()) && names.contains(&"sop_discharge".to_owned()));
        assert_eq!(from_column_name("battery/soc"), None);
    }

    #[test]
    fn values_are_rounded_to_the_resolution_of_their_point() {
        for (point, value, expected) in [
            (PointId::Voltage, 832.004_9, 832.0),
            (PointId::Voltage, 832.005_1, 832.01),
            (PointId::Current, -12.344_9, -12.34),
            (PointId::CellVoltageMin, 3.201_26, 3.201_3),
            (PointId::GridPower, 12_345.6, 12_346.0),
            (PointId::Soc, 99.999, 100.0),
        ] {
            assert_eq!(rounded(point, value), expected, "{point:?}");
        }
        assert!(rounded(PointId::Soc, f32::NAN).is_nan());
        // What prints short stays as it is, and so does a second rounding.
        for count in -100_000..100_000 {
            let value = count as f32 / 100.0;
            assert_eq!(rounded(PointId::Voltage, value), value);
        }
    }
}
