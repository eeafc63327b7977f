//! The way of CAN frames to readings, the same for every CAN bus.

use crate::can::CanFrame;
use crate::device::can_table::{CanTable, Outcome};
use crate::frames::Describe;
use crate::link::Reporter;
use domain::link::LinkFault;
use domain::time::Now;
use std::sync::Arc;

/// Decodes what arrives together and reports it together.
#[derive(Debug)]
pub(crate) struct CanInput {
    table: Arc<CanTable>,
    /// How many readings the last packet gave: room for the next.
    expected: usize,
}

impl CanInput {
    /// Decodes with `table`.
    pub(crate) fn new(table: CanTable) -> CanInput {
        CanInput { table: Arc::new(table), expected: 0 }
    }

    pub(crate) fn table(&self) -> Arc<dyn Describe> {
        self.table.clone()
    }

    /// Takes frames that were received together at `at`, in `bytes` bytes.
    pub(crate) async fn take<'a>(
        &mut self,
        frames: impl IntoIterator<Item = CanFrame<'a>>,
        bytes: usize,
        at: Now,
        reporter: &Reporter,
    ) {
        let mut readings = Vec::with_capacity(self.expected);
        reporter.record(|record| {
            let mut count = 0;
            for frame in frames {
                count += 1;
                match self.table.decode(&frame, &mut readings) {
                    Outcome::Decoded(slot, impossible) => {
                        record.monitor.fault(LinkFault::Impossible, impossible);
                        record.frames.see(slot, frame.data, at.mono);
                    }
                    Outcome::Rejected(fault) => {
                        record.monitor.fault(fault, 1);
                        record.frames.see_stranger(frame.id, fault, frame.data, at.mono);
                    }
                    Outcome::NoMessage => {}
                }
            }
            record.monitor.received(count, bytes, at.mono);
            if count > 0 {
                record.monitor.latency(reporter.now().mono.since(at.mono));
            }
        });
        self.expected = readings.len();
        reporter.deliver(at, readings).await;
    }
}
