//! Frames of Modbus RTU, and where they are among other bytes. Pure.

use super::super::request::{Question, Reply, other_unit};

/// Set in the function code of a refusal.
const REFUSED: u8 = 0x80;
/// Unit, function and exception code.
const REFUSAL_BYTES: usize = 3;
/// Unit, function and byte count.
const HEAD_BYTES: usize = 3;
const CRC_BYTES: usize = 2;
/// Function codes of what we ask.
const READS: [u8; 2] = [3, 4];

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

/// A whole frame of a reply, whoever sent it and whatever was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) unit: u8,
    function: u8,
    /// The registers' bytes, or the code of a refusal.
    data: &'a [u8],
    bytes: usize,
}

/// The reply at the beginning of `bytes`, if they have its checksum.
fn at_start(bytes: &[u8]) -> Option<Frame<'_>> {
    let [unit, function, third, ..] = *bytes else { return None };
    let refused = function & REFUSED != 0;
    if !READS.contains(&(function & !REFUSED)) || !refused && third % 2 == 1 {
        return None;
    }
    let (body, data) = if refused {
        (REFUSAL_BYTES, bytes.get(2..REFUSAL_BYTES)?)
    } else {
        let end = HEAD_BYTES + usize::from(third);
        (end, bytes.get(HEAD_BYTES..end)?)
    };
    let sum = bytes.get(body..body + CRC_BYTES)?;
    (sum == crc(&bytes[..body]).to_le_bytes()).then_some(Frame { unit, function, data, bytes: body + CRC_BYTES })
}

/// The first whole frame of a reply among `bytes`, whoever sent it.
pub(super) fn first(bytes: &[u8]) -> Option<Frame<'_>> {
    (0..bytes.len()).find_map(|start| at_start(&bytes[start..]))
}

/// The answer to `asked` among the bytes received so far, and where it ends; `None` if it has not come in full.
///
/// # Errors
/// A frame with the right checksum that is no answer to `asked`. From another unit only without `any_unit`.
pub fn find(bytes: &[u8], asked: Question, any_unit: bool) -> Result<Option<(Reply, usize)>, String> {
    let echo = question(asked);
    let mut start = 0;
    while start < bytes.len() {
        if bytes[start..].starts_with(&echo) {
            start += echo.len();
            continue;
        }
        let Some(frame) = at_start(&bytes[start..]) else {
            start += 1;
            continue;
        };
        if frame.unit != asked.unit && !any_unit {
            return Err(other_unit(frame.unit, asked.unit));
        }
        if frame.function & !REFUSED != asked.function() {
            return Err(format!("function {} instead of {}", frame.function, asked.function()));
        }
        let end = start + frame.bytes;
        return match frame.data {
            [code] if frame.function & REFUSED != 0 => Ok(Some((Reply::Exception(*code), end))),
            data if data.len() == 2 * usize::from(asked.count) => {
                let words = data.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
                Ok(Some((Reply::Words(words.collect()), end)))
            }
            data => Err(format!("{} bytes for {} registers", data.len(), asked.count)),
        };
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::registers::Area;
    use proptest::prelude::*;

    const ASKED: Question = Question { unit: 17, area: Area::Holding, address: 0x6B, count: 3 };
    const GOOD: [u8; 11] = [0x11, 3, 6, 0xAE, 0x41, 0x56, 0x52, 0x43, 0x40, 0x49, 0xAD];

    fn framed(body: &[u8]) -> Vec<u8> {
        [body, &crc(body).to_le_bytes()].concat()
    }

    fn words() -> Reply {
        Reply::Words(vec![0xAE41, 0x5652, 0x4340])
    }

    #[test]
    fn frames_of_the_specification() {
        // Unit 17, registers 0x6B to 0x6D: the example of the Modbus specification, with its checksum.
        assert_eq!(question(ASKED), [0x11, 3, 0, 0x6B, 0, 3, 0x76, 0x87]);
        assert_eq!(find(&GOOD, ASKED, false), Ok(Some((words(), 11))));
        assert_eq!(find(&framed(&[0x11, 0x83, 2]), ASKED, false), Ok(Some((Reply::Exception(2), 5))));
        for length in 0..GOOD.len() {
            assert_eq!(find(&GOOD[..length], ASKED, false), Ok(None), "{length} bytes");
        }
        for (bytes, words) in [
            (framed(&[0x12, 3, 6, 0, 1, 0, 2, 0, 3]), "unit 18"),
            (framed(&[0x11, 4, 6, 0, 1, 0, 2, 0, 3]), "function 4"),
            (framed(&[0x11, 3, 4, 0, 1, 0, 2]), "4 bytes for 3 registers"),
        ] {
            assert!(find(&bytes, ASKED, false).is_err_and(|why| why.contains(words)), "{words}");
        }
        let other = framed(&[0x12, 3, 6, 0, 1, 0, 2, 0, 3]);
        assert_eq!(find(&other, ASKED, true), Ok(Some((Reply::Words(vec![1, 2, 3]), 11))));
    }

    #[test]
    fn the_reply_is_found_among_noise_echo_and_a_greeting() {
        for (what, before) in [
            ("noise", vec![0, 0xFF, 0x11, 3, 6, 0x7F]),
            ("the echo of the question", question(ASKED).to_vec()),
            ("a greeting", b"Welcome to the gateway\r\n".to_vec()),
            ("all of them", [b"Hello\r\n\0".as_slice(), &question(ASKED), &[0xFF, 0x11]].concat()),
        ] {
            let bytes = [before.as_slice(), &GOOD].concat();
            assert_eq!(find(&bytes, ASKED, false), Ok(Some((words(), bytes.len()))), "{what}");
            assert_eq!(find(&bytes[..bytes.len() - 1], ASKED, false), Ok(None), "{what}, one byte short");
        }
        assert_eq!(first(&question(ASKED)), None, "a question is no reply");
        assert!(first(&[b"noise".as_slice(), &GOOD].concat()).is_some_and(|frame| frame.unit == 17));
    }

    proptest! {
        #[test]
        fn a_flipped_bit_is_always_noticed(words in proptest::collection::vec(any::<u16>(), 3), bit in 0_usize..88) {
            let body: Vec<u8> = [17, 3, 6].into_iter().chain(words.iter().flat_map(|w| w.to_be_bytes())).collect();
            let mut frame = framed(&body);
            prop_assert_eq!(find(&frame, ASKED, false), Ok(Some((Reply::Words(words), 11))));
            frame[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!matches!(find(&frame, ASKED, false), Ok(Some((Reply::Words(_), _)))));
        }

        #[test]
        fn any_bytes_are_taken_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300), count in 0_u16..=125,
            unit in any::<u8>(), any_unit in any::<bool>()) {
            let asked = Question { unit, area: Area::Input, address: 0, count };
            if let Ok(Some((_, end))) = find(&bytes, asked, any_unit) {
                prop_assert!(end <= bytes.len());
            }
        }
    }
}
