//! Debian's kernel with the modules that the guest needs, and can-utils: taken out of their packages, not installed.
//!
//! They stay below `target`: the kernel is GPL and 70 MB, and no part of the project.

use crate::commands::{absolute, output_of};
use crate::job::Job;
use crate::tools::{self, Qemu};
use anyhow::{Context as _, Result, bail};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// In the order in which they must be loaded: CAN, then what the shared folder needs.
pub(super) const MODULES: [&str; 14] = [
    "can",
    "can-raw",
    "can-dev",
    "vcan",
    "virtio_ring",
    "virtio",
    "virtio_pci_modern_dev",
    "virtio_pci_legacy_dev",
    "virtio_pci",
    "9pnet",
    "9pnet_virtio",
    "netfs",
    "fscache",
    "9p",
];
/// The peers.
pub(super) const CAN_UTILS: [&str; 3] = ["cansend", "cangen", "canplayer"];
/// How a stream of xz begins; the kernel is packed as one.
const XZ: [u8; 6] = [0xFD, b'7', b'z', b'X', b'Z', 0];

/// What the guest is made of.
pub(super) struct Kernel {
    /// The unpacked kernel: it boots seconds faster than the packed one.
    pub(super) vmlinux: PathBuf,
    /// The folder with the modules and can-utils, flat.
    pub(super) files: PathBuf,
}

/// Finds what an earlier run has unpacked, or downloads it.
///
/// # Errors
/// The packages cannot be downloaded, or are not as expected.
pub(super) fn find(folder: &Path, qemu: &Qemu) -> Result<Kernel> {
    if std::env::consts::ARCH != "x86_64" {
        bail!("the guest is made for x86_64 machines");
    }
    let folder = absolute(folder)?;
    let kernel = Kernel { vmlinux: folder.join("vmlinux"), files: folder.join("files") };
    let complete = folder.join("complete");
    if !complete.exists() {
        // A machine with an old list of packages asks for files that are gone: the second try has a new list.
        let fetch = || fetch(&folder, &kernel, qemu);
        let package = fetch().or_else(|_| tools::refresh_packages().and_then(|()| fetch()))?;
        fs::write(&complete, package).with_context(|| format!("write {}", complete.display()))?;
    }
    Ok(kernel)
}

/// Downloads and unpacks; returns the name of the kernel's package.
fn fetch(folder: &Path, kernel: &Kernel, qemu: &Qemu) -> Result<String> {
    fs::create_dir_all(&kernel.files).with_context(|| format!("make {}", kernel.files.display()))?;
    let package = newest_kernel()?;
    for package in [package.as_str(), "can-utils"] {
        unpack(&download(package, folder)?, &kernel.files)?;
    }
    let modules = MODULES.iter().map(|module| format!("{module}.ko"));
    for name in modules.chain(CAN_UTILS.map(str::to_owned)) {
        if !kernel.files.join(&name).is_file() {
            bail!("{package} and can-utils have no {name}; the guest expects those of Debian 12");
        }
    }
    unpack_kernel(kernel, qemu)?;
    Ok(package)
}

/// `linux-image-amd64` is empty and depends on the newest real one.
fn newest_kernel() -> Result<String> {
    let depends = output_of("apt-cache", &["depends", "linux-image-amd64"])?;
    let package = depends.lines().find_map(|line| line.trim().strip_prefix("Depends: "));
    Ok(package.context("no package linux-image-amd64; the guest needs Debian's kernel")?.to_owned())
}

fn download(package: &str, folder: &Path) -> Result<PathBuf> {
    let mut get = Command::new("apt-get");
    get.args(["download", package]).current_dir(folder);
    Job::new("packages of the guest", get).within(tools::DOWNLOAD_LIMIT).run()?;
    let found = fs::read_dir(folder)?.filter_map(Result::ok).map(|entry| entry.path()).find(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(&format!("{package}_")) && name.ends_with(".deb")
    });
    found.with_context(|| format!("apt-get has not downloaded {package}"))
}

/// Takes only what is needed out of a package, all into one folder, and removes the package.
fn unpack(package: &Path, files: &Path) -> Result<()> {
    let mut deb = Command::new("dpkg-deb").arg("--fsys-tarfile").arg(package).stdout(Stdio::piped()).spawn()?;
    let archive = deb.stdout.take().context("read the package")?;
    let mut tar = Command::new("tar");
    tar.args(["--extract", "--wildcards", "--transform", "s|.*/||", "--directory"]).arg(files);
    tar.arg("./boot/vmlinuz-*").args(MODULES.map(|module| format!("*/{module}.ko")));
    tar.args(CAN_UTILS.map(|program| format!("./usr/bin/{program}")));
    // Each package has some of them; tar complains about the others.
    tar.stdin(archive).stderr(Stdio::null()).status().context("run tar")?;
    deb.wait()?;
    fs::remove_file(package).with_context(|| format!("remove {}", package.display()))
}

fn unpack_kernel(kernel: &Kernel, qemu: &Qemu) -> Result<()> {
    let packed = fs::read_dir(&kernel.files)?.filter_map(Result::ok).map(|entry| entry.path());
    let packed = packed.into_iter().find(|path| path.to_string_lossy().contains("vmlinuz-"));
    let packed = packed.context("the kernel's package has no kernel")?;
    let bytes = fs::read(&packed)?;
    let start = bytes.windows(XZ.len()).position(|window| window == XZ);
    let start = start.context("the kernel is not packed with xz; the guest expects Debian 12")?;
    let out = File::create(&kernel.vmlinux).with_context(|| format!("write {}", kernel.vmlinux.display()))?;
    let mut xz = Command::new(qemu.program("xz")?);
    xz.args(["--decompress", "--stdout", "--single-stream"]).stdin(Stdio::piped()).stdout(out).stderr(Stdio::null());
    let mut xz = xz.spawn().context("run xz")?;
    // xz ends with the stream, before the end of the file: then the rest cannot be written.
    let _ = xz.stdin.take().context("write to xz")?.write_all(&bytes[start..]);
    xz.wait()?;
    fs::remove_file(&packed)?;
    match fs::metadata(&kernel.vmlinux)?.len() {
        0 => bail!("the kernel cannot be unpacked"),
        _ => Ok(()),
    }
}
