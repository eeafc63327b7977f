//! A Modbus client that believes nothing.
//!
//! Whatever the framing, a call has a time-out, and after anything but a good reply or an exception the connection is
//! gone: a late reply must never answer the next question. [`super::tcp`] and [`super::rtu`] check the replies.

use super::counted::{Counted, Received};
use super::exception::Exception;
use super::keepalive;
use super::rtu::Rtu;
use super::tcp::Tcp;
use crate::device::registers::Area;
use domain::link::LinkFault;
use std::fmt::Debug;
use std::io;
use std::sync::Arc;
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

/// A question: registers of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Unit identifier.
    pub unit: u8,
    /// Which kind of register.
    pub area: Area,
    /// The first register.
    pub address: u16,
    /// How many, 1 to 125.
    pub count: u16,
}

impl Question {
    /// Its function code.
    pub fn function(&self) -> u8 {
        match self.area {
            Area::Holding => 3,
            Area::Input => 4,
        }
    }
}

/// Why there are no registers.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The device could not be reached.
    #[error("no connection: {0}")]
    Connect(io::Error),
    /// No connection or no reply in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The device, or something between, closed the connection.
    #[error("the connection was closed")]
    Closed,
    /// A reply that is not the answer to the question.
    #[error("malformed reply: {0}")]
    Malformed(String),
    /// The device is not the one that it should be.
    #[error("{0}")]
    Stranger(String),
    /// The device refuses. The connection is good.
    #[error("{0}")]
    Exception(Exception),
}

impl ReadError {
    /// What it counts as.
    pub fn fault(&self) -> LinkFault {
        match self {
            ReadError::Timeout(_) => LinkFault::Timeout,
            ReadError::Malformed(_) => LinkFault::Malformed,
            ReadError::Connect(_) | ReadError::Closed | ReadError::Stranger(_) | ReadError::Exception(_) => {
                LinkFault::Refused
            }
        }
    }
}

/// A connection to a device. Asks one thing at a time.
#[derive(Debug)]
pub struct Client {
    /// Taken out while a question is open, so that a call that is dropped half-way takes the connection along.
    connection: Option<Connection>,
    received: Arc<Received>,
    unit: u8,
    timeout: Duration,
}

#[derive(Debug)]
enum Connection {
    Tcp(Tcp),
    Rtu(Box<Rtu>),
}

impl Client {
    /// Connects to `unit` at `address` (host and port). `limit` bounds the connecting and, later, each call.
    ///
    /// # Errors
    /// [`ReadError::Connect`] or [`ReadError::Timeout`].
    pub async fn connect(address: &str, framing: Framing, unit: u8, limit: Duration) -> Result<Client, ReadError> {
        let stream = timeout(limit, TcpStream::connect(address)).await.map_err(|_| ReadError::Timeout(limit))?;
        let stream = stream.map_err(ReadError::Connect)?;
        stream.set_nodelay(true).map_err(ReadError::Connect)?;
        keepalive::watch_over(&stream).map_err(ReadError::Connect)?;
        Ok(Client::attach(stream, framing, unit, limit))
    }

    /// Speaks to `unit` over a stream that is open already. `limit` bounds each call.
    pub fn attach<S>(stream: S, framing: Framing, unit: u8, limit: Duration) -> Client
    where
        S: AsyncRead + AsyncWrite + Debug + Send + Unpin + 'static,
    {
        let (stream, received) = Counted::new(stream);
        let connection = match framing {
            Framing::Tcp => Connection::Tcp(Tcp::new(stream, received.clone())),
            Framing::Rtu => Connection::Rtu(Box::new(Rtu::new(Box::new(stream)))),
        };
        Client { connection: Some(connection), received, unit, timeout: limit }
    }

    /// The unit that is asked if a question names no other.
    pub fn unit(&self) -> u8 {
        self.unit
    }

    /// Reads `count` registers from `address` on.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn read(&mut self, area: Area, address: u16, count: u16) -> Result<Vec<u16>, ReadError> {
        self.ask(Question { unit: self.unit, area, address, count }).await
    }

    /// Reads the registers that a question names.
    ///
    /// # Errors
    /// After any but [`ReadError::Exception`] the connection is gone, and every later call says [`ReadError::Closed`].
    pub async fn ask(&mut self, question: Question) -> Result<Vec<u16>, ReadError> {
        let mut connection = self.connection.take().ok_or(ReadError::Closed)?;
        let call = async {
            match &mut connection {
                Connection::Tcp(tcp) => tcp.ask(question).await,
                Connection::Rtu(rtu) => rtu.ask(question).await,
            }
        };
        let outcome = timeout(self.timeout, call).await.map_err(|_| ReadError::Timeout(self.timeout))?;
        if matches!(outcome, Ok(_) | Err(ReadError::Exception(_))) {
            self.connection = Some(connection);
        }
        outcome
    }

    /// Bytes received since the last call.
    pub(super) fn take_received(&self) -> usize {
        self.received.take()
    }
}

/// What a broken stream means. `ended`: whether the other side has closed it.
pub(super) fn broken(error: io::Error, ended: bool) -> ReadError {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, InvalidData, UnexpectedEof};
    match error.kind() {
        _ if ended => ReadError::Closed,
        InvalidData | UnexpectedEof => ReadError::Malformed(error.to_string()),
        BrokenPipe | ConnectionAborted | ConnectionReset => ReadError::Closed,
        _ => ReadError::Connect(error),
    }
}
