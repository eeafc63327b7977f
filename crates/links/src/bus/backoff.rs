//! How long to wait before something that failed is tried again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// Doubles the wait, from 1 s to 30 s if nothing else is said; each gets up to a quarter on top, so that links that failed together do not come
/// back together.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Default for Backoff {
    fn default() -> Backoff {
        Backoff::between(FIRST, LONGEST)
    }
}

impl Backoff {
    /// Doubles the wait from `first` to `longest`.
    pub(crate) fn between(first: Duration, longest: Duration) -> Backoff {
        Backoff { first, longest, failures: 0 }
    }

    /// The wait after one more failure. `random` may be any number.
    pub(crate) fn next(&mut self, random: u64) -> Duration {
        let wait = self.first.saturating_mul(2_u32.pow(self.failures.min(16)));
        self.failures = self.failures.saturating_add(1);
        let jitter = (random % 251) as f64 / 1_000.0;
        wait.min(self.longest).mul_f64(1.0 + jitter).min(self.longest)
    }
}

/// A number that differs from call to call. Good enough for jitter, and for nothing else.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_half_a_minute() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..7).map(|_| backoff.next(0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        let mut slow = Backoff::between(Duration::from_secs(15), Duration::from_secs(600));
        let waits: Vec<_> = (0..8).map(|_| slow.next(0).as_secs()).collect();
        assert_eq!(waits, [15, 30, 60, 120, 240, 480, 600, 600]);
    }

    proptest::proptest! {
        #[test]
        fn no_wait_is_shorter_than_a_second_or_longer_than_thirty(failures in 0_u32..100, random in proptest::prelude::any::<u64>()) {
            let wait = Backoff { failures, ..Backoff::default() }.next(random);
            proptest::prop_assert!(wait >= FIRST && wait <= LONGEST);
        }
    }
}
