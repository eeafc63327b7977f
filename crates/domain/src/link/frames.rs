//! What a link last received, raw beside decoded: one row for each message of its table.

use crate::wire::Wire;

/// One CAN message, one multiplexer group of it, or one block of registers.
#[derive(Clone, Debug, Default, PartialEq, Wire)]
pub struct FrameRow {
    /// Where it comes from: `0x250 mux 3`, `reg 0-6`.
    pub key: String,
    /// Name of the message or block: `CellVoltages`.
    pub name: String,
    /// How many were received.
    pub count: u64,
    /// Mean time between two, ms; `None` before the second.
    pub period_ms: Option<f32>,
    /// Age of the last one, ms.
    pub age_ms: u32,
    /// Its bytes.
    pub raw: Vec<u8>,
    /// What they mean, in the order of its table.
    pub decoded: Vec<DecodedValue>,
}

/// One value of a frame.
#[derive(Clone, Debug, Default, PartialEq, Wire)]
pub struct DecodedValue {
    /// Name of the signal or register: `CellVoltage_012`.
    pub name: String,
    /// The value with its unit, or why there is none.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row() -> impl Strategy<Value = FrameRow> {
        let decoded = prop::collection::vec((".*", ".*").prop_map(|(name, text)| DecodedValue { name, text }), 0..5);
        let raw = prop::collection::vec(any::<u8>(), 0..70);
        (".*", ".*", any::<u64>(), prop::option::of(0.0_f32..1e6), any::<u32>(), raw, decoded).prop_map(
            |(key, name, count, period_ms, age_ms, raw, decoded)| FrameRow {
                key,
                name,
                count,
                period_ms,
                age_ms,
                raw,
                decoded,
            },
        )
    }

    proptest! {
        #[test]
        fn rows_round_trip_and_no_part_of_them_does(rows in prop::collection::vec(row(), 0..5), cut in 0.0..1.0) {
            let bytes = rows.to_bytes();
            prop_assert_eq!(Vec::<FrameRow>::from_bytes(&bytes), Ok(rows));
            let cut = (bytes.len() as f64 * cut) as usize;
            prop_assert!(Vec::<FrameRow>::from_bytes(&bytes[..cut]).is_err());
        }

        #[test]
        fn any_bytes_are_read_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 1..200)) {
            bytes[0] = crate::wire::FORMAT;
            if let Ok(rows) = Vec::<FrameRow>::from_bytes(&bytes) {
                prop_assert_eq!(Vec::<FrameRow>::from_bytes(&rows.to_bytes()).map(|r| r.len()), Ok(rows.len()));
            }
        }
    }
}
