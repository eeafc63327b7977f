//! By which names this server may be asked. A page of another site cannot ask by one of them.
//!
//! A browser lets a page ask the server that the page came from. Whoever owns a name can let it point to this machine
//! afterwards (DNS rebinding): then only the name that the browser asks by tells his page from ours. So every request is
//! checked: loopback, the address that the request came in at, and the names of the site file are ours.

use super::problem::Problem;
use crate::listener::Arrived;
use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::{HeaderMap, StatusCode, Uri, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::net::IpAddr;
use std::sync::Arc;

/// The names that are ours besides loopback and the own address.
#[derive(Debug)]
pub(crate) struct Names {
    names: Vec<String>,
    /// The address that we listen on; it may be `0.0.0.0`.
    listen: IpAddr,
}

/// Why a request is not answered.
#[derive(Debug, PartialEq, Eq)]
enum Wrong {
    /// Its host cannot be understood, or there is none where there must be one.
    Unclear,
    /// It asks for somebody else.
    Foreign(String),
}

/// A host as it is compared: lower case, without a dot at its end, addresses in their short form. `None` if it is none.
pub(crate) fn host_name(text: &str) -> Option<String> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let bare = text.strip_prefix('[').map_or(Some(text), |rest| rest.strip_suffix(']'))?;
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Some(address.to_canonical().to_string());
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let fits = bare == text && !text.is_empty() && text.len() <= 253 && text.chars().all(plain);
    fits.then(|| text.to_ascii_lowercase())
}

/// The host of `host:port`, as [`host_name`] has it.
fn host_of(authority: &str) -> Option<String> {
    let (host, port) = match authority.rsplit_once(':') {
        // The colons of an address in brackets are its own.
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, ""),
    };
    // An IPv6 address stands in brackets, or nobody knows where it ends.
    let bare = host.contains(':') && !host.starts_with('[');
    (!bare && port.chars().all(|c| c.is_ascii_digit())).then(|| host_name(host)).flatten()
}

impl Names {
    /// The names of a server that listens on `listen`, with those of its site file.
    pub(crate) fn new(listen: IpAddr, names: Vec<String>) -> Arc<Names> {
        Arc::new(Names { names, listen: listen.to_canonical() })
    }

    /// The names besides loopback and the own addresses.
    pub(crate) fn given(&self) -> &[String] {
        &self.names
    }

    fn is_ours(&self, host: &str, at: Option<IpAddr>) -> bool {
        if host == "localhost" || self.names.iter().any(|name| name == host) {
            return true;
        }
        let Ok(address) = host.parse::<IpAddr>() else { return false };
        address.is_loopback() || Some(address) == at || address == self.listen
    }

    /// Whether a request with this head that came in at our address `at` asks for us.
    fn check(&self, version: Version, uri: &Uri, headers: &HeaderMap, at: Option<IpAddr>) -> Result<(), Wrong> {
        let mut hosts = headers.get_all(HOST).iter();
        let header = hosts.next();
        if hosts.next().is_some() || (header.is_none() && version >= Version::HTTP_11) {
            return Err(Wrong::Unclear);
        }
        let header = header.map(|host| host.to_str().map_err(|_| Wrong::Unclear)).transpose()?;
        // `GET http://name/ HTTP/1.1` names a host too; programs of 1996 name none.
        let target = uri.authority().map(|authority| authority.as_str());
        for asked in [header, target].into_iter().flatten() {
            let host = host_of(asked).ok_or(Wrong::Unclear)?;
            if !self.is_ours(&host, at) {
                return Err(Wrong::Foreign(host));
            }
        }
        Ok(())
    }
}

