//! The page of an error: for a browser that asked for a page and cannot get it. It needs no code and no other file.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};

const TEMPLATE: &str = include_str!("error_page.html");
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'");

/// A page that says what is wrong and what to do, both in words for a person.
pub(super) fn error_page(status: StatusCode, what: &str, advice: &str) -> Response {
    let text = |words: &str| words.replace('&', "&amp;").replace('<', "&lt;");
    let page =
        TEMPLATE.replace("STATUS", status.as_str()).replace("WHAT", &text(what)).replace("ADVICE", &text(advice));
    let mut response = (status, Html(page)).into_response();
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, POLICY);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_error_is_a_page_with_its_words_and_nothing_in_it_runs() {
        let response = error_page(StatusCode::SERVICE_UNAVAILABLE, "No <b>values</b>", "Try again & wait.");
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        let body = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
        let html = String::from_utf8(body.to_vec()).unwrap();
        assert!(html.contains("No &lt;b>values&lt;/b>") && html.contains("Try again &amp; wait."), "{html}");
        assert!(!html.contains("<script") && !html.contains("WHAT") && html.contains("503"), "{html}");
    }
}
