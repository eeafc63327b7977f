//! Requests and replies as on a serial line, over TCP: what a gateway that only passes bytes on needs.
//!
//! ```text
//! request   unit  function  address (2)  count (2)             crc (2, low byte first)
//! reply     unit  function  byte count   registers (2 each)    crc
//! refusal   unit  function + 0x80        exception code        crc
//! write     unit  16  address (2)  count (2)  byte count  registers  crc;  its reply ends after the count
//! ```
//!
//! Lines have noise, adapters echo the request, and gateways greet whoever connects: the reply is the frame with the
//! right checksum among all that. Nothing in a reply says which request it answers. So a whole frame that was there
//! before the request was sent, that follows the reply, or that another unit sent is an error, and the connection ends.

mod frame;

pub use frame::{crc, find, frame_of};

use super::exception::Exception;
use super::request::{ReadError, Reply, Request};
use super::wire::Wire;

/// So many bytes without a reply among them are no noise any more.
const MOST_NOISE: usize = 1_024;

/// Asks, and finds the reply. After an error that is no exception the connection must not be used again.
pub(super) async fn ask(wire: &mut Wire, request: &Request, any_unit: bool) -> Result<Vec<u16>, ReadError> {
    wire.look().await?;
    if let Some(frame) = frame::first(&wire.buffer) {
        return Err(ReadError::Malformed(format!("a frame of unit {} that nobody asked for", frame.unit)));
    }
    wire.buffer.clear();
    wire.send(&frame_of(request)).await?;
    loop {
        if let Some((reply, rest)) = find(&wire.buffer, request, any_unit).map_err(ReadError::Malformed)? {
            let more = frame::first(&wire.buffer[rest..]).is_some();
            wire.buffer.clear();
            return match reply {
                _ if more => Err(ReadError::Malformed("a second frame after the reply".into())),
                Reply::Words(words) => Ok(words),
                Reply::Taken => Ok(Vec::new()),
                Reply::Exception(code) => Err(ReadError::Exception(Exception(code))),
            };
        }
        if wire.buffer.len() > MOST_NOISE {
            return Err(ReadError::Malformed(without_frame(wire.buffer.len())));
        }
        wire.receive().await?;
    }
}

/// What is wrong with so many bytes in which there is no reply.
pub(super) fn without_frame(bytes: usize) -> String {
    format!(
        "{bytes} bytes without a frame whose checksum is right: check baud rate, parity and stop bits of the gateway, \
         and whether it speaks Modbus TCP instead (kind \"modbus-tcp\")"
    )
}
