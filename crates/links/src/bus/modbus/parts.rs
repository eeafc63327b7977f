//! A block of which a device refuses a part: which registers it refuses, and how the others are asked. Pure.
//!
//! A device refuses a whole request for one register that it does not have, for a hole between two, or for being too
//! long. So a request that is refused is asked in halves, down to single values. What was learned is remembered:
//!
//! * a value that is refused alone is left out, and asked for alone every [`RETRY_EVERY`]: firmware is updated;
//! * where both halves of a refused request are answered, the request is cut there from then on.

use super::exception::Exception;
use crate::device::registers::Block;
use domain::time::Mono;
use std::time::Duration;

/// How often a value that was refused is asked for again.
pub(super) const RETRY_EVERY: Duration = Duration::from_secs(600);

/// A request: values of a block, by their place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The first value.
    pub(super) first: usize,
    /// The last value.
    pub(super) last: usize,
    /// The splits that led to it.
    from: Vec<usize>,
}

/// What is known of one block.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    /// By value: whether it was refused alone.
    refused: Vec<bool>,
    /// By value: whether no request may reach over its beginning.
    cuts: Vec<bool>,
    /// Why a value was refused, if one is.
    pub(super) why: Option<Exception>,
    retry_at: Mono,
}

/// One round of asking for a block.
#[derive(Debug)]
pub(super) struct Round {
    /// What is still to be asked; the next one is the last.
    pub(super) runs: Vec<Run>,
    /// Where runs were split, and whether a smaller one explains the refusal.
    splits: Vec<(usize, bool)>,
    /// Values that were refused alone in this round.
    pub(super) refused: Vec<usize>,
}

impl Parts {
    /// Whether a value was refused alone.
    pub(super) fn refuses(&self, value: usize) -> bool {
        self.refused.get(value).copied().unwrap_or(false)
    }

    /// Whether every value of the block was.
    fn refuses_all(&self, block: &Block) -> bool {
        (0..block.values()).all(|value| self.refuses(value))
    }

    /// What is asked of the block at `now`, in requests of at most `max_read` registers.
    pub(super) fn round(&mut self, block: &Block, now: Mono, max_read: u16) -> Round {
        let values = block.values();
        self.refused.resize(values, false);
        self.cuts.resize(values, false);
        let mut runs: Vec<Run> = Vec::new();
        // As if nothing were known: it may be there again, as when a device behind a gateway was away.
        let anew = self.refuses_all(block);
        let retry = now >= self.retry_at;
        for value in 0..values {
            let alone = self.refused[value] && !anew;
            if alone && !retry {
                continue;
            }
            let joins = |run: &Run| {
                let (before, cut) = (self.refused[run.last] && !anew, self.cuts[value]);
                run.last + 1 == value && !alone && !before && !cut && block.span(run.first, value).1 <= max_read
            };
            match runs.last_mut().filter(|run| joins(run)) {
                Some(run) => run.last = value,
                None => runs.push(Run { first: value, last: value, from: Vec::new() }),
            }
        }
        if retry && !anew && self.refused.contains(&true) {
            self.retry_at = now + RETRY_EVERY;
        }
        runs.reverse();
        Round { runs, splits: Vec::new(), refused: Vec::new() }
    }

    /// Takes what a round has shown at `now`.
    pub(super) fn learn(&mut self, round: &Round, now: Mono) {
        for (boundary, explained) in &round.splits {
            self.cuts[*boundary] |= !explained;
        }
        let mut new = false;
        for value in &round.refused {
            new |= !std::mem::replace(&mut self.refused[*value], true);
        }
        if new || !round.refused.is_empty() && now >= self.retry_at {
            self.retry_at = now + RETRY_EVERY;
        }
    }

    /// The values of `run` were answered.
    pub(super) fn answered(&mut self, run: &Run) {
        self.refused[run.first..=run.last].fill(false);
    }

    /// Whether a refusal of a whole block is worth asking in parts: not if that was done, and nothing was answered.
    pub(super) fn may_split(&self, block: &Block, now: Mono) -> bool {
        !self.refuses_all(block) || now >= self.retry_at
    }
}

