//! Questions and replies as on a serial line, over TCP: what a gateway that only passes bytes on needs.
//!
//! ```text
//! question  unit  function  address (2)  count (2)             crc (2, low byte first)
//! reply     unit  function  byte count   registers (2 each)    crc
//! refusal   unit  function + 0x80        exception code        crc
//! ```
//!
//! Nothing in a reply says which question it answers. So bytes that were there before the question was sent, or that
//! follow the reply, are an error like a wrong checksum, and the connection ends.

mod frame;

pub use frame::{Reply, crc, question, reply};

use super::client::{Question, ReadError, broken};
use super::exception::Exception;
use std::fmt::Debug;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// The longest reply, 125 registers, and one byte that must not be there.
const BUFFER: usize = 256;

/// What RTU frames travel over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Debug + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Debug + Send + Unpin> Stream for S {}

/// A stream that speaks Modbus RTU.
#[derive(Debug)]
pub(super) struct Rtu {
    stream: Box<dyn Stream>,
    buffer: [u8; BUFFER],
}

impl Rtu {
    pub(super) fn new(stream: Box<dyn Stream>) -> Rtu {
        Rtu { stream, buffer: [0; BUFFER] }
    }

    /// Asks, and checks the reply. After an error that is no exception the stream must not be used again.
    pub(super) async fn ask(&mut self, asked: Question) -> Result<Vec<u16>, ReadError> {
        match self.waiting().await.map_err(|e| broken(e, false))? {
            Some(0) => return Err(ReadError::Closed),
            Some(bytes) => return Err(ReadError::Malformed(format!("{bytes} bytes that nobody asked for"))),
            None => {}
        }
        self.stream.write_all(&question(asked)).await.map_err(|e| broken(e, false))?;
        let mut filled = 0;
        loop {
            match reply(&self.buffer[..filled], asked).map_err(ReadError::Malformed)? {
                Some(Reply::Words(words)) => return Ok(words),
                Some(Reply::Exception(code)) => return Err(ReadError::Exception(Exception(code))),
                None => {}
            }
            match self.stream.read(&mut self.buffer[filled..]).await.map_err(|e| broken(e, false))? {
                0 => return Err(ReadError::Closed),
                bytes => filled += bytes,
            }
        }
    }

    /// How many bytes are there already, without waiting for more; `Some(0)` if the other side has closed.
    async fn waiting(&mut self) -> io::Result<Option<usize>> {
        // Lets the runtime look at its sockets: what has arrived is known only then.
        tokio::task::yield_now().await;
        poll_fn(|cx| {
            let mut buffer = ReadBuf::new(&mut self.buffer);
            Poll::Ready(match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) => Ok(Some(buffer.filled().len())),
                Poll::Ready(Err(error)) => Err(error),
                Poll::Pending => Ok(None),
            })
        })
        .await
    }
}
