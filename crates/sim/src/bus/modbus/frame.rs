//! Requests and replies of Modbus TCP, as a device sees them. Pure.

/// Most registers in one request, by the protocol.
const COUNT_MAX: u16 = 125;
const READ_HOLDING: u8 = 3;
const REFUSED: u8 = 0x80;

/// A device's holding registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Registers {
    /// Address of the first.
    pub(crate) base: u16,
    pub(crate) words: Vec<u16>,
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) transaction: [u8; 2],
    pub(super) unit: u8,
    pub(super) function: u8,
    /// Address and count of function 3.
    pub(super) range: Option<(u16, u16)>,
}

impl Request {
    /// Reads a whole frame with its header; `None` for another protocol.
    pub(super) fn parse(frame: &[u8]) -> Option<Request> {
        let [t1, t0, 0, 0, _, _, unit, function, ref data @ ..] = *frame else { return None };
        let range = match (function, data) {
            (READ_HOLDING, [a1, a0, c1, c0]) => Some((u16::from_be_bytes([*a1, *a0]), u16::from_be_bytes([*c1, *c0]))),
            _ => None,
        };
        Some(Request { transaction: [t1, t0], unit, function, range })
    }

    /// A reply with this function code and data.
    pub(super) fn reply(&self, function: u8, data: &[u8]) -> Vec<u8> {
        let [t1, t0] = self.transaction;
        let [l1, l0] = (data.len() as u16 + 2).to_be_bytes();
        [&[t1, t0, 0, 0, l1, l0, self.unit, function], data].concat()
    }

    /// A refusal.
    pub(super) fn refusal(&self, code: u8) -> Vec<u8> {
        self.reply(self.function | REFUSED, &[code])
    }
}

/// What a device answers: registers, or exception 1 for other functions, 2 for addresses it lacks, 3 for a bad count.
pub(super) fn answer(registers: &Registers, request: &Request) -> Vec<u8> {
    let Some((address, count)) = request.range else { return request.refusal(1) };
    if !(1..=COUNT_MAX).contains(&count) {
        return request.refusal(3);
    }
    let words = address.checked_sub(registers.base).map(usize::from);
    let words = words.and_then(|first| registers.words.get(first..first + usize::from(count)));
    match words {
        None => request.refusal(2),
        Some(words) => {
            let bytes = words.iter().flat_map(|word| word.to_be_bytes());
            request.reply(READ_HOLDING, &[2 * count as u8].into_iter().chain(bytes).collect::<Vec<u8>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_function_3_within_the_map_is_answered() {
        let registers = Registers { base: 40_000, words: vec![7; 8] };
        let ask = |function: u8, address: u16, count: u16| {
            let ([a1, a0], [c1, c0]) = (address.to_be_bytes(), count.to_be_bytes());
            let request = Request::parse(&[0xAB, 0xCD, 0, 0, 0, 6, 9, function, a1, a0, c1, c0]).unwrap();
            answer(&registers, &request)
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
        assert_eq!(Request::parse(&[0, 0, 0, 1, 0, 6, 9, 3, 0, 0, 0, 1]), None);
        assert_eq!(Request::parse(&[0, 0, 0, 0, 0, 1, 9]), None);
    }
}
