//! One connection to a device, from its opening to its end: who is there, then poll after poll.

use super::super::pace::Pace;
use super::backoff::{self, Backoff};
use super::client::{Client, ReadError};
use super::device::{Device, Identity};
use super::exception::Exception;
use crate::device::registers::Poll;
use crate::link::Reporter;
use domain::link::LinkFault;
use domain::time::Mono;
use std::convert::Infallible;
use std::time::Duration;

/// How often a device is asked who it is.
const IDENTITY_EVERY: Duration = Duration::from_secs(60);

/// A connection and what it is for.
pub(super) struct Session<'a> {
    client: Client,
    device: &'a Device,
    reporter: &'a Reporter,
    period: Duration,
    poll: Poll,
    /// By slot.
    rests: Vec<Rest>,
}

/// A slot that rests after an exception.
#[derive(Debug, Default)]
struct Rest {
    backoff: Backoff,
    until: Mono,
    last: Option<Exception>,
}

impl<'a> Session<'a> {
    pub(super) fn new(client: Client, device: &'a Device, reporter: &'a Reporter, period: Duration) -> Session<'a> {
        Session { client, device, reporter, period, poll: Poll::default(), rests: Vec::new() }
    }

    /// Polls until something goes wrong with the connection, or the device is not the one with the number `serial`.
    /// The first number that is seen is remembered there; the first good answer resets `backoff`.
    pub(super) async fn run(mut self, serial: &mut Option<String>, backoff: &mut Backoff) -> ReadError {
        match self.polls(serial, backoff).await {
            Err(error) => error,
            Ok(never) => match never {},
        }
    }

    async fn polls(&mut self, serial: &mut Option<String>, backoff: &mut Backoff) -> Result<Infallible, ReadError> {
        self.device.open(&mut self.client).await?;
        self.rests.resize_with(self.device.slots(), Rest::default);
        let mut pace = Pace::new(self.period);
        let mut identified: Option<Mono> = None;
        loop {
            let skipped = pace.next().await;
            self.reporter.record(|r| r.monitor.fault(LinkFault::SkippedPoll, skipped));
            let now = self.reporter.now().mono;
            if identified.is_none_or(|at| now.since(at) >= IDENTITY_EVERY) {
                if self.identify(serial).await? {
                    identified = Some(now);
                } else if identified.is_none() {
                    // Nothing is believed before it is known whose it is.
                    continue;
                }
            }
            let outcome = self.sweep(backoff).await;
            self.device.finish(&mut self.poll);
            self.reporter.record(|r| r.monitor.fault(LinkFault::Impossible, std::mem::take(&mut self.poll.impossible)));
            let now = self.reporter.now();
            self.reporter.deliver(now, std::mem::take(&mut self.poll.readings)).await;
            outcome?;
        }
    }

    /// Refuses a device that is not the one it was, or should be. Returns whether it could answer.
    async fn identify(&mut self, serial: &mut Option<String>) -> Result<bool, ReadError> {
        let found = self.device.identity(&mut self.client).await?;
        match (&serial, found) {
            (_, Identity::Busy) => return Ok(false),
            (Some(expected), Identity::Serial(found)) if *expected != found => {
                return Err(ReadError::Stranger(format!("the device's serial number is {found}, not {expected}")));
            }
            (Some(expected), Identity::Unknown) => {
                let words = format!("the device does not say its serial number, which should be {expected}");
                return Err(ReadError::Stranger(words));
            }
            (None, Identity::Serial(found)) => {
                tracing::info!("Link {}: the device's serial number is {found}", self.reporter.id);
                *serial = Some(found);
            }
            (Some(_), Identity::Serial(_)) | (None, Identity::Unknown) => {}
        }
        Ok(true)
    }

    /// Reads every slot that does not rest.
    async fn sweep(&mut self, backoff: &mut Backoff) -> Result<(), ReadError> {
        for slot in 0..self.rests.len() {
            if self.reporter.now().mono < self.rests[slot].until {
                continue;
            }
            match self.read(slot).await {
                Ok(()) => {
                    if std::mem::take(&mut self.rests[slot]).last.is_some() {
                        self.reporter.remark("");
                    }
                    *backoff = Backoff::default();
                }
                Err(ReadError::Exception(exception)) => self.refused(slot, exception),
                Err(broken) => return Err(broken),
            }
        }
        Ok(())
    }

    async fn read(&mut self, slot: usize) -> Result<(), ReadError> {
        let asked = self.reporter.now().mono;
        let reply = self.device.read(slot, &mut self.client).await;
        let at = self.reporter.now().mono;
        let bytes = self.client.take_received();
        let words = reply.inspect_err(|_| self.reporter.record(|r| r.monitor.received(0, bytes, at)))?;
        let raw: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        self.device.decode(slot, &words, &mut self.poll)?;
        self.reporter.record(|r| {
            r.monitor.received(1, bytes, at);
            r.monitor.latency(at.since(asked));
            r.frames.see(slot, &raw, at);
        });
        Ok(())
    }

    fn refused(&mut self, slot: usize, exception: Exception) {
        if exception.means_lost() {
            self.device.lost(slot, &mut self.poll);
        }
        let rest = &mut self.rests[slot];
        rest.until = self.reporter.now().mono + rest.backoff.next(backoff::random());
        self.reporter.record(|r| r.monitor.fault(LinkFault::Refused, 1));
        if rest.last.replace(exception) != Some(exception) {
            self.reporter.remark(format!("the device refuses {}: {exception}", self.device.table().key(slot)));
        }
    }
}
