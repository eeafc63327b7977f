//! Commands: what a person or a program wants of a system, and what has become of it. Pure.
//!
//! ```text
//! requested --> refused, and why
//!      '--> accepted --> the steps of the write that it became
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
        use WriteOutcome::{Echoed, NotSent, Refused, Sent, Unchanged};
        let follows = match (self, &outcome) {
            (CommandState::Accepted, Unchanged(_) | Refused(_) | NotSent(_) | Sent) => true,
            // The connection broke before a byte was out.
            (CommandState::Written(Sent), Echoed | NotSent(_)) => true,
            (CommandState::Written(Sent | Echoed), Unchanged(_) | Refused(_) | NotSent(_) | Sent | Echoed) => false,
            (CommandState::Written(Sent | Echoed), _) => true,
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
            CommandState::Written(outcome) => outcome.fmt(f),
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

    /// Gives up every write that is under way, because nobody will take its receipts any more: whether the device has
    /// heard it is not known, and it is never sent again.
    pub fn give_up(&mut self, at: Now) -> impl Iterator<Item = CommandReceipt> + use<> {
        let why = "the server stopped before an answer came".to_owned();
        let state = CommandState::Written(WriteOutcome::Unknown(why));
        let waiting = std::mem::take(&mut self.0).into_values();
        waiting.map(move |(command, _)| CommandReceipt { command, at, state: state.clone() })
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
        use WriteOutcome::*;
        let why = || "why".to_owned();
        let all = [
            Unchanged(1.0),
            Refused(why()),
            NotSent(why()),
            Sent,
            Echoed,
            Confirmed(1.0),
            Clamped(2.0),
            Ignored(0.0),
            Unconfirmable,
            Exception(why()),
            Unknown(why()),
        ];
        let ends = all.iter().filter(|outcome| outcome.is_final()).cloned();
        // By state: which of `all` may follow.
        let mut follows: Vec<(CommandState, &[usize])> = vec![
            (CommandState::Refused(Refusal::ReadOnly), &[]),
            (CommandState::Accepted, &[0, 1, 2, 3]),
            (CommandState::Written(Sent), &[2, 4, 5, 6, 7, 8, 9, 10]),
            (CommandState::Written(Echoed), &[5, 6, 7, 8, 9, 10]),
        ];
        follows.extend(ends.map(|end| (CommandState::Written(end), [].as_slice())));
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

    #[test]
    fn a_write_that_is_under_way_when_the_server_stops_is_unknown_and_no_late_receipt_changes_it() {
        let (mut commands, now) = (Commands::default(), Now::default());
        for write in [1, 2] {
            commands.accept(command(0), WriteId(write), now);
        }
        let step = |id, outcome| Receipt { id: WriteId(id), at: now, outcome };
        commands.written(step(1, WriteOutcome::Sent));
        let states: Vec<String> = commands.give_up(now).map(|receipt| receipt.state.to_string()).collect();
        assert_eq!(states, ["unknown whether it was heard: the server stopped before an answer came"; 2]);
        assert_eq!(commands.written(step(1, WriteOutcome::Confirmed(20.0))), None);
    }
}
