//! Enums whose values have one word each, in the API, in addresses and in storage. A word leads back to its value; an
//! unknown word is an error, and never another value.

use crate::alarm::{AlarmState, Severity};
use crate::control::StateKind;
use crate::lab::SimDevice;
use crate::link::LinkState;
use crate::people::{Role, Scope};
use crate::reading::NoData;
use crate::soc::FullBy;
use crate::spec::SystemKind;
use crate::spec::control_kind::Safer;
use crate::storage::StorageKind;
use std::str::FromStr;
use thiserror::Error;

/// An enum of words.
pub trait Words: Copy + PartialEq + Sized + 'static {
    /// What its values are: `severity`.
    const WHAT: &'static str;
    /// All of them.
    const VALUES: &'static [Self];

    /// The word of this one.
    fn as_word(self) -> &'static str;

    /// The value of a word.
    ///
    /// # Errors
    /// [`UnknownWord`] says what there is.
    fn from_word(word: &str) -> Result<Self, UnknownWord> {
        let found = Self::VALUES.iter().find(|value| value.as_word() == word);
        found.copied().ok_or_else(|| UnknownWord {
            what: Self::WHAT,
            word: word.to_owned(),
            known: Self::VALUES.iter().map(|value| value.as_word()).collect(),
        })
    }
}

/// A word that no value has.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("there is no {what} {}; there is {}", crate::plain::quoted(word), known.join(", "))]
pub struct UnknownWord {
    /// What it should be.
    pub what: &'static str,
    /// What it is.
    pub word: String,
    /// What it could be.
    pub known: Vec<&'static str>,
}

/// The words of enums that have `ALL` and a method with the word.
macro_rules! words {
    ($($type:ident $what:literal $word:ident;)*) => {$(
        impl Words for $type {
            const WHAT: &'static str = $what;
            const VALUES: &'static [$type] = &$type::ALL;

            fn as_word(self) -> &'static str {
                self.$word()
            }
        }

        impl FromStr for $type {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<$type, UnknownWord> {
                Words::from_word(word)
            }
        }
    )*};
}

words! {
    Severity "severity" word;
    AlarmState "state of an alarm" word;
    LinkState "state of a link" word;
    SystemKind "kind of system" key;
    StorageKind "kind of storage trouble" id;
    SimDevice "simulated device" id;
    FullBy "way to know a full charge" word;
    Role "role" word;
    StateKind "state of a command" word;
    Safer "direction that is safer" word;
    Scope "scope" word;
    NoData "reason for no value" words;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Words + std::fmt::Debug + FromStr<Err = UnknownWord>>(words: &[&str]) {
        let known: Vec<&str> = T::VALUES.iter().map(|value| value.as_word()).collect();
        assert_eq!(known, words, "{}", T::WHAT);
        for (value, word) in T::VALUES.iter().zip(words) {
            assert_eq!(word.parse::<T>().as_ref(), Ok(value));
        }
        for unknown in ["", "acked", &words[0].to_uppercase(), &format!("{} ", words[0])] {
            let why = unknown.parse::<T>().unwrap_err().to_string();
            assert!(why.contains(&format!("no {} {unknown:?}; there is {}", T::WHAT, words[0])), "{why}");
        }
    }

    /// Programs, files and site files have these words: a word is never changed, a new one is added.
    #[test]
    fn words_stay_and_lead_back_and_unknown_ones_are_an_error() {
        check::<Severity>(&["notice", "warning", "critical"]);
        check::<LinkState>(&["idle", "connecting", "up", "silent", "down", "ended", "wrong device"]);
        check::<SystemKind>(&["data-centre", "home", "storage"]);
        check::<StorageKind>(&[
            "not-stored",
            "not-sealed",
            "disk-short",
            "damaged",
            "clock",
            "deleted",
            "lost",
            "taking-in",
        ]);
        check::<SimDevice>(&["controller", "grid-meter", "load-meter", "gx", "inverter"]);
        check::<NoData>(&["not received", "no answer", "stale", "out of range", "marked invalid by its device"]);
        check::<FullBy>(&["tail current", "reported"]);
        check::<Safer>(&["higher", "lower", "nearer"]);
        check::<Role>(&["viewer", "operator", "admin"]);
        check::<Scope>(&["read", "control"]);
    }
}
