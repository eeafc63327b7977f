//! How many commands that come to nothing are recorded: of each account some at once, then so many a second.
//!
//! A command that is refused, or that the device need not be told, leaves its lines in the journal and in the audit. Who
//! asks in a loop would fill the disk with them. Beyond what an account may have, its commands are turned away without a
//! line each; how many they were is one entry. What is on its way to safety is heard all the same.

use crate::audit::Entry;
use crate::people::{Came, Requester};
use crate::time::{Mono, Now, Utc, rfc3339};
use std::collections::BTreeMap;
use std::time::Duration;

/// How many at once, and the time for one more (a token bucket).
#[derive(Clone, Copy)]
struct Allowance {
    burst: u32,
    every: Duration,
}

/// Nobody presses a button so often.
const PERSON: Allowance = Allowance { burst: 120, every: Duration::from_secs(2) };
/// A program that tries each second is heard each time.
const PROGRAM: Allowance = Allowance { burst: 60, every: Duration::from_secs(1) };
/// What was turned away is summed up when none has come for so long, and at the latest after an hour.
const QUIET: Duration = Duration::from_secs(60);
const LATEST: Duration = Duration::from_secs(3_600);

/// The accounts that commands which came to nothing were of.
#[derive(Clone, Debug, Default)]
pub(super) struct Fruitless {
    /// By whether it is a token, and its name.
    accounts: BTreeMap<(bool, String), Account>,
}

#[derive(Clone, Debug)]
struct Account {
    /// When all of its allowance is there again.
    full_at: Mono,
    turned_away: Option<TurnedAway>,
}

/// Commands of an account that left no line.
#[derive(Clone, Debug)]
struct TurnedAway {
    by: Requester,
    count: u64,
    since: Now,
    last: Now,
}

fn key(by: &Requester) -> (bool, String) {
    (matches!(by.came, Came::Token(_)), by.name.clone())
}

fn allowance(by: &Requester) -> Allowance {
    if matches!(by.came, Came::Token(_)) { PROGRAM } else { PERSON }
}

impl Fruitless {
    /// How long who asks has to wait until one more is recorded; `None` if it is now.
    pub(super) fn wait(&self, by: &Requester, now: Mono) -> Option<Duration> {
        let Allowance { burst, every } = allowance(by);
        // The server's own commands come of themselves to an end.
        let account = self.accounts.get(&key(by)).filter(|_| by.came != Came::Server)?;
        let ahead = account.full_at.since(now);
        Some(ahead.saturating_sub(every * (burst - 1))).filter(|wait| !wait.is_zero())
    }

    /// One came to nothing, and was recorded.
    pub(super) fn count(&mut self, by: &Requester, now: Mono) {
        let account = self.account(by, now);
        account.full_at = account.full_at.max(now) + allowance(by).every;
    }

    /// One was turned away.
    pub(super) fn turn_away(&mut self, by: &Requester, now: Now) {
        let account = self.account(by, now.mono);
        let sum = TurnedAway { by: by.clone(), count: 0, since: now, last: now };
        let sum = account.turned_away.get_or_insert(sum);
        (sum.count, sum.last) = (sum.count + 1, now);
    }

    fn account(&mut self, by: &Requester, now: Mono) -> &mut Account {
        // Whoever has all of it again need not be remembered.
        self.accounts.retain(|_, account| account.full_at > now || account.turned_away.is_some());
        self.accounts.entry(key(by)).or_insert(Account { full_at: now, turned_away: None })
    }

    /// An entry for each account of which commands were turned away, if it is time for it, or at the end.
    pub(super) fn sums(&mut self, now: Now, at_the_end: bool) -> Vec<Entry> {
        let due = |sum: &mut TurnedAway| {
            let (quiet, since) = (now.mono.since(sum.last.mono), now.mono.since(sum.since.mono));
            at_the_end || quiet >= QUIET || since >= LATEST
        };
        self.accounts
            .values_mut()
            .filter_map(|account| account.turned_away.take_if(due))
            .map(|sum| sum.entry(now.utc))
            .collect()
    }
}

