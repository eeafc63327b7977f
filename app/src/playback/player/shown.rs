//! What the page shows of the past: the snapshot at the head, older with every frame where there is no newer one.

use super::{FRAMES_A_SECOND, PRESENT_MS, Player, Shown, performance_ms};
use crate::fetch::NO_SERVER;
use crate::live::aged;
use domain::time::Utc;
use domain::twin::Snapshot;
use leptos::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// A frame that took longer than this was not seen: the tab was hidden, ms.
const LONGEST_FRAME_MS: f64 = 250.0;
/// Said of a snapshot that is made of rows and minutes.
const MEANS: &str = "Cells are means of their minute";
/// Said of an instant without a snapshot.
const NOTHING: &str = "Nothing was recorded at this instant";

impl Shown {
    fn at_ms(self) -> f64 {
        match self {
            Shown::Recorded(at_ms, _) | Shown::Aged(at_ms) => at_ms,
        }
    }
}

impl Player {
    /// Plays, frame by frame, until it stands still.
    pub(super) fn run(self) {
        request_animation_frame(move || {
            if self.playing.try_get_untracked() == Some(true) {
                self.frame();
                self.run();
            }
        });
    }

    fn frame(self) {
        let (speed, head_ms) = (self.speed.get_untracked(), self.head_ms.get_untracked());
        let now_ms = performance_ms();
        let Some((passed_ms, reaches_ms)) = self.inner.try_update_value(|inner| {
            let passed_ms = (now_ms - std::mem::replace(&mut inner.frame_ms, now_ms)).clamp(0.0, LONGEST_FRAME_MS);
            inner.buffer.forget_before(head_ms);
            (passed_ms, inner.buffer.reaches_ms())
        }) else {
            return;
        };
        let head_ms = (head_ms + passed_ms * speed).min(reaches_ms.max(head_ms));
        self.head_ms.set(head_ms);
        if head_ms > self.present_ms() - PRESENT_MS {
            return self.go_live();
        }
        self.show();
        // Two seconds of the reader's are enough to fetch the next segment in.
        if reaches_ms - head_ms < 2_000.0 * speed {
            self.fetch();
        }
    }

    /// Hands the page the snapshot at the head; in a gap the last one, as old as it is.
    pub(super) fn show(self) {
        let head_ms = self.head_ms.get_untracked();
        let stands_ms = (1e3 / FRAMES_A_SECOND * self.speed.get_untracked()).max(1_000.0) + PRESENT_MS;
        let found = self.inner.with_value(|inner| {
            let keyframe = inner
                .buffer
                .at(head_ms)
                .map(|keyframe| (keyframe.at_ms, Arc::clone(&keyframe.snapshot), keyframe.whole));
            (keyframe, inner.shown, Arc::clone(&inner.spec))
        });
        let asked = self.inner.with_value(|inner| inner.buffer.knows(head_ms));
        if found.0.is_none() && !asked && !self.playing.get_untracked() {
            return self.stay();
        }
        let (shown, snapshot) = match found {
            (Some((at_ms, snapshot, whole)), shown, _) => {
                let gone = Duration::from_secs_f64(((head_ms - at_ms) / 1e3).max(0.0));
                match aged(&snapshot, gone, Duration::from_secs_f64(stands_ms / 1e3)) {
                    // An old snapshot changes as it ages, but not with every frame.
                    Some(aged) if shown.is_none_or(|shown| (head_ms - shown.at_ms()).abs() > 500.0) => {
                        (Shown::Aged(head_ms), Arc::new(aged))
                    }
                    None if shown != Some(Shown::Recorded(at_ms, whole)) => {
                        self.tell(whole);
                        (Shown::Recorded(at_ms, whole), snapshot)
                    }
                    _ => return,
                }
            }
            (None, Some(_), _) if self.playing.get_untracked() => return,
            (None, _, spec) => {
                self.message.set(NOTHING.to_owned());
                (Shown::Aged(head_ms), Arc::new(Snapshot::unknown(&spec, Utc((head_ms * 1e3) as i64))))
            }
        };
        self.inner.update_value(|inner| (inner.shown, inner.pending) = (Some(shown), None));
        self.live.show(snapshot);
    }

    /// What there was at the head could not be asked: the page keeps the snapshot that it shows, and the head goes there.
    fn stay(self) {
        if self.live.past.get_untracked() {
            self.head_ms.set(self.live.snapshot.get_untracked().now.utc.0 as f64 / 1e3);
            self.remember();
        }
    }

    /// Takes back what was said of a server that could not be reached, and asks again; goes where the address has asked
    /// meanwhile.
    pub(super) fn server_is_back(self) {
        if let Some(at) = self.inner.with_value(|inner| inner.pending) {
            return self.seek_asked(at.0 as f64 / 1e3);
        }
        if self.message.with_untracked(|message| message != NO_SERVER) {
            return;
        }
        self.message.set(String::new());
        if self.live.past.get_untracked() && !self.playing.get_untracked() {
            self.fetch();
        }
    }

    /// Says what is not as it was.
    fn tell(self, whole: bool) {
        let message = self.message.get_untracked();
        if !whole && (message.is_empty() || message == NOTHING) {
            self.message.set(MEANS.to_owned());
        } else if whole && (message == MEANS || message == NOTHING) {
            self.message.set(String::new());
        }
    }
}
