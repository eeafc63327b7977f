//! What there is to say about what a link receives: refused values, frames of odd lengths. Pure: time is a parameter.
//!
//! A notice is told until what it is about was not seen for a while. Its words are made once, so that a value that
//! changes with each frame does not make the words change.

use domain::time::Mono;
use std::mem::discriminant;
use std::time::Duration;

/// So many notices are kept.
const MOST: usize = 256;
/// So many of each kind are named.
const NAMED: usize = 3;

/// Notices, by what they are about: a kind, and its details.
#[derive(Debug)]
pub(crate) struct Notices<About> {
    all: Vec<Notice<About>>,
    changed: bool,
}

#[derive(Debug)]
struct Notice<About> {
    about: About,
    words: String,
    seen: Mono,
}

impl<About> Default for Notices<About> {
    fn default() -> Notices<About> {
        Notices { all: Vec::new(), changed: false }
    }
}

impl<About: PartialEq> Notices<About> {
    /// It was seen at `now`. The words are made when it is seen first.
    pub(crate) fn see(&mut self, about: About, now: Mono, words: impl FnOnce() -> String) {
        if let Some(known) = self.all.iter_mut().find(|notice| notice.about == about) {
            known.seen = now;
        } else if self.all.len() < MOST {
            self.all.push(Notice { about, words: words(), seen: now });
            self.changed = true;
        }
    }

    /// Says no longer what was said about this.
    pub(crate) fn forget(&mut self, about: &About) {
        self.retain(|notice| notice.about != *about);
    }

    /// Says no longer what was not seen for longer than `keep`.
    pub(crate) fn expire(&mut self, keep: Duration, now: Mono) {
        self.retain(|notice| now.since(notice.seen) < keep);
    }

    fn retain(&mut self, stays: impl FnMut(&Notice<About>) -> bool) {
        let before = self.all.len();
        self.all.retain(stays);
        self.changed |= self.all.len() != before;
    }

    /// Whether [`Notices::words`] may say something else than at the last call.
    pub(crate) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// All that there is to say: of every kind the first few, and how many more there are.
    pub(crate) fn messages(&self) -> Vec<String> {
        let mut kinds = Vec::new();
        for notice in &self.all {
            let kind = discriminant(&notice.about);
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let mut words = Vec::new();
        for kind in kinds {
            let of_kind: Vec<_> = self.all.iter().filter(|notice| discriminant(&notice.about) == kind).collect();
            words.extend(of_kind.iter().take(NAMED).map(|notice| notice.words.clone()));
            if of_kind.len() > NAMED {
                // What came when there were as many as are kept is not counted.
                let at_least = if self.all.len() < MOST { "" } else { "at least " };
                words.push(format!("and {at_least}{} more of this kind", of_kind.len() - NAMED));
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    enum About {
        Value(u8),
        Length(u8),
    }

    #[test]
    fn every_kind_is_told_and_no_kind_hides_another() {
        let mut notices = Notices::default();
        for value in 0..5 {
            notices.see(About::Value(value), Mono(1), || format!("value {value}"));
        }
        notices.see(About::Length(7), Mono(1), || "length".to_owned());
        notices.see(About::Value(0), Mono(9), || panic!("its words are known"));
        assert_eq!(notices.messages(), ["value 0", "value 1", "value 2", "and 2 more of this kind", "length"]);
        assert!(notices.take_changed() && !notices.take_changed());
        notices.forget(&About::Length(7));
        notices.expire(Duration::from_micros(5), Mono(10));
        assert_eq!(notices.messages(), ["value 0"]);
        assert!(notices.take_changed());
    }

    #[test]
    fn a_flood_of_notices_is_bounded() {
        let mut notices = Notices::default();
        (0..255).for_each(|value| notices.see(About::Value(value), Mono(1), || "v".to_owned()));
        assert_eq!(notices.messages().last().unwrap(), "and 252 more of this kind");
        (0..=255).for_each(|value| notices.see(About::Length(value), Mono(1), || "l".to_owned()));
        assert_eq!(notices.messages()[3], "and at least 252 more of this kind");
        assert_eq!(notices.messages().len(), 5, "the first length that came is told");
    }
}
