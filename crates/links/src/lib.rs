//! Links: the paths to the devices. Bytes come in, readings go out.
//!
//! ```text
//!  bus        moves bytes: sockets, files, time-outs, sequence numbers          effects
//!   |  CAN frames, register words
//!  device     knows what they mean: DBC files and maps, register tables         pure
//!   |  readings
//!  link       one task for each [[link]] of the site file: state, counters, the last frames, the way to the engine
//!
//!  inspect, probe   what is in a DBC file, what came over a link: text for people who connect a battery
//! ```
//!
//! A malformed packet, an unknown id, a wrong length or an impossible value is counted and changes no reading.
//!
//! Where to add: a device that speaks Modbus is a table in `registers/`; one that speaks CAN is a DBC file and a `map`;
//! a protocol is a file under [`bus`], a codec under [`device`], and a kind in [`config`].

pub mod bus;
pub mod can;
pub mod config;
pub mod device;
mod frames;
pub mod inspect;
mod link;
pub mod plain;
pub mod probe;
mod recording;
mod secret;
mod sequence;
mod text;

pub use config::{ConfigError, LinkConfig};
pub use link::{Ages, Attempts, BindError, Clock, LinkHandle, LinkTask, Polling};
pub use recording::{RecordingError, RecordingLimits, RecordingStatus};
