//! Commands that start from a clean environment.
//!
//! Cargo gives the programs that it runs variables about their own package and toolchain. Passed on to another cargo they
//! make build scripts run again for nothing, or mix two toolchains, so every cargo is started without them.

use anyhow::{Context as _, Result, bail};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where everything built goes.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from)
}

/// The cargo that runs this program, for native builds.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    forget_package(&mut command);
    command
}

/// Removes what cargo says about the package that is running. What would make server and page differ goes too: compiler
/// flags that take the place of those in `.cargo/config.toml`, and Leptos's name for files that [`crate::site`] names.
/// A variable that the command was given on purpose stays.
pub(crate) fn forget_package(command: &mut Command) {
    const FORGOTTEN: [&str; 12] = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_NAME",
        "CARGO_PRIMARY_PACKAGE",
        "OUT_DIR",
        "LD_LIBRARY_PATH",
        "LEPTOS_OUTPUT_NAME",
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
    ];
    let given: Vec<OsString> = command.get_envs().map(|(name, _)| name.to_owned()).collect();
    for (name, _) in std::env::vars_os() {
        let forgotten = FORGOTTEN.iter().any(|prefix| name.to_string_lossy().starts_with(prefix));
        if forgotten && !given.contains(&name) {
            command.env_remove(name);
        }
    }
}

/// What a command that is expected to work prints on stdout, trimmed.
pub(crate) fn output_of(program: impl AsRef<OsStr>, args: &[&str]) -> Result<String> {
    let program = program.as_ref();
    let shown = || format!("{} {}", program.to_string_lossy(), args.join(" "));
    let output = Command::new(program).args(args).output().with_context(shown)?;
    if !output.status.success() {
        bail!("{} failed: {}", shown(), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Where a program is, if it is on the search path.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A path that stays right when a child process changes its folder.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("find {}", path.display()))
}
