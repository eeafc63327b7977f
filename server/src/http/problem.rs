//! Errors of the API, as RFC 9457 problem details.

use crate::people::Refused;
use api::problem::ProblemDetails;
use axum::Json;
use axum::extract::OriginalUri;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::people::Denied;

/// Who got no permit may come again after this, s.
const AGAIN_S: u64 = 5;

/// How who is not known can say who they are.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"packtwin\"");

/// An error answer: a status and what is wrong, where, what to do.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
    /// Whoever may come again, after so many seconds.
    again_s: Option<u64>,
}

impl Problem {
    /// An error with this status and these words.
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Problem {
        Problem {
            status,
            detail: detail.into(),
            again_s: (status == StatusCode::SERVICE_UNAVAILABLE).then_some(AGAIN_S),
        }
    }

    /// Parameters that cannot be understood.
    pub(super) fn bad_parameter(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// There is no permit for this now.
    pub(super) fn busy(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// The status.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong, in words.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// Something that is not there.
    pub(super) fn not_found(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, detail)
    }
}

impl Problem {
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
        let mut problem = Problem::new(status, refused.to_string());
        if let Refused::Wait(wait) = refused {
            problem.again_s = Some(wait.as_secs().max(1));
        }
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Json(self.body());
        let mut response = (self.status, body).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(again_s) = self.again_s {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(again_s));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, CHALLENGE);
        }
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// The answer to a request that gets no further, for people and programs alike.
pub(super) fn refusal(status: StatusCode, words: &str) -> Response {
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    (status, headers, format!("{words}\n")).into_response()
}

/// The API's answer to an unknown path.
pub(super) async fn no_such_path(OriginalUri(uri): OriginalUri) -> Problem {
    Problem::not_found(format!("there is no {} here; /api lists the addresses of the API", uri.path()))
}
