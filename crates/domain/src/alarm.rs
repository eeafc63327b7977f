//! Alarms: "are there problems?" has one place and one answer.
//!
//! A rule is one row of [`RULES`]: what is watched, when it is raised and cleared, for how long. A rule is evaluated for
//! each subject it applies to (a cell, a node, a link, the system).
//!
//! ```text
//! Normal --beyond raise--> Pending --on_delay--> Active --good side of clear, off_delay--> Normal
//!              ^------back---'                      '--- no data: stays, marked "signal lost"
//! ```
//!
//! Lost data never clears an alarm, and neither does a restart: what was active is handed to the book again.
//! What is bad again and again, but never for its delay, is an alarm too: it chatters (`flapping.rs`).

mod book;
mod flapping;
mod name;
mod rules;

pub use book::{Alarm, AlarmBook, AlarmChange, Observed};
pub use rules::{Direction, MOVE_LIMIT_POINTS, RULES, Rule, RuleIdx, Severity, Subject, Watch};
