//! The bytes of a connection: counted, and looked at without waiting.

use super::request::ReadError;
use crate::text::network_error;
use std::fmt::Debug;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// What requests travel over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Debug + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Debug + Send + Unpin> Stream for S {}

/// Bytes that are read at once; a whole reply fits.
const CHUNK: usize = 512;

/// An open connection, and what came over it for the request that runs.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    /// What came and was not taken yet.
    pub(super) buffer: Vec<u8>,
    received: usize,
    sent: usize,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>) -> Wire {
        Wire { stream, buffer: Vec::new(), received: 0, sent: 0 }
    }

    /// Bytes received and sent since the last call.
    pub(super) fn take_bytes(&mut self) -> (usize, usize) {
        (std::mem::take(&mut self.received), std::mem::take(&mut self.sent))
    }

    /// Sends all of `bytes`.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), ReadError> {
        // What could not be sent whole may still have been heard.
        self.sent += bytes.len();
        self.stream.write_all(bytes).await.map_err(|e| broken(&e))
    }

    /// Waits for more bytes.
    pub(super) async fn receive(&mut self) -> Result<(), ReadError> {
        let mut chunk = [0; CHUNK];
        match self.stream.read(&mut chunk).await.map_err(|e| broken(&e))? {
            0 => Err(ReadError::Closed),
            bytes => {
                self.took(&chunk[..bytes]);
                Ok(())
            }
        }
    }

    /// Takes what is there already, without waiting for more. [`ReadError::Closed`] if the other side has closed.
    pub(super) async fn look(&mut self) -> Result<(), ReadError> {
        // Lets the runtime look at its sockets: what has arrived is known only then.
        tokio::task::yield_now().await;
        let mut chunk = [0; CHUNK];
        let mut buffer = ReadBuf::new(&mut chunk);
        let there = poll_fn(|cx| Poll::Ready(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))).await;
        match there {
            Poll::Pending => Ok(()),
            Poll::Ready(Err(error)) => Err(broken(&error)),
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => Err(ReadError::Closed),
            Poll::Ready(Ok(())) => {
                self.received += buffer.filled().len();
                self.buffer.extend_from_slice(buffer.filled());
                Ok(())
            }
        }
    }

    fn took(&mut self, bytes: &[u8]) {
        self.received += bytes.len();
        self.buffer.extend_from_slice(bytes);
    }
}

/// What a broken stream means.
pub(super) fn broken(error: &io::Error) -> ReadError {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
    match error.kind() {
        BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof => ReadError::Closed,
        _ => ReadError::Connect(network_error(error)),
    }
}
