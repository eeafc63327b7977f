//! The built page: its files and their names.

use super::AppState;
use super::asked::Path as UrlPath;
use super::problem::Problem;
use app::Assets;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, Uri};
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
    /// All files of the page as it is built now, its chunks too: addresses on this server.
    pub(crate) all: Vec<String>,
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
        /// build, js, wasm or css.
        kind: &'static str,
    },
}

impl Manifest {
    /// Reads `pkg/manifest.txt` below the assets folder: one `kind file-name` a line, or `chunk page file-name`; and
    /// `build number`. A page that is not cut into chunks has no `loader`.
    ///
    /// # Errors
    /// [`ManifestError`] names the file and says what to do.
    pub(crate) fn read(assets: &Path) -> Result<Manifest, ManifestError> {
        let path = assets.join("pkg/manifest.txt");
        let text =
            std::fs::read_to_string(&path).map_err(|source| ManifestError::Read { path: path.clone(), source })?;
        let lines = || text.lines().filter_map(|line| line.trim().rsplit_once(' '));
        let address = |name: &str| format!("/pkg/{name}");
        let line = |kind: &'static str| {
            let found = lines().find(|(k, _)| *k == kind).map(|(_, name)| name);
            found.ok_or(ManifestError::Missing { path: path.clone(), kind })
        };
        let file = |kind| line(kind).map(address);
        let chunks = lines().filter_map(|(kind, name)| Some((kind.strip_prefix("chunk ")?.to_owned(), address(name))));
        let mut all: Vec<String> =
            lines().filter(|(kind, _)| *kind != "build").map(|(_, name)| address(name)).collect();
        // Pages share chunks.
        all.sort();
        all.dedup();
        Ok(Manifest {
            all,
            assets: Assets {
                build: line("build")?.to_owned(),
                site: String::new(),
                js: file("js")?,
                loader: file("loader").ok(),
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

/// What is served as it is: the files of the built page, and those of `public/`.
#[derive(Clone, Debug)]
pub(crate) struct Files(Arc<HashMap<String, File>>);

/// No file of the page is larger, bytes: what is, was not meant to be served.
const FILE_MAX: u64 = 32 << 20;

impl Files {
    /// Reads the folder `pkg`, and the files of `public/` that lie beside it, once.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn read(assets: &Path) -> Result<Files, ManifestError> {
        let mut files = HashMap::new();
        add_folder(&mut files, &assets.join("pkg"), "/pkg/")?;
        add_folder(&mut files, assets, "/")?;
        // What the site was made from is no file of the page.
        files.remove("/sources.txt");
        // Compressed only, it is of no use to who cannot read that.
        files.retain(|_, file: &mut File| !file.plain.is_empty());
        Ok(Files(Arc::new(files)))
    }

    /// The addresses of the files of `public/`: icons, the web app manifest.
    pub(crate) fn public(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(|path| !path.starts_with("/pkg/"))
    }

    /// The answer with this file, to be kept for `cache`.
    fn answer(&self, path: &str, headers: &HeaderMap, cache: &'static str) -> Response {
        let Some(file) = self.0.get(path) else {
            let words = "there is no such file; reload the page if it was open for long";
            return Problem::not_found(words).into_response();
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

/// Reads the files of a folder; their addresses begin with `prefix`.
fn add_folder(files: &mut HashMap<String, File>, folder: &Path, prefix: &str) -> Result<(), ManifestError> {
    let refused = |path: &Path| {
        let path = path.to_owned();
        move |source| ManifestError::Read { path, source }
    };
    for entry in std::fs::read_dir(folder).map_err(refused(folder))? {
        let path = entry.map_err(refused(folder))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !std::fs::metadata(&path).is_ok_and(|found| found.is_file() && found.len() <= FILE_MAX) {
            continue;
        }
        let bytes = Bytes::from(std::fs::read(&path).map_err(refused(&path))?);
        match name.strip_suffix(".br") {
            Some(of) => entry_of(files, format!("{prefix}{of}")).brotli = Some(bytes),
            None => entry_of(files, format!("{prefix}{name}")).plain = bytes,
        }
    }
    Ok(())
}

fn entry_of(files: &mut HashMap<String, File>, path: String) -> &mut File {
    let kind = match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js" | "mjs") => "text/javascript",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        Some("webmanifest") => "application/manifest+json",
        Some("woff2") => "font/woff2",
        Some("json" | "map") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
    files.entry(path).or_insert(File { kind, plain: Bytes::new(), brotli: None })
}

/// `GET /pkg/{name}`: a hashed file, served compressed, cached for ever.
pub(super) async fn hashed(State(app): State<AppState>, UrlPath(name): UrlPath, headers: HeaderMap) -> Response {
    app.files.answer(&format!("/pkg/{name}"), &headers, "public, max-age=31536000, immutable")
}

/// A file of `public/`: it has no hash in its name.
pub(super) async fn public(State(app): State<AppState>, uri: Uri, headers: HeaderMap) -> Response {
    app.files.answer(uri.path(), &headers, "public, max-age=3600")
}
