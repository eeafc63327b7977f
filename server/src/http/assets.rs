//! The built page: its files and their names.

use app::Assets;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use std::path::{Path, PathBuf};
use thiserror::Error;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeader;

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
