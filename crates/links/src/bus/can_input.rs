//! The way of CAN frames to readings, the same for every CAN bus.
//!
//! Nothing here needs a socket or a kernel that has CAN: frames and error frames come in, readings, state and counters
//! come out. A frame allocates nothing; what is handed to the engine is one list of readings for all frames that were
//! received together.

use super::can_health::{About, CanHealth};
use crate::can::{CanFrame, FrameKind};
use crate::describe::Describe;
use crate::device::can_error::{BusEvent, ErrorReport};
use crate::device::can_table::{CanTable, Outcome};
use crate::session::{Record, Reporter};
use domain::link::LinkFault;
use domain::reading::Reading;
use domain::time::Now;
use std::sync::Arc;
use std::time::Duration;

/// Decodes what arrives together and reports it together.
#[derive(Debug)]
pub(crate) struct CanInput {
    table: Arc<CanTable>,
    health: CanHealth,
    /// How many readings the last packet gave: room for the next.
    expected: usize,
}

impl CanInput {
    /// Decodes with `table`.
    pub(crate) fn new(table: CanTable) -> CanInput {
        let health = CanHealth::new(&table);
        CanInput { table: Arc::new(table), health, expected: 0 }
    }

    pub(crate) fn table(&self) -> Arc<dyn Describe> {
        self.table.clone()
    }

    /// What a person should know of its DBC file.
    pub(crate) fn file_warnings(&self) -> Vec<String> {
        self.table.file_warnings()
    }

    /// How often the most frequent message is sent, if that is known.
    pub(crate) fn cycle(&self) -> Option<Duration> {
        self.table.cycle()
    }

    /// Whether it brings cell voltages.
    pub(crate) fn brings_cells(&self) -> bool {
        self.table.brings_cells()
    }

    /// The path to the bus was opened anew.
    pub(crate) fn reopened(&mut self, reporter: &Reporter) {
        self.health.reopened();
        reporter.record(|record| record.frames.restarted(reporter.now().mono));
    }

    /// Takes frames that were received together at `at`, in `bytes` bytes.
    ///
    /// When the controller leaves the bus or comes back in the middle of them, the readings before and after that are
    /// two batches, and the link's state changes in between.
    pub(crate) async fn take<'a>(
        &mut self,
        frames: impl IntoIterator<Item = CanFrame<'a>>,
        bytes: usize,
        at: Now,
        reporter: &Reporter,
    ) {
        reporter.record(|record| record.monitor.received(0, bytes, at.mono));
        let mut frames = frames.into_iter().peekable();
        loop {
            let mut readings = Vec::with_capacity(self.expected);
            let event = reporter.record(|record| {
                let event = self.part(&mut frames, at, record, &mut readings);
                record.monitor.latency(reporter.now().mono.since(at.mono));
                event
            });
            self.expected = self.expected.max(readings.len());
            reporter.deliver(at, readings).await;
            match event {
                Some(BusEvent::Off) => {
                    let state = self.health.controller().label();
                    reporter.closed(format!("the CAN controller is {state}: nothing arrives until it restarts")).await;
                }
                Some(BusEvent::Restarted) => {
                    self.health.restart();
                    reporter.record(|record| record.frames.restarted(at.mono));
                    reporter.opened().await;
                }
                None => {}
            }
            if event.is_none_or(|event| event == BusEvent::Restarted) {
                self.publish_news(reporter);
            }
            if frames.peek().is_none() {
                return;
            }
        }
    }

    /// Says what has changed, if anything.
    fn publish_news(&mut self, reporter: &Reporter) {
        if let Some(news) = self.health.news(&self.table) {
            reporter.remark(news);
        }
    }

    /// Tells `words` about the sender until [`CanInput::sender`] was not called for a while.
    pub(crate) fn sender(&mut self, at: Now, reporter: &Reporter, words: impl FnOnce() -> String) {
        self.health.notice(About::Sender, at.mono, words);
        self.publish_news(reporter);
    }

    /// Tells `words` in the place of what was told about the sender.
    pub(crate) fn new_sender(&mut self, at: Now, reporter: &Reporter, words: String) {
        self.health.forget(About::Sender);
        self.sender(at, reporter, || words);
    }

    /// Tells `words` for as long as the link runs.
    pub(crate) fn standing(&mut self, words: String, reporter: &Reporter) {
        self.health.standing(words);
        self.publish_news(reporter);
    }

    /// Decodes until the end, or until the bus goes off or comes back.
    fn part<'a>(
        &mut self,
        frames: &mut std::iter::Peekable<impl Iterator<Item = CanFrame<'a>>>,
        at: Now,
        record: &mut Record,
        readings: &mut Vec<Reading>,
    ) -> Option<BusEvent> {
        while let Some(frame) = frames.peek() {
            // A message that shows that the bus is back belongs to what comes after.
            if frame.kind != FrameKind::Error
                && let Some(event) = self.health.message()
            {
                record.frames.controller(self.health.controller());
                return Some(event);
            }
            let frame = *frame;
            frames.next();
            record.monitor.received(1, 0, at.mono);
            if let Some(recorder) = &mut record.recorder {
                recorder.take(&frame, at.utc);
            }
            if frame.kind == FrameKind::Error {
                match self.error(&frame, at, record) {
                    None => {}
                    event => return event,
                }
            } else {
                self.message(&frame, at, record, readings);
            }
        }
        let gone = self.health.look(&record.frames, record.monitor.silent_after(), at.mono);
        record.monitor.fault(LinkFault::MissingGroup, gone);
        None
    }

    fn error(&mut self, frame: &CanFrame<'_>, at: Now, record: &mut Record) -> Option<BusEvent> {
        match ErrorReport::parse(frame) {
            Ok(report) => {
                report.faults().for_each(|fault| record.monitor.fault(fault, 1));
                let event = self.health.error(&report);
                record.frames.see_error(report, self.health.controller(), frame.data, at.mono);
                event
            }
            Err(fault) => {
                record.monitor.fault(fault, 1);
                record.frames.see_unknown("error frame", fault, frame.data, at.mono);
                None
            }
        }
    }

    fn message(&mut self, frame: &CanFrame<'_>, at: Now, record: &mut Record, readings: &mut Vec<Reading>) {
        let before = readings.len();
        match self.table.decode(frame, readings) {
            Outcome::Decoded(slot, flaws) => {
                if let Some((counter, number)) = self.table.counter(slot, frame.data)
                    && let Some((fault, times, old)) = self.health.count(counter, number, slot)
                {
                    record.monitor.fault(fault, times);
                    if old {
                        return readings.truncate(before);
                    }
                }
                record.monitor.fault(LinkFault::Impossible, flaws.impossible);
                record.monitor.fault(LinkFault::OutsideRange, flaws.outside);
                record.monitor.fault(LinkFault::WrongLength, u32::from(flaws.length));
                self.health.flaws(&self.table, slot, flaws, frame.data, at.mono);
                record.frames.see(slot, frame.data, at.mono);
            }
            Outcome::Rejected(fault) => {
                record.monitor.fault(fault, 1);
                record.frames.see_unknown(frame.id, fault, frame.data, at.mono);
            }
            // Its id is known: only the part of the message is not.
            Outcome::UnknownGroup(message) => {
                record.monitor.fault(LinkFault::UnknownGroup, 1);
                let table = &self.table;
                self.health.notice(About::Group(message), at.mono, || table.group_message(message, frame.data));
                let name = table.message_name(message);
                record.frames.see_unknown(name, LinkFault::UnknownGroup, frame.data, at.mono);
            }
            Outcome::NoMessage => {}
        }
    }
}
