//! Where somebody is led to sign in, and the way back to the page that they were on: always on this server.

use app::address::Address;
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use std::fmt::Write as _;

/// Where somebody signs in.
pub(super) const PATH: &str = "/sign-in";
/// The field of its address and its form that says where one goes then.
pub(super) const TO: &str = "to";

/// Path and query of the page that a form was on, on this server whatever it says; the overview if it says nothing.
pub(super) fn path_of(page: Option<&str>) -> String {
    let rest = page.and_then(|page| page.split_once("://")).map_or("", |(_, rest)| rest);
    // Two slashes at the begin would be another server.
    let path = rest.find('/').map_or("", |at| rest[at..].trim_start_matches(['/', '\\']));
    // Browsers leave out what is not seen, which makes another address of it.
    let is_clean = path.chars().all(|c| c.is_ascii_graphic());
    format!("/{}", if is_clean { path } else { "" })
}

/// An address of this server to go to from here; not this one itself.
pub(super) fn way_back(to: &str) -> String {
    let to = path_of(Some(&format!("http://here{to}")));
    if Address::parse(&to).path() == PATH { "/".to_owned() } else { to }
}

/// Leads somebody to the document to sign in who may not see the page at `uri` before they have said who they are.
pub(super) fn lead(uri: &Uri) -> Response {
    let to = uri.path_and_query().map_or("/", |at| at.as_str());
    let location = HeaderValue::from_str(&format!("{PATH}?{TO}={}", encoded(to)));
    let location = location.unwrap_or(HeaderValue::from_static(PATH));
    (StatusCode::SEE_OTHER, [(LOCATION, location), (CACHE_CONTROL, HeaderValue::from_static("no-store"))])
        .into_response()
}

/// A text as the value of a field of an address.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        let plain = byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
        // Writing to a text does not fail.
        let _ = if plain { write!(out, "{}", char::from(byte)) } else { write!(out, "%{byte:02X}") };
        out
    })
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
            (Some("http://x/\t/evil.example"), "/"),
            (Some("http://x/a\t/b"), "/"),
            (Some("http://x/h\u{e4}ll"), "/"),
            (Some("nothing"), "/"),
            (None, "/"),
        ] {
            assert_eq!(path_of(page), path, "{page:?}");
        }
    }

    #[test]
    fn the_way_back_is_a_page_of_this_server() {
        for (to, back) in [
            ("/cells?cell=7.12", "/cells?cell=7.12"),
            ("", "/"),
            ("//evil.example/x", "/evil.example/x"),
            ("/\\evil.example", "/evil.example"),
            ("https://evil.example/x", "/evil.example/x"),
            ("@evil.example", "/"),
            ("/sign-in?to=/sign-in", "/"),
            ("/h\u{e4}ll", "/"),
        ] {
            assert_eq!(way_back(to), back, "{to}");
        }
    }

    #[test]
    fn who_may_not_see_a_page_is_led_here_with_its_address() {
        let response = lead(&"/cells?cell=7.12&by=a%20b".parse().unwrap());
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let to = response.headers()[LOCATION].to_str().unwrap();
        assert_eq!(to, "/sign-in?to=/cells%3Fcell%3D7.12%26by%3Da%2520b");
        assert_eq!(Address::parse(to).field(TO).as_deref(), Some("/cells?cell=7.12&by=a%20b"));
    }
}
