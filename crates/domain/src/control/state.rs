//! What becomes of a command, step by step.
//!
//! ```text
//! Requested --> Refused | Expired
//!      '--> Journalled --> Sent --> (Echoed) --> Confirmed | OneStepOff | Clamped | Ignored | Unconfirmable | Rejected | Unknown
//!               '--> Unchanged | NotSent                |
//!                                                       '--> Effective | NoEffect | OneStepOff
//! a value that stands --> Superseded | ChangedAtDevice | LeaseEnded
//! ```
//!
//! After a restart a command that was under way is read back: the value is there (Confirmed), or it is Unknown.

use super::decide::{Command, Refusal};
use crate::time::Now;
use crate::write::WriteOutcome;
use std::fmt;

/// One step of a command.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandReceipt {
    /// The command.
    pub command: Command,
    /// When it was known.
    pub at: Now,
    /// What has become of it.
    pub state: CommandState,
    /// The value that the device had when it was asked, if it was known, in the unit of the control.
    pub before: Option<f64>,
    /// The step before this one: what it had come to.
    pub reached: Option<StateKind>,
}

impl CommandReceipt {
    /// The first word of a command.
    pub fn new(command: Command, at: Now, state: CommandState, before: Option<f64>) -> CommandReceipt {
        CommandReceipt { command, at, state, before, reached: None }
    }

    /// The step in words for a person, with the values in their unit; at the end of a command, what it had come to before.
    pub fn words(&self) -> String {
        let value = |value: f64| self.command.control.words(value);
        let wanted = value(self.command.value);
        let words = match &self.state {
            CommandState::OneStepOff(has) => {
                format!("the device reported {}, one step beside the {wanted} that was set", value(*has))
            }
            CommandState::Clamped(has) => {
                format!("not followed: the device has changed to another value: {}, not {wanted}", value(*has))
            }
            CommandState::ChangedAtDevice(has) => format!("changed at the device, to {}", value(*has)),
            other => other.to_string(),
        };
        let ends = matches!(
            self.state,
            CommandState::Superseded(_) | CommandState::ChangedAtDevice(_) | CommandState::OneStepOff(_)
        );
        match self.reached.filter(|reached| ends && (reached.stands() || self.state.kind() == StateKind::Superseded)) {
            Some(reached) => format!("{}, then {words}", reached.had_come_to()),
            None => words,
        }
    }
}

/// What has become of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum CommandState {
    /// It may be carried out, and is not on the disk yet.
    Requested,
    /// It is not carried out, and why.
    Refused(Refusal),
    /// It is on the disk and goes to its link.
    Journalled,
    /// It is on its way to the device.
    Sent,
    /// The device says that it has taken it.
    Echoed,
    /// The device had this value already: nothing was sent.
    Unchanged(f64),
    /// The device has the value: this was read back.
    Confirmed(f64),
    /// The device says this value, which is one step beside the wanted one: it stands, and nobody knows which of both the
    /// device goes by.
    OneStepOff(f64),
    /// The device has changed to this value, which is another one.
    Clamped(f64),
    /// The device still has the value that it had before.
    Ignored(f64),
    /// It was sent, and the device has nothing that would confirm it.
    Unconfirmable,
    /// What is measured agrees with it; what that is, in words.
    Effective(String),
    /// What is measured does not agree with it, in words.
    NoEffect(String),
    /// The device refuses, in words.
    Rejected(String),
    /// Nothing was sent, and why.
    NotSent(String),
    /// Nobody knows whether it was heard, and why.
    Unknown(String),
    /// Another command has taken its place: who asked for it.
    Superseded(String),
    /// The device has got this value in another way than by a command from here.
    ChangedAtDevice(f64),
    /// It was not sent in time.
    Expired,
    /// Its value is not held any more: why, and what the device has now, if that was read.
    LeaseEnded(String, Option<f64>),
}

/// What has become of a command, without what belongs to it: as journals, the API and pages name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the state of its name")]
pub enum StateKind {
    Requested,
    Refused,
    Journalled,
    Sent,
    Echoed,
    Unchanged,
    Confirmed,
    Clamped,
    Ignored,
    Unconfirmable,
    Effective,
    NoEffect,
    Rejected,
    NotSent,
    Unknown,
    Superseded,
    Expired,
    LeaseEnded,
    OneStepOff,
    ChangedAtDevice,
}

