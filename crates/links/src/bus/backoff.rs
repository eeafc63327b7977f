//! How long to wait before something that failed is tried again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// Doubles the wait from 1 s to 30 s; each gets up to a quarter on top, so that links that failed together do not come
/// back together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after one more failure. `random` may be any number.
    pub(crate) fn next(&mut self, random: u64) -> Duration {
        let wait = FIRST * 2_u32.pow(self.failures.min(5));
        self.failures = self.failures.saturating_add(1);
        let jitter = (random % 251) as f64 / 1_000.0;
        wait.mul_f64(1.0 + jitter).min(LONGEST)
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
    }

    proptest::proptest! {
        #[test]
        fn no_wait_is_shorter_than_a_second_or_longer_than_thirty(failures in 0_u32..100, random in proptest::prelude::any::<u64>()) {
            let wait = Backoff { failures }.next(random);
            proptest::prop_assert!(wait >= FIRST && wait <= LONGEST);
        }
    }
}
