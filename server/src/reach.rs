//! How the server is reached from other machines: by TLS, or through a proxy that has it. In no other way.
//!
//! What the command line says goes before what the site file says.

use crate::cli::Common;
use crate::proxies::Proxies;
use crate::tls::{Source, Tls, Wanted};
use anyhow::{Result, bail};
use ipnet::IpNet;
use std::net::SocketAddr;
use std::sync::Arc;

/// The port of https: nothing else of a machine is reached by its plain name.
const HTTPS: u16 = 443;

/// What the site file says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// With which certificate TLS is spoken, if it is.
    pub(crate) tls: Option<Source>,
    /// The proxies that are believed what they say of who asks.
    pub(crate) proxies: Vec<IpNet>,
}

impl Asked {
    /// What is asked for by the site file and by the command line.
    pub(crate) fn with(self, common: &Common) -> Asked {
        let own = common.tls_cert.clone().zip(common.tls_key.clone());
        let own = own.map(|(certificate, key)| Source::Own { certificate, key });
        let said = own.or(common.tls.then_some(Source::Made));
        let proxies = if common.behind_proxy.is_empty() { self.proxies } else { common.behind_proxy.clone() };
        Asked { tls: said.or(self.tls), proxies }
    }

    /// Whether the server may listen there.
    ///
    /// # Errors
    /// Others could read what is said to it.
    pub(crate) fn may_listen(&self, listen: SocketAddr) -> Result<()> {
        if listen.ip().to_canonical().is_loopback() || self.tls.is_some() || !self.proxies.is_empty() {
            return Ok(());
        }
        bail!(
            "{listen} can be reached from other machines, and without TLS everybody between could read passwords and change \
             commands. Start with --tls (Packtwin makes a certificate), or with --tls-cert FILE --tls-key FILE, or, if a \
             proxy speaks TLS for it, with --behind-proxy ADDRESS-OF-THE-PROXY; or listen on 127.0.0.1"
        )
    }
}

/// The names that a certificate of Packtwin's has: those by which the server may be asked.
pub(crate) fn wanted(listen: SocketAddr, names: &[String]) -> Wanted {
    let address = listen.ip().to_canonical();
    let mut all: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    all.extend(names.iter().cloned());
    if !address.is_unspecified() && !address.is_loopback() {
        all.push(address.to_string());
    }
    Wanted { names: all, all_addresses: address.is_unspecified() }
}

/// How it is reached, now that it is.
#[derive(Debug)]
pub(crate) struct Reach {
    /// The address that it listens on.
    pub(crate) listens: SocketAddr,
    /// Its own TLS.
    pub(crate) tls: Option<Arc<Tls>>,
    /// The proxies that are believed.
    pub(crate) proxies: Arc<Proxies>,
}

impl Reach {
    /// Where its pages are.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.listens)
    }

    /// Whether browsers are told never to come without TLS (HSTS). They remember it for all ports of a name, so only where
    /// the port is that of https itself; and never with a certificate of Packtwin's: they would let nobody in any more
    /// once it is renewed.
    pub(crate) fn insists_on_tls(&self) -> bool {
        self.listens.port() == HTTPS && self.tls.as_ref().is_some_and(|tls| !tls.is_made())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxies::network;

    #[test]
    fn beyond_this_machine_only_with_tls_or_behind_a_proxy() {
        let plain = Asked::default();
        let tls = Asked { tls: Some(Source::Made), ..Asked::default() };
        let proxy = Asked { proxies: vec![network("10.0.3.7").unwrap()], ..Asked::default() };
        for (listen, may) in [
            ("127.0.0.1:3000", true),
            ("127.8.0.1:3000", true),
            ("[::1]:3000", true),
            ("[::ffff:127.0.0.1]:3000", true),
            ("0.0.0.0:3000", false),
            ("[::]:3000", false),
            ("192.0.2.7:3000", false),
            ("[2001:db8::7]:3000", false),
        ] {
            let listen: SocketAddr = listen.parse().unwrap();
            assert_eq!(plain.may_listen(listen).is_ok(), may, "{listen}");
            assert!(tls.may_listen(listen).is_ok() && proxy.may_listen(listen).is_ok(), "{listen}");
        }
        let words = plain.may_listen("0.0.0.0:3000".parse().unwrap()).unwrap_err().to_string();
        assert!(words.contains("--tls-cert FILE --tls-key FILE") && words.contains("--behind-proxy"), "{words}");
    }

    #[test]
    fn a_certificate_has_the_names_by_which_the_server_may_be_asked() {
        let names = ["hall.example".to_owned()];
        let wanted = |listen: &str| wanted(listen.parse().unwrap(), &names);
        let own = ["localhost", "127.0.0.1", "::1", "hall.example"];
        assert_eq!(wanted("127.0.0.1:3000").names, own);
        assert_eq!(wanted("192.0.2.7:3000").names[own.len()..], ["192.0.2.7"]);
        assert!(wanted("0.0.0.0:3000").all_addresses && !wanted("192.0.2.7:3000").all_addresses);
        assert_eq!(wanted("[::]:3000").names, own);
    }
}
