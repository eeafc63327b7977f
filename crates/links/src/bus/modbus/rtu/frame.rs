//! Frames of Modbus RTU, and where they are among other bytes. Pure.

use super::super::request::{ReadRegisters, Reply, Request, other_unit};

/// Set in the function code of a refusal.
const REFUSED: u8 = 0x80;
/// Unit, function and exception code.
const REFUSAL_BYTES: usize = 3;
/// Unit, function and byte count.
const HEAD_BYTES: usize = 3;
const CRC_BYTES: usize = 2;
/// Function codes of what we read with.
const READS: [u8; 2] = [3, 4];
/// The function code that we write with: its reply differs from an echo of the request, that of function 6 does not.
const WRITE: u8 = 16;
/// Unit, function, address and count: the reply to a write.
const TAKEN_BYTES: usize = 6;

/// The checksum of a frame: CRC-16 with polynomial 0xA001 (0x8005 reflected), from 0xFFFF.
pub fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xA001 } else { crc >> 1 })
    })
}

/// The frame of a request. What is written goes by function 16, one register too.
pub fn frame_of(request: &Request) -> Vec<u8> {
    let mut frame = vec![request.unit()];
    match request {
        Request::Read(ReadRegisters { address, count, .. }) => {
            frame.push(request.function());
            frame.extend(address.to_be_bytes().into_iter().chain(count.to_be_bytes()));
        }
        Request::Write(write) => {
            let count = write.words.len() as u16;
            frame.push(WRITE);
            frame.extend(write.address.to_be_bytes().into_iter().chain(count.to_be_bytes()));
            frame.push((2 * count) as u8);
            frame.extend(write.words.iter().flat_map(|word| word.to_be_bytes()));
        }
    }
    frame.extend(crc(&frame).to_le_bytes());
    frame
}

/// A whole frame of a reply, whoever sent it and whatever was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) unit: u8,
    function: u8,
    /// The registers' bytes, address and count of a write, or the code of a refusal.
    data: &'a [u8],
    bytes: usize,
}

