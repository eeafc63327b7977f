//! The last ten minutes of one system: the newest minute snapshot by snapshot, before it the lowest and the highest value
//! of each second, and before that of each five seconds. No peak is lost, and much memory is saved.

mod buckets;
mod rows;
mod sampler;

pub use sampler::Sampler;

use crate::series::{Table, Trace};
use crate::spec::SystemSpec;
use crate::time::Utc;
use crate::twin::Snapshot;
use buckets::Buckets;
use rows::Rows;

/// How far back a recent past reaches, s.
pub const RECENT_S: u32 = 600;
/// So far back every snapshot is kept, s. Cycles may come a third faster than their rate.
const EACH_S: f32 = 60.0 * 4.0 / 3.0;
/// Buckets: their length in s, and how many.
const BUCKETS: [(i64, usize); 2] = [(1, 120), (5, RECENT_S as usize / 5 + 1)];

/// The recent past of one system.
///
/// All is laid out when it is made, row by row, so that a push writes a few straight runs and allocates nothing.
/// Snapshots are numbered from the first that ever was pushed. Each tier covers the newest ones, the finest the fewest.
#[derive(Clone, Debug)]
pub struct Recent {
    sampler: Sampler,
    pushed: usize,
    /// When each of the newest snapshots was taken, and its values; snapshot n lies at n modulo the length.
    at: Vec<Utc>,
    rows: Rows,
    /// From fine to coarse.
    buckets: [Buckets; BUCKETS.len()],
}

impl Recent {
    /// Room for the last [`RECENT_S`] of the system that `spec` describes.
    pub fn new(spec: &SystemSpec) -> Recent {
        let sampler = Sampler::new(spec);
        let each = ((EACH_S * spec.rate_hz) as usize).max(1);
        let voltage_step = sampler.voltage_step;
        let rows = |count| Rows::new(count, spec, voltage_step);
        Recent {
            sampler,
            pushed: 0,
            at: vec![Utc(0); each],
            rows: rows(each),
            buckets: BUCKETS.map(|(seconds, count)| Buckets::new(seconds, count, rows)),
        }
    }

    /// How many snapshots it has taken.
    pub fn pushed(&self) -> usize {
        self.pushed
    }

    /// What it takes in memory, bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.at[..]) + self.rows.bytes() + self.buckets.iter().map(Buckets::bytes).sum::<usize>()
    }

    /// Takes a snapshot of the system: what is good and fresh in it.
    pub fn push(&mut self, snapshot: &Snapshot) {
        let (number, row) = (self.pushed, self.pushed % self.at.len());
        self.pushed += 1;
        self.at[row] = snapshot.now.utc;
        self.rows.write(row, snapshot);
        self.buckets.iter_mut().for_each(|tier| tier.take(number, snapshot.now.utc, &self.rows, row));
    }

    /// What was taken at `from` or later, one series for each trace, oldest row first. A bucket is two rows, its first and
    /// its last instant. Of a trace that the system does not have, every value is missing.
    pub fn table(&self, from: Utc, traces: &[Trace]) -> Table {
        let mut table = self.sampler.empty(traces);
        let mut next = Some(self.since(from));
        while let Some(number) = next {
            next = self.extend(&mut table, traces, number, usize::MAX);
        }
        table
    }

    /// A table of these traces without rows.
    pub fn empty(&self, traces: &[Trace]) -> Table {
        self.sampler.empty(traces)
    }

    /// Number of the first snapshot since the clock last passed `from`: a stepped clock may have written that time twice.
    pub fn since(&self, from: Utc) -> usize {
        let oldest = self.oldest_each();
        let older = (oldest..self.pushed).rev().find(|number| self.at[number % self.at.len()] < from);
        match older {
            Some(older) => older + 1,
            None => self.buckets.iter().find_map(|tier| tier.since(from)).unwrap_or(0),
        }
    }

    /// Adds what is still kept from snapshot `number` on, of `most` rows or buckets. Returns the number of the next one;
    /// `None` after the newest. `table` is of the same traces.
    pub fn extend(&self, table: &mut Table, traces: &[Trace], number: usize, most: usize) -> Option<usize> {
        let oldest = self.buckets.iter().filter_map(Buckets::oldest).min().unwrap_or(0);
        let mut number = number.max(oldest.min(self.oldest_each()));
        for _ in 0..most {
            if number >= self.pushed {
                return None;
            }
            number = if number >= self.oldest_each() {
                let row = number % self.at.len();
                self.sampler.row(table, self.at[row], traces.iter().map(|trace| self.rows.value(row, *trace)));
                number + 1
            } else {
                self.add_bucket(table, traces, number)
            };
        }
        Some(number)
    }

    /// Adds the finest bucket of snapshot `number`; returns the number after it.
    fn add_bucket(&self, table: &mut Table, traces: &[Trace], number: usize) -> usize {
        let found = self.buckets.iter().find_map(|tier| Some((tier, tier.of(number)?)));
        let Some((tier, (span, place))) = found else { return self.oldest_each() };
        // The extreme that lies nearer to the value before comes first: so the line of a rising or falling value is right.
        let before = table.series.iter().map(|series| series.values.iter().rev().find_map(|value| *value));
        let (first, last): (Vec<_>, Vec<_>) = (traces.iter().map(|trace| tier.extremes(place, *trace)).zip(before))
            .map(|((low, high), before)| match (low, high, before) {
                (Some(l), Some(h), Some(before)) if (h - before).abs() < (l - before).abs() => (high, low),
                _ => (low, high),
            })
            .unzip();
        self.sampler.row(table, span.first_at, first.into_iter());
        if span.last > span.first {
            Sampler::add(table, span.last_at, last.into_iter());
        }
        span.last + 1
    }

    /// Number of the oldest snapshot that is kept by itself.
    fn oldest_each(&self) -> usize {
        self.pushed.saturating_sub(self.at.len())
    }
}

#[cfg(test)]
mod tests;
