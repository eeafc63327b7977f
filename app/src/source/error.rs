//! Why there is no answer.

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
#[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "only a browser asks"))]
pub(super) fn refusal(status: u16, detail: Option<String>, text: &str) -> String {
    match (detail, text.trim()) {
        (Some(detail), _) => detail,
        (None, text) if text.is_empty() || text.starts_with(['{', '<']) => {
            format!("The server refused the request (status {status})")
        }
        (None, text) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_servers_words() {
        let unknown = "The server refused the request (status 422)";
        for (detail, text, words) in [
            (Some("kw: \"x\" is not a number"), "{\"detail\":...", "kw: \"x\" is not a number"),
            (None, "there is no link \"x\"\n", "there is no link \"x\""),
            (None, "", unknown),
            (None, "{}", unknown),
            (None, "<html>", unknown),
        ] {
            assert_eq!(refusal(422, detail.map(str::to_owned), text), words);
        }
    }
}
