//! The built page: its files and their names.

use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use std::path::{Path, PathBuf};
use thiserror::Error;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeader;

/// The names of the built files; they carry content hashes.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    /// The glue script.
    pub(crate) js: String,
    /// The WebAssembly module.
    pub(crate) wasm: String,
    /// The style sheet.
    pub(crate) css: String,
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
        /// js, wasm or css.
        kind: &'static str,
    },
}

impl Manifest {
    /// Reads `pkg/manifest.txt` below the assets folder: one `kind file-name` a line.
    ///
    /// # Errors
    /// [`ManifestError`] names the file and says what to do.
    pub(crate) fn read(assets: &Path) -> Result<Manifest, ManifestError> {
        let path = assets.join("pkg/manifest.txt");
        let text =
            std::fs::read_to_string(&path).map_err(|source| ManifestError::Read { path: path.clone(), source })?;
        let name = |kind: &'static str| {
            (text.lines())
                .filter_map(|line| line.split_once(' '))
                .find(|(k, _)| *k == kind)
                .map(|(_, name)| format!("/pkg/{}", name.trim()))
                .ok_or(ManifestError::Missing { path: path.clone(), kind })
        };
        Ok(Manifest { js: name("js")?, wasm: name("wasm")?, css: name("css")? })
    }
}

/// The folder of hashed files: served compressed, cached for ever.
pub(super) fn service(folder: &Path) -> SetResponseHeader<ServeDir, HeaderValue> {
    SetResponseHeader::if_not_present(
        ServeDir::new(folder).precompressed_br(),
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    )
}

/// One file without a hash in its name.
pub(super) fn file(path: &Path) -> SetResponseHeader<ServeFile, HeaderValue> {
    SetResponseHeader::if_not_present(
        ServeFile::new(path),
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=3600"),
    )
}
