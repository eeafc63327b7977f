//! A Modbus client that believes nothing.
//!
//! The library below checks transaction, unit and function code, but in release builds neither the number of registers
//! nor what follows them, and it has no time-outs. So every reply is checked here, and after anything but a good reply
//! or an exception the connection is gone: a late reply must never answer the next question.

use super::counted::{Counted, Received};
use super::exception::Exception;
use crate::device::registers::Area;
use domain::link::LinkFault;
use std::fmt::Debug;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_modbus::client::{Client as _, Context, tcp};
use tokio_modbus::{Error, Request, Response, Slave};

/// Header, function code and byte count.
const REPLY_BYTES: usize = 9;
/// Header, function code and exception code.
const EXCEPTION_BYTES: usize = 9;

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
            ReadError::Connect(_) | ReadError::Closed | ReadError::Exception(_) => LinkFault::Refused,
        }
    }
}

/// A connection to a device. Asks one thing at a time.
#[derive(Debug)]
pub struct Client {
    /// Taken out while a question is open, so that a call that is dropped half-way takes the connection along.
    connection: Option<Connection>,
    received: Arc<Received>,
    timeout: Duration,
}

struct Connection(Context);

impl Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}

impl Client {
    /// Connects to `unit` at `address` (host and port). `limit` bounds the connecting and, later, each call.
    ///
    /// # Errors
    /// [`ReadError::Connect`] or [`ReadError::Timeout`].
    pub async fn connect(address: &str, unit: u8, limit: Duration) -> Result<Client, ReadError> {
        let stream = timeout(limit, TcpStream::connect(address)).await.map_err(|_| ReadError::Timeout(limit))?;
        let stream = stream.map_err(ReadError::Connect)?;
        stream.set_nodelay(true).map_err(ReadError::Connect)?;
        Ok(Client::attach(stream, unit, limit))
    }

    /// Speaks to `unit` over a stream that is open already. `limit` bounds each call.
    pub fn attach<S>(stream: S, unit: u8, limit: Duration) -> Client
    where
        S: AsyncRead + AsyncWrite + Debug + Send + Unpin + 'static,
    {
        let (stream, received) = Counted::new(stream);
        let context = tcp::attach_slave(stream, Slave(unit));
        Client { connection: Some(Connection(context)), received, timeout: limit }
    }

    /// Reads `count` registers from `address` on.
    ///
    /// # Errors
    /// After any but [`ReadError::Exception`] the connection is gone, and every later call says [`ReadError::Closed`].
    pub async fn read(&mut self, area: Area, address: u16, count: u16) -> Result<Vec<u16>, ReadError> {
        let mut connection = self.connection.take().ok_or(ReadError::Closed)?;
        let request = match area {
            Area::Holding => Request::ReadHoldingRegisters(address, count),
            Area::Input => Request::ReadInputRegisters(address, count),
        };
        self.received.take();
        let reply = timeout(self.timeout, connection.0.call(request)).await;
        let reply = reply.map_err(|_| ReadError::Timeout(self.timeout))?.map_err(|e| self.broken(e))?;
        let bytes = self.received.bytes();
        let outcome = match (area, reply) {
            (_, Err(exception)) if bytes == EXCEPTION_BYTES => Err(ReadError::Exception(Exception(exception.into()))),
            (Area::Holding, Ok(Response::ReadHoldingRegisters(words)))
            | (Area::Input, Ok(Response::ReadInputRegisters(words))) => {
                if words.len() != usize::from(count) {
                    return Err(ReadError::Malformed(format!("{} registers instead of {count}", words.len())));
                }
                if bytes != REPLY_BYTES + 2 * words.len() {
                    return Err(ReadError::Malformed(format!("{bytes} bytes for {count} registers")));
                }
                Ok(words)
            }
            (_, reply) => return Err(ReadError::Malformed(format!("{bytes} bytes: {reply:?}"))),
        };
        self.connection = Some(connection);
        outcome
    }

    /// Bytes received since the last call.
    pub(super) fn take_received(&self) -> usize {
        self.received.take()
    }

    fn broken(&self, error: Error) -> ReadError {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, InvalidData, UnexpectedEof};
        match error {
            Error::Protocol(e) => ReadError::Malformed(e.to_string()),
            Error::Transport(_) if self.received.ended() => ReadError::Closed,
            Error::Transport(e) => match e.kind() {
                InvalidData | UnexpectedEof => ReadError::Malformed(e.to_string()),
                BrokenPipe | ConnectionAborted | ConnectionReset => ReadError::Closed,
                _ => ReadError::Connect(e),
            },
        }
    }
}