impl StateKind {
    /// Every kind.
    pub const ALL: [StateKind; 20] = {
        use StateKind::*;
        [
            Requested,
            Refused,
            Journalled,
            Sent,
            Echoed,
            Unchanged,
            Confirmed,
            Clamped,
            Ignored,
            Unconfirmable,
            Effective,
            NoEffect,
            Rejected,
            NotSent,
            Unknown,
            Superseded,
            Expired,
            LeaseEnded,
            OneStepOff,
            ChangedAtDevice,
        ]
    };

    /// Its word.
    pub fn word(self) -> &'static str {
        use StateKind::*;
        match self {
            Requested => "requested",
            Refused => "refused",
            Journalled => "journalled",
            Sent => "sent",
            Echoed => "echoed",
            Unchanged => "unchanged",
            Confirmed => "confirmed",
            Clamped => "clamped",
            Ignored => "ignored",
            Unconfirmable => "unconfirmable",
            Effective => "effective",
            NoEffect => "no-effect",
            Rejected => "rejected",
            NotSent => "not-sent",
            Unknown => "unknown",
            Superseded => "superseded",
            Expired => "expired",
            LeaseEnded => "lease-ended",
            OneStepOff => "one-step-off",
            ChangedAtDevice => "changed-at-device",
        }
    }

    /// What a command had come to before its end, in words.
    fn had_come_to(self) -> &'static str {
        use StateKind::*;
        match self {
            Requested => "not recorded",
            Journalled => "recorded",
            Echoed => "taken by the device",
            Unchanged => "the device had it already",
            Unconfirmable => "sent, and could not be confirmed",
            NoEffect => "confirmed, but not followed",
            Unknown => "sent, and unknown whether it was heard",
            OneStepOff => "one step off",
            other => other.word(),
        }
    }

    /// Whether it is still to be seen what becomes of it on the device.
    pub fn is_under_way(self) -> bool {
        use StateKind::*;
        matches!(self, Requested | Journalled | Sent | Echoed)
    }

    /// Whether its value stands on the device, as far as is known.
    pub fn stands(self) -> bool {
        use StateKind::*;
        matches!(self, Unchanged | Confirmed | OneStepOff | Unconfirmable | Effective | NoEffect)
    }

    /// Whether it is over and the device has what it had before.
    pub fn came_to_nothing(self) -> bool {
        use StateKind::*;
        matches!(self, Refused | Expired | NotSent | Rejected | Ignored)
    }

    /// Whether the device does not have its value, or may not.
    pub fn is_not_followed(self) -> bool {
        self.came_to_nothing() || matches!(self, StateKind::Clamped | StateKind::Unknown)
    }

    /// Whether it has left its lines in the journal, and the device was told nothing.
    pub fn is_fruitless(self) -> bool {
        use StateKind::*;
        matches!(self, Refused | Unchanged | NotSent | Expired)
    }
}

/// How the words begin of what agrees with what is measured, and of what does not.
const EFFECTIVE: &str = "effective: ";
const NO_EFFECT: &str = "confirmed, but not followed: ";

impl CommandState {
    /// What was measured after a command, by the words in which it was kept; `None` for other words.
    pub fn of_effect(words: &str) -> Option<CommandState> {
        let effective = words.strip_prefix(EFFECTIVE).map(|seen| CommandState::Effective(seen.to_owned()));
        effective.or_else(|| words.strip_prefix(NO_EFFECT).map(|seen| CommandState::NoEffect(seen.to_owned())))
    }

    /// Which of the states it is.
    pub fn kind(&self) -> StateKind {
        use StateKind as Kind;
        match self {
            CommandState::Requested => Kind::Requested,
            CommandState::Refused(_) => Kind::Refused,
            CommandState::Journalled => Kind::Journalled,
            CommandState::Sent => Kind::Sent,
            CommandState::Echoed => Kind::Echoed,
            CommandState::Unchanged(_) => Kind::Unchanged,
            CommandState::Confirmed(_) => Kind::Confirmed,
            CommandState::Clamped(_) => Kind::Clamped,
            CommandState::Ignored(_) => Kind::Ignored,
            CommandState::Unconfirmable => Kind::Unconfirmable,
            CommandState::Effective(_) => Kind::Effective,
            CommandState::NoEffect(_) => Kind::NoEffect,
            CommandState::Rejected(_) => Kind::Rejected,
            CommandState::NotSent(_) => Kind::NotSent,
            CommandState::Unknown(_) => Kind::Unknown,
            CommandState::Superseded(_) => Kind::Superseded,
            CommandState::Expired => Kind::Expired,
            CommandState::LeaseEnded(..) => Kind::LeaseEnded,
            CommandState::OneStepOff(_) => Kind::OneStepOff,
            CommandState::ChangedAtDevice(_) => Kind::ChangedAtDevice,
        }
    }

