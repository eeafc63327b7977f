//! Links from outside: real sockets and files, and judges that are not ours.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, which clippy does not see")]

mod candump;
mod cannelloni;
mod config;
mod gateway;
mod inspect;
mod judge_can;
mod judge_dbc;
mod judge_modbus;
mod judges;
mod modbus;
mod packs;
mod support;
