//! Cells in shared memory, as a simulator writes them: no header, rack by rack, module by module. Pure.
//!
//! ```text
//! cell 0                                                cell 1
//! voltage V | current A | temperature °C | SoC | R Ω    voltage | ...      each a little-endian f32
//! ```
//!
//! The SoC is a fraction, 0 to 1. Nothing in the segment says whether it is whole, how old it is or who wrote it: so
//! each value is judged for itself.

use super::push_plausible;
use crate::ages::Ages;
use crate::describe::Describe;
use domain::link::DecodedValue;
use domain::reading::{CellQuantity, NoData, Reading, Target};
use domain::topology::Topology;
use std::time::Duration;

/// Bytes of a value.
const VALUE_BYTES: usize = 4;
/// Bytes of a cell.
pub const CELL_BYTES: usize = FIELDS.len() * VALUE_BYTES;

/// One value of a cell.
struct Field {
    name: &'static str,
    unit: &'static str,
    /// What it is in the model; a value that the model does not have is only shown.
    quantity: Option<CellQuantity>,
}

/// The values of a cell, in their order.
const FIELDS: [Field; 5] = [
    Field { name: "voltage", unit: "V", quantity: Some(CellQuantity::Voltage) },
    Field { name: "current", unit: "A", quantity: None },
    Field { name: "temperature", unit: "°C", quantity: Some(CellQuantity::Temperature) },
    Field { name: "SoC", unit: "of 1", quantity: None },
    Field { name: "resistance", unit: "Ω", quantity: None },
];

/// The layout of a segment with the cells of a system.
#[derive(Clone, Debug)]
pub struct SharedCells {
    topology: Topology,
}

/// What a segment said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Values that cannot be, as of a cell that was read while it was written.
    pub impossible: u32,
    /// Cells that are all zero: nobody has written them yet.
    pub unwritten: usize,
}

/// A segment of another size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("has {found} bytes; {cells} cells are {expected}")]
pub struct WrongSize {
    /// Bytes that are there.
    pub found: u64,
    /// Bytes that the system's cells need.
    pub expected: u64,
    /// Cells of the system.
    pub cells: usize,
}

impl SharedCells {
    /// The layout for a system with these cells.
    pub fn new(topology: Topology) -> SharedCells {
        SharedCells { topology }
    }

    /// How many bytes a segment has.
    pub fn bytes(&self) -> usize {
        self.topology.cells() * CELL_BYTES
    }

    /// How many readings a segment can give.
    pub fn readings(&self) -> usize {
        self.topology.cells() * CellQuantity::ALL.len()
    }

    /// Whether a segment of `found` bytes can be it.
    ///
    /// # Errors
    /// [`WrongSize`] says both sizes.
    pub fn check_size(&self, found: u64) -> Result<(), WrongSize> {
        let (expected, cells) = (self.bytes() as u64, self.topology.cells());
        if found == expected { Ok(()) } else { Err(WrongSize { found, expected, cells }) }
    }

    /// Adds the readings of every cell. A value that cannot be makes none; a cell that nobody has written has no values,
    /// which is not the same as zero. Allocates nothing if `readings` has room for [`SharedCells::readings`].
    ///
    /// # Errors
    /// [`WrongSize`]; nothing is added then.
    pub fn decode(&self, bytes: &[u8], readings: &mut Vec<Reading>) -> Result<Decoded, WrongSize> {
        self.check_size(bytes.len() as u64)?;
        let limits = CellQuantity::ALL.map(CellQuantity::plausible);
        let mut decoded = Decoded::default();
        for (number, cell) in (0..=u16::MAX).zip(bytes.chunks_exact(CELL_BYTES)) {
            let written = cell.iter().any(|byte| *byte != 0);
            decoded.unwritten += usize::from(!written);
            for (field, value) in FIELDS.iter().zip(values(cell)) {
                let Some(quantity) = field.quantity else { continue };
                let target = Target::Cell(quantity, number);
                if written {
                    let limits = limits[quantity as usize];
                    decoded.impossible += u32::from(push_plausible(readings, target, limits, value.into()));
                } else {
                    readings.push(Reading { target, sample: Err(NoData::NotPresent) });
                }
            }
        }
        Ok(decoded)
    }

    /// Where the first cell of each rack begins: what is shown of a segment.
    pub(crate) fn rack_starts(&self) -> impl Iterator<Item = usize> {
        let rack = self.bytes().checked_div(self.topology.racks.into()).unwrap_or(0);
        (0..usize::from(self.topology.racks)).map(move |number| number * rack)
    }
}

/// The values of a cell's bytes.
fn values(cell: &[u8]) -> impl Iterator<Item = f32> {
    let (values, _) = cell.as_chunks::<VALUE_BYTES>();
    values.iter().map(|bytes| f32::from_le_bytes(*bytes))
}

/// A slot is the first cell of a rack: enough to see whether writer and reader mean the same layout.
impl Describe for SharedCells {
    fn key(&self, slot: usize) -> String {
        format!("byte {}", self.rack_starts().nth(slot).unwrap_or_default())
    }

