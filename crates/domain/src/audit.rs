//! What the audit keeps of a decision: who, from where, what, old and new, and what became of it. Pure.
//!
//! The store gives each entry its number and its place in the chain.

use crate::people::{Requester, Role};
use crate::time::Utc;

/// The longest text of a field, characters. A longer one is cut, and ends with `...`.
pub const TEXT_MAX: usize = 1_000;

/// Every action that entries have, in one word with hyphens.
pub const ACTIONS: [&str; 25] = [
    "alarms-acknowledged",
    "alarms-reset",
    "alarms-shelved",
    "alarms-unshelved",
    "command",
    "command-predicted",
    "command-refused",
    "command-renewed",
    "command-result",
    "command-scored",
    "commands-turned-away",
    "control-armed",
    "control-disarmed",
    "password-changed",
    "role-changed",
    "session-ended",
    "sign-in-refused",
    "signed-in",
    "signed-out",
    "step-up-refused",
    "stepped-up",
    "token-added",
    "token-ended",
    "user-added",
    "user-removed",
];

/// An action as people read it: `command result`.
pub fn shown(action: &str) -> String {
    action.replace('-', " ")
}

/// The action that somebody means, who writes it as it is shown or as it is kept.
pub fn meant(written: &str) -> String {
    written.split_whitespace().collect::<Vec<_>>().join("-").to_lowercase()
}

/// One entry. Texts are for people and as they were given: whoever shows them escapes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Utc,
    /// Who: the name of an account or a token, `console`, `server`; empty for nobody.
    pub who: String,
    /// Their role then; `None` for nobody.
    pub role: Option<Role>,
    /// How they came: [`crate::people::Came::word`].
    pub came: String,
    /// From where; `None` from the machine's own command line or the server.
    pub address: Option<String>,
    /// What was done, in one word with hyphens: `user-added`, `command`.
    pub action: String,
    /// The system that it is about.
    pub system: Option<String>,
    /// What of it, or who: a setpoint, an account, a token.
    pub subject: Option<String>,
    /// What it was before, with its unit.
    pub old: Option<String>,
    /// What it is to be, with its unit.
    pub new: Option<String>,
    /// What was said beforehand that would follow.
    pub prediction: Option<String>,
    /// What became of it.
    pub result: Option<String>,
    /// What the device itself said afterwards, with its unit.
    pub read_back: Option<String>,
    /// Anything else that belongs to it.
    pub detail: Option<String>,
}

impl Entry {
    /// An entry of something that they did, without anything else about it.
    pub fn of(who: &Requester, at: Utc, action: &str) -> Entry {
        Entry {
            at,
            who: who.name.clone(),
            role: who.role,
            came: who.came.word().to_owned(),
            address: who.address.map(|address| address.to_canonical().to_string()),
            action: action.to_owned(),
            ..Entry::default()
        }
    }

    /// The same with no text longer than [`TEXT_MAX`].
    #[must_use]
    pub fn bounded(mut self) -> Entry {
        let texts = [
            &mut self.system,
            &mut self.subject,
            &mut self.old,
            &mut self.new,
            &mut self.prediction,
            &mut self.result,
            &mut self.read_back,
            &mut self.detail,
            &mut self.address,
        ];
        texts.into_iter().flatten().for_each(bound);
        [&mut self.who, &mut self.came, &mut self.action].into_iter().for_each(bound);
        self
    }
}

fn bound(text: &mut String) {
    if let Some((at, _)) = text.char_indices().nth(TEXT_MAX) {
        text.truncate(at);
        text.push_str("...");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_found_as_it_is_shown_and_as_it_is_kept() {
        for action in ACTIONS {
            assert_eq!([meant(action), meant(&shown(action))], [action, action]);
        }
        assert_eq!(meant("  Command  Result "), "command-result");
    }

    #[test]
    fn an_entry_says_who_and_from_where_and_no_text_grows() {
        let who = Requester { name: "mara".into(), ..Requester::unclaimed("::ffff:192.0.2.7".parse().unwrap()) };
        let entry = Entry::of(&who, Utc(5), "signed-in");
        assert_eq!(
            (entry.who.as_str(), entry.came.as_str(), entry.action.as_str()),
            ("mara", "anonymous", "signed-in")
        );
        assert_eq!(entry.address.as_deref(), Some("192.0.2.7"));
        assert_eq!(Entry::of(&Requester::console(), Utc(5), "x").address, None);
        let long = Entry { detail: Some("ü".repeat(5_000)), new: Some("20 %".into()), ..entry }.bounded();
        let detail = long.detail.unwrap();
        assert!(detail.chars().count() == TEXT_MAX + 3 && detail.ends_with("ü..."), "{detail:.20}");
        assert_eq!(long.new.as_deref(), Some("20 %"));
    }
}
