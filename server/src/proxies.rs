//! What a proxy says of who asks: believed only of proxies that the operator has named.
//!
//! A header that says who asks can be written by anybody. Of a chain of addresses the last is what the nearest proxy has
//! seen itself, so the chain is read from its end, as long as those who say it are believed. What comes through a proxy is
//! never of this machine itself, whatever is said: that has rights of its own.

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const X_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
/// Each of these shows that a proxy is between.
const SIGNS: [HeaderName; 5] =
    [X_FOR, X_PROTO, FORWARDED, HeaderName::from_static("x-real-ip"), HeaderName::from_static("via")];

/// Somebody of whom it is not known where they are: far away.
pub(crate) const UNKNOWN: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The proxies that are believed.
#[derive(Debug, Default)]
pub(crate) struct Proxies(Vec<IpNet>);

impl From<Vec<IpNet>> for Proxies {
    fn from(networks: Vec<IpNet>) -> Proxies {
        Proxies(networks)
    }
}

/// An address or a network, such as `127.0.0.1` or `10.0.3.0/24`.
///
/// # Errors
/// It is neither.
pub(crate) fn network(text: &str) -> Result<IpNet, String> {
    let alone = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    alone
        .or_else(|_| text.parse::<IpNet>())
        .map_err(|_| "write the address of the proxy, or its network: 192.0.2.7 or 10.0.3.0/24".to_owned())
}

impl Proxies {
    /// Whether there is any.
    pub(crate) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether what comes from there is believed.
    pub(crate) fn believes(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address.to_canonical()))
    }

    /// The proxies, as they are written.
    pub(crate) fn words(&self) -> Vec<String> {
        let word = |network: &IpNet| match network.prefix_len() == network.max_prefix_len() {
            true => network.addr().to_string(),
            false => network.to_string(),
        };
        self.0.iter().map(word).collect()
    }

    /// Who asks with these headers over a connection from `peer`, and whether nobody else can read it; `secure` is whether
    /// the connection itself has TLS.
    pub(crate) fn seen(&self, peer: IpAddr, secure: bool, headers: &HeaderMap) -> (IpAddr, bool) {
        let unclear = (UNKNOWN, false);
        if !self.believes(peer) {
            // Somebody's proxy on this machine, which nobody has named: it is not the machine itself that asks.
            let hidden = peer.is_loopback() && SIGNS.iter().any(|sign| headers.contains_key(sign));
            return if hidden { unclear } else { (peer, secure) };
        }
        let x = (headers.contains_key(X_FOR) || headers.contains_key(X_PROTO)).then(|| Said::in_x(headers));
        let standard = headers.contains_key(FORWARDED).then(|| Said::in_standard(headers));
        // A proxy writes one of them; the other may be from anybody.
        let said = match (x, standard) {
            (Some(x), Some(standard)) if x != standard => return unclear,
            (Some(said), _) | (None, Some(said)) => said,
            (None, None) => return unclear,
        };
        let from = self.client(&said.chain).filter(|from| !from.is_loopback()).unwrap_or(UNKNOWN);
        (from, said.https)
    }

    /// The last address of the chain that is no proxy; the first if all are.
    fn client(&self, chain: &[Option<IpAddr>]) -> Option<IpAddr> {
        let outside = chain.iter().rev().find(|hop| hop.is_none_or(|hop| !self.believes(hop)));
        outside.or(chain.first()).copied().flatten()
    }
}

/// What is said.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    /// From the client on; `None` where it is no address.
    chain: Vec<Option<IpAddr>>,
    /// Whether all of the way is said to be https.
    https: bool,
}

impl Said {
    fn in_x(headers: &HeaderMap) -> Said {
        Said {
            chain: parts(headers, &X_FOR, ',').map(|text| address(&text)).collect(),
            https: all_https(parts(headers, &X_PROTO, ',')),
        }
    }

    /// RFC 7239: `for=192.0.2.60;proto=https, for="[2001:db8::7]:4711"`.
    fn in_standard(headers: &HeaderMap) -> Said {
        let mut said = Said { chain: Vec::new(), https: false };
        let mut schemes = Vec::new();
        for element in parts(headers, &FORWARDED, ',') {
            for pair in element.split(';') {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                let value = value.trim().trim_matches('"');
                match key.trim().to_ascii_lowercase().as_str() {
                    "for" => said.chain.push(address(value)),
                    "proto" => schemes.push(value.to_owned()),
                    _ => {}
                }
            }
        }
        said.https = all_https(schemes.into_iter());
        said
    }
}

/// The parts of a header, which may be there more than once.
fn parts<'a>(headers: &'a HeaderMap, name: &HeaderName, mark: char) -> impl Iterator<Item = String> + use<'a> {
    let lines = headers.get_all(name).into_iter().map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned());
    lines.flat_map(move |line| line.split(mark).map(|part| part.trim().to_owned()).collect::<Vec<_>>())
}

