//! How many orders one person or program may give: some at once, then so many a minute. Each leaves its lines on the disk, so
//! that who asks in a loop would fill it.

use super::{Came, Requester};
use crate::time::Mono;
use std::collections::BTreeMap;
use std::time::Duration;

/// So many at once: nobody presses a button so often.
const BURST: u32 = 60;
/// The time for one more.
const EVERY: Duration = Duration::from_secs(1);

/// Who has given orders lately.
#[derive(Clone, Debug, Default)]
pub struct Allowances {
    /// When all of it is there again, by whether it is a token, and its name.
    full_at: BTreeMap<(bool, String), Mono>,
}

impl Allowances {
    /// Takes one order of theirs.
    ///
    /// # Errors
    /// Not before so long; it does not count.
    pub fn take(&mut self, by: &Requester, now: Mono) -> Result<(), Duration> {
        // Whoever has all of it again need not be remembered.
        self.full_at.retain(|_, full_at| *full_at > now);
        let full_at = self.full_at.entry((matches!(by.came, Came::Token(_)), by.name.clone())).or_insert(now);
        let wait = full_at.since(now).saturating_sub(EVERY * (BURST - 1));
        if wait.is_zero() {
            *full_at = *full_at + EVERY;
            return Ok(());
        }
        Err(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::Scope;
    use std::net::Ipv4Addr;

    #[test]
    fn some_at_once_then_one_a_second_and_each_for_themselves() {
        let robot = |name| Requester::token(name, Scope::Control, Ipv4Addr::LOCALHOST.into());
        let ms = |ms: u64| Mono(Mono::START.0 + ms * 1_000);
        let mut all = Allowances::default();
        for n in 0..BURST {
            assert_eq!(all.take(&robot("a"), ms(0)), Ok(()), "{n}");
        }
        let person = Requester { came: Came::Page, ..robot("a") };
        for (by, at, expected) in [
            (robot("a"), 0, Err(EVERY)),
            (robot("a"), 400, Err(Duration::from_millis(600))),
            // The account with the name of a token, and another token.
            (person, 400, Ok(())),
            (robot("b"), 400, Ok(())),
            (robot("a"), 1_000, Ok(())),
            (robot("a"), 1_000, Err(EVERY)),
            (robot("a"), 3_000, Ok(())),
            (robot("a"), 3_000, Ok(())),
            (robot("a"), 3_000, Err(EVERY)),
        ] {
            assert_eq!(all.take(&by, ms(at)), expected, "{} at {at} ms", by.name);
        }
        assert_eq!(all.take(&robot("c"), ms(600_000)), Ok(()));
        assert_eq!(all.full_at.len(), 1, "who has all of it again is forgotten");
    }
}
