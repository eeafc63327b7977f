//! The pure core of Packtwin: what a site is, what its readings mean, what is wrong with it.
//!
//! Nothing here does I/O, asks for the time or spawns a task: time is a parameter, so playback, what-if and
//! tests run the same code as the live site. It compiles for the server and for the browser.
//!
//! Read in this order: [`time`], [`topology`], [`point`], [`reading`], [`last_value`], [`cells`], [`spec`] (what is configured),
//! [`limits`] (what a battery keeps to), [`twin`] (what is known now), [`alarm`] (what is wrong), [`engine`] (what follows from what), [`command`] and [`write`] (what is wanted of devices),
//! [`people`] (who may) and [`audit`] (what is kept of it), [`live`] (what goes to the page).

// `#[derive(Wire)]` names this crate from without.
extern crate self as domain;

pub mod alarm;
pub mod audit;
pub mod bms;
pub mod cause;
pub mod cells;
pub mod command;
pub mod decimal;
pub mod derived;
pub mod device_minute;
pub mod energy;
pub mod engine;
pub mod frozen;
pub mod lab;
pub mod last_value;
pub mod limits;
pub mod link;
pub mod live;
pub mod minute;
pub mod people;
pub mod plain;
pub mod point;
pub mod reading;
pub mod recent;
pub mod sag;
pub mod series;
pub mod soc;
pub mod spec;
pub mod storage;
pub mod telemetry;
pub mod time;
pub mod topology;
pub mod twin;
pub mod wire;
pub mod words;
pub mod write;
