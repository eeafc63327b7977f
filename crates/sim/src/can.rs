//! The controller's CAN frames: one table describes them, the encoder and the DBC file both follow it.

pub mod candump;
pub mod cannelloni;
pub mod commands;
pub mod dbc;
pub mod encode;
pub mod layout;
