//! Films are fetched ahead of the head: one at a time, and an answer for another place is worthless.

use super::super::buffer::SegmentBuffer;
use super::{FRAMES_A_SECOND, Player};
use crate::fetch::{self, FetchError};
use ::api::playback::PlaybackSegment;
use leptos::prelude::*;
use std::sync::Arc;

/// The finest step of a segment, ms: finer than any source.
const FINEST_STEP_MS: f64 = 50.0;
/// Cells whose snapshots may wait in memory.
const CELLS_AHEAD: usize = 32_000;
/// A still picture has this much before and behind it, for single steps, ms.
const STILL_MS: f64 = 3_000.0;

impl Player {
    /// Asks for the segment that follows the buffer, if none is on its way.
    pub(super) fn fetch(self) {
        if self.flight.busy() && self.inner.with_value(|inner| inner.requested == inner.seek) {
            return;
        }
        let (playing, speed) = (self.playing.get_untracked(), self.speed.get_untracked());
        let head_ms = self.head_ms.get_untracked();
        let Some((seek, from_ms, count, system)) = self.inner.try_update_value(|inner| {
            inner.requested = inner.seek;
            let cells = inner.spec.topology.cells().max(260);
            let count = (CELLS_AHEAD / cells).clamp(16, 128);
            let still_ms = STILL_MS.min(count as f64 * FINEST_STEP_MS / 2.0);
            let from_ms = if playing { inner.buffer.reaches_ms() } else { head_ms - still_ms };
            (inner.seek, from_ms, count, inner.spec.id.clone())
        }) else {
            return;
        };
        let step_ms = if playing { (1e3 / FRAMES_A_SECOND * speed).max(FINEST_STEP_MS) } else { FINEST_STEP_MS };
        let path = format!(
            "/api/v1/playback/frames?system={system}&from={}&step_ms={}&count={count}",
            from_ms as i64, step_ms as i64,
        );
        self.flight.ask(move || {
            let path = path.clone();
            async move {
                let segment = fetch::get::<PlaybackSegment>(path).await;
                let outcome = segment.as_ref().map(drop).map_err(Clone::clone);
                // Else the head went elsewhere, and another segment was asked for.
                if self.inner.with_value(|inner| inner.seek == seek) {
                    self.take(segment);
                }
                outcome
            }
        });
    }

    fn take(self, segment: Result<PlaybackSegment, FetchError>) {
        let taken = segment.map_err(|why| why.to_string()).and_then(|segment| {
            let taken = self.inner.try_update_value(|inner| {
                inner.ahead_ms = segment.now.0 as f64 / 1e3 - js_sys::Date::now();
                let spec = Arc::clone(&inner.spec);
                if !self.playing.get_untracked() {
                    // The segment of a still picture has all of it, and may know more than the one before: what was written
                    // a moment ago is rows first, and then all that was known.
                    inner.buffer = SegmentBuffer::new(self.head_ms.get_untracked());
                }
                inner.buffer.add(&segment, &spec)
            });
            match taken {
                Some(Err(error)) => Err(format!("The past cannot be read ({error})")),
                _ => Ok(segment),
            }
        });
        match taken {
            Ok(segment) if self.playing.get_untracked() && segment.frames.is_empty() => {
                self.skip(segment.next.0 as f64 / 1e3)
            }
            Ok(_) => {}
            Err(words) => {
                self.message.set(words);
                self.playing.set(false);
            }
        }
        if !self.playing.get_untracked() {
            self.show();
        }
    }

    /// Nothing was recorded up to an instant: the head goes there.
    fn skip(self, to_ms: f64) {
        let without_s = ((to_ms - self.head_ms.get_untracked()) / 1e3).max(0.0);
        if without_s > 5.0 {
            self.message.set(format!("Skipped {} without readings", crate::format::age(without_s as f32)));
        }
        self.head_ms.set(to_ms);
    }
}
