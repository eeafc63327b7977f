//! `[access]`: who may look at this site. Who may command is never said here: commands need an account.

use serde::Deserialize;

/// The table as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccessTable {
    /// Whether one may look without signing in.
    #[serde(default)]
    reading: ReadingKey,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ReadingKey {
    #[default]
    Open,
    Closed,
}

impl AccessTable {
    /// Whether one may look without signing in.
    pub(super) fn reading_open(&self) -> bool {
        self.reading == ReadingKey::Open
    }
}