    fn name(&self, slot: usize) -> String {
        let first = self.topology.cells().checked_div(self.topology.racks.into()).unwrap_or(0) * slot;
        format!("Cell {}", self.topology.cell_name(first))
    }

    fn decoded(&self, _slot: usize, raw: &[u8]) -> Vec<DecodedValue> {
        let text = |(field, value): (&Field, f32)| {
            let text = if value.is_finite() { format!("{value} {}", field.unit) } else { "not a number".to_owned() };
            DecodedValue { name: field.name.to_owned(), text }
        };
        FIELDS.iter().zip(values(raw)).map(text).collect()
    }

    fn ages(&self, usual: Duration) -> Ages {
        Ages::of([], true, usual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RACKS: Topology = Topology::new(2, 2, 3);

    fn segment(cells: &[[f32; 5]]) -> Vec<u8> {
        cells.iter().flatten().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn decode(bytes: &[u8]) -> (Decoded, Vec<Reading>) {
        let mut readings = Vec::new();
        (SharedCells::new(RACKS).decode(bytes, &mut readings).unwrap(), readings)
    }

    #[test]
    fn the_segment_of_6400_cells_has_128000_bytes() {
        let cells = SharedCells::new(Topology::new(20, 10, 32));
        assert_eq!((cells.bytes(), cells.readings()), (128_000, 12_800));
        let wrong = cells.check_size(127_999).unwrap_err().to_string();
        assert_eq!(wrong, "has 127999 bytes; 6400 cells are 128000");
        assert_eq!((cells.key(19), cells.name(19)), ("byte 121600".into(), "Cell R20 1.1".into()));
    }

    #[test]
    fn what_cannot_be_is_refused_cell_by_cell_and_zeros_are_no_values() {
        let mut cells = [[3.3, 1.0, 25.0, 0.5, 0.001]; 12];
        cells[1][0] = f32::NAN;
        cells[2][2] = f32::NEG_INFINITY;
        cells[3] = [1e30; 5];
        cells[4] = [0.0; 5];
        // A wrong value that the model does not have spoils nothing.
        cells[5][3] = f32::NAN;
        let (decoded, readings) = decode(&segment(&cells));
        assert_eq!(decoded, Decoded { impossible: 4, unwritten: 1 });
        assert_eq!(readings.len(), 24 - 4);
        let of = |cell| -> Vec<_> {
            readings.iter().filter(|r| matches!(r.target, Target::Cell(_, c) if c == cell)).map(|r| r.sample).collect()
        };
        assert_eq!(of(0), [Ok(3.3), Ok(25.0)]);
        assert_eq!((of(1), of(2), of(3)), (vec![Ok(25.0)], vec![Ok(3.3)], vec![]));
        assert_eq!((of(4), of(5)), (vec![Err(NoData::NotPresent); 2], vec![Ok(3.3), Ok(25.0)]));
    }

    #[test]
    fn a_cell_is_shown_with_all_its_values() {
        let bytes = segment(&[[3.25, -40.0, f32::NAN, 0.5, 0.0002]]);
        let shown = SharedCells::new(RACKS).decoded(0, &bytes);
        let texts: Vec<_> = shown.iter().map(|value| value.text.as_str()).collect();
        assert_eq!(texts, ["3.25 V", "-40 A", "not a number", "0.5 of 1", "0.0002 Ω"]);
    }

    proptest! {
        #[test]
        fn plausible_cells_round_trip(
            cells in prop::collection::vec((0.1_f32..6.0, -500.0_f32..500.0, -60.0_f32..200.0, 0.0_f32..1.0), 12)
        ) {
            let cells: Vec<_> = cells.into_iter().map(|(v, a, c, soc)| [v, a, c, soc, 1e-3]).collect();
            let (decoded, readings) = decode(&segment(&cells));
            prop_assert_eq!(decoded, Decoded::default());
            let expected: Vec<_> = cells.iter().flat_map(|cell| [Ok(cell[0]), Ok(cell[2])]).collect();
            prop_assert_eq!(readings.iter().map(|r| r.sample).collect::<Vec<_>>(), expected);
        }

        #[test]
        fn any_bytes_give_plausible_readings_and_none_is_lost_uncounted(bytes in prop::collection::vec(any::<u8>(), 240)) {
            let (decoded, readings) = decode(&bytes);
            prop_assert_eq!(readings.len() + decoded.impossible as usize, 24);
            for reading in readings {
                let (low, high) = reading.target.plausible();
                prop_assert!(reading.sample.is_ok_and(|value| (low..=high).contains(&value)));
            }
        }

        #[test]
        fn another_length_gives_nothing(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
            prop_assume!(bytes.len() != 240);
            let mut readings = Vec::new();
            prop_assert!(SharedCells::new(RACKS).decode(&bytes, &mut readings).is_err() && readings.is_empty());
        }
    }
}
