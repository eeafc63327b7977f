//! The life of an alarm after ISA-18.2 (IEC 62682): what became of its condition, and what people have done about it. Pure.
//!
//! ```text
//!           raised                       acknowledged
//! Normal ----------> ActiveUnacknowledged -----------> ActiveAcknowledged
//!   ^ ^                 | over     ^ raised                 | over
//!   | |  acknowledged   v          |                        v
//!   | '------- ClearedUnacknowledged                     Normal
//!   |
//!   '-- reset -- Latched, once it is acknowledged: of a rule that latches, whatever is over ends up here
//! ```
//!
//! What is raised again before it was normal is the same alarm, counted once more, and nobody has acknowledged that.

use crate::time::Utc;
use std::sync::Arc;
use thiserror::Error;

/// Where an alarm stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlarmState {
    /// Its condition stands, and nobody has acknowledged it.
    ActiveUnacknowledged,
    /// Its condition stands, and somebody has seen it.
    ActiveAcknowledged,
    /// Its condition is over, and nobody has acknowledged it.
    ClearedUnacknowledged,
    /// Its condition is over, but its rule latches: it stays until a person resets it.
    Latched,
    /// A person has put it aside for a time.
    Shelved,
    /// By design: another alarm explains it.
    Suppressed,
    /// There is nothing to tell.
    Normal,
}

impl AlarmState {
    /// All of them, in the order in which they are told.
    pub const ALL: [AlarmState; 7] = [
        AlarmState::ActiveUnacknowledged,
        AlarmState::ActiveAcknowledged,
        AlarmState::ClearedUnacknowledged,
        AlarmState::Latched,
        AlarmState::Shelved,
        AlarmState::Suppressed,
        AlarmState::Normal,
    ];

    /// Its word in the API.
    pub fn word(self) -> &'static str {
        match self {
            AlarmState::ActiveUnacknowledged => "active-unacknowledged",
            AlarmState::ActiveAcknowledged => "active-acknowledged",
            AlarmState::ClearedUnacknowledged => "cleared-unacknowledged",
            AlarmState::Latched => "latched",
            AlarmState::Shelved => "shelved",
            AlarmState::Suppressed => "suppressed",
            AlarmState::Normal => "normal",
        }
    }
}

/// Who has seen an alarm, and when they said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// The name of an account or a token; `anonymous` for somebody at the machine itself while nobody has an account.
    pub by: Arc<str>,
    /// When.
    pub at: Utc,
}

/// An alarm that is not normal.
#[derive(Clone, Debug, PartialEq)]
pub struct Life {
    /// When it was raised while it was normal.
    pub first: Utc,
    /// When it was raised last.
    pub since: Utc,
    /// When its condition was found to be over; `None` while it stands, or may stand.
    pub ended: Option<Utc>,
    /// How often it was raised since it was normal, at least once.
    pub times: u32,
    /// The watched value when it was raised last, or at its end.
    pub value: f32,
    /// The worst value that is known of it since it was raised last.
    pub worst: f32,
    /// Who has acknowledged it since it was raised last.
    pub acknowledged: Option<Acknowledged>,
}

/// Why a latch is not reset.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NotReset {
    /// What it warns of is still so.
    #[error("its condition still stands: it can be reset when that is over")]
    StillActive,
    /// Nobody has said that they have seen it.
    #[error("nobody has acknowledged it: acknowledge it first")]
    Unacknowledged,
    /// Its rule does not latch.
    #[error("it does not latch: acknowledge it, and it is over")]
    NotLatching,
}

impl Life {
    /// What `before` becomes when the condition is found to stand. What stands already stays as it is.
    #[must_use]
    pub fn raised(before: Option<Life>, at: Utc, value: f32) -> Life {
        match before {
            Some(active) if active.ended.is_none() => active,
            before => {
                let (first, times) = before.map_or((at, 0), |before| (before.first, before.times));
                let times = times.saturating_add(1);
                Life { first, since: at, ended: None, times, value, worst: value, acknowledged: None }
            }
        }
    }

    /// What it becomes when its condition is over; `None` is normal.
    #[must_use]
    pub fn over(self, at: Utc, value: f32, worst: f32, latching: bool) -> Option<Life> {
        match self.ended {
            Some(_) => Some(self),
            None => Life { ended: Some(at), value, worst, ..self }.settled(latching),
        }
    }

    /// What it becomes when somebody acknowledges it; `None` is normal. The first who does is kept.
    #[must_use]
    pub fn acknowledged(self, by: Acknowledged, latching: bool) -> Option<Life> {
        let acknowledged = self.acknowledged.or(Some(by));
        Life { acknowledged, ..self }.settled(latching)
    }

