//! Passwords, hashed with argon2id: 19 MiB, 2 passes. One at a time, so that signing in takes neither memory nor
//! processors from those who look at batteries; few may wait.

use super::accounts::Refused;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// So many wait for their turn; then it is said that too many sign in.
const WAITING: usize = 16;

/// Hashes and compares passwords.
pub(super) struct Hasher {
    turn: Arc<Semaphore>,
    waiting: Semaphore,
    /// Of nobody: an account that does not exist takes as long as one that does.
    of_nobody: String,
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
        Hasher { turn: Arc::new(Semaphore::new(1)), waiting: Semaphore::new(WAITING + 1), of_nobody }
    }

    /// Does `work` when it is its turn, on a thread that may compute.
    ///
    /// # Errors
    /// Too many wait.
    pub(super) async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let _waiting = self.waiting.try_acquire().map_err(|_| Refused::Busy)?;
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
    async fn one_is_hashed_at_a_time_and_few_wait() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let hasher = Arc::new(Hasher::new());
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let one = || {
            let (hasher, running, most) = (hasher.clone(), running.clone(), most.clone());
            tokio::spawn(async move {
                let work = move || {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(30));
                    running.fetch_sub(1, Ordering::SeqCst);
                };
                hasher.in_turn(work).await.is_ok()
            })
        };
        let mut done = 0;
        for task in (0..60).map(|_| one()).collect::<Vec<_>>() {
            done += usize::from(task.await.unwrap());
        }
        assert_eq!(most.load(Ordering::SeqCst), 1);
        assert!((WAITING..60).contains(&done), "{done}");
    }
}
