//! What is answered in place of an answer.

use schemars::JsonSchema;
use serde::Serialize;

/// An error (RFC 9457, `application/problem+json`).
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProblemDetails {
    /// The status in words.
    #[schemars(example = &"Not Found")]
    pub title: &'static str,
    /// The status of HTTP.
    #[schemars(example = 404)]
    pub status: u16,
    /// What is wrong, where, and what to do.
    #[schemars(example = &"there is no system \"xx\"")]
    pub detail: String,
}