impl TurnedAway {
    fn entry(self, now: Utc) -> Entry {
        let TurnedAway { by, count, since, last } = self;
        let (what, were) = if count == 1 { ("command", "was") } else { ("commands", "were") };
        let result =
            format!("{count} {what} {were} turned away and not recorded one by one: too many had come to nothing");
        let detail = format!("from {} to {}", rfc3339(since.utc), rfc3339(last.utc));
        Entry { result: Some(result), detail: Some(detail), ..Entry::of(&by, now, "commands-turned-away") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::Scope;
    use proptest::prelude::*;

    fn at(ms: u64) -> Now {
        Now { mono: Mono(Mono::START.0 + ms * 1_000), utc: Utc(ms as i64 * 1_000) }
    }

    fn program(name: &str) -> Requester {
        Requester::token(name, Scope::Control, [127, 0, 0, 1].into())
    }

    fn ada(came: Came) -> Requester {
        Requester { came, ..program("ada") }
    }

    #[test]
    fn some_at_once_then_so_many_a_second_and_each_account_for_itself() {
        for (by, burst, every_ms) in [(program("ada"), 60, 1_000), (ada(Came::Page), 120, 2_000)] {
            let mut all = Fruitless::default();
            for n in 0..burst {
                assert_eq!(all.wait(&by, at(0).mono), None, "{n}");
                all.count(&by, at(0).mono);
            }
            assert_eq!(all.wait(&by, at(0).mono), Some(Duration::from_millis(every_ms)));
            assert_eq!(all.wait(&by, at(every_ms - 1).mono), Some(Duration::from_millis(1)));
            assert_eq!(all.wait(&by, at(every_ms).mono), None);
            // Neither the account with the name of a token, nor another, nor the server.
            let other = if by.came == Came::Page { program("ada") } else { ada(Came::Page) };
            for other in [other, program("bob"), ada(Came::Server)] {
                assert_eq!(all.wait(&other, at(0).mono), None);
            }
        }
    }

    #[test]
    fn what_was_turned_away_is_one_entry_when_it_is_over_or_after_an_hour() {
        let mut all = Fruitless::default();
        let says = |entries: Vec<Entry>| {
            entries.into_iter().map(|e| (e.who, e.result.unwrap_or_default())).collect::<Vec<_>>()
        };
        for ms in 0..500 {
            all.turn_away(&program("robot"), at(ms));
        }
        all.turn_away(&ada(Came::Page), at(400));
        assert_eq!(says(all.sums(at(60_000), false)), []);
        let robot = "500 commands were turned away and not recorded one by one: too many had come to nothing";
        let one = "1 command was turned away and not recorded one by one: too many had come to nothing";
        let both = [("ada".to_owned(), one.to_owned()), ("robot".to_owned(), robot.to_owned())];
        assert_eq!(says(all.sums(at(60_499), false)), both);
        assert_eq!(says(all.sums(at(90_000), true)), [], "once");
        // Without a pause.
        let sums = (0..7_200).map(|s| {
            all.turn_away(&program("robot"), at(100_000 + s * 1_000));
            all.sums(at(100_000 + s * 1_000), false).len()
        });
        assert_eq!(sums.sum::<usize>(), 1, "one in an hour");
        assert_eq!(all.sums(at(7_300_000), true).len(), 1, "the rest at the end");
    }

    proptest! {
        /// However somebody asks: no more is recorded than the allowance.
        #[test]
        fn no_sequence_is_recorded_beyond_the_allowance(pauses in prop::collection::vec(0_u64..3_000, 1..500)) {
            let (mut all, by, mut ms, mut recorded) = (Fruitless::default(), program("robot"), 0, Vec::new());
            for pause in pauses {
                ms += pause;
                if all.wait(&by, at(ms).mono).is_none() {
                    all.count(&by, at(ms).mono);
                    recorded.push(ms);
                }
            }
            for (nth, first) in recorded.iter().enumerate() {
                for (count, last) in recorded.iter().skip(nth).enumerate() {
                    prop_assert!(count as u64 <= 60 + (last - first) / 1_000);
                }
            }
        }
    }
}
