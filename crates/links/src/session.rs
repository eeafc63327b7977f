//! What a bus needs while it runs: the time, the record of how its link does, and the way to the engine.
//!
//! ```text
//!  bus --Reporter--> Jumps --> engine          readings
//!          |
//!          v
//!        Record: Monitor, FrameLog, Recorder   what pages ask of a link
//! ```

mod frames;
mod jumps;
mod monitor;
mod notices;
mod orders;
mod polling;
mod reporter;

pub(crate) use frames::FrameLog;
pub(crate) use notices::Notices;
pub(crate) use orders::{NoPlace, Order, OrderSender, Orders};
pub use polling::{Attempts, Polling};
pub(crate) use reporter::{Record, Reporter, lock, status};

use domain::time::Now;
use std::sync::Arc;

/// Reads both clocks; the server gives it to every link.
pub type Clock = Arc<dyn Fn() -> Now + Send + Sync>;
