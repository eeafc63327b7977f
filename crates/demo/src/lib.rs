//! The demo site in one thread, without a server, sockets or a clock: what the page is given where nothing is installed.
//!
//! ```text
//!  devices    simulated pack and house: bytes of CAN packets and Modbus replies      (crate sim)
//!    |
//!  links      as a server runs them, over wires that are memory                      (crate links, `host::inside`)
//!    |
//!  engine     as a server runs it                                                    (crate domain)
//!    |
//!  session    what was seen since the start, up to an hour
//!    |
//!  answers    the requests that pages make, in the form that they read               (crate api)
//! ```
//!
//! Time is a parameter: [`Demo::advance`] lets it pass, and gives the frames that pages follow. The same site file, codecs,
//! rules and types as on a server; what only a disk or a program can do is refused in words.

mod answers;
mod devices;
mod run;
mod session;
mod site;

pub use run::{Demo, Published};

use thiserror::Error;

/// Why the demo cannot start: its site file, or a file that it names, is wrong.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the demo's site file: {0}")]
pub struct SiteError(String);
