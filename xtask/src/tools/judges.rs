//! The judges: programs of other people that know the protocols. Tests let them write what we read, and read what we
//! write. They are Python packages, pinned in `xtask/judges.txt`, installed below `target/judges`.

use super::debian;
use crate::commands::{absolute, output_of, target_dir};
use crate::job::Job;
use anyhow::{Context as _, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGES: &str = "xtask/judges.txt";

/// The Python that has them; made on the first call.
///
/// # Errors
/// There is no Python with `venv`, or a package cannot be installed.
pub(crate) fn python() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("PACKTWIN_PYTHON") {
        return Ok(named.into());
    }
    let folder = absolute(&target_dir())?.join("judges");
    let (python, installed) = (folder.join("bin/python"), folder.join("installed.txt"));
    let wanted = fs::read_to_string(PACKAGES).with_context(|| format!("read {PACKAGES}"))?;
    if fs::read_to_string(&installed).is_ok_and(|was| was == wanted) && output_of(&python, &["--version"]).is_ok() {
        return Ok(python);
    }
    if make_environment(&folder).is_err() {
        debian::install("Python with venv", &["python3", "python3-venv"])?;
        make_environment(&folder)?;
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", PACKAGES]);
    Job::new("packages of the judges", pip).run()?;
    fs::write(&installed, wanted).with_context(|| format!("write {}", installed.display()))?;
    Ok(python)
}

fn make_environment(folder: &Path) -> Result<()> {
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "--clear"]).arg(folder);
    Job::new("Python for the judges", venv).run()
}
