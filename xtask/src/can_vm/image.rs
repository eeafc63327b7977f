//! The guest's first files, as an archive that the kernel unpacks into memory.

use super::kernel::{CAN_UTILS, Kernel, MODULES};
use crate::commands::output_of;
use crate::tools::Qemu;
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Writes the image: busybox, can-utils, modules, the shared libraries of all programs, and the first process.
pub(super) fn make(folder: &Path, kernel: &Kernel, program: &Path, qemu: &Qemu) -> Result<PathBuf> {
    let root = folder.join("root");
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    for folder in ["bin", "modules", "proc", "sys", "dev", "host"] {
        fs::create_dir_all(root.join(folder)).with_context(|| format!("make {}", root.display()))?;
    }
    let copy = |from: &Path, to: &str| {
        fs::copy(from, root.join(to)).with_context(|| format!("copy {}", from.display())).map(drop)
    };
    copy(&qemu.program("busybox")?, "bin/busybox")?;
    for module in MODULES {
        copy(&kernel.files.join(format!("{module}.ko")), &format!("modules/{module}.ko"))?;
    }
    fs::write(root.join("modules/order"), MODULES.join("\n"))?;
    let mut libraries = libraries(program)?;
    for name in CAN_UTILS {
        let program = kernel.files.join(name);
        copy(&program, &format!("bin/{name}"))?;
        libraries.extend(self::libraries(&program)?);
    }
    for library in libraries {
        let inside = library.trim_start_matches('/');
        if let Some(parent) = root.join(inside).parent() {
            fs::create_dir_all(parent)?;
        }
        copy(Path::new(&library), inside)?;
    }
    let init = root.join("init");
    fs::write(&init, include_str!("init.sh"))?;
    make_executable(&init)?;
    archive(&root, &folder.join("image.cpio"), qemu)
}

/// The shared libraries of a program, by `ldd`: the guest has the same as this machine.
fn libraries(program: &Path) -> Result<BTreeSet<String>> {
    let printed = output_of("ldd", &[&program.to_string_lossy()])?;
    Ok(printed.split_whitespace().filter(|word| word.starts_with('/')).map(str::to_owned).collect())
}

fn make_executable(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).with_context(|| format!("change {}", file.display()))
}

fn archive(root: &Path, image: &Path, qemu: &Qemu) -> Result<PathBuf> {
    let out = File::create(image).with_context(|| format!("write {}", image.display()))?;
    let mut cpio = Command::new(qemu.program("cpio")?);
    cpio.args(["--create", "--format=newc", "--quiet"]).current_dir(root).stdin(Stdio::piped()).stdout(out);
    let mut cpio = cpio.spawn().context("run cpio")?;
    let mut names = cpio.stdin.take().context("write to cpio")?;
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            writeln!(names, "{}", path.display())?;
            if entry.file_type()?.is_dir() {
                folders.push(path);
            }
        }
    }
    drop(names);
    if !cpio.wait()?.success() {
        bail!("cpio cannot write {}", image.display());
    }
    Ok(image.to_owned())
}
