//! A compiler for `wasm32-unknown-unknown`.

use super::{debian, rustup};
use crate::commands::output_of;
use anyhow::{Context as _, Result};
use std::path::Path;

/// The target of the page.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// Debian's own cargo and compiler.
pub(crate) const DEBIAN_CARGO: &str = "/usr/bin/cargo";
/// See [`DEBIAN_CARGO`].
pub(crate) const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
/// Where Debian's compiler keeps the source of its standard library.
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";
/// Its linker for WebAssembly.
const DEBIAN_LINKER: &str = "/usr/bin/rust-lld";
/// A newer compiler than Debian 12's first one, kept up to date for browsers.
const DEBIAN_PACKAGES: [&str; 5] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "lld-22"];

/// How this machine compiles for the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The compiler in use has the target's standard library.
    HasTarget,
    /// Debian's compiler makes the standard library from its source.
    Debian,
}

/// Finds a way, or makes one.
///
/// # Errors
/// Neither way is possible here; says what to install.
pub(crate) fn find() -> Result<Way> {
    if has_target() {
        return Ok(Way::HasTarget);
    }
    if debian_is_ready() {
        return Ok(Way::Debian);
    }
    if rustup(&["target", "add", TARGET]).is_ok() && has_target() {
        return Ok(Way::HasTarget);
    }
    eprintln!("      rustup cannot add {TARGET}; Debian's compiler will do");
    debian::install("a compiler for WebAssembly", &DEBIAN_PACKAGES)
        .and_then(|()| {
            debian_is_ready().then_some(Way::Debian).context("Debian's Rust is older than the project needs")
        })
        .with_context(|| format!("the page needs a compiler for {TARGET}: run `rustup target add {TARGET}`"))
}

fn has_target() -> bool {
    // Some distributions ship the target without rustup, so the compiler itself is asked.
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let Ok(folder) = output_of(rustc, &["--print", "target-libdir", "--target", TARGET]) else { return false };
    let Ok(mut files) = Path::new(&folder).read_dir() else { return false };
    files.any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libstd-")))
}

fn debian_is_ready() -> bool {
    [DEBIAN_CARGO, DEBIAN_SOURCE, DEBIAN_LINKER].iter().all(|file| Path::new(file).exists())
        && output_of(DEBIAN_RUSTC, &["--version"]).is_ok_and(|said| new_enough(&said, env!("CARGO_PKG_RUST_VERSION")))
}

/// Whether `rustc 1.96.0 (...)` is at least `1.91`.
fn new_enough(said: &str, needed: &str) -> bool {
    let parts = |version: &str| version.split('.').map_while(|part| part.parse().ok()).collect::<Vec<u32>>();
    said.split_whitespace().nth(1).is_some_and(|version| parts(version) >= parts(needed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        for (said, enough) in [
            ("rustc 1.96.0 (ac68faa20 2026-05-25)", true),
            ("rustc 1.91.0", true),
            ("rustc 1.100.1", true),
            ("rustc 1.90.9", false),
            ("rustc 1.63.0", false),
            ("rustc", false),
        ] {
            assert_eq!(new_enough(said, "1.91"), enough, "{said}");
        }
    }
}
