//! Why there is no answer.

use crate::format::quoted;
use thiserror::Error;

/// What is said wherever the server cannot be reached.
pub const NO_SERVER: &str = "No connection to the server";

/// Why there is no answer, as a sentence that can be shown as it is.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FetchError {
    /// The server cannot be reached, or the answer was cut.
    #[error("{NO_SERVER}")]
    NoServer,
    /// The server refused, in its own words.
    #[error("{0}")]
    Refused(String),
    /// The answer is damaged, or of another version.
    #[error("The answer cannot be read ({0})")]
    Unreadable(String),
}

/// What a refusal says: the `detail` of a problem document, or the text that was sent in its place.
pub(crate) fn refusal(status: Option<u16>, text: &str) -> String {
    let unsaid = || match status {
        Some(status) => format!("The server refused the request (status {status})"),
        None => "The server refused the request".to_owned(),
    };
    let words = match text.trim() {
        "" => unsaid(),
        text if text.starts_with(['{', '<']) => detail(text).unwrap_or_else(unsaid),
        text => text.to_owned(),
    };
    quoted(&words)
}

/// The `detail` of a problem document (RFC 9457).
#[cfg(feature = "hydrate")]
fn detail(text: &str) -> Option<String> {
    use js_sys::{JSON, Reflect};
    Reflect::get(&JSON::parse(text).ok()?, &"detail".into()).ok()?.as_string()
}

/// Only a browser asks.
#[cfg(not(feature = "hydrate"))]
fn detail(_: &str) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_servers_words() {
        let unknown = "The server refused the request (status 422)";
        for (text, words) in [
            ("there is no link \"x\"\n", "there is no link \"x\""),
            ("", unknown),
            ("{}", unknown),
            ("<html>", unknown),
        ] {
            assert_eq!(refusal(Some(422), text), words);
        }
    }
}
