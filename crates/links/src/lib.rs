//! Links: the paths to the devices. Bytes come in, readings go out.
//!
//! ```text
//!  config     a [[link]] of the site file, checked, to a link that can run
//!   |
//!  link       one task for each of them
//!   |
//!  bus        moves bytes: sockets, files, time-outs, sequence numbers          effects
//!   |
//!  session    what a bus needs while it runs: state, counters, the last frames, the way to the engine
//!   |
//!  device     knows what bytes mean: DBC files and maps, register tables        pure
//!   |
//!  can        frames, and lines of logs                                         pure
//!
//!  host           time, sockets and files: the system's, or those that a program gives (without the feature `sockets`)
//!  inspect, probe   what is in a DBC file, what came over a link: text for people who connect a battery
//! ```
//!
//! Each needs only what is below it; a test reads the sources and holds to that (`tests/links/circles.rs`).
//!
//! A malformed packet, an unknown id, a wrong length or an impossible value is counted and changes no reading.
//!
//! Where to add: a device that speaks Modbus is a table in `registers/`; one that speaks CAN is a DBC file and a `map`;
//! a protocol is a file under [`bus`], a codec under [`device`], and a kind of link under [`config`].

#![cfg_attr(not(feature = "sockets"), allow(dead_code, reason = "what only links over the system's sockets need"))]

mod ages;
pub mod bus;
pub mod can;
pub mod config;
mod describe;
pub mod device;
pub mod host;
pub mod inspect;
mod link;
pub mod probe;
mod recording;
#[cfg(feature = "sockets")]
mod secret;
mod sequence;
mod session;
mod text;

pub use ages::Ages;
pub use bus::BindError;
pub use config::{ConfigError, LinkConfig};
pub use link::{LinkHandle, LinkTask, WriteRefused};
pub use recording::{RecordingError, RecordingLimits, RecordingStatus};
pub use session::{Attempts, Clock, Polling};
