//! Modbus TCP by `tokio-modbus`, which makes requests and takes replies apart.
//!
//! ```text
//! transaction (2)  protocol 0 (2)  length (2)  unit  function  data
//! ```
//!
//! It believes more than we do: what follows a reply, what is in it beyond the registers, whose reply it is, and that
//! a length will be kept. So a [`Tap`] stands between it and the stream. It looks at the stream before a request goes
//! out, and holds every byte of the reply against the request, as soon as it comes. [`check`] is pure.

use super::exception::Exception;
use super::request::{ReadError, Request, other_unit};
use super::wire::{Stream, broken};
use crate::device::registers::Area;
use std::borrow::Cow;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_modbus::client::{Client as _, Context as Modbus, tcp::attach_slave};
use tokio_modbus::slave::SlaveContext as _;
use tokio_modbus::{ExceptionResponse, ProtocolError, Response, Slave};

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
/// Bytes that are read ahead at once.
const CHUNK: usize = 512;

/// A connection that speaks Modbus TCP.
pub(super) struct Tcp {
    modbus: Modbus,
    exchange: Arc<Mutex<Exchange>>,
}

/// One request and what came for it.
#[derive(Debug, Default)]
struct Exchange {
    any_unit: bool,
    /// Whether the stream was looked at before the request went out.
    looked: bool,
    /// What came before the request went out.
    ahead: Vec<u8>,
    sent: Vec<u8>,
    reply: Vec<u8>,
    /// The other side has closed.
    closed: bool,
    /// What is wrong with the reply.
    wrong: Option<String>,
}

/// A stream that is watched.
#[derive(Debug)]
struct Tap {
    stream: Box<dyn Stream>,
    exchange: Arc<Mutex<Exchange>>,
}

fn lock(exchange: &Mutex<Exchange>) -> MutexGuard<'_, Exchange> {
    exchange.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tcp {
    pub(super) fn over(stream: Box<dyn Stream>) -> Tcp {
        let exchange = Arc::<Mutex<Exchange>>::default();
        let tap = Tap { stream, exchange: exchange.clone() };
        Tcp { modbus: attach_slave(tap, Slave::tcp_device()), exchange }
    }

    /// Asks, and checks the reply. After an error that is no exception the connection must not be used again.
    pub(super) async fn ask(&mut self, request: &Request, any_unit: bool) -> Result<Vec<u16>, ReadError> {
        // Lets the runtime look at its sockets: what has arrived is known only then.
        tokio::task::yield_now().await;
        *lock(&self.exchange) = Exchange { any_unit, ..Exchange::default() };
        self.modbus.set_slave(Slave(request.unit()));
        let outcome = self.modbus.call(of(request)).await;
        let exchange = lock(&self.exchange);
        let answer = match outcome {
            _ if exchange.wrong.is_some() => {
                return Err(ReadError::Malformed(exchange.wrong.clone().unwrap_or_default()));
            }
            _ if exchange.closed => return Err(ReadError::Closed),
            Ok(answer) => answer.map_err(u8::from),
            // The tap has seen that nothing but the unit differs.
            Err(tokio_modbus::Error::Protocol(ProtocolError::HeaderMismatch { result, .. })) if any_unit => {
                result.map_err(|ExceptionResponse { exception, .. }| u8::from(exception))
            }
            Err(tokio_modbus::Error::Protocol(error)) => return Err(ReadError::Malformed(error.to_string())),
            Err(tokio_modbus::Error::Transport(error)) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(ReadError::Malformed(error.to_string()));
            }
            Err(tokio_modbus::Error::Transport(error)) => return Err(broken(&error)),
        };
        match answer {
            Ok(Response::ReadHoldingRegisters(words) | Response::ReadInputRegisters(words)) => Ok(words),
            Ok(_) => Ok(Vec::new()),
            Err(code) => Err(ReadError::Exception(Exception(code))),
        }
    }

    /// How many bytes came for the last request, and how many of it went out.
    pub(super) fn bytes(&self) -> (usize, usize) {
        let exchange = lock(&self.exchange);
        (exchange.ahead.len() + exchange.reply.len(), exchange.sent.len())
    }
}

impl fmt::Debug for Tcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tcp").field("exchange", &self.exchange).finish_non_exhaustive()
    }
}

fn of(request: &Request) -> tokio_modbus::Request<'_> {
    match request {
        Request::Read(read) if read.area == Area::Holding => {
            tokio_modbus::Request::ReadHoldingRegisters(read.address, read.count)
        }
        Request::Read(read) => tokio_modbus::Request::ReadInputRegisters(read.address, read.count),
        Request::Write(write) => match (request.function(), write.words.as_slice()) {
            (6, [word]) => tokio_modbus::Request::WriteSingleRegister(write.address, *word),
            (_, words) => tokio_modbus::Request::WriteMultipleRegisters(write.address, Cow::Borrowed(words)),
        },
    }
}

impl AsyncRead for Tap {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let ahead = std::mem::take(&mut lock(&self.exchange).ahead);
        if ahead.is_empty() {
            ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        } else {
            let (now, later) = ahead.split_at(ahead.len().min(buf.remaining()));
            buf.put_slice(now);
            lock(&self.exchange).ahead = later.to_vec();
        }
        let mut exchange = lock(&self.exchange);
        let new = &buf.filled()[before..];
        exchange.closed |= new.is_empty();
        exchange.reply.extend_from_slice(new);
        match check(&exchange.sent, &exchange.reply, exchange.any_unit) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(words) => {
                exchange.wrong = Some(words);
                Poll::Ready(Err(io::ErrorKind::InvalidData.into()))
            }
        }
    }
}

impl AsyncWrite for Tap {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if !std::mem::replace(&mut lock(&self.exchange).looked, true) {
            let mut chunk = [0; CHUNK];
            let mut there = ReadBuf::new(&mut chunk);
            if let Poll::Ready(outcome) = Pin::new(&mut self.stream).poll_read(cx, &mut there) {
                outcome?;
                let mut exchange = lock(&self.exchange);
                exchange.ahead = there.filled().to_vec();
                exchange.closed = exchange.ahead.is_empty();
                if exchange.closed {
                    return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
                }
            }
        }
        let sent = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        lock(&self.exchange).sent.extend_from_slice(&bytes[..sent]);
        Poll::Ready(Ok(sent))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Holds what has come of a reply against the request as it was sent.
///
/// # Errors
/// It cannot be the beginning of the answer, or something follows it.
fn check(sent: &[u8], reply: &[u8], any_unit: bool) -> Result<(), String> {
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
