//! `packtwin tls`: what somebody compares or installs before they believe the server.

use super::{TlsError, made, read};
use crate::cli::TlsCommand;
use anyhow::{Result, bail};
use domain::time::rfc3339;
use std::path::{Path, PathBuf};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

/// Prints what was asked for.
///
/// # Errors
/// There is no certificate.
pub(crate) fn run(command: &TlsCommand) -> Result<()> {
    match command {
        TlsCommand::Fingerprint { tls_cert, data } => {
            let path = tls_cert.clone().map_or_else(|| made(&data.data), Ok)?;
            let facts = read::facts(&first(&path)?).ok_or_else(|| TlsError::NoCertificate(path.clone()))?;
            let names = if facts.names.is_empty() { "no name".to_owned() } else { facts.names.join(", ") };
            let (begins, ends) = (rfc3339(facts.begins), rfc3339(facts.ends));
            println!("SHA-256 fingerprint: {}\nfor {names}\nfrom {begins} to {ends}", facts.fingerprint);
        }
        TlsCommand::Certificate { data } => {
            let bytes = read::bytes(&made(&data.data)?)?;
            // The key stays where it is.
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let end = "-----END CERTIFICATE-----";
            let Some(length) = text.find(end) else { bail!(TlsError::NoCertificate(made::file(&data.data))) };
            println!("{}", &text[..length + end.len()]);
        }
    }
    Ok(())
}

/// The file that Packtwin has made.
fn made(data: &Path) -> Result<PathBuf> {
    let path = made::file(data);
    if !path.exists() {
        bail!(
            "{} has no certificate of Packtwin's: it is made at the first start with --tls. For one of your own say \
             --tls-cert FILE",
            data.display()
        );
    }
    Ok(path)
}

fn first(path: &Path) -> Result<CertificateDer<'static>, TlsError> {
    CertificateDer::from_pem_slice(&read::bytes(path)?).map_err(|_| TlsError::NoCertificate(path.to_owned()))
}
