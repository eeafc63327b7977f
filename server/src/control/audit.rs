//! What the audit says of commands.

use domain::audit::Entry;
use domain::control::{CommandReceipt, CommandState};

/// The entry of a step of a command of a system with this id; `None` for steps that are only on the way.
pub(crate) fn command_entry(receipt: &CommandReceipt, system: &str) -> Option<Entry> {
    let CommandReceipt { command, at, state, .. } = receipt;
    let action = match state {
        // It was decided, and goes to the device as soon as it is recorded.
        CommandState::Requested => "command",
        CommandState::Refused(_) => "command-refused",
        CommandState::Journalled | CommandState::Sent | CommandState::Echoed => return None,
        _ => "command-result",
    };
    let words = |value: f64| command.control.words(value);
    let result = (*state != CommandState::Requested).then(|| receipt.words());
    Some(Entry {
        system: Some(system.to_owned()),
        subject: Some(command.control.spec().key.to_owned()),
        old: receipt.before.map(words),
        new: Some(words(command.value)),
        result,
        read_back: state.read_back().map(words),
        detail: Some(format!("command {}", command.id.0)),
        ..Entry::of(&command.by, at.utc, action)
    })
}