    /// What `now` becomes when what made `after` of `before` is taken back at `at`: whatever came since, nobody has
    /// acknowledged it by that.
    #[must_use]
    pub fn taken_back(
        now: Option<Life>,
        (before, after): (Option<&Life>, Option<&Life>),
        at: Utc,
        latching: bool,
    ) -> Option<Life> {
        let by = |life: Option<&Life>| life.and_then(|life| life.acknowledged.clone());
        match (now, before) {
            (now, before) if now.as_ref() == after => before.cloned(),
            // It was over, and forgotten because it was acknowledged.
            (None, Some(before)) if after.is_some() => {
                let (value, worst) = (before.value, before.worst);
                before.clone().over(at, value, worst, latching)
            }
            (Some(now), before) if now.acknowledged.is_some() && now.acknowledged == by(after) => {
                Some(Life { acknowledged: by(before), ..now })
            }
            (now, _) => now,
        }
    }

    /// Whether it becomes normal when somebody resets it.
    ///
    /// # Errors
    /// Why it cannot be reset.
    pub fn can_be_reset(&self, latching: bool) -> Result<(), NotReset> {
        match self.state(latching) {
            AlarmState::ActiveUnacknowledged | AlarmState::ActiveAcknowledged => Err(NotReset::StillActive),
            _ if !latching => Err(NotReset::NotLatching),
            _ if self.acknowledged.is_none() => Err(NotReset::Unacknowledged),
            _ => Ok(()),
        }
    }

    /// The same, or `None` if nothing is left to do about it: it is over, acknowledged, and its rule does not latch.
    #[must_use]
    pub fn settled(self, latching: bool) -> Option<Life> {
        let done = self.ended.is_some() && self.acknowledged.is_some() && !latching;
        (!done).then_some(self)
    }

