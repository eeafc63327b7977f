//! Finds what the commands need on this machine, and installs it where that is possible.
//!
//! Each tool is looked for in the same order: where the person says it is (an environment variable), on the search path,
//! what an earlier run put below `target/tools`, and last of all a package, installed or unpacked. Errors say what to install by hand.

mod debian;
mod duckdb;
mod javascript;
pub(crate) mod judges;
mod qemu;
pub(crate) mod wasm_target;

pub(crate) use debian::refresh_packages;
pub(crate) use duckdb::duckdb;
pub(crate) use javascript::{chromium, node, test_packages};
pub(crate) use qemu::{Qemu, qemu};

use crate::commands::{cargo, find_program};
use crate::job::Job;
use anyhow::{Context as _, Result};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Adding a component of Rust takes seconds where there is a network; without one, rustup waits for minutes.
const RUSTUP_LIMIT: Duration = Duration::from_secs(100);
/// The longest wait for one package: a kernel has 70 MB.
pub(crate) const DOWNLOAD_LIMIT: Duration = Duration::from_secs(300);

/// Makes sure that cargo can format and lint.
///
/// # Errors
/// One is missing and cannot be added.
pub(crate) fn rust_components() -> Result<()> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        let answers = |status: std::io::Result<std::process::ExitStatus>| status.is_ok_and(|s| s.success());
        let check = || cargo().args([subcommand, "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !answers(check()) {
            rustup(&["component", "add", component])
                .with_context(|| format!("`cargo {subcommand}` is missing; install {component} for your Rust"))?;
        }
    }
    Ok(())
}

fn rustup(args: &[&str]) -> Result<()> {
    let program = find_program("rustup").context("rustup is not installed")?;
    let mut command = Command::new(program);
    command.args(args);
    Job::new("rustup", command).within(RUSTUP_LIMIT).run()
}
