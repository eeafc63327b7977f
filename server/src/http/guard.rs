//! Who may change something, and open a live stream: our own page, and programs; never the page of another site. And the
//! headers that every answer has.
//!
//! [`check`] is all of it: a function of a method and headers. It holds for everything that writes, whatever it does.

use super::leave::Connected;
use super::problem::Problem;
use api::operations::OPERATIONS;
use axum::extract::{Query, Request, State};
use axum::http::header::{
    CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN, STRICT_TRANSPORT_SECURITY, TRANSFER_ENCODING,
    UPGRADE,
};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use domain::plain::shown;
use thiserror::Error;

/// The fields of a form, as browsers and pages send them.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";
/// JSON.
pub(super) const JSON: &str = "application/json";

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq, Error)]
pub(super) enum Refused {
    /// The browser says that another site's page asks.
    #[error("this request comes from another site's page; open Packtwin's own page, or ask by a program")]
    ForeignSite,
    /// The page that asks was loaded by another name or port than the one asked.
    #[error(
        "this request comes from another site's page: its Origin is {}, its Host is {}. If this is Packtwin's \
         own page behind a proxy, let the proxy pass the browser's Host on, with its port",
        shown(.origin),
        shown(.host)
    )]
    ForeignOrigin {
        /// What the request says of its page.
        origin: String,
        /// What it asks.
        host: String,
    },
    /// Something is to be changed at an instant of the past.
    #[error("at: what is posted or removed is so now, and nothing can be changed in the past: leave `at` out")]
    Past,
    /// A form of another site can send such a body without being asked for permission, or nobody here reads it.
    #[error("the Content-Type of this request is {}, which is not taken here", shown(.0))]
    MediaType(String),
}

