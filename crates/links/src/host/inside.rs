//! Time, wires and files that a program gives its links, in the place of the system's. All are of one thread.
//!
//! The program says how late it is ([`time::advance`]) and polls its links' tasks; their timers wake by that alone. Bytes
//! go to and from what it has put at an address ([`net::answer`], [`net::datagram`]).

#[cfg_attr(feature = "sockets", allow(dead_code, reason = "links have the system's files"))]
pub mod files;
#[cfg_attr(feature = "sockets", allow(dead_code, reason = "links have the system's sockets"))]
pub mod net;
#[cfg_attr(feature = "sockets", allow(dead_code, reason = "links have the system's time"))]
pub mod time;
