//! How often a password may be tried.
//!
//! Wrong ones are counted in up to three places, and an attempt waits for the longest wait of them:
//!
//! - **the account at the address**, always: whoever guesses at one password from one place waits longer each time. Only
//!   the right password of that account at that address clears it.
//! - **the account**, from wherever: guesses from many addresses are slowed too. It could be used to keep somebody out of
//!   their own account, so it does not hold where the account was used before, nor on the machine itself.
//! - **the address**, for whatever account: trying many names is slowed. Many people may share an address, so it begins
//!   late, its wait is short and does not grow, and it does not hold for an account that was used there before.
//!
//! No right password clears the last two. Every count forgets one wrong password a minute.

use crate::time::Mono;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// A count forgets one wrong password each time that nobody waits and nothing is wrong for so long.
pub const FORGOTTEN: Duration = Duration::from_secs(60);
/// So many counts are kept; beyond, the one of the fewest wrong passwords is forgotten.
const MOST: usize = 10_000;

/// How a count makes wait.
#[derive(Clone, Copy, Debug)]
struct Limit {
    /// This wrong password is the first with a wait.
    from: u32,
    /// The first wait; each next one is twice as long.
    first: Duration,
    /// The longest wait.
    longest: Duration,
}

/// For an account at an address where it was not used before.
const STRANGER: Limit = Limit { from: 5, first: Duration::from_secs(12), longest: Duration::from_secs(15 * 60) };
/// For an account where its owner may be: at a familiar address, on the machine itself, and everywhere.
const OWNER: Limit = Limit { longest: Duration::from_secs(60), ..STRANGER };
/// For an address.
const ADDRESS: Limit = Limit { from: 30, first: Duration::from_secs(5), longest: Duration::from_secs(5) };

impl Limit {
    /// The wait after so many wrong passwords.
    fn wait(self, count: u32) -> Duration {
        let Some(over) = count.checked_sub(self.from) else { return Duration::ZERO };
        self.first.saturating_mul(1 << over.min(16)).min(self.longest)
    }
}

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// An account, by its name, whether it exists or not, at a [`place`].
    AccountAt(String, IpAddr),
    /// An account from wherever.
    Account(String),
    /// A [`place`].
    Address(IpAddr),
}

impl Key {
    /// What it asks for; `familiar` if the account was used from this address before.
    fn limit(&self, familiar: bool) -> Limit {
        match self {
            Key::AccountAt(_, place) if !familiar && !place.is_loopback() => STRANGER,
            Key::AccountAt(..) | Key::Account(_) => OWNER,
            Key::Address(_) => ADDRESS,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    /// Wrong passwords, those in mind at the last one.
    count: u32,
    /// When the last one was.
    last: Mono,
}

impl Failures {
    /// When the next one may be tried. Addresses of one place may be asked for different waits.
    fn not_before(self, limit: Limit) -> Mono {
        self.last + limit.wait(self.count)
    }

    /// How many are still in mind.
    fn left(self, limit: Limit, now: Mono) -> u32 {
        let minutes = now.since(self.not_before(limit)).as_secs() / FORGOTTEN.as_secs();
        self.count.saturating_sub(u32::try_from(minutes).unwrap_or(u32::MAX))
    }
}

/// Who has tried wrong passwords lately.
#[derive(Clone, Debug, Default)]
pub struct Throttle(HashMap<Key, Failures>);

/// What one person can try from: an address, of IPv6 the network of 64 bits, and of the machine itself all as one.
pub fn place(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        own if own.is_loopback() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

impl Throttle {
    /// The counts that an attempt is part of, and what they ask for.
    fn counts(name: &str, address: IpAddr, familiar: bool) -> impl Iterator<Item = (Key, Limit)> {
        let (name, place) = (name.to_ascii_lowercase(), place(address));
        let mut keys = vec![Key::AccountAt(name.clone(), place)];
        if !familiar {
            keys.push(Key::Address(place));
        }
        if !familiar && !place.is_loopback() {
            keys.push(Key::Account(name));
        }
        keys.into_iter().map(move |key| {
            let limit = key.limit(familiar);
            (key, limit)
        })
    }

    /// Whether a password may be tried now.
    ///
    /// # Errors
    /// Not before so long: it was not looked at, and does not count.
    pub fn admit(&self, name: &str, address: IpAddr, familiar: bool, now: Mono) -> Result<(), Duration> {
        let wait = |(key, limit): (Key, Limit)| Some(self.0.get(&key)?.not_before(limit).since(now));
        let longest = Throttle::counts(name, address, familiar).filter_map(wait).max().unwrap_or_default();
        if longest.is_zero() { Ok(()) } else { Err(longest) }
    }

    /// It was wrong.
    pub fn wrong(&mut self, name: &str, address: IpAddr, familiar: bool, now: Mono) {
        for (key, limit) in Throttle::counts(name, address, familiar) {
            if self.0.len() >= MOST && !self.0.contains_key(&key) {
                self.forget_one(now);
            }
            let left = self.0.get(&key).map_or(0, |known| known.left(limit, now));
            // Beyond the longest wait it is not counted on, so that it is forgotten in bounded time.
            let count = left + u32::from(limit.wait(left) < limit.longest);
            self.0.insert(key, Failures { count, last: now });
        }
    }

    /// It was right: what was counted for this account at this address is forgotten, and nothing else.
    pub fn right(&mut self, name: &str, address: IpAddr) {
        self.0.remove(&Key::AccountAt(name.to_ascii_lowercase(), place(address)));
    }

    /// Makes room: first for what does not count any more.
    fn forget_one(&mut self, now: Mono) {
        let left = |key: &Key, known: &Failures| known.left(key.limit(false), now);
        self.0.retain(|key, known| left(key, known) > 0);
        if self.0.len() >= MOST {
            let least = self.0.iter().min_by_key(|(key, known)| (left(key, known), known.last));
            let least = least.map(|(key, _)| key.clone());
            least.map(|key| self.0.remove(&key));
        }
    }
}

#[cfg(test)]
mod tests;
