//! Small answers, in the form that their reader wants. Large ones are [`large`](super::large)'s.

pub(super) use api::operations::OCTETS;
use axum::Json;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// Whether the answer should be in the binary form.
pub(super) fn wants_octets(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).is_some_and(|accept| accept == OCTETS)
}

/// Whether a page is asked for: by its name, as browsers do that go to an address. `*/*` is a program.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    let kinds = headers.get_all(ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    kinds.flat_map(|kinds| kinds.split(',')).any(|kind| {
        let mut parts = kind.split(';').map(str::trim);
        let is_page = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("text/html"));
        is_page && !parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)))
    })
}

/// An answer in the binary form.
pub(super) fn octets(bytes: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, OCTETS), (CACHE_CONTROL, "no-store")], bytes).into_response()
}

/// An answer in JSON.
pub(super) fn json(answer: impl Serialize) -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}
