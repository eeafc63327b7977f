//! Every kind of link: one row for each, one file for each.

mod can;
#[cfg(feature = "sockets")]
mod candump;
mod cannelloni;
mod modbus;
#[cfg(feature = "sockets")]
mod shared_memory;
#[cfg(feature = "sockets")]
mod socketcan;
mod sunspec;
#[cfg(feature = "sockets")]
mod victron_mqtt;
#[cfg(feature = "sockets")]
mod victron_vrm;

pub(super) use can::DBC;
#[cfg(feature = "sockets")]
pub(super) use can::MAP;
#[cfg(feature = "sockets")]
pub(super) use candump::{FILE, KIND as CANDUMP, SPEED};

use super::COMMON_KEYS;
use super::key::Shape;
use super::kind::Kind;
use std::sync::LazyLock;

/// Every kind of link.
pub const KINDS: &[&Kind] = &[
    &cannelloni::KIND,
    #[cfg(feature = "sockets")]
    &socketcan::KIND,
    #[cfg(feature = "sockets")]
    &candump::KIND,
    &modbus::TCP,
    &modbus::RTU,
    &sunspec::KIND,
    #[cfg(feature = "sockets")]
    &victron_mqtt::KIND,
    #[cfg(feature = "sockets")]
    &victron_vrm::KIND,
    #[cfg(feature = "sockets")]
    &shared_memory::KIND,
];

/// The kind with this name.
pub(super) fn named(key: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.key == key).copied()
}

/// The names of all kinds.
pub(super) fn names() -> &'static [&'static str] {
    static NAMES: LazyLock<Vec<&str>> = LazyLock::new(|| KINDS.iter().map(|kind| kind.key).collect());
    &NAMES
}

/// A key that some kind has: its name and shape.
pub(super) fn key_named(name: &str) -> Option<(&'static str, Shape)> {
    let mut keys = KINDS.iter().flat_map(|kind| kind.keys);
    keys.find(|key| key.name == name).map(|key| (key.name, key.shape))
}

/// The names of all keys of all kinds, and those that every link has.
pub(super) fn key_names() -> &'static [&'static str] {
    static NAMES: LazyLock<Vec<&str>> = LazyLock::new(|| {
        let mut names = COMMON_KEYS.to_vec();
        for key in KINDS.iter().flat_map(|kind| kind.keys) {
            if !names.contains(&key.name) {
                names.push(key.name);
            }
        }
        names
    });
    &NAMES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinkConfig;

    #[derive(serde::Deserialize)]
    struct Site {
        link: Vec<LinkConfig>,
    }

    #[test]
    fn every_example_is_a_link_of_its_kind_with_its_keys() {
        for kind in KINDS {
            let site: Site = toml::from_str(kind.example).unwrap();
            assert_eq!(*site.link[0].kind.get_ref(), *kind);
            assert_eq!(site.link[0].wrong_keys(), []);
        }
    }

    #[test]
    fn names_are_there_once_and_a_key_has_one_shape_in_all_kinds() {
        for (at, kind) in KINDS.iter().enumerate() {
            assert!(KINDS[..at].iter().all(|other| other.key != kind.key && other.label != kind.label), "{}", kind.key);
            for (at, key) in kind.keys.iter().enumerate() {
                assert_eq!(key_named(key.name), Some((key.name, key.shape)), "{} of {}", key.name, kind.key);
                assert!(kind.keys[..at].iter().all(|other| other.name != key.name), "{} of {}", key.name, kind.key);
                assert!(!COMMON_KEYS.contains(&key.name), "{} of {}", key.name, kind.key);
            }
        }
    }
}
