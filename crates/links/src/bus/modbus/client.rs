//! A Modbus client that believes nothing.
//!
//! Whatever the framing, a call has a time-out, and after anything but a good reply or an exception the connection is
//! gone: a late reply must never answer the next request. [`super::tcp`] and [`super::rtu`] check the replies.
//!
//! Many devices close a connection after each reply, or when it is idle. That is their habit and no fault: where a
//! connection that has answered before is closed before a byte of the reply has come, it is opened again at once, and
//! registers are asked for once more. A write that may have been heard is not sent again.

#[cfg(feature = "sockets")]
use super::keepalive;
use super::request::{ReadError, ReadRegisters, Request, WriteRegisters};
use super::rtu;
use super::tcp::Tcp;
use super::wire::{Stream, Wire};
use crate::device::registers::Area;
use crate::host::{net::TcpStream, time::timeout};
use crate::text::network_error;
use std::fmt::Debug;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// How requests and replies are wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// With the header of Modbus TCP.
    Tcp,
    /// As on a serial line, with a checksum and without a number that would tie a reply to its request.
    Rtu,
}

/// Where a device is, and how it is spoken to.
#[derive(Clone, Debug)]
pub struct Dial {
    /// Host and port.
    pub address: String,
    /// How requests and replies are wrapped.
    pub framing: Framing,
    /// The unit that is asked if a request names no other.
    pub unit: u8,
    /// Longest wait for a connection or an answer.
    pub timeout: Duration,
    /// Whether a reply may name another unit than the one that was asked.
    pub any_unit: bool,
}

/// A connection to a device. Asks one thing at a time.
#[derive(Debug)]
pub struct Client {
    /// Taken out while a request is open, so that a call that is dropped half-way takes the connection along.
    connection: Option<Connection>,
    /// How the connection is opened again; without an address it cannot be.
    dial: Dial,
    received: usize,
    refusals: u32,
    reopened: bool,
}

#[derive(Debug)]
struct Connection {
    line: Line,
    /// Whether a request was answered over it.
    answered: bool,
}

#[derive(Debug)]
enum Line {
    Tcp(Tcp),
    Rtu(Wire),
}

impl Client {
    /// Connects to `unit` at `address` (host and port). `limit` bounds the connecting and, later, each call.
    ///
    /// # Errors
    /// [`ReadError::Connect`] or [`ReadError::Timeout`].
    pub async fn connect(address: &str, framing: Framing, unit: u8, limit: Duration) -> Result<Client, ReadError> {
        let address = address.to_owned();
        Client::dial(Dial { address, framing, unit, timeout: limit, any_unit: false }).await
    }

