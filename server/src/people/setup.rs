//! The first admin: whoever reads the server's console can make it, once, in the first minutes.

use super::People;
use super::secret::{self, NoRandom};
use domain::time::Mono;
use std::time::Duration;
use store::Secret;

/// The token is good for so long.
pub(crate) const VALID: Duration = Duration::from_secs(15 * 60);

/// The token that is on the console, if one is.
#[derive(Default)]
pub(super) struct Setup(Option<(Secret, Mono)>);

impl Setup {
    /// Whether the first admin can be made now.
    pub(super) fn is_open(&self, now: Mono) -> bool {
        self.0.is_some_and(|(_, made)| now.since(made) < VALID)
    }

    /// Whether this is the token. As typed: in any letters, with blanks.
    pub(super) fn fits(&self, typed: &str, now: Mono) -> bool {
        let typed: String = typed.trim().to_ascii_lowercase();
        self.is_open(now) && self.0.is_some_and(|(kept, _)| kept == secret::hashed(&typed))
    }

    /// It was used.
    pub(super) fn close(&mut self) {
        self.0 = None;
    }
}

impl People {
    /// Makes the token for the console, if there is no account: `None` if there is, or nobody can be let in.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub(crate) fn open_setup(&self) -> Result<Option<String>, NoRandom> {
        if self.control.is_err() || self.any_account() {
            return Ok(None);
        }
        let token = secret::for_typing()?;
        let now = self.now().mono;
        self.state().setup = Setup(Some((secret::hashed(&token), now)));
        Ok(Some(token))
    }

    /// Whether the first admin can be made now.
    pub(crate) fn setup_is_open(&self) -> bool {
        let open = self.state().setup.is_open(self.now().mono);
        open && !self.any_account()
    }
}
