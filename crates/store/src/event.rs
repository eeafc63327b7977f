//! What happened, for people: kept for as long as the database.

/// Something that happened to a system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, ms since 1970-01-01 UTC.
    pub at_ms: i64,
    /// What: `raised`, `cleared`.
    pub kind: String,
    /// The alarm rule: `bus.sag`.
    pub rule: String,
    /// How bad: `critical`, `warning`, `info`.
    pub severity: String,
    /// The sentence that people read.
    pub words: String,
}
