//! A minute as bytes, as it lies in the database until its hour is sealed.
//!
//! u32 how many cells, then each column (voltage, then temperature; lowest, mean, highest, number of snapshots): u16 a cell.
//! Bytes of equal weight stand side by side, and all is compressed: cells are alike.

use crate::rollup::codec::{Planes, take};
use domain::minute::{CellMinute, Stat};

/// No system has more cells; more is damage, not data.
const CELLS_MAX: usize = u16::MAX as usize + 1;
const LANES: usize = 2 * Stat::ALL.len();

/// The minute as bytes.
pub(crate) fn pack(minute: &CellMinute) -> Vec<u8> {
    let mut planes = Planes::default();
    planes.put(&[minute.cells() as u32], |cells| cells.to_le_bytes());
    for column in minute.columns.iter().flatten() {
        planes.put(column, |count| count.to_le_bytes());
    }
    planes.pack()
}

/// The minute of this number in `bytes`; `None` if they are not what [`pack`] made.
pub(crate) fn unpack(minute: i64, bytes: &[u8]) -> Option<CellMinute> {
    let bytes = zstd::bulk::decompress(bytes, 4 + CELLS_MAX * LANES * size_of::<u16>()).ok()?;
    let (cells, mut rest) = bytes.split_first_chunk::<4>()?;
    let cells = u32::from_le_bytes(*cells) as usize;
    if cells > CELLS_MAX || rest.len() != cells * LANES * size_of::<u16>() {
        return None;
    }
    let mut read = CellMinute::empty(minute, cells);
    for column in read.columns.iter_mut().flatten() {
        take(&mut rest, column, |count, bytes| *count = u16::from_le_bytes(bytes))?;
    }
    Some(read)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use domain::minute::NONE;
    use proptest::prelude::*;

    prop_compose! {
        /// Any minute of so many cells, some of them unknown.
        pub(crate) fn minute(number: i64, cells: usize)(
            known in prop::collection::vec(prop::option::weighted(0.9, (1_u16..60_000, 0_u16..500, 0_u16..500, 1_u16..400)), 2 * cells),
        ) -> CellMinute {
            let mut minute = CellMinute::empty(number, cells);
            for (place, known) in known.iter().enumerate() {
                let columns = &mut minute.columns[place / cells];
                let Some((min, mean, max, n)) = known else { continue };
                for (column, count) in columns.iter_mut().zip([*min, min + mean, min + mean + max, *n]) {
                    column[place % cells] = count;
                }
            }
            minute
        }
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_out_again(minute in minute(29_000_000, 37)) {
            prop_assert_eq!(unpack(29_000_000, &pack(&minute)), Some(minute));
        }

        #[test]
        fn damage_is_noticed_or_harmless(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = unpack(0, &bytes);
            prop_assert_eq!(unpack(0, &zstd::bulk::compress(&[9; 41], 1).unwrap()), None);
        }
    }

    #[test]
    fn a_minute_of_a_pack_is_small() {
        let mut minute = CellMinute::empty(1, 260);
        for (column, base) in
            minute.columns.iter_mut().flatten().zip([32_800, 33_000, 33_100, 300, 12_400, 12_500, 12_600, 300])
        {
            column.iter_mut().enumerate().for_each(|(cell, count)| *count = base + (cell * 7_919 % 37) as u16);
        }
        assert!(minute.columns.iter().flatten().flatten().all(|count| *count != NONE));
        assert!(pack(&minute).len() < 2_200, "{} bytes", pack(&minute).len());
        assert_eq!(unpack(1, &pack(&CellMinute::empty(1, 0))), Some(CellMinute::empty(1, 0)));
    }
}
