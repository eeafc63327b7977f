//! Simulated battery systems that speak real bytes on real sockets: a pack under an AI load, a house with a 48 V bank.
//!
//! ```text
//!   load --> peak shaving --> pack (cell physics) --> controller --> CAN frames --> cannelloni UDP
//!     \                                                    \________> SunSpec registers --> Modbus TCP
//!      \________ grid = load - battery _______________________________> meters --> Modbus TCP
//! ```
//!
//! Everything up to the bytes is pure and deterministic by seed, with time as a parameter: [`plant::Plant`],
//! [`home::Home`]. Only the rig (feature `sockets`) has a clock and sockets. Links to it connect as they would to real
//! devices.

#[cfg(feature = "sockets")]
pub mod bus;
pub mod can;
pub mod config;
pub mod controller;
pub mod curve;
pub mod dispatch;
pub mod flight;
pub mod home;
pub mod lab;
pub mod load;
pub mod meter;
#[cfg_attr(not(feature = "sockets"), allow(dead_code, reason = "what serial lines and faults on the wire need"))]
pub mod modbus;
pub mod past;
pub mod physics;
pub mod plant;
pub mod prng;
pub mod registers;
#[cfg(feature = "sockets")]
pub mod rig;
pub mod sunspec;

#[cfg(feature = "sockets")]
pub use bus::can_fault::CanFault;
#[cfg(feature = "sockets")]
pub use bus::modbus::WireFault;
pub use config::{HomeConfig, RigConfig, SimulatorConfig};
#[cfg(feature = "sockets")]
pub use rig::{LabHandle, Rig, RigError};
