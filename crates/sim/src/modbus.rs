//! Requests and replies of Modbus as a device sees them, in the frames of TCP and of a serial line. Pure.

use crate::registers::{Answer, Question, Taken, WRITE_MANY, WRITE_ONE, Write, exception};

/// Set in the function code of a refusal.
const REFUSED: u8 = 0x80;
/// Function codes of requests that carry as many bytes as they say.
const COUNTED: [u8; 2] = [15, WRITE_MANY];

/// How requests and replies are wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// The header of Modbus TCP.
    Tcp,
    /// As on a serial line, with a checksum: behind a gateway that only passes bytes on.
    Rtu,
}

impl Framing {
    /// How long a request is that begins with these bytes: `Err` says how many of them must be known to tell.
    pub(crate) fn length(self, head: &[u8]) -> Result<usize, usize> {
        match (self, head) {
            (Framing::Tcp, [_, _, _, _, l1, l0, ..]) => Ok(6 + usize::from(u16::from_be_bytes([*l1, *l0]))),
            (Framing::Tcp, _) => Err(6),
            (Framing::Rtu, [_, function, _, _, _, _, bytes, ..]) if COUNTED.contains(function) => {
                Ok(9 + usize::from(*bytes))
            }
            (Framing::Rtu, [_, _, _, _, _, _, _, ..]) => Ok(8),
            (Framing::Rtu, _) => Err(7),
        }
    }
}

/// What a device does with a write; `None` while it is silent.
pub type Take<'a> = &'a dyn Fn(&Write) -> Option<Taken>;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// The transaction of Modbus TCP; `None` on a serial line.
    pub(crate) transaction: Option<[u8; 2]>,
    pub(crate) unit: u8,
    pub(crate) function: u8,
    /// What follows the function code in most requests: an address, and a count or a value.
    pub(crate) range: Option<(u16, u16)>,
    /// What a write carries, if it is one that makes sense.
    write: Option<Vec<u16>>,
}

impl Request {
    /// Reads a whole frame; `None` for one that is no request.
    pub(crate) fn parse(framing: Framing, frame: &[u8]) -> Option<Request> {
        let (transaction, body) = match (framing, frame) {
            (Framing::Tcp, [t1, t0, 0, 0, _, _, body @ ..]) => (Some([*t1, *t0]), body),
            (Framing::Rtu, [body @ .., c0, c1]) if crc(body) == [*c0, *c1] => (None, body),
            _ => return None,
        };
        let [unit, function, ref data @ ..] = *body else { return None };
        let range = match data {
            [a1, a0, c1, c0, ..] => Some((u16::from_be_bytes([*a1, *a0]), u16::from_be_bytes([*c1, *c0]))),
            _ => None,
        };
        let words = |bytes: &[u8]| bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        let write = match (function, data) {
            (WRITE_ONE, [_, _, word @ ..]) if word.len() == 2 => Some(words(word)),
            (WRITE_MANY, [_, _, _, count, bytes, carried @ ..])
                if carried.len() == usize::from(*bytes) && carried.len() == 2 * usize::from(*count) =>
            {
                Some(words(carried)).filter(|words: &Vec<u16>| !words.is_empty())
            }
            _ => None,
        };
        Some(Request { transaction, unit, function, range, write })
    }

    /// Whether registers are to be written.
    pub(super) fn is_write(&self) -> bool {
        matches!(self.function, WRITE_ONE | WRITE_MANY)
    }

    /// A reply with this function code and data.
    pub(crate) fn reply(&self, function: u8, data: &[u8]) -> Vec<u8> {
        match self.transaction {
            Some([t1, t0]) => {
                let [l1, l0] = (data.len() as u16 + 2).to_be_bytes();
                [&[t1, t0, 0, 0, l1, l0, self.unit, function], data].concat()
            }
            None => {
                let mut reply = [&[self.unit, function], data].concat();
                reply.extend(crc(&reply));
                reply
            }
        }
    }

    /// A reply, as if `unit` had sent it.
    pub(crate) fn of_unit(&self, unit: u8, mut reply: Vec<u8>) -> Vec<u8> {
        match self.transaction {
            Some(_) => reply[6] = unit,
            None => {
                reply[0] = unit;
                let body = reply.len() - 2;
                let sum = crc(&reply[..body]);
                reply[body..].copy_from_slice(&sum);
            }
        }
        reply
    }

    /// A refusal.
    pub(crate) fn refusal(&self, code: u8) -> Vec<u8> {
        self.reply(self.function | REFUSED, &[code])
    }

    /// The reply of a device that answers questions like this, and takes writes if it takes any; `None` if it is silent.
    pub(crate) fn answer(
        &self,
        device: impl Fn(&Question) -> Option<Answer>,
        taker: Option<Take<'_>>,
    ) -> Option<Vec<u8>> {
        let Some((address, count)) = self.range else { return Some(self.refusal(exception::FUNCTION)) };
        if let (WRITE_ONE | WRITE_MANY, Some(taker)) = (self.function, taker) {
            let Some(words) = self.write.clone() else { return Some(self.refusal(exception::VALUE)) };
            return Some(match taker(&Write { unit: self.unit, address, words })? {
                Err(code) => self.refusal(code),
                // Address, and the value or the number of registers.
                Ok(()) => {
                    let [[a1, a0], [c1, c0]] = [address.to_be_bytes(), count.to_be_bytes()];
                    self.reply(self.function, &[a1, a0, c1, c0])
                }
            });
        }
        let question = Question { unit: self.unit, function: self.function, address, count };
        Some(match device(&question)? {
            Err(code) => self.refusal(code),
            Ok(words) => {
                let bytes = words.iter().flat_map(|word| word.to_be_bytes());
                self.reply(self.function, &[2 * words.len() as u8].into_iter().chain(bytes).collect::<Vec<u8>>())
            }
        })
    }
}

