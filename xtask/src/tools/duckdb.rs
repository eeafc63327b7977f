//! The DuckDB program, for SQL on the page Analysis. Everything else works without it.
//!
//! It is taken out of the Python package `duckdb-cli`, below `target/tools`, once.

use crate::commands::{absolute, output_of, target_dir};
use crate::job::Job;
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version that the tests run with.
const VERSION: &str = "1.5.6";
/// The package and its hashes.
const REQUIREMENT: &str = "xtask/duckdb.txt";
/// The program within the package.
const MEMBER: &str = "duckdb_cli/duckdb";

/// The program: one that is named, or one that is fetched on the first call.
///
/// # Errors
/// There is no Python with pip, no network, or no package for this machine.
pub(crate) fn duckdb() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("PACKTWIN_DUCKDB") {
        return Ok(named.into());
    }
    let folder = absolute(&target_dir())?.join("tools");
    let program = folder.join("duckdb");
    let is_wanted = |said: String| said.starts_with(&format!("v{VERSION} "));
    if program.exists() && output_of(&program, &["--version"]).is_ok_and(is_wanted) {
        return Ok(program);
    }
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    let package = folder.join("duckdb-package");
    let _ = fs::remove_dir_all(&package);
    let fetched = fetch(&package, &folder);
    let _ = fs::remove_dir_all(&package);
    fetched.map(|()| program)
}

fn fetch(package: &Path, folder: &Path) -> Result<()> {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    pip.args(["--only-binary", ":all:", "--require-hashes", "--requirement", REQUIREMENT, "--dest"]).arg(package);
    Job::new("DuckDB", pip).within(super::DOWNLOAD_LIMIT).run()?;
    let wheels: Vec<PathBuf> =
        fs::read_dir(package).context("read the package's folder")?.flatten().map(|entry| entry.path()).collect();
    let [wheel] = &wheels[..] else { bail!("pip left {} files, not one", wheels.len()) };
    let mut unpack = Command::new("python3");
    unpack.args(["-m", "zipfile", "-e"]).arg(wheel).arg(package);
    Job::new("unpacking of DuckDB", unpack).run()?;
    let program = package.join(MEMBER);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("{MEMBER} in {}", wheel.display()))?;
    // Whole or not at all: a server may be looking for it.
    fs::rename(&program, folder.join("duckdb")).context("put the program in its place")
}
