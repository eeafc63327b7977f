//! The certificate that Packtwin makes for itself: signed by nobody else, so whoever sees it first compares its fingerprint.
//!
//! It is kept as long as it can be, for every new one must be compared again: it is made anew only when it ends, or when
//! it does not have a name that the server is given. Certificate and key are one file, written whole or not at all.

use super::TlsError;
use super::read::{self, Pair};
use domain::time::Utc;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file in the data folder.
pub(super) fn file(data: &Path) -> PathBuf {
    data.join("tls.pem")
}

const DAY: Duration = Duration::from_secs(86_400);
/// It is good for so long: Apple's devices take no longer ones.
const GOOD_FOR: Duration = Duration::from_secs(820 * DAY.as_secs());
/// It is made anew so long before its end.
const RENEWED_BEFORE: Duration = Duration::from_secs(30 * DAY.as_secs());
/// A clock that is before this (2025-01-01) is not set yet: a certificate of 1970 would be over once it is.
const CLOCK_FROM: Utc = Utc(1_735_689_600_000_000);

/// For which names it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Names and addresses that it must have.
    pub(crate) names: Vec<String>,
    /// Whether it also has the addresses of this machine at the time.
    pub(crate) all_addresses: bool,
}

/// The certificate that is kept in the data folder; one is made if there is none that will do.
pub(super) fn kept(data: &Path, wanted: &Wanted, now: Utc) -> Result<Pair, TlsError> {
    let path = file(data);
    if path.exists() {
        match read::pair(&path, &path) {
            Ok(pair) if will_do(&pair, wanted, now) => {
                close(&path);
                return Ok(pair);
            }
            Ok(_) => {}
            // Nobody needs the old one for anything.
            Err(error) => tracing::warn!("a new certificate is made: {error}"),
        }
    }
    write(&path, &make(wanted, now)?)?;
    read::pair(&path, &path)
}

fn will_do(pair: &Pair, wanted: &Wanted, now: Utc) -> bool {
    now + RENEWED_BEFORE < pair.facts.ends && wanted.names.iter().all(|name| pair.facts.names.contains(name))
}

/// Makes one: certificate and key in PEM.
fn make(wanted: &Wanted, now: Utc) -> Result<String, TlsError> {
    let mut names = wanted.names.clone();
    if wanted.all_addresses {
        names.extend(addresses().into_iter().map(|address| address.to_string()));
    }
    names.sort();
    names.dedup();
    let wrong = |error: rcgen::Error| TlsError::Setup(error.to_string());
    let of_name = |name: &String| {
        let params = CertificateParams::new(vec![name.clone()]);
        params.map_err(|error| TlsError::Name { name: name.clone(), reason: error.to_string() })
    };
    names.iter().try_for_each(|name| of_name(name).map(|_| ()))?;
    let mut params = CertificateParams::new(names).map_err(wrong)?;
    let begins = now.max(CLOCK_FROM) - DAY;
    let at = |at: Utc| date_time_ymd(1970, 1, 1) + Duration::from_micros(at.0.unsigned_abs());
    (params.not_before, params.not_after) = (at(begins), at(begins + GOOD_FOR));
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Packtwin");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().map_err(wrong)?;
    let certificate = params.self_signed(&key).map_err(wrong)?;
    Ok(format!("{}{}", certificate.pem(), key.serialize_pem()))
}

/// The addresses by which others reach this machine.
fn addresses() -> Vec<IpAddr> {
    let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
    let found = interfaces.filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|v4| IpAddr::from(v4.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::from(v6.ip())))
    });
    // Addresses of one cable are written with its name, which no certificate can have.
    let is_local = |address: &IpAddr| matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
    found.filter(|address| !address.is_loopback() && !is_local(address)).collect()
}

/// Writes the file so that nobody else reads it, all of it or nothing.
fn write(path: &Path, text: &str) -> Result<(), TlsError> {
    let wrong = |error: std::io::Error| TlsError::File { path: path.to_owned(), reason: error.to_string() };
    let folder = path.parent().unwrap_or(Path::new("."));
    store::owner::folder(folder).map_err(wrong)?;
    // Made with mode 0600.
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(wrong)?;
    new.write_all(text.as_bytes()).and_then(|()| new.as_file().sync_all()).map_err(wrong)?;
    new.persist(path).map_err(|error| wrong(error.error))?;
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(wrong)
}

/// Takes the file from those who should not read it.
fn close(path: &Path) {
    let Ok(meta) = std::fs::metadata(path) else { return };
    if meta.permissions().mode() & 0o077 != 0 {
        tracing::warn!("{} could be read by others: it is closed now; remove it for a new key", path.display());
        if let Err(error) = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)) {
            tracing::warn!("{}: {error}", path.display());
        }
    }
}