/// What a device replies to the bytes of a request of Modbus TCP; `None` if it is silent, or they are no request.
pub fn reply(bytes: &[u8], device: impl Fn(&Question) -> Option<Answer>, taker: Option<Take<'_>>) -> Option<Vec<u8>> {
    Request::parse(Framing::Tcp, bytes)?.answer(device, taker)
}

/// Checksum of a serial frame, low byte first.
fn crc(bytes: &[u8]) -> [u8; 2] {
    let shift = |crc: u16, _| if crc & 1 == 1 { crc >> 1 ^ 0xA001 } else { crc >> 1 };
    bytes.iter().fold(0xFFFF_u16, |crc, byte| (0..8).fold(crc ^ u16::from(*byte), shift)).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registers::Registers;

    #[test]
    fn only_function_3_within_the_map_is_answered() {
        let registers = Registers::new(40_000, vec![7; 8]);
        let ask = |function: u8, address: u16, count: u16| {
            let ([a1, a0], [c1, c0]) = (address.to_be_bytes(), count.to_be_bytes());
            let frame = [0xAB, 0xCD, 0, 0, 0, 6, 9, function, a1, a0, c1, c0];
            Request::parse(Framing::Tcp, &frame).unwrap().answer(|q| Some(registers.answer(q)), None).unwrap()
        };
        assert_eq!(ask(3, 40_006, 2), [0xAB, 0xCD, 0, 0, 0, 7, 9, 3, 4, 0, 7, 0, 7]);
        for (function, address, count, code) in [
            (3, 40_007, 2, 2),
            (3, 39_999, 1, 2),
            (3, 65_535, 2, 2),
            (3, 40_000, 0, 3),
            (3, 40_000, 126, 3),
            (4, 40_000, 2, 1),
            (6, 40_000, 1, 1),
        ] {
            assert_eq!(ask(function, address, count), [0xAB, 0xCD, 0, 0, 0, 3, 9, function | 0x80, code]);
        }
        assert_eq!(Request::parse(Framing::Tcp, &[0, 0, 0, 1, 0, 6, 9, 3, 0, 0, 0, 1]), None);
        assert_eq!(Request::parse(Framing::Tcp, &[0, 0, 0, 0, 0, 1, 9]), None);
    }

    #[test]
    fn a_write_is_taken_whole_or_refused() {
        let taker = |write: &Write| Some(if write.address == 7 { Ok(()) } else { Err(exception::ADDRESS) });
        let answer = |body: &[u8]| {
            let frame = [&[0, 1, 0, 0, 0, body.len() as u8], body].concat();
            let request = Request::parse(Framing::Tcp, &frame).unwrap();
            request.answer(|_| Some(Ok(Vec::new())), Some(&taker)).unwrap()[6..].to_vec()
        };
        for (body, reply) in [
            (&[9, 6, 0, 7, 0, 3][..], &[9, 6, 0, 7, 0, 3][..]),
            (&[9, 16, 0, 7, 0, 2, 4, 0, 1, 0, 2], &[9, 16, 0, 7, 0, 2]),
            (&[9, 16, 0, 8, 0, 1, 2, 0, 1], &[9, 0x90, 2]),
            (&[9, 16, 0, 7, 0, 2, 4, 0, 1], &[9, 0x90, 3]),
            (&[9, 16, 0, 7, 0, 1, 4, 0, 1, 0, 2], &[9, 0x90, 3]),
            (&[9, 16, 0, 7, 0, 0, 0], &[9, 0x90, 3]),
        ] {
            assert_eq!(answer(body), reply, "{body:?}");
        }
    }

    #[test]
    fn serial_frames_have_a_checksum_and_a_length_of_their_own() {
        // Read two registers from 0 of unit 1.
        let frame = [1, 3, 0, 0, 0, 2, 0xC4, 0x0B];
        let request = Request::parse(Framing::Rtu, &frame).unwrap();
        let reply = request.answer(|_| Some(Ok(vec![6, 5])), None).unwrap();
        assert_eq!(reply, [1, 3, 4, 0, 6, 0, 5, 0xDA, 0x31]);
        assert_eq!(request.answer(|_| None, None), None);
        assert_eq!(Request::parse(Framing::Rtu, &[1, 3, 0, 0, 0, 2, 0xC4, 0x0C]), None);
        for (head, length) in [(&frame[..7], Ok(8)), (&frame[..2], Err(7)), (&[1, 16, 0, 0, 0, 2, 4], Ok(13))] {
            assert_eq!(Framing::Rtu.length(head), length);
        }
        assert_eq!(Framing::Tcp.length(&[0, 1, 0, 0, 0, 6]), Ok(12));
    }
}
