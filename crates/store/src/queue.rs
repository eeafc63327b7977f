//! What waits to be written: bounded, the oldest go first when it is full. Pure.

use crate::event::Event;
use domain::device_minute::{DeviceMinute, PointMinute};
use domain::minute::CellMinute;
use domain::telemetry::Row;
use std::collections::VecDeque;

/// One second of one system, as it is stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Second {
    /// The system's id in the site file.
    pub system: String,
    /// Which second: whole seconds since 1970-01-01 UTC.
    pub utc_s: i64,
    /// The live frames of that second, one after the other. Not looked into here.
    pub tape: Vec<u8>,
    /// The rows of that second, one a cycle.
    pub rows: Vec<Row>,
    /// The minute of cells that ended with that second, or a part of one.
    pub cells: Option<CellMinute>,
    /// The minute of device points that ended with that second, or a part of one.
    pub devices: Option<DeviceMinute>,
    /// What happened in that second.
    pub events: Vec<Event>,
}

impl Second {
    /// Roughly what it takes in memory.
    fn weight_bytes(&self) -> usize {
        let cells: usize = self.cells.iter().flat_map(|m| m.columns.iter().flatten()).map(Vec::len).sum();
        // The names are shared with the minutes in memory.
        let points: usize = self.devices.iter().map(|minute| size_of::<PointMinute>() * minute.values.len()).sum();
        let rows = size_of::<Row>() * self.rows.len() + size_of::<u16>() * cells + points;
        let text = |event: &Event| event.rule.len() + event.subject.len() + event.words.len();
        let events: usize = self.events.iter().map(|event| size_of::<Event>() + text(event)).sum();
        size_of::<Second>() + self.system.len() + self.tape.len() + rows + events
    }
}

/// The rows that are not on disk yet, oldest first.
#[derive(Debug)]
pub(crate) struct Queue {
    rows: VecDeque<Second>,
    bytes: usize,
    max_bytes: usize,
    dropped: u64,
}

impl Queue {
    /// An empty queue that holds at most `max_bytes`.
    pub(crate) fn new(max_bytes: usize) -> Queue {
        Queue { rows: VecDeque::new(), bytes: 0, max_bytes, dropped: 0 }
    }

    /// Adds the newest row; the oldest rows are dropped and counted if there is no room.
    pub(crate) fn push(&mut self, row: Second) {
        self.bytes += row.weight_bytes();
        self.rows.push_back(row);
        self.drop_oldest();
    }

    /// Takes everything out, oldest first.
    pub(crate) fn take(&mut self) -> Vec<Second> {
        self.bytes = 0;
        std::mem::take(&mut self.rows).into()
    }

    /// Puts rows that could not be written back in front of those that came since.
    pub(crate) fn put_back(&mut self, rows: Vec<Second>) {
        for row in rows.into_iter().rev() {
            self.bytes += row.weight_bytes();
            self.rows.push_front(row);
        }
        self.drop_oldest();
    }

    /// How many rows wait.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many rows were dropped since the start.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn drop_oldest(&mut self) {
        while self.bytes > self.max_bytes {
            let Some(oldest) = self.rows.pop_front() else { return };
            self.bytes -= oldest.weight_bytes();
            self.dropped += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(utc_s: i64) -> Second {
        Second { system: "hv".to_owned(), utc_s, tape: vec![0; 100], ..Second::default() }
    }

    fn seconds(rows: Vec<Second>) -> Vec<i64> {
        rows.iter().map(|row| row.utc_s).collect()
    }

    #[test]
    fn the_oldest_rows_make_room_and_are_counted() {
        let mut queue = Queue::new(3 * row(0).weight_bytes());
        (1..=5).for_each(|s| queue.push(row(s)));
        assert_eq!((queue.len(), queue.dropped()), (3, 2));
        assert_eq!(seconds(queue.take()), [3, 4, 5]);
        assert_eq!((queue.len(), queue.bytes), (0, 0));
    }

    #[test]
    fn rows_that_failed_go_back_in_front_and_are_the_first_to_be_dropped() {
        let mut queue = Queue::new(3 * row(0).weight_bytes());
        (1..=3).for_each(|s| queue.push(row(s)));
        let failed = queue.take();
        queue.push(row(4));
        queue.put_back(failed);
        assert_eq!(queue.dropped(), 1);
        assert_eq!(seconds(queue.take()), [2, 3, 4]);
    }

    proptest! {
        /// Whatever comes and goes, rows stay in order, within the bound, and each is somewhere.
        #[test]
        fn no_row_is_lost_uncounted(steps in prop::collection::vec((0_usize..400, 0_u8..4), 0..100)) {
            let mut queue = Queue::new(1_000);
            let (mut written, mut in_hand) = (Vec::new(), Vec::new());
            let pushed = steps.len() as u64;
            for (utc_s, (size, then)) in (0..).zip(steps) {
                queue.push(Second { tape: vec![0; size], ..row(utc_s) });
                match then {
                    0 if in_hand.is_empty() => in_hand = queue.take(),
                    1 => queue.put_back(std::mem::take(&mut in_hand)),
                    2 => written.extend(seconds(std::mem::take(&mut in_hand))),
                    _ => {}
                }
                prop_assert!(queue.bytes <= queue.max_bytes);
                prop_assert_eq!(queue.bytes, queue.rows.iter().map(Second::weight_bytes).sum::<usize>());
            }
            let known = (written.len() + in_hand.len() + queue.len()) as u64 + queue.dropped();
            prop_assert_eq!(known, pushed);
            written.extend(seconds(in_hand));
            written.extend(seconds(queue.take()));
            prop_assert!(written.is_sorted());
        }
    }

    #[test]
    fn a_row_larger_than_the_queue_is_dropped_alone() {
        let mut queue = Queue::new(row(0).weight_bytes());
        queue.push(Second { tape: vec![0; 10_000], ..row(1) });
        queue.push(row(2));
        assert_eq!(queue.dropped(), 1);
        assert_eq!(seconds(queue.take()), [2]);
    }
}
