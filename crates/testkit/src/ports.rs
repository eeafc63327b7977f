//! Free ports of the loopback for servers that must be told one before they start.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};

/// Ports to choose from. They lie below those that Linux and macOS give to outgoing connections (from 32768 and from
/// 49152): no connection of another test can take one between the choice and the start of the server.
const FIRST: u16 = 21_000;
const COUNT: u16 = 11_000;

/// How many have been chosen by this process.
static CHOSEN: AtomicU16 = AtomicU16::new(0);

/// A loopback TCP port on which nothing listens; no other call of this process gets the same for 11,000 calls.
///
/// # Panics
/// None of the ports is free.
pub fn free_tcp_port() -> u16 {
    free(|address| TcpListener::bind(address).is_ok())
}

/// The same for UDP.
///
/// # Panics
/// None of the ports is free.
pub fn free_udp_port() -> u16 {
    free(|address| UdpSocket::bind(address).is_ok())
}

fn free(is_free: impl Fn(SocketAddr) -> bool) -> u16 {
    // Processes beside one another begin at different places.
    let start = (std::process::id().wrapping_mul(97) % u32::from(COUNT)) as u16;
    let next = || (u32::from(start) + u32::from(CHOSEN.fetch_add(1, Ordering::Relaxed))) as u16 % COUNT;
    let chosen = (0..COUNT).map(|_| FIRST + next()).find(|port| is_free(SocketAddr::from(([127, 0, 0, 1], *port))));
    chosen.unwrap_or_else(|| panic!("none of the {COUNT} loopback ports from {FIRST} is free"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_call_gets_a_port_of_its_own_and_none_that_is_taken() {
        let taken: Vec<TcpListener> =
            (0..20).map(|_| TcpListener::bind(("127.0.0.1", free_tcp_port())).unwrap()).collect();
        let taken: BTreeSet<u16> = taken.iter().map(|listener| listener.local_addr().unwrap().port()).collect();
        let chosen: BTreeSet<u16> = (0..50).map(|_| free_tcp_port()).chain((0..50).map(|_| free_udp_port())).collect();
        assert_eq!(chosen.len(), 100);
        assert!(chosen.is_disjoint(&taken));
        assert!(chosen.iter().all(|port| (FIRST..FIRST + COUNT).contains(port)));
    }
}
