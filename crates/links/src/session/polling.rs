//! How asking goes: what pages and health checks tell of a device, and of a cloud with its budget.

use domain::time::Utc;

/// When a link last tried to get something, and what came of it. Kept for every link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// When it last tried, as far as the outcome is known; `None` before the first outcome.
    pub last: Option<Utc>,
    /// When values last came.
    pub last_success: Option<Utc>,
    /// How often the path was lost, or could not be opened, since values last came.
    pub failures: u32,
}

impl Attempts {
    pub(crate) fn success(&mut self, at: Utc) {
        *self = Attempts { last: Some(at), last_success: Some(at), failures: 0 };
    }

    pub(crate) fn failure(&mut self, at: Utc) {
        (self.last, self.failures) = (Some(at), self.failures.saturating_add(1));
    }
}

/// Requests to a cloud and their outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Polling {
    /// Requests made in the hour before the last attempt, that one included.
    pub requests_last_hour: u16,
    /// The most that are made in any hour.
    pub requests_per_hour: u16,
    /// When it last asked; `None` before the first time.
    pub last_attempt: Option<Utc>,
    /// When an answer last brought values; `None` before the first time.
    pub last_success: Option<Utc>,
    /// How many attempts have failed since.
    pub failures: u32,
}

impl Polling {
    pub(crate) fn new(requests_per_hour: u16) -> Polling {
        Polling { requests_last_hour: 0, requests_per_hour, last_attempt: None, last_success: None, failures: 0 }
    }

    pub(crate) fn attempt(&mut self, at: Utc, requests_last_hour: u16) {
        (self.last_attempt, self.requests_last_hour) = (Some(at), requests_last_hour);
    }

    pub(crate) fn success(&mut self, at: Utc) {
        (self.last_success, self.failures) = (Some(at), 0);
    }

    pub(crate) fn failure(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }
}
