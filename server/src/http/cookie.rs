//! The cookie of a session, and what else shows who asks.
//!
//! Over TLS it is called `__Host-packtwin`: a browser takes such a name only with `Secure`, for `/` and this host alone, so
//! no other host of the domain can set it. Over plain HTTP not every browser takes that name or `Secure`, not even on the
//! machine itself; there it is called `packtwin-PORT`, for cookies know no ports, and two servers on one machine are no
//! rarity ([ADR 24](../../../docs/adr/0024-who-may-do-what.md)).

use crate::people::Presented;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE, HeaderValue};
use domain::people::session::LONGEST;

/// The name over TLS.
const SECURE: &str = "__Host-packtwin";

/// The name of the cookie on this connection.
fn name(secure: bool, port: u16) -> String {
    if secure { SECURE.to_owned() } else { format!("packtwin-{port}") }
}

/// What a request shows of who asks. A cookie that is there twice is none: one of them is not ours.
pub(super) fn presented(headers: &HeaderMap, secure: bool, port: u16) -> Presented {
    let name = name(secure, port);
    let texts = headers.get_all(COOKIE).iter().filter_map(|text| text.to_str().ok());
    let pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
    let cookie = ours.next().filter(|_| ours.next().is_none());
    let mut bearers = headers.get_all(AUTHORIZATION).iter();
    let bearer = bearers.next().map(|text| {
        let text = text.to_str().unwrap_or_default();
        let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
        // What is of another scheme is no token of ours either.
        if scheme.eq_ignore_ascii_case("bearer") { token.trim().to_owned() } else { String::new() }
    });
    Presented { cookie, bearer }
}

/// Sets the cookie.
pub(super) fn set(secret: &str, secure: bool, port: u16) -> Option<HeaderValue> {
    header(secret, LONGEST.as_secs(), secure, port)
}

/// Takes the cookie away.
pub(super) fn clear(secure: bool, port: u16) -> Option<HeaderValue> {
    header("", 0, secure, port)
}

fn header(secret: &str, seconds: u64, secure: bool, port: u16) -> Option<HeaderValue> {
    let name = name(secure, port);
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{name}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(headers: &[(&'static str, &str)], secure: bool) -> Presented {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        presented(&map, secure, 3000)
    }

    #[test]
    fn the_cookie_is_bound_to_host_and_scheme() {
        let text = |header: Option<HeaderValue>| header.unwrap().to_str().unwrap().to_owned();
        assert_eq!(
            text(set("ab12", true, 3000)),
            "__Host-packtwin=ab12; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            text(set("ab12", false, 3000)),
            "packtwin-3000=ab12; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict"
        );
        assert!(text(clear(true, 3000)).starts_with("__Host-packtwin=; Path=/; Max-Age=0;"));
    }

    #[test]
    fn what_is_shown_is_read_and_what_is_ambiguous_is_not() {
        for (headers, secure, cookie, bearer) in [
            (&[("cookie", "a=1; packtwin-3000=ab12; b=2")][..], false, Some("ab12"), None),
            (&[("cookie", "a=1"), ("cookie", "packtwin-3000=ab12")], false, Some("ab12"), None),
            (&[("cookie", "__Host-packtwin=ab12")], true, Some("ab12"), None),
            // The name of the other scheme, of another port, of another letter case.
            (&[("cookie", "packtwin-3000=ab12")], true, None, None),
            (&[("cookie", "__Host-packtwin=ab12")], false, None, None),
            (&[("cookie", "packtwin-3001=ab12")], false, None, None),
            (&[("cookie", "Packtwin-3000=ab12")], false, None, None),
            (&[("cookie", "packtwin-3000=ab12; packtwin-3000=cd34")], false, None, None),
            (&[("cookie", "packtwin-3000")], false, None, None),
            (&[("authorization", "Bearer pt_1")], false, None, Some("pt_1")),
            (&[("authorization", "bearer  pt_1 ")], false, None, Some("pt_1")),
            (&[("authorization", "Basic cGFzcw==")], false, None, Some("")),
            (&[("authorization", "")], false, None, Some("")),
        ] {
            let found = shown(headers, secure);
            assert_eq!((found.cookie.as_deref(), found.bearer.as_deref()), (cookie, bearer), "{headers:?}");
        }
    }
}
