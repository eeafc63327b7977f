//! Every request ends: its body comes in time and is small, its answer has a deadline, and a panic is answered in words.

use super::problem::Problem;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use http_body_util::LengthLimitError;
use std::error::Error as _;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::time::timeout;

/// No request of ours is larger, bytes.
pub(super) const BODY_LIMIT: usize = 64 * 1024;
/// A body that is not here by then is not waited for.
const BODY_TIME: Duration = Duration::from_secs(10);
/// An answer that has not begun by then will not begin.
const ANSWER_TIME: Duration = Duration::from_secs(60);
/// The same for SQL, whose own limits are shorter.
const SQL_TIME: Duration = Duration::from_secs(330);

/// Takes the body before anything else happens: it holds no permit while it comes.
pub(super) async fn body(request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let said = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let too_large = || {
        let words = format!("a body has at most {BODY_LIMIT} bytes: send less at once");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, words).into_response()
    };
    if said.is_some_and(|bytes| bytes > BODY_LIMIT) {
        return too_large();
    }
    match timeout(BODY_TIME, to_bytes(body, BODY_LIMIT)).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(head, Body::from(bytes))).await,
        Ok(Err(error)) if error.source().is_some_and(|source| source.is::<LengthLimitError>()) => too_large(),
        Ok(Err(_)) => {
            let words =
                "the body of this request cannot be read: it breaks off, or its chunks are not those of HTTP/1.1";
            Problem::new(StatusCode::BAD_REQUEST, words).into_response()
        }
        Err(_) => {
            let words = "the body of this request did not come in time: send it anew";
            Problem::new(StatusCode::REQUEST_TIMEOUT, words).into_response()
        }
    }
}

/// Answers in any case.
pub(super) async fn ends(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let limit = if path.starts_with("/api/v1/analysis/sql") { SQL_TIME } else { ANSWER_TIME };
    let answer = AssertUnwindSafe(timeout(limit, next.run(request))).catch_unwind().await;
    match answer {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => {
            Problem::busy("the answer took too long: ask for less at once, or try again later").into_response()
        }
        Err(_) => {
            tracing::error!("the answer to {path} ended in a panic; the message before this one says where");
            Problem::broken().into_response()
        }
    }
}
