//! Words for what is refused before there is a request: hyper answers a head that it cannot read with a status alone.
//!
//! Everything that the router refuses has a body, so an error without one is hyper's own: what is written to the
//! connection is looked at for it, and the same status is sent with a problem document.

use api::problem::ProblemDetails;
use hyper::StatusCode;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The statuses that are given here, and what is said of each.
const WORDS: [(StatusCode, &str); 4] = [
    (
        StatusCode::BAD_REQUEST,
        "this is no request of HTTP/1.1: its first line or a header cannot be read. A program writes \
         GET /api/v1/state HTTP/1.1, and speaks https only where this server has a certificate",
    ),
    (
        StatusCode::URI_TOO_LONG,
        "the address is too long: at most 65534 bytes are read. Ask for less at once, or send the fields in a body",
    ),
    (
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        "the headers are too large: 64 KB and 100 of them are read in any case. Send fewer, such as fewer cookies",
    ),
    (StatusCode::SERVICE_UNAVAILABLE, "all connections of this server are taken: try again in a few seconds"),
];

/// Of what still comes after a refusal, so many times 16 KB are read at most.
const DRAINED: usize = 64;

/// Why a connection is turned away before it says anything.
#[derive(Clone, Copy, Debug)]
pub(super) enum Refusal {
    /// All connections are taken.
    NoRoom,
    /// It speaks plain HTTP where TLS is spoken.
    NoTls,
    /// It does not come through the proxy.
    AroundTheProxy,
}

impl Refusal {
    /// What is said.
    pub(super) fn answer(self) -> Vec<u8> {
        match self {
            Refusal::NoRoom => answer(StatusCode::SERVICE_UNAVAILABLE),
            Refusal::NoTls => {
                said(StatusCode::BAD_REQUEST, "this server speaks https here: write https:// in its address")
            }
            Refusal::AroundTheProxy => said(
                StatusCode::FORBIDDEN,
                "this server is reached through its proxy. If you are the proxy, name its address with --behind-proxy",
            ),
        }
    }
}

/// The whole answer with this status of [`WORDS`]; the connection is closed after it.
fn answer(status: StatusCode) -> Vec<u8> {
    let words = WORDS.iter().find(|(known, _)| *known == status).map(|(_, words)| *words);
    said(status, words.unwrap_or_default())
}

fn said(status: StatusCode, words: &str) -> Vec<u8> {
    let title = status.canonical_reason().unwrap_or("Error");
    let problem = ProblemDetails { title, status: status.as_u16(), detail: words.to_owned() };
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let again = if status == StatusCode::SERVICE_UNAVAILABLE { "retry-after: 5\r\n" } else { "" };
    let code = status.as_u16();
    format!(
        "HTTP/1.1 {code} {title}\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\n{again}\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The status of an error that hyper answers by itself, if these bytes are one.
fn bare(written: &[u8]) -> Option<StatusCode> {
    let head = written.strip_prefix(b"HTTP/1.1 ").filter(|head| head.ends_with(b"\r\n\r\n"))?;
    let status = StatusCode::from_bytes(head.get(..3)?).ok()?;
    let is_empty = head.windows(19).any(|header| header.eq_ignore_ascii_case(b"content-length: 0\r\n"));
    (is_empty && WORDS.iter().any(|(known, _)| *known == status)).then_some(status)
}

/// A stream whose bare errors have words.
pub(super) struct Worded<S> {
    stream: S,
    /// What is sent in place of a bare error, and how much of it is sent.
    instead: Vec<u8>,
    sent: usize,
}

impl<S: AsyncWrite + Unpin> Worded<S> {
    /// Gives words to what is written to `stream`.
    pub(super) fn new(stream: S) -> Worded<S> {
        Worded { stream, instead: Vec::new(), sent: 0 }
    }

    /// Sends what is left of the words.
    fn poll_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.instead.len() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.instead[self.sent..]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += written;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> Worded<S> {
    /// Reads what has come of the rest of a request that is refused: closed with something unread, the answer is lost.
    fn drain(&mut self, cx: &mut Context<'_>) {
        let mut place = [0; 16 << 10];
        for _ in 0..DRAINED {
            let mut buf = ReadBuf::new(&mut place);
            let read = Pin::new(&mut self.stream).poll_read(cx, &mut buf);
            if !matches!(read, Poll::Ready(Ok(()))) || buf.filled().is_empty() {
                return;
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Worded<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Worded<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_instead(cx))?;
        if let Some(status) = bare(bytes) {
            (self.instead, self.sent) = (answer(status), 0);
            // What cannot be sent at once is sent before anything else.
            if let Poll::Ready(Err(error)) = self.poll_instead(cx) {
                return Poll::Ready(Err(error));
            }
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // A head without a body is one part.
        if let [one] = parts {
            return self.poll_write(cx, one);
        }
        ready!(self.poll_instead(cx))?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(cx))?;
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        if !self.instead.is_empty() {
            self.drain(cx);
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_error_without_a_body_is_hypers_own() {
        for (written, status) in [
            (&b"HTTP/1.1 414 URI Too Long\r\ncontent-length: 0\r\ndate: x\r\n\r\n"[..], Some(414)),
            (b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\n\r\n", Some(431)),
            (b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", Some(400)),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", None),
            (b"HTTP/1.1 400 Bad Request\r\ncontent-length: 03\r\n\r\n{}\n", None),
            (b"HTTP/1.1 400 Bad Request\r\ncontent-length: 20\r\n\r\n", None),
            (b"HTTP/1.1 4", None),
            (b"", None),
        ] {
            assert_eq!(bare(written).map(|status| status.as_u16()), status, "{}", String::from_utf8_lossy(written));
        }
    }

    #[test]
    fn every_status_has_words() {
        for (status, words) in WORDS {
            let answer = String::from_utf8(answer(status)).unwrap();
            assert!(answer.contains(words) && answer.contains(status.as_str()), "{answer}");
            assert_eq!(bare(answer.as_bytes()), None);
        }
    }
}
