//! Certificates and keys in files, and what a certificate says.

use super::TlsError;
use domain::time::Utc;
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error, InconsistentKeys};
use x509_parser::extensions::GeneralName;

/// No such file is longer, bytes.
const LONGEST: u64 = 1_000_000;

/// A certificate with its key.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    /// What connections are shown.
    pub(super) key: Arc<CertifiedKey>,
    /// What it says.
    pub(super) facts: Facts,
}

/// What a certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The names and addresses that it is for.
    pub(crate) names: Vec<String>,
    /// From when it is good.
    pub(crate) begins: Utc,
    /// Until when.
    pub(crate) ends: Utc,
    /// SHA-256 of all of it, as browsers show it: `AB:CD:...`.
    pub(crate) fingerprint: String,
}

/// The bytes of a small file.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, TlsError> {
    let wrong = |reason: String| TlsError::File { path: path.to_owned(), reason };
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| wrong(error.to_string()))?;
    if bytes.len() as u64 > LONGEST {
        return Err(wrong("it has more than 1 MB: this is no certificate and no key".to_owned()));
    }
    Ok(bytes)
}

/// A certificate and its key, each in a file or both in one.
pub(super) fn pair(certificate: &Path, key: &Path) -> Result<Pair, TlsError> {
    let no_certificate = || TlsError::NoCertificate(certificate.to_owned());
    let no_key = || TlsError::NoKey(key.to_owned());
    let (chain, private) = (bytes(certificate)?, bytes(key)?);
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&chain).collect();
    let chain = chain.map_err(|_| no_certificate())?;
    let facts = facts(chain.first().ok_or_else(no_certificate)?).ok_or_else(no_certificate)?;
    let private = PrivateKeyDer::from_pem_slice(&private).map_err(|_| no_key())?;
    let key = CertifiedKey::from_der(chain, private, &default_provider()).map_err(|error| match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            TlsError::OtherKey { key: key.to_owned(), certificate: certificate.to_owned() }
        }
        _ => no_key(),
    })?;
    Ok(Pair { key: Arc::new(key), facts })
}

/// What a certificate says; `None` if it is none.
pub(super) fn facts(der: &CertificateDer<'_>) -> Option<Facts> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names.iter().flat_map(|names| &names.value.general_names).filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    });
    let at = |time: x509_parser::time::ASN1Time| Utc(time.timestamp().saturating_mul(1_000_000));
    let digest = Sha256::digest(der.as_ref());
    let bytes: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    Some(Facts {
        names: names.collect(),
        begins: at(certificate.validity().not_before),
        ends: at(certificate.validity().not_after),
        fingerprint: bytes.join(":"),
    })
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}
