//! How long the server has run, all its runs together: a clock that nobody can put forward.

use anyhow::{Context as _, Result};
use domain::time::Utc;
use std::time::{Duration, Instant};
use store::{Control, StoreError};

/// It is noted so often: so much is lost at most by a kill.
pub(crate) const NOTED_EVERY: Duration = Duration::from_secs(600);

/// The clock. It goes on from where the last run has left it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ran {
    before: Duration,
    start: Instant,
}

impl Ran {
    /// Goes on from what is kept.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn go_on(control: &Control) -> Result<Ran> {
        let before = control.read(|tables| tables.ran()).context("read how long the server has run")?;
        Ok(Ran { before, start: Instant::now() })
    }

    /// How long it has run until now.
    pub(crate) fn so_far(&self) -> Duration {
        self.before + self.start.elapsed()
    }

    /// Notes it, at an instant of the wall clock.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn note(&self, control: &Control, at: Utc) -> Result<(), StoreError> {
        control.write(|tables| tables.keep_ran(self.so_far(), at))
    }
}
