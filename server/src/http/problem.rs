//! Errors, as RFC 9457 problem details; as a page for a browser that asked for one.
//!
//! Whoever refuses gives a [`Problem`]. [`formed`] is outside of everything else: it makes the page of it, and gives words
//! to what a library refuses without any.

use super::answer::wants_page;
use super::error_page::error_page_after;
use super::way_back::path_of;
use crate::people::Refused;
use api::problem::ProblemDetails;
use axum::Json;
use axum::extract::{OriginalUri, Request};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, REFERER, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::people::Denied;
use domain::plain;
use std::time::Duration;

/// Who got no permit may come again after this, s.
const AGAIN_S: u64 = 5;

/// How who is not known can say who they are.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"packtwin\"");

/// No error is told in more letters, whatever was sent.
const DETAIL_MAX: usize = 2_000;

/// An error answer: a status and what is wrong, where, what to do.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
    /// Whoever may come again, after so many seconds.
    again_s: Option<u64>,
}

impl Problem {
    /// An error with this status and these words.
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Problem {
        let mut detail = plain::without_numbers(&detail.into());
        if let Some((end, _)) = detail.char_indices().nth(DETAIL_MAX) {
            detail.truncate(end);
            detail.push('\u{2026}');
        }
        let again_s = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(AGAIN_S);
        Problem { status, detail, again_s }
    }

    /// Parameters that cannot be understood.
    pub(super) fn bad_parameter(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// There is no permit for this now.
    pub(super) fn busy(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// The same for whoever may come again after `wait`.
    pub(super) fn again_after(mut self, wait: Duration) -> Problem {
        self.again_s = Some(wait.as_secs_f64().ceil().max(1.0) as u64);
        self
    }

    /// The server made a mistake, which its log tells of.
    pub(super) fn broken() -> Problem {
        Problem::of(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The status of the answer.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// After how many seconds whoever asks may come again, if that is known.
    pub(super) fn again_s(&self) -> Option<u64> {
        self.again_s
    }

    /// What is wrong, in words.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// Something that is not there.
    pub(super) fn not_found(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, detail)
    }

    /// An error that nobody said more of than its status.
    fn of(status: StatusCode) -> Problem {
        Problem::new(status, usual(status).1)
    }

    pub(super) fn body(&self) -> ProblemDetails {
        let title = self.status.canonical_reason().unwrap_or("Error");
        ProblemDetails { title, status: self.status.as_u16(), detail: self.detail.clone() }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        let status = match &refused {
            Refused::Denied(Denied::SignIn(_)) | Refused::Wrong(_) => StatusCode::UNAUTHORIZED,
            Refused::Denied(_) | Refused::Readable => StatusCode::FORBIDDEN,
            Refused::BadName(_) | Refused::BadPassword(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Refused::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
            Refused::Conflict(_) => StatusCode::CONFLICT,
            Refused::NotFound(_) => StatusCode::NOT_FOUND,
            Refused::Busy | Refused::Unusable(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        let problem = Problem::new(status, refused.to_string());
        if let Refused::Wait(wait) = refused { problem.again_after(wait) } else { problem }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Json(self.body());
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(again_s) = self.again_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(again_s));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, CHALLENGE);
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Addresses of programs: an error there is never a page.
pub(super) const OF_PROGRAMS: [&str; 5] = ["/api/", "/victron/", "/live/", "/healthz", "/readyz"];

/// Gives every error its form: a page for a browser that asked for one, else a problem document.
pub(super) async fn formed(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let of_programs = OF_PROGRAMS.iter().any(|start| path.starts_with(start));
    // What is not ready is a list, for supervisors.
    let is_list = path == "/readyz";
    let wants_page = !of_programs && wants_page(request.headers());
    // What was posted cannot be tried again by its address.
    let referer = request.headers().get(REFERER).and_then(|page| page.to_str().ok());
    let back = (*request.method() == Method::POST).then(|| path_of(referer));
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let told = response.extensions().get::<Problem>().cloned();
    let problem = match told {
        Some(_) if !wants_page => return response,
        Some(problem) => problem,
        None if is_list || !(is_bare(response.headers()) || is_page(response.headers()) && !wants_page) => {
            return response;
        }
        None => Problem::of(status),
    };
    let of_form = if wants_page {
        error_page_after(status, usual(status).0, &sentence(&problem.detail), back.as_deref())
    } else {
        problem.into_response()
    };
    // Such as `Allow` and `Retry-After` of the one, and how to read the other.
    let (mut head, _) = response.into_parts();
    for name in [CONTENT_LENGTH, CONTENT_ENCODING] {
        head.headers.remove(name);
    }
    let (form, body) = of_form.into_parts();
    head.headers.extend(form.headers);
    Response::from_parts(head, body)
}

/// Whether an error is a library's: without a body, or with a text that was not written for people.
fn is_bare(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"))
}

fn is_page(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// Words with a point at their end, and a capital at their begin if that is no name of a field.
pub(super) fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let is_name = words.split(' ').next().is_some_and(|first| first.ends_with(':'));
    let first = letters.next().map(|first| if is_name { first.into() } else { first.to_uppercase().to_string() });
    let end = if words.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{}{}{end}", first.unwrap_or_default(), letters.as_str())
}

/// The heading of an error's page, and what is said of an error that nobody said more of.
fn usual(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::BAD_REQUEST => ("This request cannot be read", "the request cannot be read: send it anew"),
        StatusCode::UNAUTHORIZED => ("This needs a name and a password", "sign in first"),
        StatusCode::FORBIDDEN => ("This is not allowed", "this is not allowed from here"),
        StatusCode::NOT_FOUND => ("There is nothing here", "there is nothing at this address"),
        StatusCode::METHOD_NOT_ALLOWED => {
            ("This address is not asked like that", "this address is not asked with this method")
        }
        StatusCode::REQUEST_TIMEOUT => ("The request did not come in time", "the request did not come in time"),
        StatusCode::PAYLOAD_TOO_LARGE => ("Too much at once", "the body is too large: send less at once"),
        StatusCode::MISDIRECTED_REQUEST => ("This server has another name", "this server does not know that name"),
        StatusCode::UNPROCESSABLE_ENTITY => ("This was not done", "a field has a value that cannot be"),
        StatusCode::SERVICE_UNAVAILABLE => ("The server is busy", "try again in a few seconds"),
        StatusCode::INTERNAL_SERVER_ERROR => {
            ("The server made a mistake", "the server made a mistake; its log says more. Try again")
        }
        _ if status.is_server_error() => {
            ("This cannot be answered now", "this cannot be answered now: try again later")
        }
        _ => ("This cannot be answered", "the request cannot be answered like this"),
    }
}

/// The API's answer to an unknown path.
pub(super) async fn no_such_path(OriginalUri(uri): OriginalUri) -> Problem {
    Problem::not_found(format!("there is no {} here; /api lists the addresses of the API", plain::shown(uri.path())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_on_a_page_is_a_sentence() {
        for (words, said) in [
            ("a body has at most 5 bytes", "A body has at most 5 bytes."),
            ("kw: missing", "kw: missing."),
            ("is it on?", "Is it on?"),
            ("", "."),
        ] {
            assert_eq!(sentence(words), said);
        }
    }
}
