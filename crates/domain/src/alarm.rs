//! Alarms: "are there problems?" has one place and one answer.
//!
//! A rule is one row of [`RULES`]: what is watched, which of the system's limits it keeps, for how long. A rule is evaluated for
//! each subject it applies to (a cell, a node, a link, the system). Its condition:
//!
//! ```text
//! Normal --beyond raise--> Pending --on_delay--> Active --good side of clear, off_delay--> Normal
//!              ^------back---'                      '--- no data: stays, marked "signal lost"
//! ```
//!
//! Lost data never clears an alarm, and neither does a restart: what was active is handed to the book again.
//! What is bad again and again, but never for its delay, is an alarm too: it chatters (`flapping.rs`).
//!
//! What people do about an alarm, and what is left to do when its condition is over, is its [`Life`] (`life.rs`, `shelf.rs`,
//! `answer.rs`); it is kept on the disk by names that stay (`kept.rs`). A period is told in figures (`figures.rs`).

pub(crate) mod answer;
mod book;
mod figures;
mod flapping;
mod kept;
mod life;
mod name;
mod replay;
mod rules;
mod shelf;
mod words;

pub(crate) use book::Row;
#[cfg(test)]
pub(crate) use book::work_of;

pub use answer::{AlarmAction, AlarmName, AlarmOrder, AlarmRefusal, NAMED_MOST};
pub use book::{Alarm, AlarmBook, AlarmChange, AlarmRecord, Observed, Standing};
pub use figures::{Counted, Figures, Happening, Occurrence, Seen, Within, figures, occurrences};
pub use kept::KeptAlarm;
pub use life::{Acknowledged, AlarmState, Life, NotReset};
pub use replay::{SAG_LEAD, SagReplay};
pub(crate) use words::CONTACTOR_BITS;

pub use rules::{Bound, Direction, Limit, MOVE_LIMIT_POINTS, RULES, Rule, RuleIdx, Severity, Subject, Watch};
pub use shelf::{NotShelved, REASON_MAX, SHELVED_LEAST, SHELVED_MOST, Shelf};
