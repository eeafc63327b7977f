//! The store as the server sees it: what it keeps, what it refuses, and what it makes of broken files, disks and
//! processes.
#![allow(clippy::unwrap_used, reason = "the lint knows test functions, but not their helpers")]

mod cells;
mod common;
mod damage;
mod devices;
mod disk;
mod events;
mod formats;
mod history;
mod joining;
mod kill_nine;
mod kill_nine_control;
mod power_cut;
mod refusals;
mod rot;
mod tail;
