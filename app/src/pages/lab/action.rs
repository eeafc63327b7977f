//! The lab's one action: a command to the simulation.

use crate::actions::{ActionError, Answer, Octets};
use domain::lab::LabState;
use leptos::prelude::*;
use leptos::server_fn::codec::PostUrl;
use std::collections::HashMap;

/// Where the forms of the lab are posted.
pub const PATH: &str = "/actions/lab";

/// Does what the fields say: see `domain::lab::LabCommand::from_fields`.
///
/// # Errors
/// A sentence: the server cannot be reached, there is no such simulation, or a field is wrong.
#[server(name = LabAction, prefix = "/actions", endpoint = "lab", input = PostUrl, output = Octets)]
pub async fn lab_action(
    /// The id of the system.
    system: String,
    /// The other fields of the form, by name.
    #[server(flatten)]
    fields: HashMap<String, String>,
) -> Result<Answer<LabState>, ActionError> {
    crate::actions::door()?.lab(&system, &fields).map(Answer)
}
