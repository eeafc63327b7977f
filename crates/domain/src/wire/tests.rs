//! What is written is read again; what is not sound is refused.

use super::*;
use proptest::prelude::*;

fn rice(values: &[i64]) -> Vec<u8> {
    let mut w = Writer::default();
    rice::write(&mut w, values);
    w.finish()
}

fn subset(n: usize, members: &[u32]) -> Vec<u8> {
    let mut w = Writer::default();
    subset::write(&mut w, n, members);
    w.finish()
}

#[test]
fn lengths_that_lie_are_refused_before_anything_is_made_of_them() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
    assert!(matches!(Reader::new(&huge).bytes(), Err(WireError::Invalid { .. })));
    assert!(matches!(Reader::new(&huge).str(), Err(WireError::Invalid { .. })));
    assert!(matches!(Reader::new(&huge).count("items"), Err(WireError::Invalid { .. })));
    assert_eq!(Reader::new(&[0x80; 9]).varint(), Err(WireError::Short { at: 9 }));
    assert!(matches!(Reader::new(&[0xff; 12]).varint(), Err(WireError::Invalid { .. })));
    // A dense list of a million numbers in three bytes.
    let mut values = Vec::new();
    assert!(rice::read(&mut Reader::new(&[0x40, 0, 0]), 1_000_000, &mut values).is_err());
    assert_eq!(values.capacity(), 0);
    // A run that reaches beyond the end, a bitmap that is cut off.
    let mut members = Vec::new();
    assert!(subset::read(&mut Reader::new(&[2, 1, 5, 6]), 10, &mut members).is_err());
    assert!(subset::read(&mut Reader::new(&[3, 255]), 10, &mut members).is_err());
    assert!(subset::read(&mut Reader::new(&[9]), 10, &mut members).is_err());
}

#[test]
fn few_exceptions_take_few_bytes() {
    let mut noise: Vec<i64> = (0..260).map(|i| [0, 1, 0, -1, 0][i % 5]).collect();
    let quiet = rice(&noise).len();
    assert!(quiet <= 54, "{quiet}");
    noise[100] = 3_000_000;
    assert!(rice(&noise).len() <= quiet + 7, "an outlier");
    let mut still = [0; 260];
    assert_eq!(rice(&still).len(), 1);
    still[200] = -10;
    assert!(rice(&still).len() <= 7, "{}", rice(&still).len());
    assert!(rice(&[1 << 40; 100]).len() <= 650);
    assert_eq!(subset(260, &(0..260).collect::<Vec<_>>()).len(), 1);
    assert!(subset(260, &(0..260).filter(|c| !(140..160).contains(c)).collect::<Vec<_>>()).len() <= 8);
    assert_eq!(subset(260, &(0..260).step_by(2).collect::<Vec<_>>()).len(), 34);
}

#[test]
fn a_message_of_another_format_is_refused() {
    assert_eq!(Vec::<crate::link::FrameRow>::from_bytes(&[9, 0]), Err(WireError::Format { got: 9, known: FORMAT }));
    assert_eq!(Vec::<crate::link::FrameRow>::from_bytes(&[FORMAT, 0, 7]), Err(WireError::Trailing { at: 2 }));
}

proptest! {
    #[test]
    fn numbers_and_text_round_trip(a: u64, b: i64, c in any::<u32>(), text in ".*", d: Option<bool>) {
        let mut w = Writer::default();
        w.varint(a);
        w.signed(b);
        w.f32(f32::from_bits(c));
        w.str(&text);
        w.option(d, |w, d| w.bool(d));
        let bytes = w.finish();
        let mut r = Reader::new(&bytes);
        prop_assert_eq!(r.varint(), Ok(a));
        prop_assert_eq!(r.signed(), Ok(b));
        prop_assert_eq!(r.f32().map(f32::to_bits), Ok(c));
        prop_assert_eq!(r.str(), Ok(text.as_str()));
        prop_assert_eq!(r.option(Reader::bool), Ok(d));
        prop_assert_eq!(r.end(), Ok(()));
    }

    #[test]
    fn bits_round_trip(parts in prop::collection::vec((any::<u64>(), 0..=64_u32, 0..20_u32), 0..50)) {
        let mut w = Writer::default();
        w.bits(|bits| for (value, width, ones) in &parts {
            bits.put_wide(*value, *width);
            bits.put((1 << ones) - 1, ones + 1);
        });
        w.u8(0xa5);
        let bytes = w.finish();
        let mut r = Reader::new(&bytes);
        let read = r.bits(|bits| {
            parts.iter().map(|(_, width, _)| Ok((bits.take_wide(*width)?, bits.take_ones(31)?))).collect::<Result<Vec<_>, _>>()
        });
        let mask = |width: u32| u64::MAX.checked_shr(64 - width).unwrap_or(0);
        prop_assert_eq!(read, Ok(parts.iter().map(|(v, width, ones)| (v & mask(*width), *ones)).collect()));
        prop_assert_eq!(r.u8(), Ok(0xa5));
    }

    #[test]
    fn lists_of_numbers_round_trip(
        values in prop::collection::vec(prop_oneof![8 => Just(0), 4 => -3..3_i64, 1 => any::<i64>(), 1 => -40_000..40_000_i64], 0..400),
    ) {
        let mut w = Writer::default();
        rice::write(&mut w, &values);
        w.u8(0xa5);
        let bytes = w.finish();
        let mut r = Reader::new(&bytes);
        let mut read = vec![7];
        rice::read(&mut r, values.len(), &mut read).unwrap();
        prop_assert_eq!(read, values);
        prop_assert_eq!(r.u8(), Ok(0xa5));
    }

    #[test]
    fn subsets_round_trip(n in 0..400_usize, picks in prop::collection::vec((0..400_u32, 1..60_u32), 0..12)) {
        let members: Vec<u32> =
            (0..n as u32).filter(|i| picks.iter().any(|(from, len)| (*from..from + len).contains(i))).collect();
        let bytes = subset(n, &members);
        let mut read = vec![7];
        let mut r = Reader::new(&bytes);
        subset::read(&mut r, n, &mut read).unwrap();
        prop_assert_eq!(read, members);
        prop_assert_eq!(r.end(), Ok(()));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80), n in 0..300_usize) {
        let (mut values, mut members) = (Vec::new(), Vec::new());
        if rice::read(&mut Reader::new(&bytes), n, &mut values).is_ok() {
            prop_assert_eq!(values.len(), n);
        }
        if subset::read(&mut Reader::new(&bytes), n, &mut members).is_ok() {
            prop_assert!(members.iter().all(|m| (*m as usize) < n) && members.is_sorted());
        }
    }
}
