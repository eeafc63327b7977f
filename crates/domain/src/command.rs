//! Commands: what a person or a program wants of a system, and what has become of it. Pure.
//!
//! ```text
//! requested --> refused, and why
//!      '--> accepted --> unchanged | not sent
//!                '--> sent --> echoed --> confirmed | mismatch | unknown
//!                       '--> rejected | unknown | not sent
//! ```
//!
//! From `accepted` on the steps are those of the write that it became ([`crate::write`]). No system has anything yet that
//! can be commanded, so every command is refused.

use crate::spec::{SiteSpec, SystemIdx};
use crate::time::{Now, Utc};
use crate::write::{Receipt, WriteId, WriteOutcome, WriteRequest};
use std::collections::BTreeMap;
use std::fmt;
use thiserror::Error;

/// What who asks gave the command to tell it from all others: asked again, it is the same command.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub String);

/// A setpoint of a system is to get another value.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// By which it is known.
    pub id: CommandId,
    /// The system.
    pub system: SystemIdx,
    /// The setpoint's name.
    pub setpoint: String,
    /// The wanted value, in the setpoint's unit.
    pub value: f64,
    /// Who asks, for people.
    pub by: String,
    /// When it was asked.
    pub at: Utc,
    /// The number of the system's setting that was seen when it was decided: another one means that somebody was faster.
    pub revision: u64,
}

/// Why a command is refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// The site has no such system.
    #[error("there is no such system")]
    NoSystem,
    /// Nothing of the system can be commanded.
    #[error("read-only: no control is configured")]
    ReadOnly,
}

/// What has become of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum CommandState {
    /// It is not carried out, and why.
    Refused(Refusal),
    /// It is to be written.
    Accepted,
    /// What has become of its write.
    Written(WriteOutcome),
}

impl CommandState {
    /// The state after a step of its write; `None` for a step that cannot follow: a receipt that came late or twice.
    pub fn after(&self, outcome: WriteOutcome) -> Option<CommandState> {
        use WriteOutcome::{Confirmed, Echoed, Mismatch, NotSent, Rejected, Sent, Unchanged, Unknown};
        let follows = match (self, &outcome) {
            (CommandState::Accepted, Unchanged(_) | NotSent(_) | Sent) => true,
            (CommandState::Written(Sent), Echoed | Rejected(_) | Unknown(_) | NotSent(_)) => true,
            (CommandState::Written(Echoed), Confirmed(_) | Mismatch(_) | Unknown(_)) => true,
            (CommandState::Refused(_) | CommandState::Accepted | CommandState::Written(_), _) => false,
        };
        follows.then_some(CommandState::Written(outcome))
    }

    /// Whether nothing follows.
    pub fn is_final(&self) -> bool {
        match self {
            CommandState::Refused(_) => true,
            CommandState::Accepted => false,
            CommandState::Written(outcome) => outcome.is_final(),
        }
    }
}

impl fmt::Display for CommandState {
    /// In words for a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CommandState::Refused(why) => write!(f, "refused: {why}"),
            CommandState::Accepted => f.write_str("accepted"),
            CommandState::Written(WriteOutcome::Unchanged(value)) => {
                write!(f, "not sent: the device has {value} already")
            }
            CommandState::Written(WriteOutcome::NotSent(why)) => write!(f, "not sent: {why}"),
            CommandState::Written(WriteOutcome::Sent) => f.write_str("sent"),
            CommandState::Written(WriteOutcome::Echoed) => f.write_str("taken by the device"),
            CommandState::Written(WriteOutcome::Confirmed(value)) => write!(f, "confirmed: the device has {value}"),
            CommandState::Written(WriteOutcome::Mismatch(value)) => write!(f, "not followed: the device has {value}"),
            CommandState::Written(WriteOutcome::Rejected(why)) => write!(f, "rejected by the device: {why}"),
            CommandState::Written(WriteOutcome::Unknown(why)) => write!(f, "unknown whether it was heard: {why}"),
        }
    }
}

/// One step of a command.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandReceipt {
    /// The command.
    pub command: Command,
    /// When it was known.
    pub at: Now,
    /// What has become of it.
    pub state: CommandState,
}

/// The write that a command becomes.
///
/// # Errors
/// It is refused. Without any control configured that is always so.
pub fn admit(site: &SiteSpec, command: &Command) -> Result<WriteRequest, Refusal> {
    match site.system(command.system) {
        None => Err(Refusal::NoSystem),
        Some(_) => Err(Refusal::ReadOnly),
    }
}

