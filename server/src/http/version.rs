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

/// The number of what a page must have in common with this server: the built files, and the site, whose systems, limits
/// and links its document carries.
pub(crate) fn build(built: &str, site: &SiteSpec) -> String {
    format!("{built}-{:08x}", crc32fast::hash(&site.to_bytes()))
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
    fn another_page_or_another_site_is_another_build() {
        let site = SiteSpec::default();
        let renamed = SiteSpec { name: "Hall 3".into(), ..SiteSpec::default() };
        let all = [build("a", &site), build("b", &site), build("a", &renamed)];
        assert!(all[0] != all[1] && all[0] != all[2] && all[0] == build("a", &site), "{all:?}");
    }
}
