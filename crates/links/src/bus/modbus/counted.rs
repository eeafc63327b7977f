//! A stream that counts what it receives: the only way to see bytes of a reply that the protocol library ignores.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What came through a stream. Shared with the stream, whose owner is out of reach.
#[derive(Debug, Default)]
pub(super) struct Received {
    bytes: AtomicUsize,
    ended: AtomicBool,
}

impl Received {
    /// Bytes since the last call.
    pub(super) fn take(&self) -> usize {
        self.bytes.swap(0, Ordering::Relaxed)
    }

    /// Bytes since the last [`Received::take`].
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether the other side has closed the stream.
    pub(super) fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

/// A stream with its count.
#[derive(Debug)]
pub(super) struct Counted<S> {
    stream: S,
    received: Arc<Received>,
}

impl<S> Counted<S> {
    pub(super) fn new(stream: S) -> (Counted<S>, Arc<Received>) {
        let received = Arc::new(Received::default());
        (Counted { stream, received: received.clone() }, received)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let room = buf.remaining() > 0;
        let poll = Pin::new(&mut self.stream).poll_read(cx, buf);
        if let Poll::Ready(Ok(())) = poll {
            let bytes = buf.filled().len() - before;
            self.received.bytes.fetch_add(bytes, Ordering::Relaxed);
            if bytes == 0 && room {
                self.received.ended.store(true, Ordering::Relaxed);
            }
        }
        poll
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
