//! Modbus TCP without Tokio's sockets, which `tokio-modbus` cannot be without: for links in a browser. Replies are held
//! against their requests as in `tcp.rs`.
//!
//! ```text
//! transaction (2)  protocol 0 (2)  length (2)  unit  function  data
//! ```

use super::check::check;
use super::exception::Exception;
use super::request::{ReadError, Request};
use super::rtu::frame_of;
use super::wire::{Stream, Wire};

/// Transaction, protocol and length.
const HEAD_BYTES: usize = 6;
/// At the end of a frame on a serial line.
const CRC_BYTES: usize = 2;
/// Set in the function code of a refusal.
const REFUSED: u8 = 0x80;

/// A connection that speaks Modbus TCP.
#[derive(Debug)]
pub(super) struct Tcp {
    wire: Wire,
    transaction: u16,
}

impl Tcp {
    pub(super) fn over(stream: Box<dyn Stream>) -> Tcp {
        Tcp { wire: Wire::new(stream), transaction: 0 }
    }

    /// Asks, and checks the reply. After an error that is no exception the connection must not be used again.
    pub(super) async fn ask(&mut self, request: &Request, any_unit: bool) -> Result<Vec<u16>, ReadError> {
        self.wire.look().await?;
        self.transaction = self.transaction.wrapping_add(1);
        // What a serial line carries too, without its checksum.
        let serial = frame_of(request);
        let body = &serial[..serial.len() - CRC_BYTES];
        let [[t1, t0], [l1, l0]] = [self.transaction.to_be_bytes(), (body.len() as u16).to_be_bytes()];
        let sent = [&[t1, t0, 0, 0, l1, l0], body].concat();
        self.wire.send(&sent).await?;
        loop {
            let reply = &self.wire.buffer;
            check(&sent, reply, any_unit).map_err(ReadError::Malformed)?;
            if let [_, _, _, _, l1, l0, body @ ..] = &reply[..]
                && body.len() == usize::from(u16::from_be_bytes([*l1, *l0]))
            {
                break;
            }
            self.wire.receive().await?;
        }
        let reply = std::mem::take(&mut self.wire.buffer);
        match &reply[HEAD_BYTES..] {
            [_, function, code, ..] if function & REFUSED != 0 => Err(ReadError::Exception(Exception(*code))),
            [_, 3 | 4, _, registers @ ..] => {
                Ok(registers.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// How many bytes came for the last request, and how many of it went out.
    pub(super) fn bytes(&mut self) -> (usize, usize) {
        self.wire.take_bytes()
    }
}
