//! What an installed page has while the server is away: a worker that keeps the page's files, and a document that starts
//! the app from the last values that the browser itself keeps (`app::kept`).
//!
//! The document carries no values and no nonce, so it may be kept; only our own files run in it.

use super::AppState;
use super::assets::Manifest;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;

const WORKER: &str = include_str!("worker.js");
const DOCUMENT: &str = include_str!("offline.html");
const START: &str = include_str!("offline.js");

/// What the worker fetches is checked by its own policy, not by that of the page.
const OF_WORKER: &str = "default-src 'none'; connect-src 'self'";
const OF_DOCUMENT: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     style-src-attr 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// `GET /sw.js`: another text for each build, by which browsers notice a new one.
pub(super) async fn worker(State(app): State<AppState>) -> impl IntoResponse {
    let files = app.files.public().filter(|path| !path.starts_with("/screenshot-"));
    answer("text/javascript", OF_WORKER, worker_of(&app.manifest, files))
}

/// `GET /offline`
pub(super) async fn document(State(app): State<AppState>) -> impl IntoResponse {
    answer("text/html; charset=utf-8", OF_DOCUMENT, filled(DOCUMENT, &app.manifest))
}

/// `GET /offline.js`
pub(super) async fn start(State(app): State<AppState>) -> impl IntoResponse {
    answer("text/javascript", OF_WORKER, filled(START, &app.manifest))
}

/// Always asked for anew: none has a hash in its name.
fn answer(kind: &'static str, policy: &'static str, body: String) -> impl IntoResponse {
    let headers: [(HeaderName, &str); 3] =
        [(CONTENT_TYPE, kind), (CONTENT_SECURITY_POLICY, policy), (CACHE_CONTROL, "no-cache")];
    (headers, body)
}

fn worker_of<'a>(manifest: &'a Manifest, public: impl Iterator<Item = &'a str>) -> String {
    let own = ["/offline", "/offline.js"].into_iter();
    let mut shell: Vec<&str> = own.chain(public).chain(manifest.all.iter().map(String::as_str)).collect();
    // The same build is the same text.
    shell.sort_unstable();
    let shell = serde_json::Value::from(shell).to_string();
    filled(WORKER, manifest).replace("%SHELL%", &shell)
}

fn filled(template: &str, manifest: &Manifest) -> String {
    let (assets, script) = (&manifest.assets, app::of_document());
    [
        ("%BUILD%", &assets.build),
        ("%CSS%", &assets.css),
        ("%JS%", &assets.js),
        ("%WASM%", &assets.wasm),
        ("%SCRIPT%", &script),
    ]
    .into_iter()
    .fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::Assets;

    #[test]
    fn the_worker_keeps_the_shell_of_its_build_and_nothing_of_the_api() {
        let assets = Assets {
            build: "b1".into(),
            site: "5".into(),
            js: "/pkg/a.js".into(),
            loader: None,
            wasm: "/pkg/a.wasm".into(),
            css: "/pkg/a.css".into(),
            chunks: Vec::new(),
        };
        let manifest = Manifest { assets, all: vec!["/pkg/a.js".into(), "/pkg/a.wasm".into()] };
        let one = worker_of(&manifest, ["/icon-192.png", "/favicon.png"].into_iter());
        assert_eq!(one, worker_of(&manifest, ["/favicon.png", "/icon-192.png"].into_iter()));
        let shell =
            r#"const SHELL = ["/favicon.png","/icon-192.png","/offline","/offline.js","/pkg/a.js","/pkg/a.wasm"];"#;
        assert!(one.contains(shell) && one.contains("const BUILD = 'b1'"), "{one}");
        for text in [one, filled(DOCUMENT, &manifest), filled(START, &manifest)] {
            assert!(!text.contains('%'), "{text}");
        }
    }
}
