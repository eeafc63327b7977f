//! The page's requests to the HTTP API: the same addresses that people and programs use, in the binary form.
//!
//! A request ends when its future is dropped. An answer is handed over when the page is [hydrated]: before that, nothing
//! that it shows may change. [`SingleFlight`] is for what may be wanted more often than it should be asked.

mod single_flight;

pub use crate::source::{FetchError, NO_SERVER};
pub use single_flight::SingleFlight;
pub(crate) use single_flight::rest;

use crate::hydration::hydrated;
use crate::source::{self, Request};
use domain::wire::Wire;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_a_sentence() {
        for (error, words) in [
            (FetchError::NoServer, "No connection to the server"),
            (FetchError::Refused("there is no such cell".to_owned()), "there is no such cell"),
            (
                read::<Vec<domain::link::FrameRow>>(&[]).unwrap_err(),
                "The answer cannot be read (it ends at byte 0, in the middle of a value)",
            ),
        ] {
            assert_eq!(error.to_string(), words);
        }
    }
}
