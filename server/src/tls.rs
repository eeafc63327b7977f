//! TLS: with a certificate of one's own, or one that Packtwin makes and keeps in the data folder.
//!
//! ```text
//! Source -> read (files) or made (data folder) -> Pair -> Tls: what the listener shows to each connection
//! ```
//!
//! The certificate is looked at again every hour: what was renewed is shown to the next connection, without a restart.
//! See [ADR 27](../../docs/adr/0027-tls-in-our-own-listener.md).

pub(crate) mod console;
mod made;
mod read;

pub(crate) use made::Wanted;
pub(crate) use read::Facts;

use crate::clock::Clock;
use domain::time::Utc;
use read::Pair;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};

/// The certificate is looked at again so often.
const LOOK_EVERY: Duration = Duration::from_secs(3_600);
/// Of a certificate that ends within this, it is said at the start.
const ENDS_SOON: Duration = Duration::from_secs(14 * 86_400);

/// Where the certificate is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Packtwin makes it.
    Made,
    /// It is a file, in PEM, and its key is another.
    Own {
        /// The certificate, with those that lead to its root.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
}

/// Why there can be no TLS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// A file cannot be read or written.
    #[error("{}: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// There is no certificate in it.
    #[error("{} has no certificate: it is a file in PEM, with a part BEGIN CERTIFICATE", .0.display())]
    NoCertificate(PathBuf),
    /// There is no key in it.
    #[error(
        "{} has no private key that can be used: it is a file in PEM, with a part BEGIN PRIVATE KEY, and no passphrase",
        .0.display()
    )]
    NoKey(PathBuf),
    /// They do not belong together.
    #[error("the key in {} is not that of the certificate in {}", key.display(), certificate.display())]
    OtherKey {
        /// The key's file.
        key: PathBuf,
        /// The certificate's.
        certificate: PathBuf,
    },
    /// A certificate cannot be made.
    #[error("no certificate can be made for the name {name}: {reason}")]
    Name {
        /// The name that it would be for.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The library refuses.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// What each connection is shown, and what is known of it.
#[derive(Debug)]
pub(crate) struct Tls {
    source: Source,
    data: PathBuf,
    wanted: Wanted,
    shown: Arc<Shown>,
    config: Arc<ServerConfig>,
}

/// The certificate that is shown now.
#[derive(Debug)]
struct Shown(RwLock<Pair>);

impl Shown {
    fn pair(&self) -> Pair {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.pair().key)
    }
}

impl Tls {
    /// TLS with the certificate of `source`. One that Packtwin makes is kept in the folder `data`, for `names` at least.
    ///
    /// # Errors
    /// The files are not there or do not fit, or none can be made.
    pub(crate) fn open(source: Source, data: &Path, wanted: Wanted, now: Utc) -> Result<Tls, TlsError> {
        let pair = load(&source, data, &wanted, now)?;
        warn_of(&pair.facts, now);
        let shown = Arc::new(Shown(RwLock::new(pair)));
        let setup = |error: rustls::Error| TlsError::Setup(error.to_string());
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(setup)?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(shown.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls { source, data: data.to_owned(), wanted, shown, config: Arc::new(config) })
    }

    /// What takes connections.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.clone())
    }

    /// What the certificate says.
    pub(crate) fn facts(&self) -> Facts {
        self.shown.pair().facts
    }

    /// Whether Packtwin has made the certificate.
    pub(crate) fn is_made(&self) -> bool {
        self.source == Source::Made
    }

    /// Takes up a certificate that was renewed, and renews one that Packtwin has made and that ends soon. What is wrong
    /// then leaves the one before.
    fn look_again(&self, now: Utc) {
        match load(&self.source, &self.data, &self.wanted, now) {
            Ok(pair) if pair.facts.fingerprint != self.facts().fingerprint => {
                tracing::warn!("https has another certificate now. SHA-256 fingerprint: {}", pair.facts.fingerprint);
                *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = pair;
            }
            Ok(_) => {}
            Err(error) => tracing::error!("the certificate of https is not renewed: {error}"),
        }
    }

    /// Looks again every hour, until the stop.
    pub(crate) async fn keep_fresh(self: Arc<Tls>, clock: Clock, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stop.changed() => return,
            }
            let (tls, now) = (self.clone(), clock().utc);
            let _ = tokio::task::spawn_blocking(move || tls.look_again(now)).await;
        }
    }
}

fn load(source: &Source, data: &Path, wanted: &Wanted, now: Utc) -> Result<Pair, TlsError> {
    match source {
        Source::Made => made::kept(data, wanted, now),
        Source::Own { certificate, key } => read::pair(certificate, key),
    }
}

fn warn_of(facts: &Facts, now: Utc) {
    if now >= facts.ends {
        tracing::warn!("the certificate of https is over: browsers refuse it. Put a new one in its place");
    } else if now + ENDS_SOON >= facts.ends {
        tracing::warn!("the certificate of https ends within two weeks");
    }
}

#[cfg(test)]
mod tests;
