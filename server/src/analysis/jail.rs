//! The limits that a query's process has from outside, whatever DuckDB does: `packtwin jail ... -- duckdb` sets them for
//! itself and becomes the program.
//!
//! DuckDB has locks of its own (see `script`). These are the second ones: processor time, memory, size of files, low
//! priority; and, where the kernel has Landlock, nothing to read but the query's folder and the system's libraries,
//! nothing to write but the folder for spilling, and no network.

use crate::cli::Jail;
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError,
    path_beneath_rules,
};
use rustix::process::{Resource, Rlimit, Signal, nice, set_parent_process_death_signal, setrlimit};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

/// The folder for spilling, below the query's own.
pub(super) const SPILL: &str = "spill";

const NICE: i32 = 10;
/// DuckDB's own limit of memory is lower; this one holds if it does not keep to it.
const MEMORY_BYTES: u64 = 4 << 30;
/// The largest file that may be written.
const FILE_BYTES: u64 = 1 << 30;

/// The newest Landlock that is known here; older kernels do what they can.
const LANDLOCK: ABI = ABI::V5;
/// What a program needs to start, and to find out how large the machine is. Landlock itself keeps it from the memory and
/// the environment of other processes below /proc.
const SYSTEM: [&str; 12] = [
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/dev/null",
    "/dev/urandom",
    "/proc",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
    "/nix/store",
];

/// Becomes the program within its limits; returns only if it cannot.
pub(crate) fn enter(options: &Jail) -> anyhow::Error {
    if let Err(error) = confine(options) {
        return error;
    }
    let error = Command::new(&options.program).args(&options.args).exec();
    anyhow::Error::new(error).context(format!("start {}", options.program.display()))
}

fn confine(options: &Jail) -> anyhow::Result<()> {
    // A server that is killed takes its queries along.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    nice(NICE)?;
    let limits = [
        (Resource::Cpu, options.seconds),
        (Resource::As, MEMORY_BYTES),
        (Resource::Fsize, FILE_BYTES),
        (Resource::Core, 0),
    ];
    for (resource, most) in limits {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    landlock(&options.folder, &options.program)?;
    Ok(())
}

fn landlock(folder: &Path, program: &Path) -> Result<(), RulesetError> {
    let read = AccessFs::from_read(LANDLOCK);
    Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .create()?
        .add_rules(path_beneath_rules(SYSTEM, read))?
        .add_rules(path_beneath_rules([program, folder], read))?
        .add_rules(path_beneath_rules([folder.join(SPILL)], AccessFs::from_all(LANDLOCK)))?
        .restrict_self()?;
    Ok(())
}