/// Answers only those who ask for us.
pub(super) async fn ours(State(names): State<Arc<Names>>, request: Request, next: Next) -> Response {
    let at = request.extensions().get::<Arrived>().map(|arrived| arrived.at);
    match names.check(request.version(), request.uri(), request.headers(), at) {
        Ok(()) => next.run(request).await,
        Err(Wrong::Unclear) => {
            let words = "the Host of this request is missing, double, or no host name: say by which name you ask, once";
            Problem::new(StatusCode::BAD_REQUEST, words).into_response()
        }
        Err(Wrong::Foreign(host)) => {
            tracing::debug!("refused: asked for {host:?}");
            Problem::new(
                StatusCode::MISDIRECTED_REQUEST,
                format!(
                    "this server does not know the name {host}. If it is the name by which you reach it, add it to the \
                     site file: [server] names = [\"{host}\"], or start with --name {host}"
                ),
            )
            .into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use std::net::Ipv4Addr;

    /// What a request with these hosts and this target gets, at a server of 192.168.1.5 that is called hall.example.
    fn asks(version: Version, hosts: &[&str], target: &str) -> Result<(), Wrong> {
        let names = Names::new(Ipv4Addr::UNSPECIFIED.into(), vec!["hall.example".into(), "10.9.9.9".into()]);
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, HeaderValue::from_bytes(host.as_bytes()).unwrap());
        }
        names.check(version, &target.parse().unwrap(), &headers, Some([192, 168, 1, 5].into()))
    }

    #[test]
    fn only_our_own_names_are_answered() {
        for host in [
            "localhost",
            "localhost:3000",
            "LocalHost.:3000",
            "127.0.0.1",
            "127.0.0.1:1",
            "127.9.8.7:3000",
            "[::1]",
            "[::1]:3000",
            "[0:0:0:0:0:0:0:1]:3000",
            "[::ffff:127.0.0.1]:80",
            "192.168.1.5:3000",
            "0.0.0.0:3000",
            "hall.example",
            "HALL.example.:443",
            "10.9.9.9:3000",
        ] {
            assert_eq!(asks(Version::HTTP_11, &[host], "/"), Ok(()), "{host}");
        }
        for (host, named) in [
            ("evil.example", "evil.example"),
            ("evil.example:3000", "evil.example"),
            ("localhost.evil.example:3000", "localhost.evil.example"),
            ("127.0.0.1.evil.example", "127.0.0.1.evil.example"),
            ("nothall.example", "nothall.example"),
            ("192.168.1.6:3000", "192.168.1.6"),
            ("[2001:db8::1]:3000", "2001:db8::1"),
            ("2130706433", "2130706433"),
            ("127.1", "127.1"),
        ] {
            assert_eq!(asks(Version::HTTP_11, &[host], "/"), Err(Wrong::Foreign(named.into())), "{host}");
        }
        for host in [
            "",
            ":3000",
            "::1",
            "::1:3000",
            "[::1",
            "[localhost]",
            "localhost:port",
            "a@localhost",
            "local host",
            "localhost/",
        ] {
            assert_eq!(asks(Version::HTTP_11, &[host], "/"), Err(Wrong::Unclear), "{host:?}");
        }
    }

    #[test]
    fn a_host_is_named_once_and_the_target_counts_too() {
        let foreign = |host: &str| Err(Wrong::Foreign(host.to_owned()));
        for (version, hosts, target, expected) in [
            (Version::HTTP_11, &[][..], "/", Err(Wrong::Unclear)),
            (Version::HTTP_10, &[], "/", Ok(())),
            (Version::HTTP_10, &["evil.example"], "/", foreign("evil.example")),
            (Version::HTTP_11, &["localhost", "localhost"], "/", Err(Wrong::Unclear)),
            (Version::HTTP_11, &["localhost", "evil.example"], "/", Err(Wrong::Unclear)),
            (Version::HTTP_11, &["localhost"], "http://evil.example/cells", foreign("evil.example")),
            (Version::HTTP_11, &["evil.example"], "http://localhost/cells", foreign("evil.example")),
            (Version::HTTP_11, &["localhost:3000"], "http://127.0.0.1:3000/cells", Ok(())),
            (Version::HTTP_11, &[], "http://127.0.0.1:3000/cells", Err(Wrong::Unclear)),
            (Version::HTTP_11, &["localhost"], "http://a@localhost/", Err(Wrong::Unclear)),
        ] {
            assert_eq!(asks(version, hosts, target), expected, "{version:?} {hosts:?} {target}");
        }
    }
}
