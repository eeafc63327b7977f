//! `can-vm`: real SocketCAN where the machine itself has none.
//!
//! ```text
//! kernel   Debian's kernel, its CAN and 9p modules, can-utils: downloaded once, kept below target/tools/can-vm
//! image    the guest's first files: busybox, can-utils, modules, init.sh
//! guest    QEMU without an accelerator boots it in about 4 s; it runs can_link, which lies in a shared folder
//! ```
//!
//! The guest has a vcan interface. The program `can_link` runs a link on it, with can-utils as its peer, and checks
//! values, error frames, bus-off, a link that goes down and one that is removed.

mod image;
mod kernel;

use crate::commands::{cargo, target_dir};
use crate::job::{Job, Steps, run_together};
use crate::tally::Tally;
use crate::tools::{self, Qemu};
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The guest needs about 30 s; on a machine with other work several times as long.
const LIMIT: Duration = Duration::from_secs(180);
/// What the guest runs, and what it reads.
const PROGRAM: &str = "can_link";
const FILES: [&str; 1] = ["dbc/packtwin_hv.dbc"];

/// How the test in the guest ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// All checks passed.
    Passed(Tally),
    /// At least one failed, or the guest never got there.
    Failed(Tally),
    /// QEMU or the kernel cannot be had here, and why.
    Skipped(String),
}

/// Boots the guest and runs the checks; prints what it prints.
///
/// # Errors
/// The program cannot be built, or files cannot be written. That QEMU or the kernel is missing is no error but
/// [`Outcome::Skipped`].
pub(crate) fn test() -> Result<Outcome> {
    let folder = target_dir().join("tools/can-vm");
    let parts = tools::qemu().and_then(|qemu| Ok((kernel::find(&folder, &qemu)?, qemu)));
    let (kernel, qemu) = match parts {
        Ok(parts) => parts,
        Err(error) => return Ok(Outcome::Skipped(format!("{error:#}"))),
    };
    let share = folder.join("share");
    let program = build()?;
    fill(&share, &program)?;
    let image = image::make(&folder, &kernel, &program, &qemu)?;
    let result = share.join("exit-status");
    let mut tally = Tally::default();
    tally.watch(guest(&qemu, &kernel.vmlinux, &image, &share)?)?;
    let passed = fs::read_to_string(result).is_ok_and(|status| status.trim() == "0") && tally.failed == 0;
    Ok(if passed { Outcome::Passed(tally) } else { Outcome::Failed(tally) })
}

/// `cargo xtask can-vm`.
///
/// # Errors
/// A check fails, or the guest cannot run here.
pub(crate) fn run() -> Result<()> {
    match test()? {
        Outcome::Passed(tally) => {
            println!("{} checks passed on a real CAN socket", tally.passed);
            Ok(())
        }
        Outcome::Failed(tally) => bail!("in the guest {} checks passed, {} failed", tally.passed, tally.failed),
        Outcome::Skipped(why) => bail!("the guest cannot run here: {why}"),
    }
}

fn build() -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--package", "links", "--example", PROGRAM]);
    run_together(vec![Job::new("the program for the guest", build)], &mut Steps::of(1))?;
    Ok(target_dir().join("debug/examples").join(PROGRAM))
}

/// A fresh folder that the guest sees as /host.
fn fill(share: &Path, program: &Path) -> Result<()> {
    if share.exists() {
        fs::remove_dir_all(share).with_context(|| format!("clear {}", share.display()))?;
    }
    fs::create_dir_all(share).with_context(|| format!("make {}", share.display()))?;
    for file in FILES.iter().map(Path::new).chain([program]) {
        let name = file.file_name().context("a file of the guest has a name")?;
        fs::copy(file, share.join(name)).with_context(|| format!("copy {}", file.display()))?;
    }
    Ok(())
}

/// The guest writes its console to our stdout.
fn guest(qemu: &Qemu, vmlinux: &Path, image: &Path, share: &Path) -> Result<Command> {
    let mut command = qemu.command(LIMIT.as_secs())?;
    // TCG works everywhere; a /dev/kvm that opens may still be useless.
    command.args(["-accel", "tcg", "-cpu", "max", "-m", "512", "-smp", "1"]);
    command.args(["-display", "none", "-nodefaults", "-no-reboot", "-serial", "stdio"]);
    command.arg("-kernel").arg(vmlinux).arg("-initrd").arg(image);
    command.args(["-append", "console=ttyS0 panic=-1 quiet"]);
    command.arg("-virtfs").arg(format!("local,path={},mount_tag=host,security_model=none", share.display()));
    command.stdin(std::process::Stdio::null());
    Ok(command)
}
