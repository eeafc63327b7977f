//! The lowest and the highest value of each step of time, in a ring.

use super::rows::{Keep, Rows};
use crate::series::Trace;
use crate::time::Utc;
use std::ops::Range;

/// Steps of the clock, the last so many in which there was a snapshot.
#[derive(Clone, Debug)]
pub(super) struct Buckets {
    /// Length of a step, µs.
    length_us: i64,
    /// Buckets begun so far; bucket n lies at n modulo the capacity.
    begun: usize,
    spans: Vec<Span>,
    lowest: Rows,
    highest: Rows,
}

/// What a bucket covers: snapshots by their number, and their times.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    /// Which step of the clock.
    step: i64,
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) first_at: Utc,
    pub(super) last_at: Utc,
}

impl Buckets {
    /// `count` buckets of `seconds`; `like` makes rows of the system.
    pub(super) fn new(seconds: i64, count: usize, like: impl Fn(usize) -> Rows) -> Buckets {
        let spans = vec![Span::default(); count];
        Buckets { length_us: seconds * 1_000_000, begun: 0, spans, lowest: like(count), highest: like(count) }
    }

    /// Takes snapshot `number`, which lies in row `row` of `rows`.
    pub(super) fn take(&mut self, number: usize, at: Utc, rows: &Rows, row: usize) {
        let step = at.0.div_euclid(self.length_us);
        let running = self.begun.checked_sub(1).map(|bucket| bucket % self.spans.len());
        match running.filter(|place| self.spans[*place].step == step) {
            Some(place) => {
                (self.spans[place].last, self.spans[place].last_at) = (number, at);
                self.lowest.merge(place, rows, row, Keep::Lowest);
                self.highest.merge(place, rows, row, Keep::Highest);
            }
            None => {
                let place = self.begun % self.spans.len();
                self.begun += 1;
                self.spans[place] = Span { step, first: number, last: number, first_at: at, last_at: at };
                self.lowest.copy(place, rows, row);
                self.highest.copy(place, rows, row);
            }
        }
    }

    fn kept(&self) -> Range<usize> {
        self.begun.saturating_sub(self.spans.len())..self.begun
    }

    fn span(&self, bucket: usize) -> &Span {
        &self.spans[bucket % self.spans.len()]
    }

    /// Number of the oldest snapshot that is in a bucket.
    pub(super) fn oldest(&self) -> Option<usize> {
        self.kept().next().map(|bucket| self.span(bucket).first)
    }

    /// Number of the first snapshot of the buckets since the clock last passed `from`; `None` if there is no older one.
    pub(super) fn since(&self, from: Utc) -> Option<usize> {
        let older = self.kept().rev().find(|bucket| self.span(*bucket).last_at < from)?;
        Some(self.span(older).last + 1)
    }

    /// The span of the bucket that covers snapshot `number`, and its place.
    pub(super) fn of(&self, number: usize) -> Option<(Span, usize)> {
        let kept = self.kept();
        let (mut low, mut high) = (kept.start, kept.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.span(middle).last < number { low = middle + 1 } else { high = middle }
        }
        if low == kept.end {
            return None;
        }
        let (span, place) = (*self.span(low), low % self.spans.len());
        (span.first <= number).then_some((span, place))
    }

    /// The lowest and the highest value of the bucket at this place.
    pub(super) fn extremes(&self, place: usize, trace: Trace) -> (Option<f32>, Option<f32>) {
        (self.lowest.value(place, trace), self.highest.value(place, trace))
    }

    /// What it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.spans[..]) + self.lowest.bytes() + self.highest.bytes()
    }
}
