//! Recordings of CAN links.

use crate::json::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// The recording of a link: only `file`, as null, if there is none.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RecordingResponse {
    /// Name of the file.
    pub file: Option<String>,
    /// How the recording does.
    #[serde(flatten)]
    pub progress: Option<RecordingProgress>,
}

/// How a recording does.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RecordingProgress {
    /// When its first frame was received; null before it.
    pub since: Option<Timestamp>,
    /// Frames in it.
    pub frames: u64,
    /// Its size, bytes.
    pub bytes: u64,
    /// Frames that are not in it, because the disk was too slow.
    pub dropped: u64,
    /// Whether it has reached its limit, and ended.
    pub full: bool,
    /// Why it ended by itself, in words; null if it did not.
    pub error: Option<String>,
}

/// Every recording that is kept.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RecordingsResponse {
    /// The files, newest first.
    pub recordings: Vec<RecordingFile>,
    /// How many are kept at most.
    pub most: usize,
    /// Their size together, bytes.
    pub bytes: u64,
    /// The most that they may take together, bytes.
    pub bytes_most: u64,
}

/// A recording.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RecordingFile {
    /// Name of the file.
    pub name: String,
    /// Its size, bytes.
    pub bytes: u64,
    /// When it was written to last.
    pub changed: Timestamp,
}
