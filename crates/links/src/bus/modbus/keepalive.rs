//! A peer that goes without a word: the kernel is told to look for it, so that a connection on which nothing is asked
//! for a while, as while all blocks rest, does not stay half-open for hours.

use std::io;
use tokio::net::TcpStream;

/// Data that the peer has not acknowledged for this long ends the connection, ms.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED_MS: u32 = 10_000;
/// Seconds without traffic before the peer is asked whether it lives, between two requests, and how many of those.
#[cfg(target_os = "linux")]
const ASK: (u32, u32, u32) = (10, 5, 3);

/// Lets the kernel end `stream` when its peer has gone.
#[cfg(target_os = "linux")]
pub(super) fn watch_over(stream: &TcpStream) -> io::Result<()> {
    use nix::sys::socket::{setsockopt, sockopt};
    let (idle, every, times) = ASK;
    setsockopt(stream, sockopt::KeepAlive, &true)?;
    setsockopt(stream, sockopt::TcpKeepIdle, &idle)?;
    setsockopt(stream, sockopt::TcpKeepInterval, &every)?;
    setsockopt(stream, sockopt::TcpKeepCount, &times)?;
    setsockopt(stream, sockopt::TcpUserTimeout, &UNACKNOWLEDGED_MS)?;
    Ok(())
}

/// Elsewhere the time-out of each call has to do.
#[cfg(not(target_os = "linux"))]
pub(super) fn watch_over(_: &TcpStream) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use nix::sys::socket::{getsockopt, sockopt};

    #[tokio::test]
    async fn the_kernel_watches_over_a_connection() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        assert!(!getsockopt(&stream, sockopt::KeepAlive).unwrap());
        watch_over(&stream).unwrap();
        assert!(getsockopt(&stream, sockopt::KeepAlive).unwrap());
        let keep = (
            getsockopt(&stream, sockopt::TcpKeepIdle).unwrap(),
            getsockopt(&stream, sockopt::TcpKeepInterval).unwrap(),
            getsockopt(&stream, sockopt::TcpKeepCount).unwrap(),
        );
        assert_eq!((keep, getsockopt(&stream, sockopt::TcpUserTimeout).unwrap()), (ASK, UNACKNOWLEDGED_MS));
    }
}
