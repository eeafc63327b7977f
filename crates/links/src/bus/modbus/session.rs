//! One connection to a device, from its opening to its end: who is there, then poll after poll, and writes between them.

mod write;

use super::super::pace::Pace;
use super::backoff::{self, Backoff};
use super::client::Client;
use super::device::{Device, Identity};
use super::exception::Exception;
use super::parts::RETRY_EVERY;
use super::request::ReadError;
use super::stillness::{Heartbeat, IDENTICAL, Stillness};
use crate::device::registers::{Odd, Poll};
use crate::session::{Notices, Reporter};
use crate::text::{named, time};
use domain::link::{LinkFault, LinkState};
use domain::time::Mono;
use std::convert::Infallible;
use std::time::Duration;

/// How often a device is asked who it is.
const IDENTITY_EVERY: Duration = Duration::from_secs(60);
/// A device that was the right one each time after so many closed connections has the habit of closing them: it is then
/// asked who it is each minute only.
const HABIT: u32 = 3;
/// So many rounds in a row that take longer than the period are worth a remark.
const LATE_ROUNDS: u32 = 5;

/// Odd values that were not seen again for so long, and for three polls, are no longer told.
const ODD_FOR: Duration = Duration::from_secs(10);

const NEVER_BEAT: &str = "the battery's heartbeat has been 0 all the time: if it has one, its values may be old";

/// A connection and what it is for.
pub(super) struct Session<'a> {
    client: Client,
    device: &'a Device,
    reporter: &'a Reporter,
    period: Duration,
    poll: Poll,
    /// By slot.
    rests: Vec<Rest>,
    stillness: &'a mut Stillness,
    notices: Notices<Odd>,
    reopenings: u32,
    late_rounds: u32,
    remarks: Remarks,
}

/// What there is to say about a link that works, the most important first.
#[derive(Debug, Default, PartialEq)]
struct Remarks {
    frozen: Option<String>,
    refusals: Option<String>,
    map: Option<String>,
    values: Option<String>,
    parts: Option<String>,
    heartless: Option<String>,
    still: Option<String>,
    late: Option<String>,
}

impl Remarks {
    fn message(&self) -> String {
        let all = [
            &self.frozen,
            &self.refusals,
            &self.map,
            &self.values,
            &self.parts,
            &self.heartless,
            &self.still,
            &self.late,
        ];
        all.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("; ")
    }
}

