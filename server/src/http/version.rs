//! Which build this is, and the formats that it speaks.
//!
//! A page that is open while the server is replaced compares: the server's build comes first on every live stream, the
//! page's own came with its document.

use super::AppState;
use super::answer::json;
use api::server::VersionResponse;
use axum::extract::State;
use axum::response::Response;
use domain::spec::SiteSpec;
use domain::wire::Wire as _;
use domain::{live, wire};

/// The number of a site: a document carries its systems, limits and links. It is no part of the build: the same program on
/// other ports is no newer version.
pub(crate) fn site_number(site: &SiteSpec) -> String {
    format!("{:08x}", crc32fast::hash(&site.to_bytes()))
}

/// `GET /api/v1/version`
pub(super) async fn version(State(app): State<AppState>) -> Response {
    json(VersionResponse {
        version: env!("CARGO_PKG_VERSION"),
        build: app.manifest.assets.build.clone(),
        api: 1,
        live_format: live::FORMAT,
        live_format_oldest: live::OLDEST,
        binary_format: wire::FORMAT,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_site_has_another_number() {
        let site = SiteSpec::default();
        let renamed = SiteSpec { name: "Hall 3".into(), ..SiteSpec::default() };
        assert_eq!(site_number(&site), site_number(&site.clone()));
        assert_ne!(site_number(&site), site_number(&renamed));
    }
}
