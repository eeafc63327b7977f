//! The instant in the address: written there, and read from there.

use super::Player;
use crate::address::Leave;
use crate::live::{AT, address_of, instant, wrong_instant};
use domain::time::{Utc, rfc3339};
use leptos::prelude::*;

impl Player {
    /// Writes the instant into the address and into those of all pages, when the head has rested.
    pub(super) fn remember(self) {
        self.writer.write(move |here| {
            let past = self.live.past.get_untracked();
            // To the millisecond, as it stands there.
            let head = Utc(self.head_ms.get_untracked() as i64 * 1_000);
            let at = if past { Some(head) } else { self.inner.with_value(|inner| inner.pending) };
            self.inner.update_value(|inner| inner.written = at);
            self.navigation.carry(at.map(|at| (AT, rfc3339(at))));
            (instant(here) != at).then(|| address_of(here, at))
        });
    }

    /// After a jump: the way back leads to what was shown before it.
    pub(in crate::playback) fn leave_entry(self, at: Utc) {
        // A jump to what has just been leads to the present.
        if (self.head_ms.get_untracked() - at.0 as f64 / 1e3).abs() >= 1.0 {
            return;
        }
        // To the millisecond, as it stands in the address.
        let at = Utc(at.0.div_euclid(1_000) * 1_000);
        self.inner.update_value(|inner| inner.written = Some(at));
        self.navigation.carry(Some((AT, rfc3339(at))));
        let here = self.navigation.here();
        self.navigation.go(&address_of(&here, Some(at)), Leave::Step);
    }

    /// Goes where the address says: on the way back, or when somebody typed it.
    pub(super) fn follow_address(self) {
        Effect::new(move |_| {
            let address = self.navigation.at();
            let there = instant(&address);
            let known = self.inner.try_update_value(|inner| std::mem::replace(&mut inner.written, there) == there);
            match (known, there) {
                (Some(true), _) | (None, _) => {}
                (_, Some(at)) => self.seek_asked(at.0 as f64 / 1e3),
                (_, None) if self.live.past.get_untracked() => self.go_live(),
                (_, None) => {}
            }
            if let Some(words) = wrong_instant(&address) {
                self.message.set(words);
            }
        });
    }
}
