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

/// An answer in the binary form.
pub(super) fn octets(bytes: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, OCTETS), (CACHE_CONTROL, "no-store")], bytes).into_response()
}

/// An answer in JSON.
pub(super) fn json(answer: impl Serialize) -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}
