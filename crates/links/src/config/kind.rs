//! A kind of link: its name, its keys, how its bus is built, and what to tell people of it.

use super::key::KeyInfo;
use super::{ConfigError, LinkConfig};
use crate::bus::Bus;
use domain::topology::Topology;
use std::path::Path;
use std::time::Duration;

/// A bus that is ready to run, or why it cannot be.
pub(super) type Built = Result<Box<dyn Bus>, ConfigError>;

/// A kind of link. Each is a file in `config/kinds`, and a row of [`KINDS`](crate::config::KINDS).
pub struct Kind {
    /// As the site file writes it: `modbus-tcp`.
    pub key: &'static str,
    /// The protocol for people.
    pub label: &'static str,
    /// What is reached with it.
    pub reaches: &'static str,
    /// Its keys, besides `id`, `name`, `system`, `kind`, `silent_ms` and `max_age_ms` that every link has.
    pub keys: &'static [KeyInfo],
    /// A `[[link]]` that works once addresses and files are there.
    pub example: &'static str,
    /// What to try when nothing comes.
    pub advice: &'static str,
    /// Whether it brings CAN frames.
    pub(super) is_can: bool,
    /// Where its bytes come from, for people; `None` if a key is missing.
    pub(super) address: fn(&LinkConfig) -> Option<String>,
    /// How often something comes, as its keys say.
    pub(super) rhythm: fn(&LinkConfig) -> Rhythm,
    /// Its bus, with the table that decodes it.
    pub(super) build: fn(&LinkConfig, &Surroundings<'_>) -> Built,
    /// More that is wrong than the first thing that `build` finds.
    pub(super) more_problems: fn(&LinkConfig, &Surroundings<'_>) -> Vec<ConfigError>,
}

/// How long values are good, and after which time without any the link is silent. Zero where only a DBC file can tell.
pub(super) struct Rhythm {
    pub(super) max_age: Duration,
    pub(super) silent: Duration,
}

/// What a link is built for: the cells of its system, and the folder of the site file.
pub(super) struct Surroundings<'a> {
    pub(super) topology: &'a Topology,
    pub(super) base: &'a Path,
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.key)
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Kind) -> bool {
        self.key == other.key
    }
}

impl Kind {
    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|known| known.name == key)
    }
}
