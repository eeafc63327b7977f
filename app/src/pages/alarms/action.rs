//! What this page tells the server to do. The same as programs ask of `POST /api/v1/alarms/...`, with the same refusals.

use crate::actions::{ActionError, Answer, Octets};
use ::api::alarms::AlarmsChangedResponse;
use leptos::prelude::*;
use leptos::server_fn::codec::PostUrl;
use std::collections::HashMap;

/// Where the forms are posted.
pub const PATH: &str = "/actions/alarms";

/// Does what the form says: `what` (`acknowledge`, `acknowledge-all`, `reset`, `shelve`, `unshelve`) of the `system`, with the
/// fields that the API has for it. `alarms` are lines of a rule's id, a blank and a subject.
///
/// # Errors
/// A sentence: they may not, it cannot be done, or the server cannot be reached.
#[server(name = AlarmsAction, prefix = "/actions", endpoint = "alarms", input = PostUrl, output = Octets)]
pub async fn alarms_action(
    /// What is done.
    what: String,
    /// The other fields of the form, by name.
    #[server(flatten)]
    fields: HashMap<String, String>,
) -> Result<Answer<AlarmsChangedResponse>, ActionError> {
    crate::actions::door()?.alarms(what, fields).await.map(Answer)
}