/// The commands whose writes are under way.
#[derive(Clone, Debug, Default)]
pub struct Commands(BTreeMap<WriteId, (Command, CommandState)>);

impl Commands {
    /// Takes a command that became this write.
    pub fn accept(&mut self, command: Command, write: WriteId, at: Now) -> CommandReceipt {
        let state = CommandState::Accepted;
        self.0.insert(write, (command.clone(), state.clone()));
        CommandReceipt { command, at, state }
    }

    /// Takes a step of a write; `None` if no command waits for it. A command is forgotten after its last step.
    pub fn written(&mut self, receipt: Receipt) -> Option<CommandReceipt> {
        let Receipt { id, at, outcome } = receipt;
        let (command, known) = self.0.get_mut(&id)?;
        let state = known.after(outcome)?;
        known.clone_from(&state);
        let command = command.clone();
        if state.is_final() {
            self.0.remove(&id);
        }
        Some(CommandReceipt { command, at, state })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(system: u8) -> Command {
        Command {
            id: CommandId("7f3a".to_owned()),
            system: SystemIdx(system),
            setpoint: "reserve".to_owned(),
            value: 20.0,
            by: "somebody".to_owned(),
            at: Utc(0),
            revision: 3,
        }
    }

    #[test]
    fn without_control_every_command_is_refused_with_its_reason() {
        let site = crate::engine::tests::site();
        for (system, words) in [(0, "read-only: no control is configured"), (1, "there is no such system")] {
            let why = admit(&site, &command(system)).unwrap_err();
            assert_eq!(CommandState::Refused(why).to_string(), format!("refused: {words}"));
        }
    }

    #[test]
    fn each_step_follows_only_where_it_can() {
        use WriteOutcome::{Confirmed, Echoed, Mismatch, NotSent, Rejected, Sent, Unchanged, Unknown};
        let why = || "why".to_owned();
        let all = [
            Unchanged(1.0),
            NotSent(why()),
            Sent,
            Echoed,
            Confirmed(1.0),
            Mismatch(2.0),
            Rejected(why()),
            Unknown(why()),
        ];
        // By state: which of `all` may follow.
        let follows: [(CommandState, &[usize]); 9] = [
            (CommandState::Refused(Refusal::ReadOnly), &[]),
            (CommandState::Accepted, &[0, 1, 2]),
            (CommandState::Written(Sent), &[1, 3, 6, 7]),
            (CommandState::Written(Echoed), &[4, 5, 7]),
            (CommandState::Written(Unchanged(1.0)), &[]),
            (CommandState::Written(Confirmed(1.0)), &[]),
            (CommandState::Written(Mismatch(1.0)), &[]),
            (CommandState::Written(Rejected(why())), &[]),
            (CommandState::Written(Unknown(why())), &[]),
        ];
        for (state, allowed) in follows {
            for (place, outcome) in all.iter().enumerate() {
                let next = state.after(outcome.clone());
                let expected = allowed.contains(&place).then(|| CommandState::Written(outcome.clone()));
                assert_eq!(next, expected, "{outcome:?} after {state:?}");
            }
            assert_eq!(state.is_final(), allowed.is_empty(), "{state:?}");
        }
    }

    #[test]
    fn a_command_is_followed_to_its_last_step_and_then_forgotten() {
        let (mut commands, now) = (Commands::default(), Now::default());
        let accepted = commands.accept(command(0), WriteId(5), now);
        assert_eq!((accepted.state, &accepted.command.setpoint[..]), (CommandState::Accepted, "reserve"));
        let step = |id: u64, outcome| Receipt { id: WriteId(id), at: now, outcome };
        let mut told = |id, outcome| commands.written(step(id, outcome)).map(|receipt| receipt.state);
        assert_eq!(told(4, WriteOutcome::Sent), None, "nobody waits for it");
        assert_eq!(told(5, WriteOutcome::Confirmed(20.0)), None, "it was not sent");
        for outcome in [WriteOutcome::Sent, WriteOutcome::Echoed, WriteOutcome::Confirmed(20.0)] {
            assert_eq!(told(5, outcome.clone()), Some(CommandState::Written(outcome)));
        }
        assert_eq!(told(5, WriteOutcome::Sent), None, "it is over");
    }
}
