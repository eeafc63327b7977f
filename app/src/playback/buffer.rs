//! Snapshots that wait to be shown, and which one it is. Pure: the player brings the time.

use ::api::playback::PlaybackSegment;
use domain::live::{Decoder, LiveError};
use domain::spec::SystemSpec;
use domain::twin::Snapshot;
use std::collections::VecDeque;
use std::sync::Arc;

/// A snapshot of the past.
#[derive(Clone, Debug)]
pub struct Keyframe {
    /// When, ms since 1970-01-01 UTC.
    pub at_ms: f64,
    /// What was known then.
    pub snapshot: Arc<Snapshot>,
    /// Whether every cell is as it was; else cells are means of their minute, or not known.
    pub whole: bool,
}

/// Snapshots in the order of time, and how far they reach.
#[derive(Clone, Debug, Default)]
pub struct SegmentBuffer {
    keyframes: VecDeque<Keyframe>,
    reaches_ms: f64,
}

/// Snapshots that were shown are kept for so many more, for a step back.
const KEPT: usize = 16;

impl SegmentBuffer {
    /// Nothing yet; the first segment will begin at `from_ms`.
    pub fn new(from_ms: f64) -> SegmentBuffer {
        SegmentBuffer { keyframes: VecDeque::new(), reaches_ms: from_ms }
    }

    /// Up to which instant it is known what there is, ms since 1970-01-01 UTC.
    pub fn reaches_ms(&self) -> f64 {
        self.reaches_ms
    }

    /// Whether it is known what there was at an instant, be it nothing.
    pub fn knows(&self, at_ms: f64) -> bool {
        at_ms < self.reaches_ms
    }

    /// Takes the segment that begins where this buffer ends.
    ///
    /// # Errors
    /// A frame cannot be read; those before it are taken.
    pub fn add(&mut self, segment: &PlaybackSegment, spec: &SystemSpec) -> Result<(), LiveError> {
        let mut decoder = Decoder::of(spec);
        for frame in &segment.frames {
            decoder.decode(&frame.bytes)?;
            let snapshot = decoder.snapshot();
            // To the millisecond, as instants are written everywhere.
            let at_ms = snapshot.now.utc.0.div_euclid(1_000) as f64;
            // The first one holds at the segment's start, and may be known already.
            if self.keyframes.back().is_none_or(|last| last.at_ms < at_ms) {
                self.keyframes.push_back(Keyframe { at_ms, snapshot: Arc::new(snapshot.clone()), whole: frame.whole });
            }
        }
        self.reaches_ms = self.reaches_ms.max(segment.next.0 as f64 / 1e3);
        Ok(())
    }

    /// The newest snapshot at or before an instant.
    pub fn at(&self, at_ms: f64) -> Option<&Keyframe> {
        self.keyframes.get(self.after(at_ms).checked_sub(1)?)
    }

    /// The instant of the snapshot that follows `at_ms`, or with `back` of the one before the one that holds then.
    pub fn beside(&self, at_ms: f64, back: bool) -> Option<f64> {
        let after = self.after(at_ms);
        let place = if back { after.checked_sub(2)? } else { after };
        self.keyframes.get(place).map(|keyframe| keyframe.at_ms)
    }

    /// Forgets what was before an instant, but for the last few.
    pub fn forget_before(&mut self, at_ms: f64) {
        self.keyframes.drain(..self.after(at_ms).saturating_sub(KEPT));
    }

    /// The place of the first snapshot after an instant.
    fn after(&self, at_ms: f64) -> usize {
        self.keyframes.partition_point(|keyframe| keyframe.at_ms <= at_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{snapshot, spec};
    use ::api::playback::SegmentFrame;
    use domain::live::Encoder;
    use domain::time::Utc;

    fn segment(at_ms: &[i64], next_ms: i64) -> PlaybackSegment {
        let mut encoder = Encoder::new(&spec());
        let mut frame = |at: &i64| {
            let mut snapshot = snapshot();
            snapshot.now.utc = Utc(at * 1_000);
            SegmentFrame { whole: true, bytes: encoder.encode(&snapshot).delta }
        };
        let frames = at_ms.iter().map(&mut frame).collect();
        PlaybackSegment { frames, next: Utc(next_ms * 1_000), now: Utc(0) }
    }

    #[test]
    fn the_newest_snapshot_that_is_not_later_is_shown() {
        let mut buffer = SegmentBuffer::new(1_000.0);
        buffer.add(&segment(&[900, 1_100, 1_300], 2_000), &spec()).unwrap();
        for (at_ms, shown) in [(800.0, None), (1_000.0, Some(900.0)), (1_100.0, Some(1_100.0)), (9e9, Some(1_300.0))] {
            assert_eq!(buffer.at(at_ms).map(|keyframe| keyframe.at_ms), shown);
        }
        assert_eq!((buffer.beside(1_150.0, false), buffer.beside(1_150.0, true)), (Some(1_300.0), Some(900.0)));
        assert_eq!((buffer.beside(1_300.0, false), buffer.beside(950.0, true)), (None, None));
    }

    #[test]
    fn that_there_was_nothing_is_known_only_of_what_was_asked() {
        let mut buffer = SegmentBuffer::new(1_000.0);
        assert!(!buffer.knows(1_000.0), "no segment came");
        buffer.add(&segment(&[], 2_000), &spec()).unwrap();
        assert!(buffer.knows(1_000.0) && buffer.at(1_000.0).is_none() && !buffer.knows(2_000.0));
    }

    #[test]
    fn the_next_segment_joins_without_showing_a_snapshot_twice() {
        let mut buffer = SegmentBuffer::new(0.0);
        buffer.add(&segment(&[0, 200], 400), &spec()).unwrap();
        buffer.add(&segment(&[200, 400], 600), &spec()).unwrap();
        assert_eq!((buffer.beside(200.0, false), buffer.reaches_ms()), (Some(400.0), 600.0));
        assert_eq!(buffer.keyframes.len(), 3);
    }

    #[test]
    fn what_is_long_past_is_forgotten() {
        let mut buffer = SegmentBuffer::new(0.0);
        let at: Vec<i64> = (0..100).map(|k| k * 200).collect();
        buffer.add(&segment(&at, 20_000), &spec()).unwrap();
        buffer.forget_before(10_000.0);
        assert_eq!(
            (buffer.at(10_000.0).map(|keyframe| keyframe.at_ms), buffer.keyframes.len()),
            (Some(10_000.0), 49 + KEPT)
        );
    }

    #[test]
    fn a_segment_that_cannot_be_read_is_an_error() {
        let broken = PlaybackSegment {
            frames: vec![SegmentFrame { whole: true, bytes: vec![9, 9] }],
            ..PlaybackSegment::default()
        };
        assert!(SegmentBuffer::new(0.0).add(&broken, &spec()).is_err());
    }
}
