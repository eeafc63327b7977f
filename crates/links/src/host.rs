//! What links need of the machine that they run on: time that passes, ways to devices, files.
//!
//! With the feature `sockets` that is the system, by Tokio. Without it the program that runs the links gives all three
//! ([`inside`]): so they run in a browser, beside simulated devices.

pub mod inside;

#[cfg(not(feature = "sockets"))]
pub(crate) use inside::{files::read, net, time};
#[cfg(feature = "sockets")]
pub(crate) use std::fs::read;
#[cfg(feature = "sockets")]
pub(crate) use tokio::{net, time};
