//! Instants in queries.

use super::problem::Problem;
use crate::times::parse_instant;

/// Years around 10000, where dates end.
const POSSIBLE_MS: std::ops::Range<i64> = -62_000_000_000_000..250_000_000_000_000;

/// An instant in a query: ms since 1970, RFC 3339, or a date.
pub(super) fn instant(name: &str, text: &str) -> Result<i64, Problem> {
    let at = text.parse::<i64>().or_else(|_| parse_instant(text));
    match at {
        Ok(at_ms) if POSSIBLE_MS.contains(&at_ms) => Ok(at_ms),
        Ok(_) => Err(Problem::bad_parameter(format!("{name}: must be between the years 1 and 9000"))),
        Err(why) => Err(Problem::bad_parameter(format!("{name}: {why}"))),
    }
}
