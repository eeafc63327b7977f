//! A budget of requests: at most so many in any hour.

use domain::time::Mono;
use std::collections::VecDeque;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);

/// Counts requests of the last hour against a limit. Pure: time is a parameter.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    limit: u16,
    /// When each request of the last hour was made, oldest first.
    made: VecDeque<Mono>,
}

impl Budget {
    /// A budget of `limit` requests in any hour.
    pub(super) fn new(limit: u16) -> Budget {
        Budget { limit, made: VecDeque::new() }
    }

    pub(super) fn limit(&self) -> u16 {
        self.limit
    }

    /// How many requests were made in the hour before `now`.
    pub(super) fn used(&mut self, now: Mono) -> u16 {
        while self.made.front().is_some_and(|at| now.since(*at) >= HOUR) {
            self.made.pop_front();
        }
        self.made.len() as u16
    }

    /// Takes one request out of the budget.
    ///
    /// # Errors
    /// How long to wait until there is one.
    pub(super) fn take(&mut self, now: Mono) -> Result<(), Duration> {
        if self.used(now) < self.limit {
            self.made.push_back(now);
            return Ok(());
        }
        Err(self.made.front().map_or(HOUR, |oldest| HOUR.saturating_sub(now.since(*oldest))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_comes_free_an_hour_after_it_was_made() {
        let at = |seconds: u64| Mono::START + Duration::from_secs(seconds);
        let mut budget = Budget::new(2);
        assert_eq!((budget.take(at(0)), budget.take(at(60)), budget.used(at(61))), (Ok(()), Ok(()), 2));
        assert_eq!(budget.take(at(100)), Err(Duration::from_secs(3_500)));
        assert_eq!((budget.used(at(3_599)), budget.used(at(3_600))), (2, 1));
        assert_eq!((budget.take(at(3_600)), budget.take(at(3_601))), (Ok(()), Err(Duration::from_secs(59))));
    }

    proptest! {
        #[test]
        fn no_hour_ever_has_more(limit in 1_u16..60, gaps in prop::collection::vec(0_u64..400, 1..300)) {
            let mut budget = Budget::new(limit);
            let (mut now, mut made) = (Mono::START, Vec::new());
            for gap in gaps {
                now = now + Duration::from_secs(gap);
                if budget.take(now).is_ok() {
                    made.push(now);
                }
            }
            for start in &made {
                let within = made.iter().filter(|at| **at >= *start && at.since(*start) < HOUR).count();
                prop_assert!(within <= usize::from(limit));
            }
        }
    }
}
