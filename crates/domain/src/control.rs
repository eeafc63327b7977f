//! Control: what of a system can be commanded, whether it may be now, and what becomes of a command. Pure.
//!
//! ```text
//!  Command --> decide: people, envelope, revision, interlocks, BMS limits, pace and budget
//!     refused, and why <--'--> journalled (durable) --> write --> read back --> effect
//! ```
//!
//! [`ControlKind`] is the table of what can be commanded at all, [`ControlSpec`] what a site allows of it, [`INTERLOCKS`]
//! what must hold, [`Desk`] the controls of a running site.

mod decide;
mod desk;
mod effect;
mod fruitless;
mod interlock;
mod ledger;
mod state;

pub use crate::spec::control::{BadControl, ControlSpec, KEPT_FOR_SAFETY, Wanted, WriteBudget};
pub use crate::spec::control_kind::{ControlKind, ControlKindSpec, Effect, Safer};
pub use decide::{Change, ChangedBy, ComingEnd, Command, CommandId, Decision, Known, Later, Refusal, decide};
pub use desk::{Arming, Control, ControlPast, Desk, PastCommand, ReadBack, Standing, Step};
pub use effect::{Followed, followed};
pub use interlock::{Guards, INTERLOCKS, Interlock, Situation, Verdict, verdicts};
pub use ledger::{Ledger, PastWrite, TooOften, Towards};
pub use state::{CommandReceipt, CommandState, StateKind};
