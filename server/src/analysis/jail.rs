//! The limits that a query's process has from outside, whatever DuckDB does: `packtwin jail ... -- duckdb` sets them for
//! itself and becomes the program.
//!
//! DuckDB has locks of its own (see `script`). These are the second ones: processor time, memory, size of files, low
//! priority; and by Landlock nothing to read but the query's folder and the system's libraries, nothing to write but the
//! folder for spilling, and no network. A kernel without Landlock runs no query unless that is allowed.

use crate::cli::Jail;
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError,
    RulesetStatus, path_beneath_rules,
};
use rustix::process::{Resource, Rlimit, Signal, nice, set_parent_process_death_signal, setrlimit};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

/// The folder for spilling, below the query's own.
pub(super) const SPILL: &str = "spill";

const NICE: i32 = 10;
/// Address space. DuckDB's own limit is 512 MB, but it counts neither its program (60 MB), nor all that a function makes in
/// between, nor the rows that it has yet to print.
const MEMORY_BYTES: u64 = 1_280 << 20;
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

/// What keeps a query from what it must not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confinement {
    /// The kernel, by Landlock.
    Landlock,
    /// DuckDB's own locks only, and that is allowed.
    Allowed,
    /// DuckDB's own locks only: no query runs.
    Missing,
}

impl Confinement {
    /// What this kernel does, and what is allowed if it does nothing.
    pub(super) fn of(enforced: bool, unconfined_sql: bool) -> Confinement {
        match (enforced, unconfined_sql) {
            (true, _) => Confinement::Landlock,
            (false, true) => Confinement::Allowed,
            (false, false) => Confinement::Missing,
        }
    }

    /// Said at the start, on the page and in the API.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Confinement::Landlock => "queries are confined to their files by Landlock",
            Confinement::Allowed => {
                "this kernel has no Landlock: only DuckDB's own locks keep a query to its files, as was allowed"
            }
            Confinement::Missing => {
                "SQL is off: this kernel has no Landlock to confine queries to their files. Use Linux 5.13 or newer with \
                 Landlock on, or start with --allow-unconfined-sql (`unconfined_sql = true` in [server] of the site file)"
            }
        }
    }
}

/// Whether this kernel enforces Landlock: tried on a thread that ends at once.
pub(super) fn is_enforced() -> bool {
    let tried = std::thread::spawn(|| landlock(Path::new("/nonexistent"), Path::new("/nonexistent")));
    matches!(tried.join(), Ok(Ok(status)) if status != RulesetStatus::NotEnforced)
}

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
    // Where the machine has too little memory all the same, a query ends, not the server. A kernel that refuses has reasons.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let limits = [
        (Resource::Cpu, options.seconds),
        (Resource::As, MEMORY_BYTES),
        (Resource::Fsize, FILE_BYTES),
        (Resource::Core, 0),
    ];
    for (resource, most) in limits {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    let status = landlock(&options.folder, &options.program)?;
    if status == RulesetStatus::NotEnforced && !options.unconfined {
        anyhow::bail!(Confinement::Missing.words());
    }
    Ok(())
}

fn landlock(folder: &Path, program: &Path) -> Result<RulesetStatus, RulesetError> {
    let read = AccessFs::from_read(LANDLOCK);
    let restricted = Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .create()?
        .add_rules(path_beneath_rules(SYSTEM, read))?
        .add_rules(path_beneath_rules([program, folder], read))?
        .add_rules(path_beneath_rules([folder.join(SPILL)], AccessFs::from_all(LANDLOCK)))?
        .restrict_self()?;
    Ok(restricted.ruleset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_landlock_sql_is_off_unless_it_is_allowed() {
        for (enforced, allowed, expected) in [
            (true, false, Confinement::Landlock),
            (true, true, Confinement::Landlock),
            (false, true, Confinement::Allowed),
            (false, false, Confinement::Missing),
        ] {
            assert_eq!(Confinement::of(enforced, allowed), expected);
        }
        assert!(Confinement::Missing.words().contains("--allow-unconfined-sql"));
    }

    #[test]
    fn to_try_landlock_restricts_nobody_else() {
        let _ = is_enforced();
        assert!(std::fs::read("/etc/hostname").is_ok() || std::fs::metadata("/etc").is_ok());
    }
}
