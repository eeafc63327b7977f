//! The one action of people: signing in and out, accounts, sessions, tokens, arming.

use crate::actions::{ActionError, Answer, Octets};
use domain::wire::Wire;
use leptos::prelude::*;
use leptos::server_fn::codec::PostUrl;
use std::collections::HashMap;

/// Where the forms are posted.
pub const PATH: &str = "/actions/people";

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Wire)]
pub struct Done {
    /// A sentence about it.
    pub words: String,
    /// A new token of a program, shown this once.
    pub token: Option<String>,
}

/// Does what the form says: `what` and the fields that the API has for it, such as `what=add-user`, `name`, `role`,
/// `password`. With `own_password` it is as if that was given once more before.
///
/// # Errors
/// A sentence: they may not, a field is wrong, or the server cannot be reached.
#[server(name = PeopleAction, prefix = "/actions", endpoint = "people", input = PostUrl, output = Octets)]
pub async fn people_action(
    /// What is done.
    what: String,
    /// The other fields of the form, by name.
    #[server(flatten)]
    fields: HashMap<String, String>,
) -> Result<Answer<Done>, ActionError> {
    let (words, token) = crate::actions::door()?.people(what, fields).await?;
    Ok(Answer(Done { words, token }))
}
