//! Finds lost, doubled and late packets by a sequence number that wraps at 256. Pure.

/// So many late packets in a row, each one after the other, mean that the sender has started again.
const RESTART_AFTER: u8 = 3;

/// What the sequence number of a packet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The one that was due, or the first.
    InOrder,
    /// This many before it are missing.
    Gap(u32),
    /// Seen before, or older than one that has been seen: its values must not overwrite newer ones.
    Late,
}

/// Follows the sequence numbers of one sender.
///
/// A jump of less than half the range forward is a gap, anything else is late. A sender that starts again looks late
/// at first: after three packets in a row that follow one another, they count as its new sequence.
#[derive(Clone, Copy, Debug, Default)]
pub struct SequenceWatch {
    due: Option<u8>,
    late_due: u8,
    late_run: u8,
}

impl SequenceWatch {
    /// Takes the number of the packet that just arrived.
    pub fn observe(&mut self, sequence: u8) -> Order {
        let ahead = self.due.map_or(0, |due| sequence.wrapping_sub(due));
        if ahead < 128 {
            self.due = Some(sequence.wrapping_add(1));
            self.late_run = 0;
            return if ahead == 0 { Order::InOrder } else { Order::Gap(u32::from(ahead)) };
        }
        self.late_run = if self.late_run > 0 && sequence == self.late_due { self.late_run + 1 } else { 1 };
        self.late_due = sequence.wrapping_add(1);
        if self.late_run < RESTART_AFTER {
            return Order::Late;
        }
        *self = SequenceWatch { due: Some(self.late_due), ..SequenceWatch::default() };
        Order::InOrder
    }

    /// Starts over: after a silence or with another sender the next number is the first.
    pub fn forget(&mut self) {
        *self = SequenceWatch::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Order::{Gap, InOrder, Late};

    fn orders(sequences: &[u8]) -> Vec<Order> {
        let mut watch = SequenceWatch::default();
        sequences.iter().map(|s| watch.observe(*s)).collect()
    }

    #[test]
    fn gaps_doubles_late_ones_and_restarts() {
        for (sequences, expected) in [
            (vec![9, 10, 11], vec![InOrder, InOrder, InOrder]),
            (vec![254, 255, 0, 1], vec![InOrder; 4]),
            (vec![1, 4, 5], vec![InOrder, Gap(2), InOrder]),
            (vec![250, 5], vec![InOrder, Gap(10)]),
            (vec![1, 1, 2], vec![InOrder, Late, InOrder]),
            (vec![1, 3, 2, 4], vec![InOrder, Gap(1), Late, InOrder]),
            (vec![100, 0, 1, 2, 3], vec![InOrder, Late, Late, InOrder, InOrder]),
            (vec![100, 0, 7, 1, 101], vec![InOrder, Late, Late, Late, InOrder]),
        ] {
            assert_eq!(orders(&sequences), expected, "{sequences:?}");
        }
    }

    #[test]
    fn after_forgetting_any_number_is_the_first() {
        let mut watch = SequenceWatch::default();
        watch.observe(3);
        watch.forget();
        assert_eq!(watch.observe(200), InOrder);
    }

    proptest::proptest! {
        /// However many are dropped at a time, up to 127, each missing one is counted once.
        #[test]
        fn what_is_dropped_is_counted(kept in proptest::collection::vec(1_u32..=127, 1..100)) {
            let mut watch = SequenceWatch::default();
            watch.observe(0);
            let (mut number, mut lost) = (0_u32, 0);
            for step in &kept {
                number += step;
                if let Gap(n) = watch.observe(number as u8) {
                    lost += n;
                }
            }
            proptest::prop_assert_eq!(lost, number - kept.len() as u32);
        }
    }
}
