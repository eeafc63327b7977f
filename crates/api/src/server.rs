//! How the server itself does, and how it is protected.

use crate::json::{Timestamp, timestamp};
use domain::time::Utc;
use domain::wire::Wire;
use schemars::JsonSchema;
use serde::Serialize;

/// Who is connected, what the limits are, what was refused, how the server is protected.
#[derive(Clone, Debug, PartialEq, Eq, Wire, Serialize, JsonSchema)]
pub struct ServerResponse {
    /// Version of the program.
    #[schemars(example = &"0.1.0")]
    pub version: String,
    /// Connections.
    pub connections: Capacity,
    /// Pages that follow the live stream.
    pub viewers: Capacity,
    /// What keeps a query in SQL to the files of history, in words.
    pub sql: String,
    /// How the server is reached and protected; null for who is not signed in and has no token.
    pub security: Option<SecurityState>,
    /// Counters since the start.
    pub since_start: Counters,
}

/// How the server is reached and protected.
#[derive(Clone, Debug, PartialEq, Eq, Wire, Serialize, JsonSchema)]
pub struct SecurityState {
    /// The address that it listens on.
    #[schemars(example = &"0.0.0.0:3000")]
    pub listens: String,
    /// Whether it speaks TLS itself.
    pub tls: bool,
    /// Its certificate; null without TLS of its own.
    pub certificate: Option<CertificateEntry>,
    /// Addresses and networks of the proxies that are believed what they say of who asks.
    #[schemars(example = &["10.0.3.7"])]
    pub proxies: Vec<String>,
    /// Names and addresses by which it answers, besides `localhost` and the address of the connection.
    #[schemars(example = &["hall2.example.com"])]
    pub names: Vec<String>,
    /// Whether one may look without signing in.
    pub reading_open: bool,
    /// How this request came in.
    pub connection: ConnectionState,
}

/// A certificate of TLS.
#[derive(Clone, Debug, PartialEq, Eq, Wire, Serialize, JsonSchema)]
pub struct CertificateEntry {
    /// The names and addresses that it is for.
    #[schemars(example = &["localhost", "192.0.2.7"])]
    pub names: Vec<String>,
    /// From when it is good.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub begins: Utc,
    /// Until when it is good.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub ends: Utc,
    /// Its SHA-256 fingerprint, as browsers show it.
    #[schemars(example = &"9F:86:D0:81:88:4C:7D:65:9A:2F:EA:A0:C5:5A:D0:15:A3:BF:4F:1B:2B:0B:82:2C:D1:5D:6C:15:B0:F0:0A:08")]
    pub sha256: String,
    /// Whether Packtwin has made it: then nobody vouches for it, and whoever meets it first compares the fingerprint.
    pub made_by_packtwin: bool,
}

/// How a request came in.
#[derive(Clone, Debug, PartialEq, Eq, Wire, Serialize, JsonSchema)]
pub struct ConnectionState {
    /// Whether nobody else can read it.
    pub secure: bool,
    /// From which address; `0.0.0.0` if a proxy does not say.
    #[schemars(example = &"192.0.2.40")]
    pub address: String,
}

/// Capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire, Serialize, JsonSchema)]
pub struct Capacity {
    /// How many are taken.
    pub open: u64,
    /// How many there are.
    pub most: u64,
}

/// Counters since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire, Serialize, JsonSchema)]
pub struct Counters {
    /// Connections that were refused: there was no room.
    pub connections_turned_away: u64,
    /// Idle connections that were closed for others.
    pub idle_connections_closed: u64,
    /// TLS handshakes that were not done, or not in time.
    pub tls_handshakes_failed: u64,
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
