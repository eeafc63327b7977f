//! How often a password may be tried.
//!
//! Five wrong ones in a minute are free; then each next one has to wait longer. There are two counts: one for the address
//! that tries, one for the account that is tried. The second could be used to keep somebody out of their own account, so
//! it never asks for more than a minute, and it does not count for an address from which that account was used before,
//! nor for the machine itself: whoever has access there always gets in.

use crate::time::Mono;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

/// So many wrong passwords in a [`WINDOW`] are free.
pub const FREE: u32 = 5;
/// Wrong passwords are forgotten when there was none for so long.
pub const WINDOW: Duration = Duration::from_secs(60);
/// The longest wait of an address.
pub const ADDRESS_MAX: Duration = Duration::from_secs(15 * 60);
/// The longest wait of an account.
pub const ACCOUNT_MAX: Duration = Duration::from_secs(60);
/// The first wait.
const FIRST: Duration = Duration::from_secs(12);
/// So many addresses and accounts are remembered; beyond, the one that may try first is forgotten.
const MOST: usize = 10_000;

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// An address; of IPv6 the network of 64 bits, which one person has.
    Address(IpAddr),
    /// An account, by its name, whether it exists or not.
    Account(String),
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Mono,
    not_before: Mono,
}

/// Who has tried wrong passwords lately.
#[derive(Clone, Debug, Default)]
pub struct Throttle(HashMap<Key, Failures>);

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

impl Throttle {
    /// The counts that an attempt is part of; `familiar` if the account was used from this address before.
    fn keys(name: &str, address: IpAddr, familiar: bool) -> Vec<(Key, Duration)> {
        let here = address.to_canonical().is_loopback();
        let mut keys = vec![(Key::Address(network(address)), if here { ACCOUNT_MAX } else { ADDRESS_MAX })];
        if !familiar && !here {
            keys.push((Key::Account(name.to_ascii_lowercase()), ACCOUNT_MAX));
        }
        keys
    }

    /// Whether a password may be tried now.
    ///
    /// # Errors
    /// Not before so long: it was not looked at, and does not count.
    pub fn admit(&self, name: &str, address: IpAddr, familiar: bool, now: Mono) -> Result<(), Duration> {
        let wait = |(key, _): (Key, Duration)| Some(self.0.get(&key)?.not_before.since(now));
        let longest = Throttle::keys(name, address, familiar).into_iter().filter_map(wait).max().unwrap_or_default();
        if longest.is_zero() { Ok(()) } else { Err(longest) }
    }

    /// It was wrong.
    pub fn wrong(&mut self, name: &str, address: IpAddr, familiar: bool, now: Mono) {
        for (key, most) in Throttle::keys(name, address, familiar) {
            if self.0.len() >= MOST && !self.0.contains_key(&key) {
                self.forget_one(now);
            }
            let known = self.0.entry(key).or_insert(Failures { count: 0, last: now, not_before: now });
            // After a wait the count goes on: who keeps trying waits longer each time.
            if now.since(known.last.max(known.not_before)) > WINDOW {
                known.count = 0;
            }
            known.count = known.count.saturating_add(1);
            known.last = now;
            if known.count >= FREE {
                let doubled = FIRST.saturating_mul(1 << (known.count - FREE).min(16));
                known.not_before = now + doubled.min(most);
            }
        }
    }

    /// It was right: the address starts afresh, and so does the account.
    pub fn right(&mut self, name: &str, address: IpAddr) {
        self.0.remove(&Key::Address(network(address)));
        self.0.remove(&Key::Account(name.to_ascii_lowercase()));
    }