/// The reply at the beginning of `bytes`, if they have its checksum.
fn at_start(bytes: &[u8]) -> Option<Frame<'_>> {
    let [unit, function, third, ..] = *bytes else { return None };
    let refused = function & REFUSED != 0;
    let is_read = READS.contains(&(function & !REFUSED));
    if !is_read && function & !REFUSED != WRITE || is_read && !refused && third % 2 == 1 {
        return None;
    }
    let (body, data) = if refused {
        (REFUSAL_BYTES, bytes.get(2..REFUSAL_BYTES)?)
    } else if function == WRITE {
        (TAKEN_BYTES, bytes.get(2..TAKEN_BYTES)?)
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

/// The answer to `request` among the bytes received so far, and where it ends; `None` if it has not come in full.
///
/// # Errors
/// A frame with the right checksum that is no answer to `request`. From another unit only without `any_unit`.
pub fn find(bytes: &[u8], request: &Request, any_unit: bool) -> Result<Option<(Reply, usize)>, String> {
    let echo = frame_of(request);
    let function = echo[1];
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
        if frame.unit != request.unit() && !any_unit {
            return Err(other_unit(frame.unit, request.unit()));
        }
        if frame.function & !REFUSED != function {
            return Err(format!("function {} instead of {function}", frame.function));
        }
        let end = start + frame.bytes;
        return match (frame.data, request) {
            ([code], _) if frame.function & REFUSED != 0 => Ok(Some((Reply::Exception(*code), end))),
            (data, Request::Read(read)) if data.len() == 2 * usize::from(read.count) => {
                let words = data.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
                Ok(Some((Reply::Words(words.collect()), end)))
            }
            (data, Request::Read(read)) => Err(format!("{} bytes for {} registers", data.len(), read.count)),
            // Address and count are as in the request.
            (data, Request::Write(_)) if echo[2..].starts_with(data) => Ok(Some((Reply::Taken, end))),
            (_, Request::Write(_)) => Err("it confirms another write than the one that was sent".to_owned()),
        };
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::super::super::request::WriteRegisters;
    use super::*;
    use crate::device::registers::Area;
    use proptest::prelude::*;

    const ASKED: ReadRegisters = ReadRegisters { unit: 17, area: Area::Holding, address: 0x6B, count: 3 };
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
        assert_eq!(frame_of(&ASKED.into()), [0x11, 3, 0, 0x6B, 0, 3, 0x76, 0x87]);
        assert_eq!(find(&GOOD, &ASKED.into(), false), Ok(Some((words(), 11))));
        assert_eq!(find(&framed(&[0x11, 0x83, 2]), &ASKED.into(), false), Ok(Some((Reply::Exception(2), 5))));
        for length in 0..GOOD.len() {
            assert_eq!(find(&GOOD[..length], &ASKED.into(), false), Ok(None), "{length} bytes");
        }
        for (bytes, words) in [
            (framed(&[0x12, 3, 6, 0, 1, 0, 2, 0, 3]), "unit 18"),
            (framed(&[0x11, 4, 6, 0, 1, 0, 2, 0, 3]), "function 4"),
            (framed(&[0x11, 3, 4, 0, 1, 0, 2]), "4 bytes for 3 registers"),
        ] {
            assert!(find(&bytes, &ASKED.into(), false).is_err_and(|why| why.contains(words)), "{words}");
        }
        let other = framed(&[0x12, 3, 6, 0, 1, 0, 2, 0, 3]);
        assert_eq!(find(&other, &ASKED.into(), true), Ok(Some((Reply::Words(vec![1, 2, 3]), 11))));
    }

    #[test]
    fn the_reply_is_found_among_noise_echo_and_a_greeting() {
        for (what, before) in [
            ("noise", vec![0, 0xFF, 0x11, 3, 6, 0x7F]),
            ("the echo of the request", frame_of(&ASKED.into())),
            ("a greeting", b"Welcome to the gateway\r\n".to_vec()),
            ("all of them", [b"Hello\r\n\0".as_slice(), &frame_of(&ASKED.into()), &[0xFF, 0x11]].concat()),
        ] {
            let bytes = [before.as_slice(), &GOOD].concat();
            assert_eq!(find(&bytes, &ASKED.into(), false), Ok(Some((words(), bytes.len()))), "{what}");
            assert_eq!(find(&bytes[..bytes.len() - 1], &ASKED.into(), false), Ok(None), "{what}, one byte short");
        }
        assert_eq!(first(&frame_of(&ASKED.into())), None, "a request is no reply");
        assert!(first(&[b"noise".as_slice(), &GOOD].concat()).is_some_and(|frame| frame.unit == 17));
    }

    #[test]
    fn a_write_is_confirmed_by_the_reply_and_not_by_its_echo() {
        let words = vec![0xFFFF, 0xFF9C];
        let write = Request::Write(WriteRegisters { unit: 17, address: 0x0A9C, words, single: true });
        let sent = frame_of(&write);
        assert_eq!(sent[..sent.len() - 2], [17, 16, 0x0A, 0x9C, 0, 2, 4, 0xFF, 0xFF, 0xFF, 0x9C]);
        let taken = framed(&[17, 16, 0x0A, 0x9C, 0, 2]);
        assert_eq!(find(&sent, &write, false), Ok(None), "an echo says nothing");
        assert_eq!(find(&[sent.as_slice(), &taken].concat(), &write, false), Ok(Some((Reply::Taken, sent.len() + 8))));
        assert_eq!(find(&framed(&[17, 0x90, 3]), &write, false), Ok(Some((Reply::Exception(3), 5))));
        for (other, says) in
            [([17, 16, 0x0A, 0x9C, 0, 1], "another write"), ([17, 16, 0x0A, 0x9D, 0, 2], "another write")]
        {
            assert!(find(&framed(&other), &write, false).is_err_and(|why| why.contains(says)));
        }
    }

    proptest! {
        #[test]
        fn a_flipped_bit_is_always_noticed(words in proptest::collection::vec(any::<u16>(), 3), bit in 0_usize..88) {
            let body: Vec<u8> = [17, 3, 6].into_iter().chain(words.iter().flat_map(|w| w.to_be_bytes())).collect();
            let mut frame = framed(&body);
            prop_assert_eq!(find(&frame, &ASKED.into(), false), Ok(Some((Reply::Words(words), 11))));
            frame[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!matches!(find(&frame, &ASKED.into(), false), Ok(Some((Reply::Words(_), _)))));
        }

        #[test]
        fn any_bytes_are_taken_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300), count in 0_u16..=125,
            unit in any::<u8>(), any_unit in any::<bool>()) {
            let request = ReadRegisters { unit, area: Area::Input, address: 0, count }.into();
            if let Ok(Some((_, end))) = find(&bytes, &request, any_unit) {
                prop_assert!(end <= bytes.len());
            }
        }
    }
}
