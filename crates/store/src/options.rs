//! How a history is kept: how long, how often, how much.

use std::time::Duration;

/// How a history is kept. [`Options::default`] is right for a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long rows are kept, counted back from the newest. Two days.
    pub keep: Duration,
    /// From one commit to the next: with the second that is running, what a kill can take. A quarter of a second.
    pub commit_every: Duration,
    /// From one checkpoint to the next: with `commit_every`, what a power cut can take. Five seconds.
    pub checkpoint_every: Duration,
    /// How much may wait in memory while the disk does not take it, bytes. 16 MiB: three hours of a 260-cell pack.
    pub pending_max_bytes: usize,
    /// How long the full tape before and after an alarm is kept beyond `keep`. Five minutes.
    pub keep_around_events: Duration,
    /// How much of that tape is kept at most, bytes; the oldest goes first. 200 MB: 37 hours of a 260-cell pack.
    pub keep_around_max_bytes: u64,
    /// How long sealed days are kept, counted back from the newest. 400 days.
    pub keep_sealed: Duration,
    /// How long sealed days of cells are kept, counted back from the newest. 90 days: some 220 MB for 260 cells.
    pub keep_cells: Duration,
    /// How long sealed days of device points are kept, counted back from the newest. 90 days.
    pub keep_devices: Duration,
    /// With less room on the disk than this, the oldest sealed days go, but for the newest two, bytes. 200 MB.
    pub disk_free_min_bytes: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            keep: Duration::from_secs(48 * 3_600),
            commit_every: Duration::from_millis(250),
            checkpoint_every: Duration::from_secs(5),
            pending_max_bytes: 16 << 20,
            keep_around_events: Duration::from_secs(300),
            keep_around_max_bytes: 200_000_000,
            keep_sealed: Duration::from_secs(400 * 86_400),
            keep_cells: Duration::from_secs(90 * 86_400),
            keep_devices: Duration::from_secs(90 * 86_400),
            disk_free_min_bytes: 200_000_000,
        }
    }
}