/// A slot that rests after an exception.
#[derive(Debug, Default)]
struct Rest {
    backoff: Backoff,
    until: Mono,
    last: Option<Exception>,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        client: Client,
        device: &'a Device,
        reporter: &'a Reporter,
        period: Duration,
        stillness: &'a mut Stillness,
    ) -> Session<'a> {
        Session {
            client,
            device,
            reporter,
            period,
            poll: Poll::default(),
            rests: Vec::new(),
            stillness,
            notices: Notices::default(),
            reopenings: 0,
            late_rounds: 0,
            remarks: Remarks::default(),
        }
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
        self.remarks.map = self.device.open(&mut self.client).await?;
        self.client.take_reopened();
        self.client.take_refusals();
        self.rests.resize_with(self.device.slots(), Rest::default);
        let mut pace = Pace::new(self.period);
        let mut identified: Option<Mono> = None;
        loop {
            let skipped = tokio::select! {
                biased;
                // Nothing is written to a device before it is known which one it is.
                order = self.reporter.orders.next(), if identified.is_some() => {
                    self.carry_out(order, serial).await?;
                    continue;
                }
                skipped = pace.next() => skipped,
            };
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
            self.late_rounds = if skipped > 0 { self.late_rounds + 1 } else { 0 };
            let began = self.reporter.now().mono;
            self.round(serial, backoff).await?;
            self.remark(self.reporter.now().mono.since(began));
        }
    }

    /// Refuses a device that is not the one it was, or should be. Returns whether it could answer.
    async fn identify(&mut self, serial: &mut Option<String>) -> Result<bool, ReadError> {
        let found = self.device.identity(&mut self.client).await?;
        self.client.take_reopened();
        self.client.take_refusals();
        match (&serial, found) {
            (_, Identity::Busy) => return Ok(false),
            (Some(expected), Identity::Serial(found)) if *expected != found => {
                return Err(ReadError::WrongDevice(format!("the device's serial number is {found}, not {expected}")));
            }
            (Some(expected), Identity::Unknown) => {
                let words = format!("the device does not say its serial number, which should be {expected}");
                return Err(ReadError::WrongDevice(words));
            }
            (None, Identity::Serial(found)) => {
                tracing::info!("Link {}: the device's serial number is {found}", self.reporter.id);
                *serial = Some(found);
            }
            (Some(_), Identity::Serial(_)) | (None, Identity::Unknown) => {}
        }
        Ok(true)
    }

    /// Reads every slot that does not rest, and hands on what each brings as soon as it has come.
    async fn round(&mut self, serial: &mut Option<String>, backoff: &mut Backoff) -> Result<(), ReadError> {
        self.device.begin(&mut self.poll);
        for slot in 0..self.rests.len() {
            self.writes(serial).await?;
            if self.reporter.now().mono < self.rests[slot].until || !self.device.wanted(slot, &self.poll) {
                continue;
            }
            match self.read(slot, serial).await {
                Ok(()) => {
                    self.rests[slot] = Rest::default();
                    *backoff = Backoff::default();
                }
                Err(ReadError::Exception(exception)) => self.refused(slot, exception).await,
                Err(broken) => return Err(broken),
            }
        }
        for (at, reading) in self.device.finish(&mut self.poll) {
            if self.remarks.frozen.is_none() {
                self.reporter.deliver(at, vec![reading]).await;
            }
        }
        self.count_impossible();
        Ok(())
    }

    async fn read(&mut self, slot: usize, serial: &mut Option<String>) -> Result<(), ReadError> {
        let asked = self.reporter.now().mono;
        let reply = self.device.read(slot, &mut self.client, || self.reporter.now()).await;
        let now = self.reporter.now().mono;
        let (bytes, refusals) = (self.client.take_received(), self.client.take_refusals());
        self.reporter.record(|r| r.monitor.fault(LinkFault::Refused, refusals));
        let answer = reply.inspect_err(|_| self.reporter.record(|r| r.monitor.received(0, bytes, now)))?;
        if self.client.take_reopened() && self.reopenings < HABIT {
            // Whoever answered over the new connection may be another one.
            self.reopenings += 1;
            if !self.identify(serial).await? {
                return Ok(());
            }
        }
        let raw: Vec<u8> = answer.words.iter().flat_map(|word| word.unwrap_or_default().to_be_bytes()).collect();
        self.poll.at = answer.at;
        self.device.decode(slot, &answer.words, &mut self.poll)?;
        self.stillness.block(&raw);
        if let Some(beat) = self.device.heartbeat(slot, &answer.words) {
            let heartbeat = self.stillness.heartbeat(beat, answer.at.mono);
            let stands =
                |at| format!("the battery's heartbeat stands still at {at}: its gateway answers, the battery does not");
            self.remarks.frozen = if let Heartbeat::Stands(at) = heartbeat { Some(stands(at)) } else { None };
            self.remarks.heartless = (heartbeat == Heartbeat::Never).then(|| NEVER_BEAT.to_owned());
        }
        let frozen = self.remarks.frozen.is_some();
        self.reporter.record(|r| {
            r.monitor.received(1, bytes, answer.at.mono);
            r.monitor.latency(answer.at.mono.since(asked));
            r.frames.see(slot, &raw, answer.at.mono);
        });
        self.count_impossible();
        let readings = std::mem::take(&mut self.poll.readings);
        // What a device that has stopped still says is old, nobody knows how old.
        if !frozen {
            self.reporter.deliver(answer.at, readings).await;
        }
        Ok(())
    }

    async fn refused(&mut self, slot: usize, exception: Exception) {
        let now = self.reporter.now();
        if exception.means_lost() {
            self.device.begin(&mut self.poll);
            self.device.lost(slot, exception, &mut self.poll);
        }
        let lost = std::mem::take(&mut self.poll.readings);
        let rest = &mut self.rests[slot];
        if exception.may_be_about_a_part() && self.device.is_replaced(slot, &self.poll) {
            // Nothing is missing without it: older registers take its place.
            rest.until = now.mono + RETRY_EVERY;
            return;
        }
        self.reporter.deliver(now, lost).await;
        let rest = &mut self.rests[slot];
        rest.until = now.mono + rest.backoff.next(backoff::random());
        rest.last = Some(exception);
    }

    /// What there is to say about slots that are refused as a whole, by the reason.
    fn refusals(&self) -> Option<String> {
        let mut refused: Vec<(Exception, Vec<String>)> = Vec::new();
        for (slot, rest) in self.rests.iter().enumerate() {
            let Some(why) = rest.last else { continue };
            let key = self.device.table().key(slot);
            match refused.iter_mut().find(|(known, _)| *known == why) {
                Some((_, keys)) => keys.push(key),
                None => refused.push((why, vec![key])),
            }
        }
        let words = refused.iter().map(|(why, keys)| format!("the device refuses {}: {why}", named(keys)));
        (!refused.is_empty()).then(|| words.collect::<Vec<_>>().join("; "))
    }

    fn count_impossible(&mut self) {
        let impossible = std::mem::take(&mut self.poll.impossible);
        self.reporter.record(|r| r.monitor.fault(LinkFault::Impossible, impossible));
        let now = self.reporter.now().mono;
        for (odd, words) in self.poll.odd.drain(..) {
            self.notices.see(odd, now, || words);
        }
    }

    /// After a round that took so long: says what there is to say, once.
    fn remark(&mut self, took: Duration) {
        let (still, now) = (self.remarks.frozen.is_some(), self.reporter.now().mono);
        self.reporter.record(|r| r.monitor.fault(LinkFault::FrozenCounter, u32::from(still)));
        let words = || format!("no register has changed for more than {}: does it still measure?", time(IDENTICAL));
        self.remarks.still = self.stillness.round(now).then(words);
        // The words stay the same while it goes on, so that they are told once.
        if self.late_rounds < LATE_ROUNDS {
            self.remarks.late = None;
        } else if self.remarks.late.is_none() && took > self.period {
            self.remarks.late = Some(format!(
                "reading all registers takes {}, longer than `poll_ms` ({}): set `poll_ms` above it, so that values are \
                 not stale in between",
                time(took),
                time(self.period)
            ));
        }
        self.remarks.refusals = self.refusals();
        self.remarks.parts = self.device.refused_message(|slot| self.rests[slot].last.is_some());
        self.notices.expire(ODD_FOR.max(self.period * 3), now);
        if self.notices.take_changed() {
            let words = self.notices.messages();
            self.remarks.values = (!words.is_empty()).then(|| words.join("; "));
        }
        let words = self.remarks.message();
        self.reporter.record(|r| {
            // What was said of another device stands until the right one has delivered.
            if r.monitor.state() != LinkState::WrongDevice && r.why != words {
                r.why = words;
            }
        });
    }
}
