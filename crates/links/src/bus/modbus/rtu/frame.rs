//! Frames of Modbus RTU. Pure.

use super::super::client::Question;

/// Set in the function code of a refusal.
const REFUSED: u8 = 0x80;
/// Unit, function and exception code.
const REFUSAL_BYTES: usize = 3;
/// Unit, function and byte count.
const HEAD_BYTES: usize = 3;
const CRC_BYTES: usize = 2;

/// What a reply says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The registers that were asked for.
    Words(Vec<u16>),
    /// The device refuses, with this code.
    Exception(u8),
}

/// The checksum of a frame: CRC-16 with polynomial 0xA001 (0x8005 reflected), from 0xFFFF.
pub fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xA001 } else { crc >> 1 })
    })
}

/// The frame of a question.
pub fn question(asked: Question) -> [u8; 8] {
    let [address_high, address_low] = asked.address.to_be_bytes();
    let [count_high, count_low] = asked.count.to_be_bytes();
    let head = [asked.unit, asked.function(), address_high, address_low, count_high, count_low];
    let [low, high] = crc(&head).to_le_bytes();
    let [a, b, c, d, e, f] = head;
    [a, b, c, d, e, f, low, high]
}

/// What the bytes received so far say; `None` if the reply is not complete.
///
/// # Errors
/// They cannot be the beginning of an answer to `asked`, or something follows it.
pub fn reply(bytes: &[u8], asked: Question) -> Result<Option<Reply>, String> {
    let (unit, function) = (bytes.first(), bytes.get(1));
    if let Some(unit) = unit.filter(|unit| **unit != asked.unit) {
        return Err(format!("unit {unit} instead of {}", asked.unit));
    }
    let refused = function.is_some_and(|function| *function == asked.function() | REFUSED);
    if let Some(function) = function.filter(|function| !refused && **function != asked.function()) {
        return Err(format!("function {function} instead of {}", asked.function()));
    }
    let data_bytes = usize::from(asked.count) * 2;
    if let Some(count) = bytes.get(2).filter(|count| !refused && usize::from(**count) != data_bytes) {
        return Err(format!("{count} bytes for {} registers", asked.count));
    }
    let body_bytes = if refused { REFUSAL_BYTES } else { HEAD_BYTES + data_bytes };
    let frame_bytes = body_bytes + CRC_BYTES;
    if bytes.len() < frame_bytes {
        return Ok(None);
    }
    if bytes.len() > frame_bytes {
        return Err(format!("{} bytes after the reply", bytes.len() - frame_bytes));
    }
    let (body, sum) = bytes.split_at(body_bytes);
    if sum != crc(body).to_le_bytes() {
        return Err("wrong checksum".into());
    }
    Ok(Some(match refused {
        true => Reply::Exception(body[2]),
        false => Reply::Words(
            body[HEAD_BYTES..].chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect(),
        ),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::registers::Area;
    use proptest::prelude::*;

    const ASKED: Question = Question { unit: 17, area: Area::Holding, address: 0x6B, count: 3 };

    fn framed(body: &[u8]) -> Vec<u8> {
        [body, &crc(body).to_le_bytes()].concat()
    }

    #[test]
    fn frames_of_the_specification() {
        // Unit 17, registers 0x6B to 0x6D: the example of the Modbus specification, with its checksum.
        assert_eq!(question(ASKED), [0x11, 3, 0, 0x6B, 0, 3, 0x76, 0x87]);
        let good = [0x11, 3, 6, 0xAE, 0x41, 0x56, 0x52, 0x43, 0x40, 0x49, 0xAD];
        assert_eq!(reply(&good, ASKED), Ok(Some(Reply::Words(vec![0xAE41, 0x5652, 0x4340]))));
        assert_eq!(reply(&framed(&[0x11, 0x83, 2]), ASKED), Ok(Some(Reply::Exception(2))));
        for length in 0..good.len() {
            assert_eq!(reply(&good[..length], ASKED), Ok(None), "{length} bytes");
        }
        for (bytes, words) in [
            (vec![0x12], "unit 18"),
            (vec![0x11, 4], "function 4"),
            (vec![0x11, 3, 4], "4 bytes for 3 registers"),
            ([good.as_slice(), &[0]].concat(), "1 bytes after the reply"),
            ([&good[..10], &[0xAC]].concat(), "checksum"),
            (vec![0x11, 0x83, 2, 0, 0], "checksum"),
        ] {
            assert!(reply(&bytes, ASKED).is_err_and(|why| why.contains(words)), "{words}");
        }
    }

    proptest! {
        #[test]
        fn a_flipped_bit_is_always_noticed(words in proptest::collection::vec(any::<u16>(), 3), bit in 0_usize..88) {
            let body: Vec<u8> = [17, 3, 6].into_iter().chain(words.iter().flat_map(|w| w.to_be_bytes())).collect();
            let mut frame = framed(&body);
            prop_assert_eq!(reply(&frame, ASKED), Ok(Some(Reply::Words(words))));
            frame[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!matches!(reply(&frame, ASKED), Ok(Some(Reply::Words(_)))));
        }

        #[test]
        fn any_bytes_are_taken_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300), count in 0_u16..=125,
            unit in any::<u8>()) {
            let _ = reply(&bytes, Question { unit, area: Area::Input, address: 0, count });
        }
    }
}
