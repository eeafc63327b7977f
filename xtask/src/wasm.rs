//! Compiles the page to WebAssembly.
//!
//! There are two ways. The usual one is a compiler that has the standard library for `wasm32-unknown-unknown`; rustup adds
//! it. Where rustup cannot download, Debian's own compiler does it: its packages bring the library's source, which is
//! compiled along (about a minute, once). [`tools::wasm_target`](crate::tools::wasm_target) says which way a machine has.

use crate::commands::{cargo, forget_package, target_dir};
use crate::job::Job;
use crate::tools::wasm_target::{DEBIAN_CARGO, DEBIAN_RUSTC, TARGET, Way};
use std::path::PathBuf;
use std::process::Command;

/// How the page is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// As it is delivered: small, cut into chunks, compressed.
    Small,
    /// As cargo and wasm-bindgen make it: quick to build again, with names and debug words, and larger.
    Plain,
    /// One that has no server: the simulated site is in it. One file of code, that any static host can serve.
    Demo {
        /// As [`Page::Plain`], for those who change it and for tests; else small.
        plain: bool,
    },
}

/// A page needs no places in the source in its panics and no words for debugging: a tenth of what a browser would load.
const SMALL: [&str; 2] = ["-Zlocation-detail=none", "-Zfmt-debug=none"];
/// The one flag that a plain page needs: the server is compiled with it too (`.cargo/config.toml`), and both must agree.
const PLAIN: &str = "--cfg\u{1f}erase_components";

impl Page {
    fn profile(self) -> &'static str {
        match self {
            Page::Small | Page::Demo { plain: false } => "wasm-release",
            Page::Plain | Page::Demo { plain: true } => "wasm-dev",
        }
    }

    /// The compiled page, once built.
    pub(crate) fn module(self) -> PathBuf {
        target_dir().join("wasm").join(TARGET).join(self.profile()).join("frontend.wasm")
    }

    /// The build of the page's code. Its folder is apart from the native one, so both builds can run at the same time.
    pub(crate) fn job(self, way: Way) -> Job {
        let mut command = match way {
            Way::HasTarget => cargo(),
            Way::Debian => debian_cargo(),
        };
        command.args(["build", "--package", "frontend", "--profile", self.profile(), "--target", TARGET]);
        command.arg("--target-dir").arg(target_dir().join("wasm"));
        if way == Way::Debian {
            command.arg("-Zbuild-std=std,panic_abort");
        }
        if self == Page::Small || way == Way::Debian {
            // Compilers other than nightly ones take those flags, and build the standard library, only with this variable.
            command.env("RUSTC_BOOTSTRAP", "1");
        }
        match self {
            Page::Small => command.args(["--config", &format!("target.{TARGET}.rustflags={SMALL:?}")]),
            // In the place of all flags of `.cargo/config.toml`: no lists of the linker, no names for the trimmer.
            Page::Plain => command.arg("--no-default-features").env("CARGO_ENCODED_RUSTFLAGS", PLAIN),
            Page::Demo { .. } => {
                command.args(["--no-default-features", "--features", "demo"]).env("CARGO_ENCODED_RUSTFLAGS", PLAIN)
            }
        };
        Job::new("page", command)
    }
}

/// Debian's cargo, kept from finding rustup's compiler.
fn debian_cargo() -> Command {
    let mut command = Command::new(DEBIAN_CARGO);
    forget_package(&mut command);
    for name in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTDOC", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"] {
        command.env_remove(name);
    }
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("RUSTC", DEBIAN_RUSTC).env("PATH", format!("/usr/bin:{path}"));
    command
}