fn all_https(schemes: impl Iterator<Item = String>) -> bool {
    let mut schemes = schemes.peekable();
    schemes.peek().is_some() && schemes.all(|scheme| scheme.eq_ignore_ascii_case("https"))
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let alone = bare.parse::<IpAddr>().ok();
    alone.or_else(|| text.parse::<SocketAddr>().ok().map(|place| place.ip())).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "10.0.3.7";

    fn seen(peer: &str, secure: bool, headers: &[(&'static str, &str)]) -> (String, bool) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let proxies = Proxies::from(vec![network("10.0.3.0/24").unwrap(), network("::ffff:127.0.0.1").unwrap()]);
        let (from, secure) = proxies.seen(peer.parse().unwrap(), secure, &map);
        (from.to_string(), secure)
    }

    #[test]
    fn a_proxy_is_believed_of_who_asks_and_nobody_else() {
        const FOR: &str = "x-forwarded-for";
        const PROTO: &str = "x-forwarded-proto";
        const BOTH: &str = "forwarded";
        const NOBODY: &str = "0.0.0.0";
        for (peer, headers, from, secure) in [
            (PROXY, &[(FOR, "198.51.100.9"), (PROTO, "https")][..], "198.51.100.9", true),
            ("127.0.0.1", &[(FOR, "198.51.100.9"), (PROTO, "HTTPS")], "198.51.100.9", true),
            (PROXY, &[(FOR, "198.51.100.9"), (PROTO, "http")], "198.51.100.9", false),
            (PROXY, &[(FOR, "198.51.100.9")], "198.51.100.9", false),
            // What the client wrote stands before what the proxy has seen.
            (PROXY, &[(FOR, "127.0.0.1, 198.51.100.9"), (PROTO, "https")], "198.51.100.9", true),
            (PROXY, &[(FOR, "127.0.0.1"), (FOR, "198.51.100.9"), (PROTO, "https")], "198.51.100.9", true),
            (PROXY, &[(FOR, "198.51.100.9, 10.0.3.8"), (PROTO, "https")], "198.51.100.9", true),
            (PROXY, &[(FOR, "10.0.3.9, 10.0.3.8"), (PROTO, "https")], "10.0.3.9", true),
            (PROXY, &[(FOR, "198.51.100.9"), (PROTO, "https, http")], "198.51.100.9", false),
            (PROXY, &[(FOR, "198.51.100.9"), (PROTO, "http"), (PROTO, "https")], "198.51.100.9", false),
            (PROXY, &[(FOR, "[2001:db8::7]:4711"), (PROTO, "https")], "2001:db8::7", true),
            (PROXY, &[(FOR, "198.51.100.9:4711"), (PROTO, "https")], "198.51.100.9", true),
            // Nobody comes through a proxy and is this machine.
            (PROXY, &[(FOR, "127.0.0.1"), (PROTO, "https")], NOBODY, true),
            (PROXY, &[(FOR, "::ffff:127.0.0.1"), (PROTO, "https")], NOBODY, true),
            (PROXY, &[(FOR, "unknown"), (PROTO, "https")], NOBODY, true),
            (PROXY, &[(FOR, ""), (PROTO, "")], NOBODY, false),
            (PROXY, &[(PROTO, "https")], NOBODY, true),
            (PROXY, &[], NOBODY, false),
            ("127.0.0.1", &[], NOBODY, false),
            // RFC 7239.
            (PROXY, &[(BOTH, "for=198.51.100.9;proto=https;by=10.0.3.7")], "198.51.100.9", true),
            (PROXY, &[(BOTH, "For=\"[2001:db8::7]:4711\"; Proto=https")], "2001:db8::7", true),
            (PROXY, &[(BOTH, "for=1.2.3.4;proto=https, for=198.51.100.9;proto=http")], "198.51.100.9", false),
            (PROXY, &[(BOTH, "for=_hidden;proto=https")], NOBODY, true),
            (
                PROXY,
                &[(BOTH, "for=198.51.100.9;proto=https"), (FOR, "198.51.100.9"), (PROTO, "https")],
                "198.51.100.9",
                true,
            ),
            // One of them is not the proxy's.
            (PROXY, &[(BOTH, "for=1.2.3.4;proto=https"), (FOR, "198.51.100.9"), (PROTO, "https")], NOBODY, false),
            (PROXY, &[(BOTH, "proto=https"), (FOR, "198.51.100.9"), (PROTO, "http")], NOBODY, false),
            // Others may say what they want.
            (
                "198.51.100.9",
                &[(FOR, "10.0.0.1"), (PROTO, "https"), (BOTH, "for=10.0.0.1;proto=https")],
                "198.51.100.9",
                false,
            ),
            ("10.0.4.7", &[(FOR, "10.0.0.1"), (PROTO, "https")], "10.0.4.7", false),
            // A proxy on this machine of which nobody told us is not this machine.
            ("::1", &[(FOR, "10.0.0.1"), (PROTO, "https")], NOBODY, false),
            ("::1", &[("via", "1.1 tunnel")], NOBODY, false),
            ("::1", &[], "::1", false),
        ] {
            assert_eq!(seen(peer, false, headers), (from.to_owned(), secure), "{peer} {headers:?}");
        }
        // Over TLS of our own only a proxy takes away that it is secure.
        assert_eq!(seen("198.51.100.9", true, &[(PROTO, "http")]), ("198.51.100.9".to_owned(), true));
        assert!(!seen(PROXY, true, &[(FOR, "198.51.100.9"), (PROTO, "http")]).1);
    }

    #[test]
    fn networks_are_read_and_written() {
        for (text, written) in [
            ("127.0.0.1", Some("127.0.0.1")),
            ("::1", Some("::1")),
            ("10.0.3.0/24", Some("10.0.3.0/24")),
            ("::ffff:10.0.3.7", Some("10.0.3.7")),
            ("proxy.example", None),
            ("10.0.3.0/99", None),
            ("", None),
        ] {
            let read = network(text).ok().map(|network| Proxies::from(vec![network]).words().concat());
            assert_eq!(read.as_deref(), written, "{text}");
        }
    }
}
