//! Passwords, hashed with argon2id: 19 MiB, 2 passes. One at a time, so that signing in takes neither memory nor
//! processors from those who look at batteries; few may wait, and nobody takes the turns of others.

use super::accounts::Refused;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use domain::people::throttle::place;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// So many wait for their turn of strangers, and as many of those who are known; then it is said that too many sign in.
const WAITING: usize = 32;
/// So many of them for one [`Of`].
const SHARE: usize = 8;

/// Hashes and compares passwords.
pub(super) struct Hasher {
    turn: Arc<Semaphore>,
    waiting: Mutex<HashMap<Of, usize>>,
    /// Of nobody: an account that does not exist takes as long as one that does.
    of_nobody: String,
}

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Of {
    /// Whoever is at this place.
    Stranger(IpAddr),
    /// An account, where it was used before.
    Known(String, IpAddr),
}

impl Of {
    /// Somebody at an address, or an account that is known there.
    pub(super) fn new(account: &str, known: bool, address: IpAddr) -> Of {
        let place = place(address);
        if known { Of::Known(account.to_ascii_lowercase(), place) } else { Of::Stranger(place) }
    }

    fn is_known(&self) -> bool {
        matches!(self, Of::Known(..))
    }
}

/// A place among those who wait. It is free again when this is dropped.
struct Waits<'a>(&'a Hasher, Of);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = waiting.get_mut(&self.1) {
            *count -= 1;
        }
        waiting.retain(|_, count| *count > 0);
    }
}

/// The hash of a password, as a PHC string.
///
/// # Errors
/// The system gives no memory or no random numbers.
pub(crate) fn hash(password: &str) -> Result<String, String> {
    let hashed = Argon2::default().hash_password(password.as_bytes());
    hashed.map(|hash| hash.to_string()).map_err(|error| format!("the password cannot be hashed: {error}"))
}

/// Whether a password is the one of this hash.
pub(crate) fn is_right(password: &str, hash: &str) -> bool {
    Argon2::default().verify_password(password.as_bytes(), hash).is_ok()
}

impl Hasher {
    pub(super) fn new() -> Hasher {
        // Nobody has this password: its hash is of zeros.
        let of_nobody = format!("$argon2id$v=19$m=19456,t=2,p=1${}${}", "A".repeat(22), "A".repeat(43));
        Hasher { turn: Arc::new(Semaphore::new(1)), waiting: Mutex::default(), of_nobody }
    }

    /// A place to wait in.
    ///
    /// # Errors
    /// Too many wait.
    fn wait(&self, of: Of) -> Result<Waits<'_>, Refused> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let alike = waiting.iter().filter(|(other, _)| other.is_known() == of.is_known());
        let all: usize = alike.map(|(_, count)| count).sum();
        let own = waiting.entry(of.clone()).or_default();
        if all >= WAITING || *own >= SHARE {
            return Err(Refused::Busy);
        }
        *own += 1;
        Ok(Waits(self, of))
    }

    /// Does `work` when it is its turn, on a thread that may compute.
    ///
    /// # Errors
    /// Too many wait.
    pub(super) async fn in_turn<T: Send + 'static>(
        &self,
        of: Of,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let _waits = self.wait(of)?;
        // It is never closed. The turn ends with the work, not with who waits for it.
        let turn = self.turn.clone().acquire_owned().await.map_err(|_| Refused::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.map_err(|_| Refused::Unusable("the server made a mistake; its log says more".to_owned()))
    }

    /// The hash that a password is compared with: that of the account, or that of nobody.
    pub(super) fn of<'a>(&'a self, account: Option<&'a str>) -> &'a str {
        account.unwrap_or(&self.of_nobody)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn a_password_is_hashed_with_the_parameters_that_are_said() {
        let hashed = hash("lamp tractor mild seven").unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(is_right("lamp tractor mild seven", &hashed) && !is_right("lamp tractor mild eight", &hashed));
        assert_ne!(hash("lamp tractor mild seven").unwrap(), hashed, "a salt of its own");
        assert!(!is_right("x", "no hash at all") && !is_right("x", ""));
    }

    #[test]
    fn an_account_that_does_not_exist_takes_as_long() {
        let hasher = Hasher::new();
        let known = hash("lamp tractor mild seven").unwrap();
        let time = |hash: &str| {
            let fastest = (0..5).map(|_| {
                let start = Instant::now();
                assert!(!is_right("wrong", hash));
                start.elapsed()
            });
            fastest.min().unwrap_or_default()
        };
        let (there, nobody) = (time(hasher.of(Some(&known))), time(hasher.of(None)));
        println!("wrong password: {there:?}, no such account: {nobody:?}");
        assert!(nobody * 2 > there && there * 2 > nobody, "{there:?} {nobody:?}");
        assert!(nobody > Duration::from_millis(2), "{nobody:?}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn one_is_hashed_at_a_time_and_nobody_takes_the_turns_of_others() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let hasher = Arc::new(Hasher::new());
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let one = |of: Of| {
            let (hasher, running, most) = (hasher.clone(), running.clone(), most.clone());
            async move {
                let work = move || {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(10));
                    running.fetch_sub(1, Ordering::SeqCst);
                };
                hasher.in_turn(of, work).await.is_ok()
            }
        };
        let at = |n: u8| IpAddr::from([192, 0, 2, n]);
        let strangers = |n: u8, many: usize| (0..many).map(move |_| Of::new("mara", false, at(n)));
        // One address, then many more, while few of the first have had their turn.
        for (round, of) in [strangers(1, 40).collect::<Vec<_>>(), (2..60).flat_map(|n| strangers(n, 4)).collect()]
            .into_iter()
            .enumerate()
        {
            let flood: Vec<_> = of.into_iter().map(|of| tokio::spawn(one(of))).collect();
            tokio::time::sleep(Duration::from_millis(30)).await;
            let other = one(Of::new("timo", false, at(200))).await;
            assert!(other || round > 0, "somebody at another address, beside one that asks for too much");
            assert!(one(Of::new("MARA", true, at(1))).await, "an account where it was used before");
            let mut done = 0;
            for task in flood {
                done += usize::from(task.await.unwrap());
            }
            assert!(if round == 0 { (SHARE..20).contains(&done) } else { (WAITING..60).contains(&done) }, "{done}");
        }
        assert_eq!(most.load(Ordering::SeqCst), 1);
        assert!(hasher.waiting.lock().unwrap().is_empty());
    }
}
