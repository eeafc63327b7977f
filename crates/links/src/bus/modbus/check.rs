//! Holds a reply of Modbus TCP against its request, byte by byte, as it comes. Pure.

use super::request::other_unit;

/// Transaction, protocol and length.
const HEAD_BYTES: usize = 6;
/// What follows the length in a refusal: unit, function and code.
const REFUSAL_BYTES: usize = 3;
/// What follows the length in a reply to a write: unit, function, address, value or count.
const TAKEN_BYTES: usize = 6;
/// The longest that may follow the length: unit, function, count and 125 registers.
const LONGEST: usize = 3 + 250;
/// Set in the function code of a refusal.
const REFUSED: u8 = 0x80;

/// Holds what has come of a reply against the request as it was sent.
///
/// # Errors
/// It cannot be the beginning of the answer, or something follows it.
pub(super) fn check(sent: &[u8], reply: &[u8], any_unit: bool) -> Result<(), String> {
    let ([t1, t0, p1, p0, l1, l0, ..], [s1, s0, _, _, _, _, asked_unit, asked, ..]) = (reply, sent) else {
        return Ok(());
    };
    let (asked_unit, asked) = (*asked_unit, *asked);
    let (found, transaction) = (u16::from_be_bytes([*t1, *t0]), u16::from_be_bytes([*s1, *s0]));
    if found != transaction {
        return Err(format!("it answers request {found}, not {transaction}"));
    }
    let protocol = u16::from_be_bytes([*p1, *p0]);
    if protocol != 0 {
        return Err(format!("protocol {protocol}, not 0: this is not Modbus"));
    }
    let length = usize::from(u16::from_be_bytes([*l1, *l0]));
    if !(REFUSAL_BYTES..=LONGEST).contains(&length) {
        return Err(format!("a length of {length} bytes"));
    }
    let body = &reply[HEAD_BYTES..];
    if let Some(more @ 1..) = body.len().checked_sub(length) {
        return Err(format!("{more} bytes after the reply"));
    }
    if let Some(unit) = body.first().filter(|unit| **unit != asked_unit && !any_unit) {
        return Err(other_unit(*unit, asked_unit));
    }
    let Some(function) = body.get(1) else { return Ok(()) };
    let registers = sent.get(10..12).map_or(0, |count| usize::from(u16::from_be_bytes([count[0], count[1]])));
    match (*function, asked) {
        (refused, _) if refused == asked | REFUSED && length == REFUSAL_BYTES => Ok(()),
        (3 | 4, _) if *function == asked => match body.get(2).map(|announced| usize::from(*announced)) {
            Some(announced) if announced != length - REFUSAL_BYTES => {
                Err(format!("{} bytes of registers where {announced} are announced", length - REFUSAL_BYTES))
            }
            Some(announced) if announced != 2 * registers => {
                Err(format!("{announced} bytes of registers for {registers} registers"))
            }
            _ => Ok(()),
        },
        (6 | 16, _) if *function == asked && length == TAKEN_BYTES => {
            // Address, and the value or the number of registers, as they were sent.
            let (echo, expected) = (&body[2..], &sent[8..12]);
            if expected.starts_with(echo) {
                Ok(())
            } else {
                Err("it confirms another write than the one that was sent".to_owned())
            }
        }
        _ => Err(format!("function {function} with {} bytes, not {asked}", length - 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WRITE: [u8; 15] = [0, 7, 0, 0, 0, 9, 1, 16, 0x0A, 0x9C, 0, 1, 2, 0xFF, 0x9C];

    #[test]
    fn a_write_is_confirmed_by_its_address_and_count_or_value() {
        let six = [0, 7, 0, 0, 0, 6, 1, 6, 0x0A, 0x9C, 0xFF, 0x9C];
        for (sent, body, says) in [
            (&WRITE[..], [1, 16, 0x0A, 0x9C, 0, 1], None),
            (&WRITE[..], [1, 16, 0x0A, 0x9C, 0, 2], Some("another write")),
            (&WRITE[..], [1, 16, 0x0A, 0x9D, 0, 1], Some("another write")),
            (&WRITE[..], [1, 6, 0x0A, 0x9C, 0xFF, 0x9C], Some("function 6")),
            (&WRITE[..], [2, 16, 0x0A, 0x9C, 0, 1], Some("unit 2")),
            (&six[..], [1, 6, 0x0A, 0x9C, 0xFF, 0x9C], None),
            (&six[..], [1, 6, 0x0A, 0x9C, 0xFF, 0x9D], Some("another write")),
        ] {
            let reply = [[0, 7, 0, 0, 0, 6].as_slice(), &body].concat();
            let found = check(sent, &reply, false).err();
            assert_eq!(
                found.as_ref().is_some_and(|found| found.contains(says.unwrap_or("~"))),
                says.is_some(),
                "{found:?}"
            );
            assert_eq!(found.is_some(), says.is_some(), "{found:?}");
            for length in 0..reply.len() {
                assert!(says.is_some() || check(sent, &reply[..length], false).is_ok(), "{length} bytes");
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_without_harm(
            sent in proptest::collection::vec(any::<u8>(), 0..20), reply in proptest::collection::vec(any::<u8>(), 0..300),
            any_unit in any::<bool>(),
        ) {
            let _ = check(&sent, &reply, any_unit);
            let _ = check(&WRITE, &[&WRITE[..6], &reply].concat(), any_unit);
        }
    }
}
