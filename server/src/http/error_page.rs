//! The page of an error: for a browser that asked for a page and cannot get it. It needs no code and no other file.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};

const TEMPLATE: &str = include_str!("error_page.html");
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'");

/// A page that says what is wrong and what to do, both in words for a person.
pub(super) fn error_page(status: StatusCode, what: &str, advice: &str) -> Response {
    error_page_after(status, what, advice, None)
}

/// The same after a form that was posted: `back` is the page that it was on.
pub(super) fn error_page_after(status: StatusCode, what: &str, advice: &str, back: Option<&str>) -> Response {
    let text = |words: &str| words.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let (to, again) = back.map_or(("", "Try again"), |back| (back, "Back to the page"));
    let parts = [("STATUS", status.as_str()), ("AGAIN", again), ("WAY", to), ("WHAT", what), ("ADVICE", advice)];
    let page = parts.into_iter().fold(TEMPLATE.to_owned(), |page, (part, words)| page.replace(part, &text(words)));
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

    #[tokio::test]
    async fn after_a_form_it_leads_back_to_the_page_with_the_form() {
        let page = async |back| {
            let response = error_page_after(StatusCode::CONFLICT, "No", "No.", back);
            let body = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
            String::from_utf8(body.to_vec()).unwrap()
        };
        assert!(page(None).await.contains("<a href=\"\">Try again</a>"));
        let back = page(Some("/control?review=run&value=\"0")).await;
        assert!(back.contains("<a href=\"/control?review=run&amp;value=&quot;0\">Back to the page</a>"), "{back}");
    }
}
