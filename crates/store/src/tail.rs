//! A second's rows as bytes: what the database keeps of them until their hour is sealed.
//!
//! ```text
//! u64 which columns have a value, by PointId
//! for each row: u16 milliseconds into the second, then f32 for each of those columns (NaN: none)
//! ```
//! All numbers little-endian. Points only ever get added, at the end, so old rows stay readable.

use domain::point::PointId;
use domain::telemetry::Row;

const _: () = assert!(PointId::COUNT <= 64, "the columns of a row are told in 64 bits");

/// The rows of the second `utc_s` as bytes.
pub(crate) fn encode(utc_s: i64, rows: &[Row]) -> Vec<u8> {
    let there = |k: usize| rows.iter().any(|row| !row.values[k].is_nan());
    let columns: Vec<usize> = (0..PointId::COUNT).filter(|k| there(*k)).collect();
    let mask = columns.iter().fold(0_u64, |mask, k| mask | 1 << k);
    let mut bytes = Vec::with_capacity(8 + rows.len() * (2 + 4 * columns.len()));
    bytes.extend_from_slice(&mask.to_le_bytes());
    for row in rows {
        let ms = (row.at_ms - utc_s * 1_000).clamp(0, 999) as u16;
        bytes.extend_from_slice(&ms.to_le_bytes());
        columns.iter().for_each(|k| bytes.extend_from_slice(&row.values[*k].to_le_bytes()));
    }
    bytes
}

/// The rows in `bytes`; those that cannot be read are left out.
pub(crate) fn decode(utc_s: i64, bytes: &[u8]) -> Vec<Row> {
    let Some((mask, mut rest)) = bytes.split_first_chunk::<8>() else { return Vec::new() };
    let mask = u64::from_le_bytes(*mask);
    let columns: Vec<usize> = (0..64).filter(|k| mask >> k & 1 == 1).collect();
    let mut rows = Vec::new();
    while let Some((ms, values)) = rest.split_first_chunk::<2>() {
        let Some((values, after)) = values.split_at_checked(4 * columns.len()) else { break };
        rest = after;
        let mut row = Row::empty(utc_s.saturating_mul(1_000) + i64::from(u16::from_le_bytes(*ms).min(999)));
        for (value, column) in values.as_chunks::<4>().0.iter().zip(&columns) {
            if let Some(place) = row.values.get_mut(*column) {
                *place = f32::from_le_bytes(*value);
            }
        }
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_come_back_as_they_were(
            utc_s in -1_000_000_000..4_000_000_000_i64,
            rows in prop::collection::vec((0..1_000_i64, prop::collection::vec((0..PointId::COUNT, -1e6..1e6_f32), 0..6)), 0..8),
        ) {
            let rows: Vec<Row> = rows.into_iter().map(|(ms, values)| {
                let mut row = Row::empty(utc_s * 1_000 + ms);
                values.into_iter().for_each(|(k, value)| row.values[k] = value);
                row
            }).collect();
            let read = decode(utc_s, &encode(utc_s, &rows));
            let bits = |rows: &[Row]| rows.iter().map(|r| (r.at_ms, r.values.map(f32::to_bits))).collect::<Vec<_>>();
            prop_assert_eq!(bits(&read), bits(&rows));
        }

        #[test]
        fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(decode(5, &bytes).iter().all(|row| (5_000..6_000).contains(&row.at_ms)));
        }
    }
}
