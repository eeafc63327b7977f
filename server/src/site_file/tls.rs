//! `[tls]`: with which certificate the server speaks https. The table alone lets Packtwin make one.

use super::Complaint;
use crate::tls::Source;
use serde::Deserialize;
use std::path::Path;
use toml::Spanned;

/// The table as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TlsTable {
    /// A certificate of one's own: a file in PEM, beside the site file or wherever its path leads.
    certificate: Option<Spanned<String>>,
    /// Its key.
    key: Option<Spanned<String>>,
}

impl TlsTable {
    /// Where the certificate is from. `base` is the folder of the site file.
    pub(super) fn check(self, base: &Path, complaints: &mut Vec<Complaint>) -> Source {
        match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => {
                Source::Own { certificate: base.join(certificate.get_ref()), key: base.join(key.get_ref()) }
            }
            (None, None) => Source::Made,
            (Some(one), None) => {
                complaints.push((one.span(), "a certificate needs its `key`".to_owned()));
                Source::Made
            }
            (None, Some(one)) => {
                complaints.push((one.span(), "a key needs its `certificate`".to_owned()));
                Source::Made
            }
        }
    }
}
