//! What a virtual machine needs: QEMU, and the programs that make its image.
//!
//! Where they are not installed they are unpacked below `target/tools/qemu`: nothing of the machine changes, and a newer
//! part of QEMU that is installed already stays.

use super::debian;
use crate::commands::{absolute, find_program, target_dir};
use anyhow::{Context as _, Result, bail};
use std::path::PathBuf;
use std::process::Command;

const QEMU: &str = "qemu-system-x86_64";
/// What makes the image, and the package of each.
const MAKERS: [(&str, &str); 3] = [("busybox", "busybox-static"), ("cpio", "cpio"), ("xz", "xz-utils")];
/// Where programs are in an unpacked package.
const PROGRAMS: [&str; 2] = ["usr/bin", "bin"];
/// Where Debian keeps libraries and firmware, below the root folder.
const LIBRARIES: [&str; 2] = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"];
const MODULES: &str = "usr/lib/x86_64-linux-gnu/qemu";
const FIRMWARE: [&str; 2] = ["usr/share/qemu", "usr/share/seabios"];

/// QEMU and its helpers, installed or unpacked.
pub(crate) struct Qemu {
    /// The folder into which the packages were unpacked; empty where all is installed.
    unpacked: PathBuf,
}

/// Finds QEMU and what makes an image for it, or unpacks them.
///
/// # Errors
/// Something is missing and cannot be downloaded.
pub(crate) fn qemu() -> Result<Qemu> {
    for program in ["ldd", "timeout"] {
        find_program(program).with_context(|| format!("{program} is not on the search path"))?;
    }
    let unpacked = absolute(&target_dir().join("tools/qemu"))?;
    let qemu = Qemu { unpacked };
    if !qemu.is_whole() {
        let packages: Vec<&str> = ["qemu-system-x86"].into_iter().chain(MAKERS.map(|(_, package)| package)).collect();
        debian::unpack("QEMU", &packages, &qemu.unpacked)?;
    }
    if !qemu.is_whole() {
        bail!("the packages of QEMU are not as expected; install it: apt-get install qemu-system-x86");
    }
    Ok(qemu)
}

impl Qemu {
    fn is_whole(&self) -> bool {
        MAKERS.iter().map(|(program, _)| *program).chain([QEMU]).all(|program| self.program(program).is_ok())
    }

    /// Finds a program on the search path, else among what was unpacked.
    ///
    /// # Errors
    /// It is in neither.
    pub(crate) fn program(&self, name: &str) -> Result<PathBuf> {
        let unpacked = || PROGRAMS.iter().map(|bin| self.unpacked.join(bin).join(name)).find(|file| file.is_file());
        find_program(name).or_else(unpacked).with_context(|| format!("{name} is not on the search path"))
    }

    /// The command that starts QEMU under `timeout`, which ends one that hangs.
    ///
    /// # Errors
    /// It is gone since [`qemu`] found it.
    pub(crate) fn command(&self, limit_s: u64) -> Result<Command> {
        let program = self.program(QEMU)?;
        let mut command = Command::new("timeout");
        command.arg(limit_s.to_string()).arg(&program);
        if program.starts_with(&self.unpacked) {
            let below = |folder: &str| self.unpacked.join(folder);
            command.env("LD_LIBRARY_PATH", std::env::join_paths(LIBRARIES.map(below)).unwrap_or_default());
            command.env("QEMU_MODULE_DIR", below(MODULES));
            for folder in FIRMWARE.map(below) {
                command.arg("-L").arg(folder);
            }
        }
        Ok(command)
    }
}
