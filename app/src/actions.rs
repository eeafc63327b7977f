//! How a page tells the server to do something: Leptos' server functions, each beside its page.
//!
//! An action is a form that is posted to `/actions/...`: by the browser alone while the page is not alive, and without
//! leaving the page when it is. Its answer is in the binary form that pages read anyway, an error is a sentence. What an
//! action may do is behind [`Door`], which the server gives. Questions are asked of the API, by pages and programs alike.

use crate::source::{NO_SERVER, refusal};
use api::alarms::AlarmsChangedResponse;
use api::control::{CommandRequest, CommandResponse, CommandsResponse, SafeValuesRequest};
use domain::lab::LabState;
use domain::wire::Wire;
use http::Method;
use leptos::prelude::use_context;
use leptos::server_fn::codec::{Encoding, FromRes, IntoRes};
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use leptos::server_fn::response::{ClientRes, TryRes};
use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType};
use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Where all actions are: the begin of their addresses.
pub const PREFIX: &str = "/actions";

/// How the sentence begins that says why fields cannot be read; what the library says of it follows.
pub const INCOMPLETE: &str = "the form is not complete: ";

/// What actions may do on the server, which puts it into the context as an `Arc<dyn Door>`.
pub trait Door: Send + Sync {
    /// Tells the simulation of the named system something; gives what it does then.
    ///
    /// # Errors
    /// A sentence: there is no such simulation, or a field is wrong.
    fn lab(&self, system: &str, fields: &HashMap<String, String>) -> Result<LabState, ActionError>;

    /// Asks for a command; gives what has become of it when it is on the disk.
    ///
    /// # Errors
    /// A sentence: it is refused, and why.
    fn command(&self, asked: CommandRequest) -> Doing<CommandResponse>;

    /// Returns a system to its safe values; gives what has become of each command.
    ///
    /// # Errors
    /// A sentence: none of them can be asked for.
    fn safe_values(&self, asked: SafeValuesRequest) -> Doing<CommandsResponse>;

    /// Does `what` a form says about alarms, with its other fields; gives how many alarms it changed, when that is on the disk.
    ///
    /// # Errors
    /// A sentence: they may not, it cannot be done, or a field is wrong.
    fn alarms(&self, what: String, fields: HashMap<String, String>) -> Doing<AlarmsChangedResponse>;

    /// Does `what` a form says about people, with its other fields; gives a sentence about it, and a new token of a program
    /// if that is what was asked for.
    ///
    /// # Errors
    /// A sentence: they may not, or a field is wrong.
    fn people(&self, what: String, fields: HashMap<String, String>) -> Doing<(String, Option<String>)>;
}

/// What is being done.
pub type Doing<T> = Pin<Box<dyn Future<Output = Result<T, ActionError>> + Send>>;

/// The door of this server.
///
/// # Errors
/// The server gave none.
pub fn door() -> Result<Arc<dyn Door>, ActionError> {
    use_context().ok_or_else(|| ActionError("the server has no such action".to_owned()))
}

/// Why an action was not done, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionError(pub String);

impl fmt::Display for ActionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromServerFnError for ActionError {
    type Encoder = Words;

    fn from_server_fn_error(error: ServerFnErrorErr) -> ActionError {
        ActionError(match error {
            ServerFnErrorErr::Request(_) => NO_SERVER.to_owned(),
            ServerFnErrorErr::Args(why) | ServerFnErrorErr::MissingArg(why) => {
                format!("{INCOMPLETE}{why}")
            }
            ServerFnErrorErr::Deserialization(why) => format!("the answer cannot be read: {why}"),
            _ => "the server made a mistake; its log says more. Try again".to_owned(),
        })
    }
}

/// Errors as they are read: a sentence, or a document with one.
pub struct Words;

impl ContentType for Words {
    const CONTENT_TYPE: &'static str = "text/plain; charset=utf-8";
}

impl FormatType for Words {
    const FORMAT_TYPE: Format = Format::Text;
}

impl Encodes<ActionError> for Words {
    type Error = Infallible;

    fn encode(error: &ActionError) -> Result<Bytes, Infallible> {
        Ok(Bytes::copy_from_slice(error.0.as_bytes()))
    }
}

impl Decodes<ActionError> for Words {
    type Error = Infallible;

    /// The server says it in a problem document, as the API does.
    fn decode(bytes: Bytes) -> Result<ActionError, Infallible> {
        Ok(ActionError(refusal(None, &String::from_utf8_lossy(&bytes))))
    }
}

/// The binary form of an answer.
pub struct Octets;

impl ContentType for Octets {
    const CONTENT_TYPE: &'static str = "application/octet-stream";
}

impl Encoding for Octets {
    const METHOD: Method = Method::POST;
}

/// What an action answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<T>(pub T);

impl<T, R> IntoRes<Octets, R, ActionError> for Answer<T>
where
    T: Wire + Send,
    R: TryRes<ActionError> + Send,
{
    async fn into_res(self) -> Result<R, ActionError> {
        R::try_from_bytes(Octets::CONTENT_TYPE, self.0.to_bytes().into())
    }
}

impl<T, R> FromRes<Octets, R, ActionError> for Answer<T>
where
    T: Wire + Send,
    R: ClientRes<ActionError> + Send,
{
    async fn from_res(response: R) -> Result<Answer<T>, ActionError> {
        let bytes = response.try_into_bytes().await?;
        let read = T::from_bytes(&bytes).map(Answer);
        read.map_err(|error| ActionError(format!("The answer cannot be read ({error})")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_travels_as_its_sentence_and_a_document_is_not_shown() {
        let error = ActionError("kw: \u{201c}x\u{201d} is not a number".to_owned());
        assert_eq!(ActionError::de(error.ser()), error);
        for (body, words) in [
            ("{}", "The server refused the request"),
            ("<html>", "The server refused the request"),
            ("", "The server refused the request"),
            (" a body has at most 65536 bytes\n", "a body has at most 65536 bytes"),
            ("`days` is missing", "\u{201c}days\u{201d} is missing"),
        ] {
            assert_eq!(ActionError::de(Bytes::from(body)).0, words, "{body}");
        }
        assert_eq!(ActionError::from_server_fn_error(ServerFnErrorErr::Request("x".into())).0, NO_SERVER);
    }
}
