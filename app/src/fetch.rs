//! The page's requests to the HTTP API: the same addresses that people and programs use, in the binary form.
//!
//! A request ends when its future is dropped. An answer is handed over when the page is [hydrated]: before that, nothing
//! that it shows may change. [`SingleFlight`] is for what may be wanted more often than it should be asked.

mod single_flight;

pub use single_flight::SingleFlight;

use crate::hydration::hydrated;
use crate::source::{self, Request};
use domain::wire::Wire;
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

/// Gets the answer at `path`.
///
/// # Errors
/// [`FetchError`], whose words can be shown.
pub async fn get<T: Wire>(path: String) -> Result<T, FetchError> {
    read(&send("GET", path, None).await?)
}

/// Posts form fields to `path`.
///
/// # Errors
/// As [`get`].
pub async fn post<T: Wire>(path: &str, fields: &[(&str, String)]) -> Result<T, FetchError> {
    read(&send("POST", path.to_owned(), Some(encode_form(fields))).await?)
}

/// Sends a request without a body, whose answer is plain text.
///
/// # Errors
/// As [`get`].
pub async fn text(method: &'static str, path: String) -> Result<String, FetchError> {
    let bytes = send(method, path, None).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn read<T: Wire>(bytes: &[u8]) -> Result<T, FetchError> {
    T::from_bytes(bytes).map_err(|error| FetchError::Unreadable(error.to_string()))
}

fn encode_form(fields: &[(&str, String)]) -> String {
    let pair = |(name, value): &(&str, String)| format!("{name}={}", String::from(js_sys::encode_uri_component(value)));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

async fn send(method: &'static str, path: String, form: Option<String>) -> Result<Vec<u8>, FetchError> {
    let source = source::chosen().ok_or(FetchError::NoServer)?;
    let answer = (source.ask)(Request { method, path, form }).await;
    hydrated().await;
    answer
}

/// What a refusal says: the `detail` of a problem document, or the text that was sent in its place.
#[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "only a browser asks"))]
pub(crate) fn refusal(status: u16, detail: Option<String>, text: &str) -> String {
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

    #[test]
    fn an_error_is_a_sentence() {
        for (error, words) in [
            (FetchError::NoServer, "No connection to the server"),
            (FetchError::Refused("there is no such cell".to_owned()), "there is no such cell"),
            (read::<domain::lab::LabState>(&[]).unwrap_err(), "The answer cannot be read (the bytes end too early)"),
        ] {
            assert_eq!(error.to_string(), words);
        }
    }
}
