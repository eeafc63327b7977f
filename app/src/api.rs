//! The page's requests to the HTTP API: the same addresses that people and programs use, in the binary form.
//!
//! Every error is a sentence that can be shown as it is.

use crate::alive::alive;
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestInit, Response};

/// What is said wherever the server cannot be reached.
pub const NO_SERVER: &str = "No connection to the server";

const OCTETS: &str = "application/octet-stream";

/// Gets `path` in the binary form.
///
/// # Errors
/// A sentence: the server cannot be reached, or what it answered.
pub async fn get_bytes(path: &str) -> Result<Vec<u8>, String> {
    send(path, "GET", None, None).await
}

/// Posts form fields to `path` and returns the answer in the binary form.
///
/// # Errors
/// A sentence: the server cannot be reached, or why it refused.
pub async fn post_form(path: &str, fields: &[(&str, String)]) -> Result<Vec<u8>, String> {
    post_form_until(path, fields, None).await
}

/// As [`post_form`]; the request ends when `signal` says so.
///
/// # Errors
/// As [`post_form`].
pub async fn post_form_until(
    path: &str,
    fields: &[(&str, String)],
    signal: Option<&AbortSignal>,
) -> Result<Vec<u8>, String> {
    send(path, "POST", Some(encode_form(fields)), signal).await
}

fn encode_form(fields: &[(&str, String)]) -> String {
    let pair = |(name, value): &(&str, String)| format!("{name}={}", String::from(js_sys::encode_uri_component(value)));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// Sends a request without a body and returns the answer in the binary form.
///
/// # Errors
/// A sentence: the server cannot be reached, or why it refused.
pub async fn ask(path: &str, method: &str) -> Result<Vec<u8>, String> {
    send(path, method, None, None).await
}

async fn send(path: &str, method: &str, form: Option<String>, signal: Option<&AbortSignal>) -> Result<Vec<u8>, String> {
    let unreachable = |_: JsValue| NO_SERVER.to_owned();
    let headers = Headers::new().map_err(unreachable)?;
    let mut lines = vec![("Accept", OCTETS), ("X-Requested-By", "packtwin")];
    let options = RequestInit::new();
    options.set_method(method);
    options.set_signal(signal);
    if let Some(form) = form {
        lines.push(("Content-Type", "application/x-www-form-urlencoded"));
        options.set_body(&JsValue::from_str(&form));
    }
    for (name, value) in lines {
        headers.set(name, value).map_err(unreachable)?;
    }
    options.set_headers(headers.as_ref());
    let request = leptos::prelude::window().fetch_with_str_and_init(path, &options);
    let response = JsFuture::from(request).await;
    alive().await;
    let response: Response = response.map_err(unreachable)?.unchecked_into();
    let body = response.array_buffer().map_err(unreachable)?;
    let bytes = Uint8Array::new(&JsFuture::from(body).await.map_err(unreachable)?).to_vec();
    if response.ok() { Ok(bytes) } else { Err(refusal(response.status(), &bytes)) }
}

/// The server's own words, from a plain text or from the `detail` of a problem document (RFC 9457).
fn refusal(status: u16, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let detail = text.split_once("\"detail\":\"").map(|(_, rest)| json_string(rest));
    match detail {
        Some(detail) => detail,
        None if text.trim().is_empty() || text.trim_start().starts_with(['{', '<']) => {
            format!("The server refused the request (status {status})")
        }
        None => text.trim().to_owned(),
    }
}

/// The rest of a JSON string up to its closing quote, unescaped as far as our own server escapes.
fn json_string(rest: &str) -> String {
    let mut text = String::new();
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(other) => text.push(other),
                None => break,
            },
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_servers_words() {
        for (body, words) in [
            (
                r#"{"type":"about:blank","status":422,"detail":"kw: \"x\" is not a number"}"#,
                "kw: \"x\" is not a number",
            ),
            ("there is no link \"x\"\n", "there is no link \"x\""),
            ("", "The server refused the request (status 422)"),
            ("{}", "The server refused the request (status 422)"),
            ("<html>", "The server refused the request (status 422)"),
        ] {
            assert_eq!(refusal(422, body.as_bytes()), words);
        }
    }
}
