//! Links from outside: real sockets and files, and judges that are not ours.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, which clippy does not see")]

mod can_health;
mod can_writes;
mod candump;
mod cannelloni;
mod cases;
mod circles;
mod config;
mod gateway;
mod inspect;
mod judge_can;
mod judge_dbc;
mod judge_modbus;
mod judge_mqtt;
mod judge_sunspec;
mod judges;
mod modbus;
mod modbus_faults;
mod modbus_habits;
mod packs;
mod recording;
mod rtu;
mod shared_memory;
#[cfg(target_os = "linux")]
mod socketcan;
mod sunspec_habits;
mod sunspec_writes;
mod support;
mod victron_mqtt;
mod victron_writes;
mod words;
mod writes;