    /// Makes room: first for what does not count any more.
    fn forget_one(&mut self, now: Mono) {
        self.0.retain(|_, known| now.since(known.last.max(known.not_before)) <= WINDOW);
        if self.0.len() >= MOST {
            let first = self.0.iter().min_by_key(|(_, known)| known.not_before).map(|(key, _)| key.clone());
            first.map(|key| self.0.remove(&key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Tries wrong passwords for so long, each as soon as it may; gives how many were looked at.
    fn attack(throttle: &mut Throttle, from: &dyn Fn(u64) -> IpAddr, seconds: u64, start: Mono) -> u64 {
        (0..seconds)
            .filter(|second| {
                let now = start + s(*second);
                let admitted = throttle.admit("mara", from(*second), false, now).is_ok();
                if admitted {
                    throttle.wrong("mara", from(*second), false, now);
                }
                admitted
            })
            .count() as u64
    }

    #[test]
    fn five_are_free_and_then_each_waits_longer() {
        let (mut throttle, from, now) = (Throttle::default(), address("192.0.2.7"), Mono::START);
        for _ in 0..4 {
            throttle.wrong("mara", from, false, now);
            assert_eq!(throttle.admit("mara", from, false, now), Ok(()));
        }
        let mut at = now;
        for expected in [12, 24, 48, 96, 192, 384, 768, 900, 900] {
            throttle.wrong("mara", from, false, at);
            assert_eq!(throttle.admit("mara", from, false, at), Err(s(expected)));
            at = at + s(expected);
            assert_eq!(throttle.admit("mara", from, false, at), Ok(()), "after {expected} s");
        }
        throttle.right("mara", from);
        throttle.wrong("mara", from, false, at);
        assert_eq!(throttle.admit("mara", from, false, at), Ok(()));
    }

    #[test]
    fn what_was_long_ago_does_not_count() {
        let (mut throttle, from) = (Throttle::default(), address("192.0.2.7"));
        for minute in 0..20 {
            let at = Mono::START + s(61 * minute);
            throttle.wrong("mara", from, false, at);
            assert_eq!(throttle.admit("mara", from, false, at), Ok(()));
        }
    }

    #[test]
    fn one_address_tries_few_and_many_addresses_few_at_one_account() {
        let one = |_| address("192.0.2.7");
        assert!(attack(&mut Throttle::default(), &one, 3_600, Mono::START) <= 15);
        let many = |n: u64| address(&format!("198.51.{}.{}", n / 250 % 250, n % 250));
        let tried = attack(&mut Throttle::default(), &many, 3_600, Mono::START);
        assert!((50..=70).contains(&tried), "{tried} in an hour, one a minute");
        // All of one network of IPv6 are one.
        let network = |n: u64| address(&format!("2001:db8::{:x}", n + 1));
        assert!(attack(&mut Throttle::default(), &network, 3_600, Mono::START) <= 15);
    }

    /// Whatever others try, an admin gets in from the machine, or from where they were before.
    #[test]
    fn nobody_is_kept_out_of_their_account_by_others() {
        let mut throttle = Throttle::default();
        let many = |n: u64| address(&format!("198.51.{}.{}", n / 250 % 250, n % 250));
        attack(&mut throttle, &many, 600, Mono::START);
        let now = Mono::START + s(600);
        assert!(throttle.admit("mara", address("192.0.2.9"), false, now).is_err(), "from somewhere new it waits");
        assert!(throttle.admit("mara", address("192.0.2.9"), false, now).unwrap_err() <= ACCOUNT_MAX);
        assert_eq!(throttle.admit("mara", address("192.0.2.9"), true, now), Ok(()));
        assert_eq!(throttle.admit("mara", address("127.0.0.1"), false, now), Ok(()));
        assert_eq!(throttle.admit("mara", address("::1"), false, now), Ok(()));
    }

    #[test]
    fn it_is_bounded() {
        let mut throttle = Throttle::default();
        for n in 0..MOST as u32 + 300 {
            let from = IpAddr::V4(n.into());
            throttle.wrong(&format!("user{n}"), from, false, Mono::START);
        }
        assert!(throttle.0.len() <= MOST, "{}", throttle.0.len());
    }
}
