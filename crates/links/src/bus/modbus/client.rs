//! A Modbus client that believes nothing.
//!
//! Whatever the framing, a call has a time-out, and after anything but a good reply or an exception the connection is
//! gone: a late reply must never answer the next question. [`super::tcp`] and [`super::rtu`] check the replies.
//!
//! Many devices close a connection after each reply, or when it is idle. That is their habit and no fault: where a
//! connection that has answered before is closed before a byte of the reply has come, it is opened again at once, and
//! the question is asked once more.

use super::request::{Question, ReadError};
use super::tcp::Tcp;
use super::wire::Wire;
use super::{keepalive, rtu};
use crate::device::registers::Area;
use crate::text::network_error;
use std::fmt::Debug;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How requests and replies are wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// With the header of Modbus TCP.
    Tcp,
    /// As on a serial line, with a checksum and without a number that would tie a reply to its question.
    Rtu,
}

/// Where a device is, and how it is spoken to.
#[derive(Clone, Debug)]
pub struct Dial {
    /// Host and port.
    pub address: String,
    /// How requests and replies are wrapped.
    pub framing: Framing,
    /// The unit that is asked if a question names no other.
    pub unit: u8,
    /// Longest wait for a connection or an answer.
    pub timeout: Duration,
    /// Whether a reply may name another unit than the one that was asked.
    pub any_unit: bool,
}

/// A connection to a device. Asks one thing at a time.
#[derive(Debug)]
pub struct Client {
    /// Taken out while a question is open, so that a call that is dropped half-way takes the connection along.
    connection: Option<Connection>,
    /// How the connection is opened again; without an address it cannot be.
    dial: Dial,
    received: usize,
    refusals: u32,
    reopened: bool,
}

#[derive(Debug)]
struct Connection {
    wire: Wire,
    tcp: Tcp,
    /// Whether a question was answered over it.
    answered: bool,
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
        let connection = Some(Connection::over(Wire::new(Box::new(stream))));
        let dial = Dial { address: String::new(), framing, unit, timeout: limit, any_unit: false };
        Client { connection, dial, received: 0, refusals: 0, reopened: false }
    }

    /// The unit that is asked if a question names no other.
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
        self.ask(Question { unit: self.dial.unit, area, address, count }).await
    }

    /// Reads the registers that a question names.
    ///
    /// # Errors
    /// After any but [`ReadError::Exception`] the connection is gone, and every later call says [`ReadError::Closed`].
    pub async fn ask(&mut self, question: Question) -> Result<Vec<u16>, ReadError> {
        let Some(connection) = self.connection.take() else { return Err(ReadError::Closed) };
        match self.call(connection, question).await {
            Err(Failure { error: ReadError::Closed, habit: true }) if !self.dial.address.is_empty() => {
                self.reopen().await?;
                let connection = self.connection.take().ok_or(ReadError::Closed)?;
                self.call(connection, question).await.map_err(|failure| failure.error)
            }
            outcome => outcome.map_err(|failure| failure.error),
        }
    }

    /// Asks over `connection`, and keeps it if it is still good.
    async fn call(&mut self, mut connection: Connection, asked: Question) -> Result<Vec<u16>, Failure> {
        let Connection { wire, tcp, answered } = &mut connection;
        let any_unit = self.dial.any_unit;
        let call = async {
            match self.dial.framing {
                Framing::Tcp => tcp.ask(wire, asked, any_unit).await,
                Framing::Rtu => rtu::ask(wire, asked, any_unit).await,
            }
        };
        let outcome = timeout(self.dial.timeout, call).await;
        let bytes = wire.take_received();
        self.received += bytes;
        let outcome = outcome.unwrap_or_else(|_| match self.dial.framing {
            Framing::Rtu if bytes > 0 => Err(ReadError::Malformed(rtu::without_frame(bytes))),
            _ => Err(ReadError::Timeout(self.dial.timeout)),
        });
        match outcome {
            Ok(_) | Err(ReadError::Exception(_)) => {
                *answered = true;
                self.refusals += u32::from(outcome.is_err());
                self.connection = Some(connection);
                outcome.map_err(|error| Failure { error, habit: false })
            }
            Err(error) => Err(Failure { error, habit: *answered && bytes == 0 }),
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

/// Why a call brought nothing, and whether the device may just have the habit to close.
struct Failure {
    error: ReadError,
    habit: bool,
}

impl Connection {
    fn over(wire: Wire) -> Connection {
        Connection { wire, tcp: Tcp::default(), answered: false }
    }

    async fn open(dial: &Dial) -> Result<Connection, ReadError> {
        let stream = timeout(dial.timeout, TcpStream::connect(&dial.address)).await;
        let stream = stream.map_err(|_| ReadError::Timeout(dial.timeout))?;
        let refused = |error: std::io::Error| ReadError::Connect(network_error(&error));
        let stream = stream.map_err(refused)?;
        stream.set_nodelay(true).map_err(refused)?;
        keepalive::watch_over(&stream).map_err(refused)?;
        Ok(Connection::over(Wire::new(Box::new(stream))))
    }
}
