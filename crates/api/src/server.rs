//! How the server itself does.

use schemars::JsonSchema;
use serde::Serialize;

/// Who is connected, what the limits are, what was refused.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ServerResponse {
    /// Version of the program.
    #[schemars(example = &"0.1.0")]
    pub version: &'static str,
    /// Connections.
    pub connections: Capacity,
    /// Pages that follow the live stream.
    pub viewers: Capacity,
    /// What keeps a query in SQL to the files of history, in words.
    pub sql: &'static str,
    /// Counters since the start.
    pub since_start: Counters,
}

/// Capacity.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Capacity {
    /// How many are taken.
    pub open: usize,
    /// How many there are.
    pub most: usize,
}

/// Counters since the start.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Counters {
    /// Connections that were refused: there was no room.
    pub connections_turned_away: u64,
    /// Idle connections that were closed for others.
    pub idle_connections_closed: u64,
    /// Readers that took nothing for too long.
    pub stalled_readers_cut: u64,
    /// Viewers that took nothing for too long.
    pub viewers_dropped: u64,
    /// Requests that were refused: too many of their kind at once.
    pub requests_without_a_place: u64,
    /// Mistakes of the server itself.
    pub panics: u64,
}

/// Which build the server is, and the formats that it speaks.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct VersionResponse {
    /// Version of the program.
    #[schemars(example = &"0.1.0")]
    pub version: &'static str,
    /// Build of the page. A page with another one is out of date.
    pub build: String,
    /// Of the HTTP API: the number in its addresses.
    pub api: u8,
    /// Of the frames of the live stream.
    pub live_format: u8,
    /// The oldest format of frames that the history may hold and this program reads.
    pub live_format_oldest: u8,
    /// Of the API's binary answers.
    pub binary_format: u8,
}
