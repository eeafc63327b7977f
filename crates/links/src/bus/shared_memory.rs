//! Shared memory: a segment that another program on this machine writes, read at a fixed period.
//!
//! The writer promises nothing. So the segment is read as the file that it is on Linux (`pread`), and never mapped: one
//! that is cut off while it is read gives a short read, where a mapping would end the process (SIGBUS). What is read
//! while it is written is a mixture of old and new, and each value is judged for itself.
//!
//! | the segment is | then |
//! |---|---|
//! | missing, removed, no file | the link is down, and tries again after 1 to 4 s |
//! | of another size | it is another system's: the same, with an alarm |
//! | replaced by another | the new one is read from then on |
//! | unchanged for [`FROZEN_POLLS`] polls | no reading is made until it changes: the cells go stale |
//! | all zero | no cell has a value |

mod segment;

use super::backoff::{self, Backoff};
use super::pace::Pace;
use super::{Bus, Waits};
use crate::describe::Describe;
use crate::device::shared_cells::{CELL_BYTES, Decoded, SharedCells};
use crate::session::Reporter;
use domain::link::LinkFault;
use segment::{Segment, SegmentFault, Stillness};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Where POSIX shared memory is on Linux: `/battery_sim_shm` is the file of that name there.
const FOLDER: &str = "/dev/shm";
/// So many polls without any change mean that the writer has stopped.
const FROZEN_POLLS: u32 = 10;
/// A look at a file costs nothing, and people wait for a simulator that they have just started.
const LONGEST_WAIT: Duration = Duration::from_secs(4);

/// The file of a segment: `/name` is the name of POSIX shared memory, anything else a path, relative to `base`.
pub(crate) fn file_of(name: &str, base: &Path) -> PathBuf {
    match name.strip_prefix('/') {
        Some(bare) if !bare.contains('/') => Path::new(FOLDER).join(bare),
        _ => base.join(name),
    }
}

/// Reads one segment, again and again.
#[derive(Debug)]
pub(crate) struct Poller {
    path: PathBuf,
    period: Duration,
    table: Arc<SharedCells>,
    bytes: Vec<u8>,
    stillness: Stillness,
}

impl Bus for Poller {
    fn table(&self) -> Arc<dyn Describe> {
        self.table.clone()
    }

    fn brings_cells(&self) -> bool {
        true
    }

    fn drive<'a>(&'a mut self, reporter: &'a Reporter) -> Waits<'a, ()> {
        Box::pin(self.run(reporter))
    }
}

impl Poller {
    /// Reads the segment at `path` every `period`, with the cells of `table`.
    pub(crate) fn new(path: PathBuf, period: Duration, table: SharedCells) -> Poller {
        let bytes = vec![0; table.bytes()];
        Poller { path, period, table: Arc::new(table), bytes, stillness: Stillness::default() }
    }

    async fn run(&mut self, reporter: &Reporter) {
        let mut backoff = Backoff::default();
        loop {
            let fault = match Segment::open(&self.path, &self.table) {
                Ok(segment) => {
                    reporter.opened().await;
                    self.polls(segment, &mut backoff, reporter).await
                }
                Err(fault) => fault,
            };
            reporter.record(|r| r.monitor.fault(fault.counts_as(), 1));
            let words = fault.message(&self.path);
            match fault {
                SegmentFault::Size(_) => reporter.wrong_device(words).await,
                _ => reporter.closed(words).await,
            }
            tokio::time::sleep(backoff.next(backoff::random()).min(LONGEST_WAIT)).await;
        }
    }

    /// Reads until that is no longer possible.
    async fn polls(&mut self, mut segment: Segment, backoff: &mut Backoff, reporter: &Reporter) -> SegmentFault {
        let mut pace = Pace::new(self.period);
        loop {
            let skipped = pace.next().await;
            let asked = reporter.now().mono;
            match segment.read(&self.path, &self.table, &mut self.bytes) {
                Ok(replaced) => reporter.record(|r| {
                    r.monitor.fault(LinkFault::SkippedPoll, skipped);
                    if replaced {
                        r.monitor.reopened();
                    }
                }),
                Err(fault) => return fault,
            }
            *backoff = Backoff::default();
            let at = reporter.now();
            let mut readings = Vec::with_capacity(self.table.readings());
            let decoded = match self.table.decode(&self.bytes, &mut readings) {
                Ok(decoded) => decoded,
                Err(wrong) => return SegmentFault::Size(wrong),
            };
            let written = decoded.unwritten * CELL_BYTES < self.bytes.len();
            let still = self.stillness.see(&self.bytes);
            let frozen = written && still >= FROZEN_POLLS;
            reporter.record(|r| {
                r.monitor.received(1, self.bytes.len(), at.mono);
                r.monitor.latency(at.mono.since(asked));
                r.monitor.fault(LinkFault::FrozenCounter, u32::from(frozen));
                r.monitor.fault(LinkFault::Impossible, if frozen { 0 } else { decoded.impossible });
                for (slot, start) in self.table.rack_starts().enumerate() {
                    r.frames.see(slot, &self.bytes[start..start + CELL_BYTES], at.mono);
                }
                message(frozen, written, decoded, &mut r.why);
            });
            if !frozen {
                reporter.deliver(at, readings).await;
            }
        }
    }
}

/// What there is to say about a segment that can be read. Allocates only while there is something.
fn message(frozen: bool, written: bool, decoded: Decoded, why: &mut String) {
    why.clear();
    match (written, frozen, decoded.unwritten) {
        (false, ..) => why.push_str("the segment is all zero: its writer has not written yet"),
        (true, true, _) => {
            why.push_str("nothing in the segment changes any more: its writer is paused, or gone");
        }
        (true, false, 0) => {}
        (true, false, cells) => *why = format!("{cells} cells have never been written"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_posix_shared_memory_and_a_path_is_a_path() {
        for (name, file) in [
            ("/battery_sim_shm", "/dev/shm/battery_sim_shm"),
            ("/tmp/cells", "/tmp/cells"),
            ("cells.bin", "/site/cells.bin"),
        ] {
            assert_eq!(file_of(name, Path::new("/site")), Path::new(file));
        }
    }
}
