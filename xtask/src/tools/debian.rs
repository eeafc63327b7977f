//! Debian packages: installed as root, or by a sudo that asks for no password; or only unpacked.

use crate::commands::{find_program, output_of};
use crate::job::Job;
use crate::tools::DOWNLOAD_LIMIT;
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Installs packages. Nothing is removed to make room for them.
///
/// # Errors
/// Says the command with which a person can do it.
pub(super) fn install(what: &'static str, packages: &[&str]) -> Result<()> {
    let apt = apt_get_for(what, packages)?;
    let apt_get = |args: &[&str]| as_root(what, &apt, args);
    let mut args = vec!["install", "--yes", "--no-remove", "--no-install-recommends"];
    args.extend(packages);
    // A fresh machine has no list of packages, an old one a stale list: then the second try has a new one.
    apt_get(&args)
        .or_else(|_| apt_get(&["update"]).and_then(|()| apt_get(&args)))
        .with_context(|| by_hand(what, packages))
}

/// Unpacks packages, and those they need that are not installed, into a folder. The machine stays as it is, and nobody
/// has to be root.
///
/// # Errors
/// Says the command with which a person can install them.
pub(super) fn unpack(what: &'static str, packages: &[&str], folder: &Path) -> Result<()> {
    let apt = apt_get_for(what, packages)?;
    let archives = folder.join("packages");
    // apt-get expects the folder in which it keeps what it has half downloaded.
    fs::create_dir_all(archives.join("partial")).with_context(|| format!("make {}", archives.display()))?;
    let download = || {
        let mut get = Command::new(&apt);
        get.args(["install", "--yes", "--download-only", "--no-install-recommends", "-o", "Debug::NoLocking=1", "-o"]);
        get.arg(format!("Dir::Cache::archives={}", archives.display())).args(packages);
        Job::new(what, get).within(DOWNLOAD_LIMIT).run()
    };
    download().or_else(|_| refresh_packages().and_then(|()| download())).with_context(|| by_hand(what, packages))?;
    for package in fs::read_dir(&archives)? {
        let package = package?.path();
        if package.extension().is_some_and(|extension| extension == "deb") {
            let mut deb = Command::new("dpkg-deb");
            deb.arg("--extract").arg(&package).arg(folder);
            Job::new(what, deb).run()?;
        }
    }
    fs::remove_dir_all(&archives).with_context(|| format!("remove {}", archives.display()))
}

/// Where apt-get is. Without it a person has to find packages like these.
fn apt_get_for(what: &str, packages: &[&str]) -> Result<PathBuf> {
    match find_program("apt-get") {
        Some(apt) => Ok(apt),
        None => bail!("{}", by_hand(what, packages).replace("apt-get install", "packages like")),
    }
}

fn by_hand(what: &str, packages: &[&str]) -> String {
    format!("{what} is missing; install it: apt-get install {}", packages.join(" "))
}

/// Gets a new list of what packages there are.
///
/// # Errors
/// There is no apt-get, no way to be root, or no network.
pub(crate) fn refresh_packages() -> Result<()> {
    let apt = find_program("apt-get").context("apt-get is not on the search path")?;
    as_root("list of packages", &apt, &["update"])
}

fn as_root(what: &'static str, apt: &Path, args: &[&str]) -> Result<()> {
    let mut command = if output_of("id", &["-u"])? == "0" {
        Command::new(apt)
    } else {
        let mut sudo = Command::new(find_program("sudo").context("this is neither root nor is there sudo")?);
        sudo.args(["-n", "DEBIAN_FRONTEND=noninteractive"]).arg(apt);
        sudo
    };
    command.env("DEBIAN_FRONTEND", "noninteractive").args(args);
    Job::new(what, command).run()
}
