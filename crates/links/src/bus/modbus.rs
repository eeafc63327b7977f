//! Modbus TCP: asks a device for its registers, again and again.
//!
//! One request is in flight at a time. Any error or time-out drops the connection; it is opened again after 1 to 30 s.
//! A device that answers a request with an exception is not dropped, but that request rests just as long: a wrong
//! address must neither hammer the device nor hide its other registers.

mod client;
mod counted;
mod exception;

pub use client::{Client, ReadError};
pub use exception::Exception;

use super::backoff::{self, Backoff};
use crate::device::registers::{Block, RegisterTable};
use crate::frames::Describe;
use crate::link::Reporter;
use domain::link::LinkFault;
use domain::reading::Reading;
use domain::time::Mono;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// Polls one device.
#[derive(Debug)]
pub(crate) struct Poller {
    address: String,
    unit: u8,
    poll: Duration,
    timeout: Duration,
    table: Arc<RegisterTable>,
}

/// A block that rests after an exception.
#[derive(Debug, Default)]
struct Rest {
    backoff: Backoff,
    until: Mono,
    last: Option<Exception>,
}

impl Poller {
    /// Polls `unit` at `address` (host and port) every `poll`; waits at most `timeout` for a connection or an answer.
    pub(crate) fn new(address: String, unit: u8, poll: Duration, timeout: Duration, table: RegisterTable) -> Poller {
        Poller { address, unit, poll, timeout, table: Arc::new(table) }
    }

    pub(crate) fn table(&self) -> Arc<dyn Describe> {
        self.table.clone()
    }

    pub(crate) async fn drive(&mut self, reporter: &Reporter) {
        let mut backoff = Backoff::default();
        let mut rests: Vec<Rest> = self.table.blocks.iter().map(|_| Rest::default()).collect();
        loop {
            let error = match Client::connect(&self.address, self.unit, self.timeout).await {
                Ok(client) => {
                    reporter.opened().await;
                    self.poll(client, &mut rests, &mut backoff, reporter).await
                }
                Err(error) => error,
            };
            reporter.record(|r| r.monitor.fault(error.fault(), 1));
            reporter.closed(error).await;
            tokio::time::sleep(backoff.next(backoff::random())).await;
        }
    }

    /// Polls until something goes wrong with the connection.
    async fn poll(
        &self,
        mut client: Client,
        rests: &mut [Rest],
        backoff: &mut Backoff,
        reporter: &Reporter,
    ) -> ReadError {
        let mut ticks = tokio::time::interval(self.poll);
        // A slow device is asked less often, not twice in a row.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            let mut readings = Vec::new();
            let mut error = None;
            for (slot, block) in self.table.blocks.iter().enumerate() {
                if reporter.now().mono < rests[slot].until {
                    continue;
                }
                match self.read(&mut client, slot, block, &mut readings, reporter).await {
                    Ok(()) => {
                        if std::mem::take(&mut rests[slot]).last.is_some() {
                            reporter.remark("");
                        }
                        *backoff = Backoff::default();
                    }
                    Err(ReadError::Exception(exception)) => {
                        rests[slot].refused(exception, &self.table.key(slot), reporter);
                    }
                    Err(broken) => {
                        error = Some(broken);
                        break;
                    }
                }
            }
            reporter.deliver(reporter.now(), readings).await;
            if let Some(error) = error {
                return error;
            }
        }
    }

    async fn read(
        &self,
        client: &mut Client,
        slot: usize,
        block: &Block,
        readings: &mut Vec<Reading>,
        reporter: &Reporter,
    ) -> Result<(), ReadError> {
        let asked = reporter.now().mono;
        let reply = client.read(block.area, block.address, block.count).await;
        let at = reporter.now().mono;
        let bytes = client.take_received();
        let words = reply.inspect_err(|_| reporter.record(|r| r.monitor.received(0, bytes, at)))?;
        let raw: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        let impossible = block.decode(&words, readings);
        reporter.record(|r| {
            r.monitor.received(1, bytes, at);
            r.monitor.latency(at.since(asked));
            r.monitor.fault(LinkFault::Impossible, impossible);
            r.frames.see(slot, &raw, at);
        });
        Ok(())
    }
}

impl Rest {
    fn refused(&mut self, exception: Exception, block: &str, reporter: &Reporter) {
        let wait = self.backoff.next(backoff::random());
        self.until = reporter.now().mono + wait;
        reporter.record(|r| r.monitor.fault(LinkFault::Refused, 1));
        if self.last.replace(exception) != Some(exception) {
            reporter.remark(format!("the device refuses {block}: {exception}"));
        }
    }
}
