//! Actions of pages: Leptos' server functions, and what they may do here.
//!
//! They pass the same guards as everything that writes ([`guard`](super::guard), [`host`](super::host), the limit of a
//! body). A plain form is sent back to the page that it was on, or gets a page that says why not.

use super::AppState;
use super::error_page::error_page;
use super::lab;
use super::leave::Who;
use super::problem::{Problem, refusal};
use app::actions::{ActionError, Door};
use app::pages::lab::LabAction;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, REFERER};
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::lab::LabState;
use domain::people::action::Action;
use leptos::prelude::provide_context;
use leptos::server_fn::axum::{register_explicit, server_fn_paths};
use leptos_axum::handle_server_fns_with_context;
use std::collections::HashMap;
use std::sync::Arc;

/// No answer of an action is larger, bytes.
const ANSWER_MAX: usize = 1 << 20;

/// Makes every action known. A new one is a line here.
pub(super) fn register() {
    register_explicit::<LabAction>();
}

/// `POST /actions/...`
pub(super) async fn action(State(state): State<AppState>, who: Who, mut request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if !server_fn_paths().any(|(known, _)| known == path) {
        return refusal(StatusCode::NOT_FOUND, "there is no such action; reload the page if it was open for long");
    }
    // What a browser without our code gets, is decided here.
    let accepts = request.headers_mut().remove(ACCEPT);
    let by_hand = accepts.is_some_and(|accepts| accepts.to_str().is_ok_and(|kinds| kinds.contains("text/html")));
    let page = path_of(request.headers().get(REFERER).and_then(|page| page.to_str().ok()));
    let door: Arc<dyn Door> = Arc::new(Doors(state, who));
    let answer = handle_server_fns_with_context(move || provide_context(door.clone()), request).await.into_response();
    if answer.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return if by_hand { Redirect::to(&page).into_response() } else { answer };
    }
    // An action that is not done is refused, with a sentence for its body.
    let body = to_bytes(answer.into_body(), ANSWER_MAX).await.unwrap_or_default();
    if by_hand {
        return error_page(StatusCode::UNPROCESSABLE_ENTITY, "This was not done", &String::from_utf8_lossy(&body));
    }
    let mut answer = (StatusCode::UNPROCESSABLE_ENTITY, body).into_response();
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}

/// Path and query of the page that a form was on, on this server whatever it says; the overview if it says nothing.
fn path_of(page: Option<&str>) -> String {
    let rest = page.and_then(|page| page.split_once("://")).map_or("", |(_, rest)| rest);
    // Two slashes at the begin would be another server.
    rest.find('/').map_or_else(|| "/".to_owned(), |at| format!("/{}", rest[at..].trim_start_matches(['/', '\\'])))
}

/// What actions may do: as the API does it.
struct Doors(AppState, Who);

impl Door for Doors {
    fn lab(&self, system: &str, fields: &HashMap<String, String>) -> Result<LabState, ActionError> {
        let refused = |problem: Problem| ActionError(problem.detail().to_owned());
        self.1.may(Action::UseLab).map_err(refused)?;
        lab::apply(&self.0, Some(system), fields).map_err(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_goes_back_to_its_page_on_this_server() {
        for (page, path) in [
            (Some("http://127.0.0.1:3000/lab?system=hv"), "/lab?system=hv"),
            (Some("https://hall.example/lab"), "/lab"),
            (Some("http://127.0.0.1:3000//evil.example/x"), "/evil.example/x"),
            (Some("http://127.0.0.1:3000/\\evil.example"), "/evil.example"),
            (Some("http://127.0.0.1:3000"), "/"),
            (Some("nothing"), "/"),
            (None, "/"),
        ] {
            assert_eq!(path_of(page), path, "{page:?}");
        }
    }
}