    /// Where it stands, if it is neither shelved nor suppressed.
    pub fn state(&self, latching: bool) -> AlarmState {
        match (self.ended, &self.acknowledged) {
            (None, None) => AlarmState::ActiveUnacknowledged,
            (None, Some(_)) => AlarmState::ActiveAcknowledged,
            (Some(_), _) if latching => AlarmState::Latched,
            (Some(_), None) => AlarmState::ClearedUnacknowledged,
            (Some(_), Some(_)) => AlarmState::Normal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AlarmState::{ActiveAcknowledged, ActiveUnacknowledged, ClearedUnacknowledged, Latched, Normal};
    use proptest::prelude::*;

    #[derive(Clone, Copy, Debug)]
    enum Happens {
        Raised,
        Over,
        Acknowledged,
        Reset,
    }

    use Happens::{Over, Raised, Reset};

    fn by(name: &str, at: i64) -> Acknowledged {
        Acknowledged { by: name.into(), at: Utc(at) }
    }

    fn step(life: Option<Life>, happens: Happens, at: i64, latching: bool) -> Option<Life> {
        match (happens, life) {
            (Raised, life) => Some(Life::raised(life, Utc(at), at as f32)),
            (_, None) => None,
            (Over, Some(life)) => life.over(Utc(at), at as f32, 99.0, latching),
            (Happens::Acknowledged, Some(life)) => life.acknowledged(by("mara", at), latching),
            (Reset, Some(life)) => life.can_be_reset(latching).is_err().then_some(life),
        }
    }

    fn state(life: &Option<Life>, latching: bool) -> AlarmState {
        life.as_ref().map_or(Normal, |life| life.state(latching))
    }

    /// From each state, what happens, and where it leads: of a rule that does not latch, and of one that does.
    #[test]
    fn each_event_leads_from_each_state_where_the_standard_says() {
        let ack = Happens::Acknowledged;
        for (before, happens, plain, latching) in [
            (&[][..], Raised, ActiveUnacknowledged, ActiveUnacknowledged),
            (&[], Over, Normal, Normal),
            (&[], ack, Normal, Normal),
            (&[], Reset, Normal, Normal),
            (&[Raised], Raised, ActiveUnacknowledged, ActiveUnacknowledged),
            (&[Raised], Over, ClearedUnacknowledged, Latched),
            (&[Raised], ack, ActiveAcknowledged, ActiveAcknowledged),
            (&[Raised], Reset, ActiveUnacknowledged, ActiveUnacknowledged),
            (&[Raised, ack], Raised, ActiveAcknowledged, ActiveAcknowledged),
            (&[Raised, ack], Over, Normal, Latched),
            (&[Raised, ack], ack, ActiveAcknowledged, ActiveAcknowledged),
            (&[Raised, ack], Reset, ActiveAcknowledged, ActiveAcknowledged),
            (&[Raised, Over], Raised, ActiveUnacknowledged, ActiveUnacknowledged),
            (&[Raised, Over], Over, ClearedUnacknowledged, Latched),
            (&[Raised, Over], ack, Normal, Latched),
            (&[Raised, Over], Reset, ClearedUnacknowledged, Latched),
            // Latched and acknowledged, or normal.
            (&[Raised, ack, Over], Raised, ActiveUnacknowledged, ActiveUnacknowledged),
            (&[Raised, ack, Over], Over, Normal, Latched),
            (&[Raised, ack, Over], ack, Normal, Latched),
            (&[Raised, ack, Over], Reset, Normal, Normal),
            (&[Raised, Over, ack], Reset, Normal, Normal),
        ] {
            for (latches, expected) in [(false, plain), (true, latching)] {
                let life = before.iter().chain([&happens]).zip(1..);
                let life = life.fold(None, |life, (happens, at)| step(life, *happens, at, latches));
                assert_eq!(state(&life, latches), expected, "{before:?} {happens:?}, latching: {latches}");
            }
        }
    }

    #[test]
    fn what_is_raised_again_is_the_same_alarm_and_counts() {
        let raised = Life::raised(None, Utc(1), 2.8);
        let cleared = raised.clone().over(Utc(2), 3.3, 2.7, false).unwrap();
        assert_eq!((cleared.ended, cleared.worst, cleared.times), (Some(Utc(2)), 2.7, 1));
        let again = Life::raised(Some(cleared), Utc(3), 2.6);
        assert_eq!((again.first, again.since, again.ended, again.times), (Utc(1), Utc(3), None, 2));
        // The first who acknowledges it is told; a new time is told to nobody yet.
        let seen = again.acknowledged(by("mara", 4), true).unwrap().acknowledged(by("timo", 5), true).unwrap();
        assert_eq!(seen.acknowledged, Some(by("mara", 4)));
        let latched = seen.over(Utc(6), 3.3, 2.6, true).unwrap();
        assert_eq!(Life::raised(Some(latched), Utc(7), 2.5).acknowledged, None);
        // After it was normal it is another one.
        assert_eq!(Life::raised(None, Utc(9), 2.5).times, 1);
    }

    #[test]
    fn an_acknowledgement_that_is_taken_back_leaves_what_came_since_unacknowledged() {
        let before = Life::raised(None, Utc(1), 2.8);
        let after = before.clone().acknowledged(by("mara", 2), false).unwrap();
        let taken =
            |now: Option<Life>, latching| Life::taken_back(now, (Some(&before), Some(&after)), Utc(9), latching);
        assert_eq!(taken(Some(after.clone()), false), Some(before.clone()));
        // It was over meanwhile.
        for latching in [false, true] {
            let over = after.clone().over(Utc(3), 3.3, 2.7, latching);
            let left = taken(over, latching).unwrap();
            assert_eq!((left.acknowledged, left.ended.is_some(), left.times), (None, true, 1));
        }
        // It was raised again: that is another thing.
        let again = Life::raised(after.clone().over(Utc(3), 3.3, 2.7, true), Utc(4), 2.6);
        assert_eq!(taken(Some(again.clone()), true), Some(again));
        // Somebody else's acknowledgement before stays.
        let seen = before.clone().acknowledged(by("timo", 1), true).unwrap().over(Utc(3), 3.3, 2.7, true);
        assert_eq!(Life::taken_back(None, (seen.as_ref(), None), Utc(9), true), seen);
    }

    #[test]
    fn a_latch_is_reset_only_when_it_is_over_and_somebody_has_seen_it() {
        let raised = Life::raised(None, Utc(1), 2.8);
        assert_eq!(raised.can_be_reset(true), Err(NotReset::StillActive));
        assert_eq!(raised.can_be_reset(false), Err(NotReset::StillActive));
        let over = raised.over(Utc(2), 3.3, 2.7, true).unwrap();
        assert_eq!(over.can_be_reset(true), Err(NotReset::Unacknowledged));
        assert_eq!(over.can_be_reset(false), Err(NotReset::NotLatching));
        assert_eq!(over.acknowledged(by("mara", 3), true).unwrap().can_be_reset(true), Ok(()));
    }

    proptest! {
        /// Whatever happens: only a person who acknowledges ends what nobody had seen, only a reset ends a latch, and as
        /// often as it was raised from another state, so often it counts.
        #[test]
        fn nothing_but_a_person_ends_what_nobody_has_seen(
            events in prop::collection::vec(0..4_usize, 0..60), latching: bool
        ) {
            let all = [Raised, Over, Happens::Acknowledged, Reset];
            let (mut life, mut unseen, mut times) = (None, false, 0);
            for (n, at) in events.into_iter().zip(1..) {
                let (before, happens) = (life.clone(), all[n]);
                life = step(life, happens, at, latching);
                let stood = before.as_ref().is_some_and(|life: &Life| life.ended.is_none());
                match happens {
                    Raised if !stood => (unseen, times) = (true, if before.is_none() { 1 } else { times + 1 }),
                    Happens::Acknowledged => unseen = false,
                    _ => {}
                }
                prop_assert_eq!(life.as_ref().is_some_and(|life| life.acknowledged.is_none()), unseen);
                if let Some(life) = &life {
                    prop_assert_eq!(life.times, times);
                    prop_assert!(life.first <= life.since && life.ended.is_none_or(|ended| ended >= life.since));
                }
                let was_latched = before.is_some_and(|life| life.ended.is_some() && latching);
                prop_assert!(!was_latched || life.is_some() || matches!(happens, Reset));
            }
        }
    }
}
