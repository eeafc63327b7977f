//! What this page tells the server to do: a command, and the return to safe values. The same as programs ask of
//! `POST /api/v1/commands`, with the same answers and refusals.

use crate::actions::{ActionError, Answer, Octets};
use ::api::control::{CommandResponse, CommandsResponse};
use leptos::prelude::*;
use leptos::server_fn::codec::PostUrl;

/// Where a command is posted.
pub const COMMAND: &str = "/actions/command";
/// Where the return to safe values is posted.
pub const SAFE_VALUES: &str = "/actions/safe-values";

/// Asks for a command. Asked again with the same `id` it is the same command still.
///
/// # Errors
/// A sentence: the server cannot be reached, or the command is refused, and why.
#[server(name = CommandAction, prefix = "/actions", endpoint = "command", input = PostUrl, output = Octets)]
pub async fn command_action(
    /// What tells it from all others.
    id: String,
    /// The id of the system.
    system: String,
    /// What is commanded: `discharge-limit`.
    control: String,
    /// The wanted value, in the unit of the control.
    value: f64,
    /// The revision of the control that was seen.
    revision: u64,
    /// For how long it is to stand, s.
    hold_s: Option<u64>,
) -> Result<Answer<CommandResponse>, ActionError> {
    let asked = ::api::control::CommandRequest { id, system, control, value, revision, hold_s };
    crate::actions::door()?.command(asked).await.map(Answer)
}

/// Returns a system to its safe values.
///
/// # Errors
/// As [`command_action`].
#[server(name = SafeValuesAction, prefix = "/actions", endpoint = "safe-values", input = PostUrl, output = Octets)]
pub async fn safe_values_action(
    /// The begin of the ids of its commands.
    id: String,
    /// The id of the system.
    system: String,
) -> Result<Answer<CommandsResponse>, ActionError> {
    let asked = ::api::control::SafeValuesRequest { id, system };
    crate::actions::door()?.safe_values(asked).await.map(Answer)
}
