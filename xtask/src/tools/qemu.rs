//! What a virtual machine needs: QEMU, and the programs that make its image.

use super::debian;
use crate::commands::find_program;
use anyhow::{Context as _, Result};
use std::path::PathBuf;

const QEMU: &str = "qemu-system-x86_64";

/// Finds QEMU and what makes an image for it, or installs them.
///
/// # Errors
/// Something is missing and cannot be installed.
pub(crate) fn qemu() -> Result<PathBuf> {
    // "static" matters: nothing of the machine is in the image before busybox runs.
    let needed = [QEMU, "busybox", "cpio", "xz", "ldd", "timeout"];
    if needed.iter().any(|program| find_program(program).is_none()) {
        debian::install("QEMU", &["qemu-system-x86", "busybox-static", "cpio", "xz-utils"])?;
    }
    find_program(QEMU).context("QEMU is installed but not on the search path")
}