impl Round {
    /// `run` was refused: its halves are asked next; a single value is noted.
    pub(super) fn refused(&mut self, run: Run) {
        for split in &run.from {
            self.splits[*split].1 = true;
        }
        if run.first == run.last {
            self.refused.push(run.first);
            return;
        }
        let second = run.first + (run.last - run.first).div_ceil(2);
        let mut from = run.from;
        from.push(self.splits.len());
        self.splits.push((second, false));
        self.runs.push(Run { first: second, last: run.last, from: from.clone() });
        self.runs.push(Run { first: run.first, last: second - 1, from });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::registers::{MAX_READ, RegisterTable};

    /// A block of neighbouring registers from 100 on.
    fn block(registers: u16) -> Block {
        let rows: String = (100..100 + registers)
            .map(|at| format!("[[register]]\naddress = {at}\nlabel = \"{at}\"\ntype = \"u16\"\n"))
            .collect();
        let table = RegisterTable::parse(&format!("name = \"A\"\nmax_gap = 0\n{rows}")).unwrap();
        assert_eq!(table.blocks.len(), 1);
        table.blocks[0].clone()
    }

    /// One round against a device that answers requests of `(address, count)` if `has` says so: the requests.
    fn ask(parts: &mut Parts, block: &Block, now_s: u64, has: impl Fn(u16, u16) -> bool) -> Vec<(u16, u16)> {
        let now = Mono(1 + now_s * 1_000_000);
        let (mut round, mut asked) = (parts.round(block, now, MAX_READ), Vec::new());
        let may_split = parts.may_split(block, now);
        while let Some(run) = round.runs.pop() {
            let (address, count) = block.span(run.first, run.last);
            asked.push((address, count));
            match has(address, count) {
                true => parts.answered(&run),
                false if may_split => round.refused(run),
                false => return asked,
            }
        }
        parts.learn(&round, now);
        asked
    }

    #[test]
    fn registers_that_are_not_there_are_found_left_out_and_tried_again_seldom() {
        let block = block(11);
        let mut parts = Parts::default();
        let without = |hole: u16| move |address: u16, count: u16| !(address..address + count).contains(&hole);
        let search = ask(&mut parts, &block, 0, without(100));
        assert!(search.len() <= 9, "{search:?}");
        assert_eq!((0..11).filter(|value| parts.refuses(*value)).collect::<Vec<_>>(), [0]);
        // From then on one request, without the refused one.
        for now_s in [1, 2, 599] {
            assert_eq!(ask(&mut parts, &block, now_s, without(100)), [(101, 10)]);
        }
        assert_eq!(ask(&mut parts, &block, 601, without(100)), [(100, 1), (101, 10)]);
        assert_eq!(ask(&mut parts, &block, 602, without(100)), [(101, 10)]);
        // The device has got new firmware.
        assert_eq!(ask(&mut parts, &block, 1_300, |_, _| true), [(100, 1), (101, 10)]);
        assert_eq!(ask(&mut parts, &block, 1_301, |_, _| true), [(100, 11)]);
        // Another one is gone, in the middle.
        ask(&mut parts, &block, 1_302, without(105));
        assert_eq!(ask(&mut parts, &block, 1_303, without(105)), [(100, 5), (106, 5)]);
    }

    #[test]
    fn a_request_that_is_too_long_is_cut_and_stays_so() {
        let (block, mut parts) = (block(40), Parts::default());
        let short = |_: u16, count: u16| count <= 16;
        let mut asked = Vec::new();
        for now_s in 0..4 {
            asked = ask(&mut parts, &block, now_s, short);
        }
        assert!(asked.iter().all(|(_, count)| *count <= 16) && asked.len() <= 5, "{asked:?}");
        assert_eq!(asked.iter().map(|(_, count)| count).sum::<u16>(), 40);
    }

    #[test]
    fn requests_are_as_short_as_the_link_says() {
        let (block, mut parts) = (block(11), Parts::default());
        let runs = parts.round(&block, Mono(1), 4).runs;
        assert_eq!(runs.iter().rev().map(|run| (run.first, run.last)).collect::<Vec<_>>(), [(0, 3), (4, 7), (8, 10)]);
    }

    #[test]
    fn a_block_that_is_refused_whole_is_searched_once_and_then_asked_whole() {
        let (block, mut parts) = (block(8), Parts::default());
        assert_eq!(ask(&mut parts, &block, 0, |_, _| false).len(), 15);
        for now_s in [1, 30] {
            assert_eq!(ask(&mut parts, &block, now_s, |_, _| false), [(100, 8)]);
        }
        assert_eq!(ask(&mut parts, &block, 60, |_, _| true), [(100, 8)]);
        assert!((0..8).all(|value| !parts.refuses(value)));
    }
}
