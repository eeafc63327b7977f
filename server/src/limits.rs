//! What the server gives at most to all who ask, so that nobody can take it from the others. Said in docs/operate.md.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::Duration;

/// Limits that a site file may set in `[server]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Names and addresses by which this server is reached besides its own, in lower case.
    pub(crate) names: Vec<String>,
    /// Connections at the same time.
    pub(crate) connections: usize,
    /// Connections at the same time from one address that is not this machine.
    pub(crate) connections_per_address: usize,
    /// Live streams at the same time.
    pub(crate) viewers: usize,
    /// Who takes nothing of what was sent for so long is cut off.
    pub(crate) patience: Duration,
    /// Whether SQL may run where the kernel cannot confine it.
    pub(crate) unconfined_sql: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            names: Vec::new(),
            connections: 5_000,
            connections_per_address: 512,
            viewers: 4_500,
            patience: Duration::from_secs(30),
            unconfined_sql: false,
        }
    }
}

/// Connections beyond the limit, for addresses that have few.
pub(crate) const RESERVE: usize = 32;
/// Descriptors that are kept for everything but connections: history, links, queries.
const OWN_FILES: u64 = 256;

impl Limits {
    /// Raises the number of files that this process may open to what it needs, and lowers the connections to what it
    /// gets.
    pub(crate) fn fit_descriptors(&mut self) {
        let needed = self.connections as u64 + RESERVE as u64 + OWN_FILES;
        let limit = getrlimit(Resource::Nofile);
        let most = limit.maximum.unwrap_or(u64::MAX);
        let mut current = limit.current.unwrap_or(u64::MAX);
        if current < needed {
            let raised = needed.min(most);
            if setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum: limit.maximum }).is_ok() {
                current = raised;
            }
        }
        let room = current.saturating_sub(OWN_FILES.min(current / 2) + RESERVE as u64).max(16);
        if room < self.connections as u64 {
            tracing::warn!(
                "the system lets this process open {current} files: {room} connections at the same time instead of \
                 {}; raise the limit (`ulimit -n`, or LimitNOFILE= of systemd)",
                self.connections
            );
            self.connections = room as usize;
        }
        // Live streams stay open: the rest is for pages.
        self.viewers = self.viewers.min(self.connections - self.connections / 10);
    }
}
