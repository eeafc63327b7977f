//! The built page: its files and their names.

use super::AppState;
use super::asked::Path as UrlPath;
use super::problem::refusal;
use app::Assets;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// The names of the built files; they carry content hashes.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    /// As addresses on this server.
    pub(crate) assets: Assets,
}

/// Why the page cannot be served.
#[derive(Debug, Error)]
pub(crate) enum ManifestError {
    /// The list of files cannot be read.
    #[error("{path}: {source}. Build the page with `cargo xtask run`, or say with --assets where it is")]
    Read {
        /// The list.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The list does not name a file that is needed.
    #[error("{path}: does not name the {kind} file. Build the page again with `cargo xtask run`")]
    Missing {
        /// The list.
        path: PathBuf,
        /// js, loader, wasm or css.
        kind: &'static str,
    },
}

impl Manifest {
    /// Reads `pkg/manifest.txt` below the assets folder: one `kind file-name` a line, or `chunk page file-name`.
    ///
    /// # Errors
    /// [`ManifestError`] names the file and says what to do.
    pub(crate) fn read(assets: &Path) -> Result<Manifest, ManifestError> {
        let path = assets.join("pkg/manifest.txt");
        let text =
            std::fs::read_to_string(&path).map_err(|source| ManifestError::Read { path: path.clone(), source })?;
        let lines = || text.lines().filter_map(|line| line.trim().rsplit_once(' '));
        let address = |name: &str| format!("/pkg/{name}");
        let file = |kind: &'static str| {
            let (_, name) =
                lines().find(|(k, _)| *k == kind).ok_or(ManifestError::Missing { path: path.clone(), kind })?;
            Ok(address(name))
        };
        let chunks = lines().filter_map(|(kind, name)| Some((kind.strip_prefix("chunk ")?.to_owned(), address(name))));
        Ok(Manifest {
            assets: Assets {
                js: file("js")?,
                loader: file("loader")?,
                wasm: file("wasm")?,
                css: file("css")?,
                chunks: chunks.collect(),
            },
        })
    }
}

/// A file of the built page, in memory: no answer depends on the disk, or on how many files are open.
#[derive(Clone, Debug)]
struct File {
    kind: &'static str,
    plain: Bytes,
    brotli: Option<Bytes>,
}

/// What is served as it is: the files of the built page.
#[derive(Clone, Debug)]
pub(crate) struct Files(Arc<HashMap<String, File>>);

/// No file of the page is larger, bytes: what is, was not meant to be served.
const FILE_MAX: u64 = 32 << 20;

impl Files {
    /// Reads the folder `pkg` and the icon below the assets folder, once.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn read(assets: &Path) -> Result<Files, ManifestError> {
        let refused = |path: &Path| {
            let path = path.to_owned();
            move |source| ManifestError::Read { path, source }
        };
        let folder = assets.join("pkg");
        let mut files = HashMap::new();
        for entry in std::fs::read_dir(&folder).map_err(refused(&folder))? {
            let path = entry.map_err(refused(&folder))?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if !std::fs::metadata(&path).is_ok_and(|found| found.is_file() && found.len() <= FILE_MAX) {
                continue;
            }
            let bytes = Bytes::from(std::fs::read(&path).map_err(refused(&path))?);
            match name.strip_suffix(".br") {
                Some(of) => entry_of(&mut files, of).brotli = Some(bytes),
                None => entry_of(&mut files, &name).plain = bytes,
            }
        }
        // Compressed only, it is of no use to who cannot read that.
        files.retain(|_, file: &mut File| !file.plain.is_empty());
        if let Ok(icon) = std::fs::read(assets.join("favicon.png")) {
            files.insert(ICON.to_owned(), File { kind: "image/png", plain: icon.into(), brotli: None });
        }
        Ok(Files(Arc::new(files)))
    }

    /// The answer with this file, to be kept for `cache`.
    fn answer(&self, name: &str, headers: &HeaderMap, cache: &'static str) -> Response {
        let Some(file) = self.0.get(name) else {
            return refusal(StatusCode::NOT_FOUND, "there is no such file; reload the page if it was open for long");
        };
        let takes_brotli = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        let takes_brotli = takes_brotli.flat_map(|value| value.split(',')).any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            parts.next() == Some("br")
                && parts.next().is_none_or(|q| !matches!(q, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        });
        let always = [(CONTENT_TYPE, file.kind), (CACHE_CONTROL, cache), (VARY, "accept-encoding")];
        match &file.brotli {
            Some(brotli) if takes_brotli => (always, [(CONTENT_ENCODING, "br")], brotli.clone()).into_response(),
            _ => (always, file.plain.clone()).into_response(),
        }
    }
}

/// The icon's name among the files; no file of the page has a slash.
const ICON: &str = "/favicon.png";

fn entry_of<'a>(files: &'a mut HashMap<String, File>, name: &str) -> &'a mut File {
    let kind = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js" | "mjs") => "text/javascript",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("json" | "map") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
    files.entry(name.to_owned()).or_insert(File { kind, plain: Bytes::new(), brotli: None })
}

/// `GET /pkg/{name}`: a hashed file, served compressed, cached for ever.
pub(super) async fn hashed(State(app): State<AppState>, UrlPath(name): UrlPath, headers: HeaderMap) -> Response {
    app.files.answer(&name, &headers, "public, max-age=31536000, immutable")
}

/// `GET /favicon.png`: it has no hash in its name.
pub(super) async fn icon(State(app): State<AppState>, headers: HeaderMap) -> Response {
    app.files.answer(ICON, &headers, "public, max-age=3600")
}
