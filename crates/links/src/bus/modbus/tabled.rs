//! A device with a register table: its blocks, and what it refuses of them, which outlives its connections.

use super::client::Client;
use super::exception::Exception;
use super::parts::Parts;
use super::request::{ReadError, ReadRegisters};
use crate::ages::Ages;
use crate::describe::Describe;
use crate::device::registers::{Block, Poll, RegisterTable};
use crate::text::named;
use domain::link::DecodedValue;
use domain::reading::{NoData, Reading, Target};
use domain::time::Now;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A register table, and what is known of how the device answers.
#[derive(Debug)]
pub(crate) struct Tabled {
    pub(super) table: RegisterTable,
    /// The most registers of one request.
    max_read: u16,
    /// By block.
    parts: Mutex<Vec<Parts>>,
}

/// What a block's requests brought.
#[derive(Debug)]
pub(super) struct Answer {
    /// When the first reply came.
    pub(super) at: Now,
    /// The block's registers; `None` for those that the device refuses.
    pub(super) words: Vec<Option<u16>>,
}

impl Tabled {
    pub(crate) fn new(table: RegisterTable, max_read: u16) -> Tabled {
        let parts = Mutex::new(vec![Parts::default(); table.blocks.len()]);
        Tabled { table, max_read, parts }
    }

    fn parts(&self) -> MutexGuard<'_, Vec<Parts>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The request of some registers of a block.
    pub(super) fn request(&self, block: &Block, (address, count): (u16, u16), unit: u8) -> ReadRegisters {
        ReadRegisters { unit: self.table.unit(block, unit), area: block.area, address, count }
    }

    /// By row of the table: whether the device refuses one of its registers.
    pub(super) fn refused_rows(&self) -> Vec<bool> {
        let mut rows = vec![false; self.table.rows()];
        for (block, parts) in self.table.blocks.iter().zip(self.parts().iter()) {
            for (value, row) in block.rows().enumerate() {
                rows[row] |= parts.refuses(value);
            }
        }
        rows
    }

    /// Whether a block has anything that is needed, if the device refuses `rows`.
    pub(super) fn wanted(&self, slot: usize, rows: &[bool]) -> bool {
        self.table.blocks[slot].is_needed(rows)
    }

    /// Reads a block, in parts where the device refuses it as a whole.
    ///
    /// # Errors
    /// The connection is gone, or the device refuses all of the block.
    pub(super) async fn read(
        &self,
        slot: usize,
        client: &mut Client,
        clock: impl Fn() -> Now,
    ) -> Result<Answer, ReadError> {
        let (block, now) = (&self.table.blocks[slot], clock().mono);
        let (mut round, may_split) = {
            let parts = &mut self.parts()[slot];
            let may_split = parts.may_split(block, now);
            (parts.round(block, now, self.max_read), may_split)
        };
        let mut answer = Answer { at: Now::default(), words: vec![None; usize::from(block.count)] };
        let mut last: Option<Exception> = None;
        while let Some(run) = round.runs.pop() {
            let span = block.span(run.first, run.last);
            match client.ask(self.request(block, span, client.unit())).await {
                Ok(words) => {
                    if answer.at == Now::default() {
                        answer.at = clock();
                    }
                    let start = usize::from(span.0 - block.address);
                    for (word, found) in answer.words[start..].iter_mut().zip(words) {
                        *word = Some(found);
                    }
                    self.parts()[slot].answered(&run);
                }
                Err(ReadError::Exception(exception)) if exception.may_be_about_a_part() && may_split => {
                    last = Some(exception);
                    round.refused(run);
                }
                Err(error) => return Err(error),
            }
        }
        let parts = &mut self.parts()[slot];
        parts.learn(&round, now);
        parts.why = last.or(parts.why);
        match last {
            Some(exception) if answer.at == Now::default() => Err(ReadError::Exception(exception)),
            _ => Ok(answer),
        }
    }

    /// What there is to say about values that the device refuses, but for those of the blocks that `skips` names: which
    /// are missing, and which have an older register in their place.
    pub(super) fn refused_message(&self, skips: impl Fn(usize) -> bool) -> Option<String> {
        let refused_rows = self.refused_rows();
        if !refused_rows.contains(&true) {
            return None;
        }
        let mut missing: Vec<(Exception, Vec<String>)> = Vec::new();
        let (mut replaced, mut seen) = (Vec::new(), Vec::new());
        let all_parts = self.parts();
        let blocks = self.table.blocks.iter().zip(all_parts.iter()).enumerate();
        for (_, (block, parts)) in blocks.filter(|(slot, _)| !skips(*slot)) {
            let Some(why) = parts.why else { continue };
            for value in (0..block.values()).filter(|value| parts.refuses(*value)) {
                let Some(row) = block.counting_row(value, &refused_rows).filter(|row| !seen.contains(row)) else {
                    continue;
                };
                seen.push(row);
                let name = block.name_of(value);
                match self.table.stand_in(row, &refused_rows) {
                    Some(address) => replaced.push(format!("{name}: {address} takes its place")),
                    None => match missing.iter_mut().find(|(known, _)| *known == why) {
                        Some((_, names)) => names.push(name),
                        None => missing.push((why, vec![name])),
                    },
                }
            }
        }
        let mut words: Vec<String> = (missing.into_iter())
            .map(|(why, names)| format!("the device has no {}: {why}; the others are read", named(&names)))
            .collect();
        if !replaced.is_empty() {
            words.push(format!("the device has no {}", named(&replaced)));
        }
        (!words.is_empty()).then(|| words.join("; "))
    }

    /// Whether older registers bring all points of a block that the device refuses as a whole.
    pub(super) fn is_replaced(&self, slot: usize, refused_rows: &[bool]) -> bool {
        let rows: Vec<usize> = self.table.blocks[slot].rows().filter(|row| self.table.is_point(*row)).collect();
        let own = self.table.own_points_of(&rows).next().is_some();
        !rows.is_empty() && !own && self.table.without_stand_in(&rows, refused_rows).is_empty()
    }

    /// Adds that the points whose registers are refused have no answer, unless an older register takes their place.
    pub(super) fn refused(&self, slot: usize, poll: &mut Poll) {
        let block = &self.table.blocks[slot];
        let parts = self.parts();
        let refused: Vec<usize> =
            block.rows().enumerate().filter(|(value, _)| parts[slot].refuses(*value)).map(|(_, row)| row).collect();
        drop(parts);
        for point in self.table.without_stand_in(&refused, &poll.refused_rows) {
            poll.readings.push(Reading { target: Target::Point(point), sample: Err(NoData::Timeout) });
        }
        for target in self.table.own_points_of(&refused) {
            poll.readings.push(Reading { target, sample: Err(NoData::Timeout) });
        }
    }
}

impl Describe for Tabled {
    fn key(&self, slot: usize) -> String {
        self.table.key(slot)
    }

    fn name(&self, slot: usize) -> String {
        self.table.name(slot)
    }

    fn decoded(&self, slot: usize, raw: &[u8]) -> Vec<DecodedValue> {
        let words: Vec<u16> = raw.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        let parts = self.parts();
        let refuses = |value: usize| parts.get(slot).is_some_and(|parts| parts.refuses(value));
        self.table.blocks[slot].texts(&words, refuses)
    }

    fn ages(&self, usual: Duration) -> Ages {
        self.table.ages(usual)
    }
}
