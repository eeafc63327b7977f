//! Requests and replies with the header of Modbus TCP.
//!
//! ```text
//! transaction (2)  protocol 0 (2)  length (2)  unit  function  data
//! ```
//!
//! Every field of a reply is checked. [`reply`] is pure.

use super::exception::Exception;
use super::request::{Question, ReadError, Reply, other_unit};
use super::wire::Wire;

/// Transaction, protocol and length.
const HEAD_BYTES: usize = 6;
/// What follows the length in a refusal: unit, function and code.
const REFUSAL_BYTES: usize = 3;
/// The longest that may follow the length: unit, function, count and 125 registers.
const LONGEST: usize = 3 + 250;
/// Set in the function code of a refusal.
const REFUSED: u8 = 0x80;

/// The numbers of the requests of a connection.
#[derive(Debug, Default)]
pub(super) struct Tcp {
    next: u16,
}

impl Tcp {
    /// Asks, and checks the reply. After an error that is no exception the connection must not be used again.
    pub(super) async fn ask(
        &mut self,
        wire: &mut Wire,
        asked: Question,
        any_unit: bool,
    ) -> Result<Vec<u16>, ReadError> {
        wire.look().await?;
        let transaction = self.next;
        self.next = self.next.wrapping_add(1);
        wire.send(&request(transaction, asked)).await?;
        loop {
            match reply(&wire.buffer, transaction, asked, any_unit).map_err(ReadError::Malformed)? {
                Some(Reply::Words(words)) => {
                    wire.buffer.clear();
                    return Ok(words);
                }
                Some(Reply::Exception(code)) => {
                    wire.buffer.clear();
                    return Err(ReadError::Exception(Exception(code)));
                }
                None => wire.receive().await?,
            }
        }
    }
}

fn request(transaction: u16, asked: Question) -> [u8; 12] {
    let ([t1, t0], [a1, a0], [c1, c0]) =
        (transaction.to_be_bytes(), asked.address.to_be_bytes(), asked.count.to_be_bytes());
    [t1, t0, 0, 0, 0, 6, asked.unit, asked.function(), a1, a0, c1, c0]
}

/// What the bytes received so far say; `None` if the reply is not complete.
///
/// # Errors
/// They cannot be the beginning of the answer to `asked`, or something follows it.
fn reply(bytes: &[u8], transaction: u16, asked: Question, any_unit: bool) -> Result<Option<Reply>, String> {
    let [t1, t0, p1, p0, l1, l0, ..] = *bytes else { return Ok(None) };
    let (found, protocol) = (u16::from_be_bytes([t1, t0]), u16::from_be_bytes([p1, p0]));
    if found != transaction {
        return Err(format!("it answers request {found}, not {transaction}"));
    }
    if protocol != 0 {
        return Err(format!("protocol {protocol}, not 0: this is not Modbus"));
    }
    let length = usize::from(u16::from_be_bytes([l1, l0]));
    if !(REFUSAL_BYTES..=LONGEST).contains(&length) {
        return Err(format!("a length of {length} bytes"));
    }
    let Some(body) = bytes.get(HEAD_BYTES..HEAD_BYTES + length) else { return Ok(None) };
    if let Some(more @ 1..) = bytes.len().checked_sub(HEAD_BYTES + length) {
        return Err(format!("{more} bytes after the reply"));
    }
    let (unit, function, count) = (body[0], body[1], asked.count);
    if unit != asked.unit && !any_unit {
        return Err(other_unit(unit, asked.unit));
    }
    match &body[2..] {
        [code] if function == asked.function() | REFUSED => Ok(Some(Reply::Exception(*code))),
        [announced, data @ ..] if function == asked.function() => {
            if data.len() != usize::from(*announced) {
                return Err(format!("{} bytes of registers where {announced} are announced", data.len()));
            }
            if data.len() != 2 * usize::from(count) {
                return Err(format!("{} bytes of registers for {count} registers", data.len()));
            }
            Ok(Some(Reply::Words(data.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect())))
        }
        data => Err(format!("function {function} with {} bytes, not {}", data.len(), asked.function())),
    }
}