    /// Connects as `dial` says.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub async fn dial(dial: Dial) -> Result<Client, ReadError> {
        let connection = Some(Connection::open(&dial).await?);
        Ok(Client { connection, dial, received: 0, refusals: 0, reopened: false })
    }

    /// Speaks to `unit` over a stream that is open already. `limit` bounds each call.
    pub fn attach<S>(stream: S, framing: Framing, unit: u8, limit: Duration) -> Client
    where
        S: AsyncRead + AsyncWrite + Debug + Send + Unpin + 'static,
    {
        let connection = Some(Connection::over(Box::new(stream), framing));
        let dial = Dial { address: String::new(), framing, unit, timeout: limit, any_unit: false };
        Client { connection, dial, received: 0, refusals: 0, reopened: false }
    }

    /// The unit that is asked if a request names no other.
    pub fn unit(&self) -> u8 {
        self.dial.unit
    }

    /// Opens a new connection in the place of the old one.
    ///
    /// # Errors
    /// As [`Client::connect`]; [`ReadError::Closed`] for a client that was attached to a stream.
    pub async fn reopen(&mut self) -> Result<(), ReadError> {
        self.connection = None;
        if self.dial.address.is_empty() {
            return Err(ReadError::Closed);
        }
        self.connection = Some(Connection::open(&self.dial).await?);
        self.reopened = true;
        Ok(())
    }

    /// Reads `count` registers from `address` on.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn read(&mut self, area: Area, address: u16, count: u16) -> Result<Vec<u16>, ReadError> {
        self.ask(ReadRegisters { unit: self.dial.unit, area, address, count }).await
    }

    /// Reads registers of any unit.
    ///
    /// # Errors
    /// After any but [`ReadError::Exception`] the connection is gone, and every later call says [`ReadError::Closed`].
    pub async fn ask(&mut self, read: ReadRegisters) -> Result<Vec<u16>, ReadError> {
        self.request(&read.into()).await.map_err(|failure| failure.error)
    }

    /// Writes registers. `Ok` says that the device has taken them, not that they have an effect.
    ///
    /// # Errors
    /// As [`Client::ask`], with whether the device may have heard the request: such a write is never sent again here.
    pub async fn write(&mut self, write: WriteRegisters) -> Result<(), WriteFailure> {
        self.request(&Request::Write(write)).await.map(|_| ()).map_err(|Failure { error, sent, .. }| {
            // An exception is an answer.
            let may_be_done = sent && !matches!(error, ReadError::Exception(_));
            WriteFailure { error, may_be_done }
        })
    }

    async fn request(&mut self, request: &Request) -> Result<Vec<u16>, Failure> {
        let failed = |error| Failure { error, sent: false, habit: false };
        let connection = self.connection.take().ok_or(failed(ReadError::Closed))?;
        match self.call(connection, request).await {
            Err(Failure { error: ReadError::Closed, habit: true, sent })
                if !self.dial.address.is_empty() && (!sent || matches!(request, Request::Read(_))) =>
            {
                self.reopen().await.map_err(failed)?;
                let connection = self.connection.take().ok_or(failed(ReadError::Closed))?;
                self.call(connection, request).await
            }
            outcome => outcome,
        }
    }

    /// Asks over `connection`, and keeps it if it is still good.
    async fn call(&mut self, mut connection: Connection, request: &Request) -> Result<Vec<u16>, Failure> {
        let Connection { line, answered } = &mut connection;
        let any_unit = self.dial.any_unit;
        let call = async {
            match line {
                Line::Tcp(tcp) => tcp.ask(request, any_unit).await,
                Line::Rtu(wire) => rtu::ask(wire, request, any_unit).await,
            }
        };
        let outcome = timeout(self.dial.timeout, call).await;
        let (bytes, sent) = match line {
            Line::Tcp(tcp) => tcp.bytes(),
            Line::Rtu(wire) => wire.take_bytes(),
        };
        self.received += bytes;
        let outcome = outcome.unwrap_or_else(|_| match self.dial.framing {
            Framing::Rtu if bytes > 0 => Err(ReadError::Malformed(rtu::without_frame(bytes))),
            _ => Err(ReadError::Timeout(self.dial.timeout)),
        });
        let sent = sent > 0;
        match outcome {
            Ok(_) | Err(ReadError::Exception(_)) => {
                *answered = true;
                self.refusals += u32::from(outcome.is_err());
                self.connection = Some(connection);
                outcome.map_err(|error| Failure { error, sent, habit: false })
            }
            Err(error) => Err(Failure { error, sent, habit: *answered && bytes == 0 }),
        }
    }

    /// Bytes received since the last call.
    pub(super) fn take_received(&mut self) -> usize {
        std::mem::take(&mut self.received)
    }

    /// How often the device refused since the last call.
    pub(super) fn take_refusals(&mut self) -> u32 {
        std::mem::take(&mut self.refusals)
    }

    /// Whether the connection was opened again since the last call.
    pub(super) fn take_reopened(&mut self) -> bool {
        std::mem::take(&mut self.reopened)
    }
}

/// Why a write was not confirmed.
#[derive(Debug)]
pub struct WriteFailure {
    /// What happened.
    pub error: ReadError,
    /// The device may have heard the request, and done what it says.
    pub may_be_done: bool,
}

/// Why a call brought nothing.
struct Failure {
    error: ReadError,
    /// Whether some of the request went out.
    sent: bool,
    /// Whether the device may just have the habit to close.
    habit: bool,
}

impl Connection {
    fn over(stream: Box<dyn Stream>, framing: Framing) -> Connection {
        let line = match framing {
            Framing::Tcp => Line::Tcp(Tcp::over(stream)),
            Framing::Rtu => Line::Rtu(Wire::new(stream)),
        };
        Connection { line, answered: false }
    }

    async fn open(dial: &Dial) -> Result<Connection, ReadError> {
        let stream = timeout(dial.timeout, TcpStream::connect(&dial.address)).await;
        let stream = stream.map_err(|_| ReadError::Timeout(dial.timeout))?;
        let refused = |error: std::io::Error| ReadError::Connect(network_error(&error));
        let stream = stream.map_err(refused)?;
        stream.set_nodelay(true).map_err(refused)?;
        #[cfg(feature = "sockets")]
        keepalive::watch_over(&stream).map_err(refused)?;
        Ok(Connection::over(Box::new(stream), dial.framing))
    }
}