    /// The state in one word.
    pub fn word(&self) -> &'static str {
        self.kind().word()
    }

    /// The value that the device has by it, as it was read back, in the unit of the control.
    pub fn read_back(&self) -> Option<f64> {
        use CommandState::*;
        match self {
            Unchanged(value)
            | Confirmed(value)
            | OneStepOff(value)
            | Clamped(value)
            | Ignored(value)
            | ChangedAtDevice(value) => Some(*value),
            LeaseEnded(_, value) => *value,
            _ => None,
        }
    }

    /// Whether it is still to be seen what becomes of it on the device.
    pub fn is_under_way(&self) -> bool {
        self.kind().is_under_way()
    }

    /// Whether its value stands on the device, as far as is known.
    pub fn stands(&self) -> bool {
        self.kind().stands()
    }

    /// The state after a step of its write, the values in the unit of its control; `None` for a step that cannot follow: a
    /// receipt that came late or twice.
    pub fn after(&self, outcome: WriteOutcome) -> Option<CommandState> {
        use CommandState as State;
        use WriteOutcome as Told;
        let follows = match (self, &outcome) {
            (State::Journalled, Told::Sent) => true,
            (State::Journalled, told) if told.is_nothing_sent() => true,
            // The connection broke before a byte was out.
            (State::Sent, Told::Echoed | Told::NotSent(_)) => true,
            (State::Sent | State::Echoed, told) => told.is_final() && !told.is_nothing_sent(),
            _ => false,
        };
        if !follows {
            return None;
        }
        Some(match outcome {
            Told::Read(value) | Told::Unchanged(value) => State::Unchanged(value),
            // The link's own envelope: it is never narrower than the control's, unless the device changed its scale.
            Told::Refused(why) => State::NotSent(why),
            Told::NotSent(why) => State::NotSent(why),
            Told::Expired => State::Expired,
            Told::Sent => State::Sent,
            Told::Echoed => State::Echoed,
            Told::Confirmed(value) => State::Confirmed(value),
            Told::Clamped(value) => State::Clamped(value),
            Told::Ignored(value) => State::Ignored(value),
            Told::Unconfirmable => State::Unconfirmable,
            Told::Exception(why) => State::Rejected(why),
            Told::Unknown(why) => State::Unknown(why),
        })
    }
}

impl fmt::Display for CommandState {
    /// In words for a person. Values have no unit here: [`CommandReceipt::words`] knows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use CommandState::*;
        match self {
            Requested => f.write_str("requested"),
            Refused(why) => write!(f, "refused: {why}"),
            Journalled => f.write_str("recorded"),
            Sent => f.write_str("sent"),
            Echoed => f.write_str("taken by the device"),
            Unchanged(_) => f.write_str("the device had this value already; nothing was sent"),
            Confirmed(_) => f.write_str("confirmed: the device has the value"),
            OneStepOff(_) => f.write_str("the device reported a value one step beside the one that was set"),
            Clamped(_) => f.write_str("not followed: the device has changed to another value"),
            Ignored(_) => f.write_str("ignored: the device still has the value from before"),
            Unconfirmable => f.write_str("sent: the device has nothing that would confirm it"),
            Effective(seen) => write!(f, "{EFFECTIVE}{seen}"),
            NoEffect(seen) => write!(f, "{NO_EFFECT}{seen}"),
            Rejected(why) => write!(f, "rejected by the device: {why}"),
            NotSent(why) => write!(f, "not sent: {why}"),
            Unknown(why) => write!(f, "unknown whether it was heard: {why}"),
            Superseded(by) => write!(f, "replaced by a command of {by}"),
            Expired => f.write_str("not sent: it was too late"),
            ChangedAtDevice(_) => f.write_str("changed at the device"),
            LeaseEnded(why, _) => f.write_str(why),
        }
    }
}
