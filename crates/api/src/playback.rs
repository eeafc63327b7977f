//! Playback: segments of the past to be played, and instants at which there is something to see.

use crate::json::timestamp;
use domain::time::Utc;
use domain::wire::Wire;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most frames of one segment.
pub const FRAMES_MAX: usize = 256;

/// Which segment.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SegmentRequest {
    /// The system's id; the first one if not given.
    #[schemars(example = &"hv")]
    pub system: Option<String>,
    /// The instant of the first frame: RFC 3339, a date, or ms since 1970.
    #[schemars(example = &"2026-11-20T13:00:00Z")]
    pub from: String,
    /// From one frame to the next, ms; 200 if not given.
    #[schemars(range(min = 1, max = 86_400_000), example = 200)]
    pub step_ms: Option<i64>,
    /// How many frames; 64 if not given.
    #[schemars(range(min = 1, max = 256), example = 8)]
    pub count: Option<usize>,
}

/// A segment of a system's past. The first frame is a key frame, the others follow it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Wire)]
pub struct PlaybackSegment {
    /// Where the next segment begins: right behind this one, or with the next reading, if this one has none.
    pub next: Utc,
    /// The present, by the clock of the server.
    pub now: Utc,
    /// Its frames, oldest first, see [`domain::live`].
    pub frames: Vec<SegmentFrame>,
}

/// One frame of a [`PlaybackSegment`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Wire)]
pub struct SegmentFrame {
    /// Whether every cell is as it was at that instant; else cells are means of their minute, or not known.
    pub whole: bool,
    /// The live frame.
    pub bytes: Vec<u8>,
}

/// What to look for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeekRequest {
    /// The system's id; the first one if not given.
    #[schemars(example = &"hv")]
    pub system: Option<String>,
    /// What to look for.
    #[schemars(example = Sight::Spread)]
    pub to: Sight,
    /// From where: RFC 3339, a date, or ms since 1970.
    #[schemars(example = &"2026-11-20")]
    pub from: String,
    /// Of `spread`: up to where; now if not given.
    #[schemars(example = &"2026-11-21")]
    pub until: Option<String>,
    /// Of `alarm` and `sag`: whether to look backwards.
    #[serde(default)]
    #[schemars(example = false)]
    pub back: bool,
}

/// Something to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Sight {
    /// The next alarm.
    Alarm,
    /// The next sag of the pack voltage.
    Sag,
    /// Where cells are furthest apart.
    Spread,
}

/// What the page is answered: for it, nothing further is no error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Wire)]
pub struct SeekResponse {
    /// When; none if there is nothing further.
    pub at: Option<Utc>,
    /// What is there, or that there is nothing.
    pub words: String,
}

/// An instant of the past to go to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SeekTarget {
    /// When.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "crate::json::Timestamp")]
    pub at: Utc,
    /// What is there, for people.
    pub words: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_segment_comes_back_as_it_was(
            (next, now) in any::<(i64, i64)>(),
            frames in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..20)), 0..8),
        ) {
            let frames = frames.into_iter().map(|(whole, bytes)| SegmentFrame { whole, bytes }).collect();
            let segment = PlaybackSegment { frames, next: Utc(next), now: Utc(now) };
            prop_assert_eq!(PlaybackSegment::from_bytes(&segment.to_bytes()), Ok(segment));
        }

        #[test]
        fn what_is_read_of_any_bytes_can_be_written_and_read_again(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            if let Ok(segment) = PlaybackSegment::from_bytes(&bytes) {
                prop_assert_eq!(PlaybackSegment::from_bytes(&segment.to_bytes()), Ok(segment));
            }
            if let Ok(target) = SeekResponse::from_bytes(&bytes) {
                prop_assert_eq!(SeekResponse::from_bytes(&target.to_bytes()), Ok(target));
            }
        }
    }
}
