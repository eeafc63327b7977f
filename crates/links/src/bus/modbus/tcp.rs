//! Questions and replies with the header of Modbus TCP.
//!
//! The library below checks transaction, unit and function code, but in release builds neither the number of registers
//! nor what follows them. So every reply is checked here.

use super::client::{Question, ReadError, broken};
use super::counted::{Counted, Received};
use super::exception::Exception;
use crate::device::registers::Area;
use std::fmt::{self, Debug};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_modbus::client::{Client as _, Context, tcp};
use tokio_modbus::prelude::SlaveContext;
use tokio_modbus::{Error, Request, Response, Slave};

/// Header, function code and byte count.
const REPLY_BYTES: usize = 9;
/// Header, function code and exception code.
const EXCEPTION_BYTES: usize = 9;

/// A stream that speaks Modbus TCP.
pub(super) struct Tcp {
    context: Context,
    received: Arc<Received>,
}

impl Debug for Tcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tcp")
    }
}

impl Tcp {
    pub(super) fn new<S>(stream: Counted<S>, received: Arc<Received>) -> Tcp
    where
        S: AsyncRead + AsyncWrite + Debug + Send + Unpin + 'static,
    {
        Tcp { context: tcp::attach(stream), received }
    }

    /// Asks, and checks the reply. After an error that is no exception the stream must not be used again.
    pub(super) async fn ask(&mut self, question: Question) -> Result<Vec<u16>, ReadError> {
        let Question { unit, area, address, count } = question;
        let request = match area {
            Area::Holding => Request::ReadHoldingRegisters(address, count),
            Area::Input => Request::ReadInputRegisters(address, count),
        };
        self.context.set_slave(Slave(unit));
        self.received.take();
        let reply = self.context.call(request).await.map_err(|error| match error {
            Error::Protocol(e) => ReadError::Malformed(e.to_string()),
            Error::Transport(e) => broken(e, self.received.ended()),
        })?;
        let bytes = self.received.bytes();
        match (area, reply) {
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
            (_, reply) => Err(ReadError::Malformed(format!("{bytes} bytes: {reply:?}"))),
        }
    }
}