impl Refused {
    fn status(&self) -> StatusCode {
        match self {
            Refused::ForeignSite | Refused::ForeignOrigin { .. } => StatusCode::FORBIDDEN,
            Refused::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refused::Past => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}

/// Whether a request with this method and these headers may go on.
///
/// What only reads may. What changes something, or opens a stream, must not come from another site's page: browsers say
/// in `Origin` and `Sec-Fetch-Site` where it comes from, and each that is there must name us. Programs such as curl send
/// neither, and may. A body must be of a kind that is read here. Where it is known that nobody reads on (`secure`), the page
/// must have come so too: on its way somebody else could have written it.
///
/// # Errors
/// [`Refused`]: the status, and the reason in words.
pub(super) fn check(method: &Method, headers: &HeaderMap, secure: bool) -> Result<(), Refused> {
    let writes = !matches!(*method, Method::GET | Method::HEAD);
    if !writes && !headers.contains_key(UPGRADE) {
        return Ok(());
    }
    if headers.get_all("sec-fetch-site").iter().any(|site| site != "same-origin" && site != "none") {
        return Err(Refused::ForeignSite);
    }
    let host = text(headers.get(HOST));
    for origin in headers.get_all(ORIGIN) {
        let origin = text(Some(origin));
        let plain = secure && !origin.starts_with("https:");
        if plain || authority(&origin).is_none_or(|page| !page.eq_ignore_ascii_case(without_port(&origin, &host))) {
            return Err(Refused::ForeignOrigin { origin, host });
        }
    }
    if writes && has_body(headers) && ![FORM, JSON].iter().any(|kind| is_media_type(headers, kind)) {
        let said = headers.get(CONTENT_TYPE).map_or("nothing".to_owned(), |kind| text(Some(kind)));
        return Err(Refused::MediaType(said));
    }
    Ok(())
}

/// Refuses to change something at an instant. Such a request was meant for what it reads: there `at` has a meaning.
///
/// # Errors
/// [`Refused::Past`].
pub(super) fn now(method: &Method, uri: &Uri) -> Result<(), Refused> {
    let writes = !matches!(*method, Method::GET | Method::HEAD);
    // What is no query has no `at` either.
    let fields = Query::<Vec<(String, String)>>::try_from_uri(uri).map(|Query(fields)| fields).unwrap_or_default();
    let has_instant = fields.iter().any(|(name, _)| name == "at");
    if writes && has_instant { Err(Refused::Past) } else { Ok(()) }
}

/// Whether the body is of this kind, such as [`FORM`]; whatever parameters stand behind it. A kind that is given twice
/// is none.
pub(super) fn is_media_type(headers: &HeaderMap, kind: &str) -> bool {
    let mut all = headers.get_all(CONTENT_TYPE).iter().map(|kind| text(Some(kind)));
    let essence = |said: String| said.split(';').next().is_some_and(|said| said.trim().eq_ignore_ascii_case(kind));
    all.next().is_some_and(essence) && all.next().is_none()
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0")
}

fn text(value: Option<&HeaderValue>) -> String {
    value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

/// Host and port of an origin, `http://hall.example:3000`, without the port that its scheme has anyway.
fn authority(origin: &str) -> Option<&str> {
    let (_, authority) = origin.split_once("://").filter(|(scheme, _)| ["http", "https"].contains(scheme))?;
    Some(without_port(origin, authority)).filter(|authority| !authority.is_empty())
}

/// A host without the port that the scheme of this origin has anyway.
fn without_port<'a>(origin: &str, host: &'a str) -> &'a str {
    host.strip_suffix(if origin.starts_with("https:") { ":443" } else { ":80" }).unwrap_or(host)
}

/// Lets only those go on that may.
pub(super) async fn same_origin(request: Request, next: Next) -> Response {
    let secure = Connected::of(request.extensions()).secure;
    let checked =
        check(request.method(), request.headers(), secure).and_then(|()| now(request.method(), request.uri()));
    match checked {
        Ok(()) => next.run(request).await,
        Err(refused) => {
            let advice = match refused {
                Refused::MediaType(_) => format!(": send {}", taken(request.uri().path())),
                Refused::ForeignSite | Refused::ForeignOrigin { .. } | Refused::Past => String::new(),
            };
            Problem::new(refused.status(), format!("{refused}{advice}")).into_response()
        }
    }
}

/// The kinds of body that are taken at this address.
fn taken(path: &str) -> String {
    let described = OPERATIONS.iter().filter(|of| of.path == path).find_map(|of| of.body);
    described.map_or(&[FORM][..], |(kinds, _)| kinds).join(" or ")
}

const HEADERS: [(HeaderName, &str); 5] = [
    (HeaderName::from_static("x-content-type-options"), "nosniff"),
    (HeaderName::from_static("referrer-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("x-frame-options"), "DENY"),
];

/// For a year, by TLS alone.
const INSISTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds the headers that every answer has; `insists` that browsers never come without TLS again.
pub(super) async fn headers(State(insists): State<bool>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if insists {
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, INSISTS);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(method: Method, given: &[(&'static str, &'static str)]) -> Option<u16> {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(*name, HeaderValue::from_static(value));
        }
        check(&method, &headers, false).err().map(|refused| refused.status().as_u16())
    }

    #[test]
    fn nothing_is_changed_in_the_past() {
        for (method, uri, refused) in [
            (Method::POST, "/api/v1/commands?at=2026-11-30T20:00:00Z", true),
            (Method::POST, "/api/v1/commands?system=hv&a%74=0", true),
            (Method::POST, "/api/v1/arming?at", true),
            (Method::DELETE, "/api/v1/recordings/a.log?at=", true),
            (Method::POST, "/api/v1/commands", false),
            (Method::POST, "/api/v1/commands?what=at", false),
            (Method::GET, "/api/v1/state?at=2026-11-30T20:00:00Z", false),
            (Method::HEAD, "/api/v1/state?at=0", false),
        ] {
            assert_eq!(now(&method, &uri.parse().unwrap()).is_err(), refused, "{method} {uri}");
        }
    }

    #[test]
    fn only_our_own_page_and_programs_may_write() {
        const OURS: (&str, &str) = ("host", "127.0.0.1:3000");
        for (given, refused) in [
            (&[][..], None),
            (&[OURS, ("origin", "http://127.0.0.1:3000")], None),
            (&[OURS, ("origin", "http://127.0.0.1:3000"), ("sec-fetch-site", "same-origin")], None),
            (&[("host", "Hall.example"), ("origin", "https://hall.example")], None),
            (&[("host", "hall.example:443"), ("origin", "https://hall.example")], None),
            (&[("host", "hall.example:80"), ("origin", "http://hall.example")], None),
            (&[("host", "[::1]:3000"), ("origin", "http://[::1]:3000")], None),
            (&[OURS, ("sec-fetch-site", "none")], None),
            (&[OURS, ("origin", "https://evil.example")], Some(403)),
            (&[OURS, ("origin", "https://evil.example"), ("sec-fetch-site", "none")], Some(403)),
            (&[OURS, ("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")], Some(403)),
            (&[OURS, ("origin", "http://127.0.0.1:3001")], Some(403)),
            (&[OURS, ("origin", "http://127.0.0.1")], Some(403)),
            (&[("host", "hall.example:80"), ("origin", "https://hall.example")], Some(403)),
            (&[OURS, ("origin", "null")], Some(403)),
            (&[OURS, ("origin", "")], Some(403)),
            (&[OURS, ("origin", "http://")], Some(403)),
            (&[OURS, ("origin", "file://127.0.0.1:3000")], Some(403)),
            (&[OURS, ("origin", "http://127.0.0.1:3000/")], Some(403)),
            (&[OURS, ("origin", "http://a@127.0.0.1:3000")], Some(403)),
            (&[OURS, ("origin", "http://127.0.0.1:3000"), ("origin", "http://evil.example")], Some(403)),
            (&[("origin", "http://127.0.0.1:3000")], Some(403)),
            (&[("host", ""), ("origin", "http://")], Some(403)),
            (&[OURS, ("sec-fetch-site", "same-site")], Some(403)),
            (&[OURS, ("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:3000")], Some(403)),
            (&[OURS, ("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")], Some(403)),
            (&[OURS, ("sec-fetch-site", "")], Some(403)),
        ] {
            for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
                assert_eq!(asks(method.clone(), given), refused, "{method} {given:?}");
            }
            let upgrade: Vec<_> = given.iter().copied().chain([("upgrade", "websocket")]).collect();
            assert_eq!(asks(Method::GET, &upgrade), refused, "{upgrade:?}");
            assert_eq!(asks(Method::GET, given), None, "to read does no harm: {given:?}");
        }
    }

    #[test]
    fn where_nobody_reads_on_the_page_must_have_come_so_too() {
        for (origin, secure, may) in [
            ("https://hall.example", true, true),
            ("http://hall.example", true, false),
            ("HTTP://hall.example", true, false),
            ("http://hall.example", false, true),
            // TLS of a proxy that we know nothing of.
            ("https://hall.example", false, true),
        ] {
            let headers = [("host", "hall.example"), ("origin", origin)]
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            let found = check(&Method::POST, &HeaderMap::from_iter(headers), secure);
            assert_eq!(found.is_ok(), may, "{origin} {secure}");
        }
    }

    #[test]
    fn a_body_is_a_form_or_json() {
        for (given, refused) in [
            (&[][..], None),
            (&[("content-length", "0")], None),
            (&[("content-length", "0"), ("content-type", "text/plain")], None),
            (&[("content-length", "3"), ("content-type", "application/x-www-form-urlencoded")], None),
            (&[("content-length", "3"), ("content-type", "Application/JSON; charset=utf-8")], None),
            (&[("content-length", "3")], Some(415)),
            (&[("transfer-encoding", "chunked")], Some(415)),
            (&[("content-length", "3"), ("content-type", "text/plain")], Some(415)),
            (&[("content-length", "3"), ("content-type", "multipart/form-data; boundary=x")], Some(415)),
            (&[("content-length", "3"), ("content-type", "application/jsonx")], Some(415)),
            (&[("content-length", "3"), ("content-type", "text/plain; application/json")], Some(415)),
            (
                &[("content-length", "3"), ("content-type", "application/json"), ("content-type", "text/plain")],
                Some(415),
            ),
        ] {
            assert_eq!(asks(Method::POST, given), refused, "{given:?}");
        }
    }
}
