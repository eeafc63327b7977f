//! Modbus TCP by `tokio-modbus`, which makes requests and takes replies apart.
//!
//! ```text
//! transaction (2)  protocol 0 (2)  length (2)  unit  function  data
//! ```
//!
//! It believes more than we do: what follows a reply, what is in it beyond the registers, whose reply it is, and that
//! a length will be kept. So a [`Tap`] stands between it and the stream. It looks at the stream before a request goes
//! out, and holds every byte of the reply against the request, as soon as it comes ([`check`]).

use super::check::check;
use super::exception::Exception;
use super::request::{ReadError, Request};
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
