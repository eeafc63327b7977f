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

/// A page needs no places in the source in its panics and no words for debugging: a tenth of what a browser would load.
const SMALL: [&str; 2] = ["-Zlocation-detail=none", "-Zfmt-debug=none"];

/// The build of the page's code. Its folder is apart from the native one, so both builds can run at the same time.
pub(crate) fn page(way: Way) -> Job {
    let mut command = match way {
        Way::HasTarget => cargo(),
        Way::Debian => debian_cargo(),
    };
    command.args(["build", "--package", "frontend", "--profile", "wasm-release", "--target", TARGET, "--target-dir"]);
    command.arg(target_dir().join("wasm"));
    if way == Way::Debian {
        command.arg("-Zbuild-std=std,panic_abort");
    }
    command.args(["--config", &format!("target.{TARGET}.rustflags={SMALL:?}")]);
    // Compilers other than nightly ones take those flags, and build the standard library, only with this variable.
    command.env("RUSTC_BOOTSTRAP", "1");
    Job::new("page", command)
}

/// The compiled page, once built.
pub(crate) fn module() -> PathBuf {
    target_dir().join("wasm").join(TARGET).join("wasm-release/frontend.wasm")
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
