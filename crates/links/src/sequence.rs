//! Finds lost, doubled, late and frozen packets or frames by a number that counts up and wraps. Pure.

/// So many late numbers in a row, each one after the other, mean that the sender has started again.
const RESTART_AFTER: u8 = 3;
/// So many repetitions of one number mean that the sender's counter stands still.
const FROZEN_AFTER: u8 = 3;

/// What the number of a packet or frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The one that was due, or the first.
    Next,
    /// This many before it are missing.
    Gap(u32),
    /// Seen before, or older than one that has been seen: its values must not overwrite newer ones.
    Late,
    /// Seen again and again: the sender repeats itself, and its values are as old as the first of them.
    Frozen,
}

/// Follows the numbers of one sender.
///
/// A jump of less than half the range forward is a gap, anything else is late. A sender that starts again looks late
/// at first: after three in a row that follow one another, they count as its new sequence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SequenceWatch {
    /// The largest number; one more is 0 again.
    largest: u32,
    due: Option<u32>,
    late_due: u32,
    late_run: u8,
    repeated: u8,
}

impl SequenceWatch {
    /// A watch of numbers of so many bits, 2 to 32.
    pub(crate) fn new(bits: u32) -> SequenceWatch {
        let largest = u32::MAX >> (32 - bits.clamp(2, 32));
        SequenceWatch { largest, due: None, late_due: 0, late_run: 0, repeated: 0 }
    }

    /// Takes the number of what just arrived; bits above those of the counter do not count.
    pub(crate) fn observe(&mut self, number: u32) -> Order {
        let number = number & self.largest;
        let next = number.wrapping_add(1) & self.largest;
        let ahead = self.due.map_or(0, |due| number.wrapping_sub(due) & self.largest);
        if ahead <= self.largest / 2 {
            (self.due, self.late_run, self.repeated) = (Some(next), 0, 0);
            return if ahead == 0 { Order::Next } else { Order::Gap(ahead) };
        }
        self.late_run = if self.late_run > 0 && number == self.late_due { self.late_run + 1 } else { 1 };
        self.late_due = next;
        self.repeated = if ahead == self.largest { self.repeated.saturating_add(1) } else { 0 };
        if self.late_run >= RESTART_AFTER {
            (self.due, self.late_run, self.repeated) = (Some(next), 0, 0);
            return Order::Next;
        }
        if self.repeated >= FROZEN_AFTER { Order::Frozen } else { Order::Late }
    }

    /// Starts over: after a silence or with another sender the next number is the first.
    pub(crate) fn forget(&mut self) {
        (self.due, self.late_run, self.repeated) = (None, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Order::{Frozen, Gap, Late, Next};

    fn orders(bits: u32, numbers: &[u32]) -> Vec<Order> {
        let mut watch = SequenceWatch::new(bits);
        numbers.iter().map(|n| watch.observe(*n)).collect()
    }

    #[test]
    fn gaps_doubles_late_ones_and_restarts() {
        for (numbers, expected) in [
            (vec![9, 10, 11], vec![Next, Next, Next]),
            (vec![254, 255, 0, 1], vec![Next; 4]),
            (vec![1, 4, 5], vec![Next, Gap(2), Next]),
            (vec![250, 5], vec![Next, Gap(10)]),
            (vec![1, 1, 2], vec![Next, Late, Next]),
            (vec![1, 3, 2, 4], vec![Next, Gap(1), Late, Next]),
            (vec![100, 0, 1, 2, 3], vec![Next, Late, Late, Next, Next]),
            (vec![100, 0, 7, 1, 101], vec![Next, Late, Late, Late, Next]),
        ] {
            assert_eq!(orders(8, &numbers), expected, "{numbers:?}");
        }
    }

    #[test]
    fn counters_of_any_width_wrap_and_freeze() {
        for (bits, numbers, expected) in [
            (4, vec![14, 15, 0, 1], vec![Next; 4]),
            (4, vec![14, 1], vec![Next, Gap(2)]),
            (2, vec![0, 1, 2, 3, 0], vec![Next; 5]),
            (32, vec![u32::MAX, 0], vec![Next; 2]),
            (8, vec![5, 5, 5, 5, 5, 6], vec![Next, Late, Late, Frozen, Frozen, Next]),
            (4, vec![5, 5, 5, 4, 5, 5], vec![Next, Late, Late, Late, Late, Late]),
        ] {
            assert_eq!(orders(bits, &numbers), expected, "{bits} bits: {numbers:?}");
        }
    }

    #[test]
    fn after_forgetting_any_number_is_the_first() {
        let mut watch = SequenceWatch::new(8);
        watch.observe(3);
        watch.forget();
        assert_eq!(watch.observe(200), Next);
    }

    proptest::proptest! {
        /// However many are dropped at a time, up to 127, each missing one is counted once.
        #[test]
        fn what_is_dropped_is_counted(kept in proptest::collection::vec(1_u32..=127, 1..100)) {
            let mut watch = SequenceWatch::new(8);
            watch.observe(0);
            let (mut number, mut lost) = (0_u32, 0);
            for step in &kept {
                number += step;
                if let Gap(n) = watch.observe(number) {
                    lost += n;
                }
            }
            proptest::prop_assert_eq!(lost, number - kept.len() as u32);
        }
    }
}
