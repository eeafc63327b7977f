//! The parameters of `/victron/battery/history`, and what is wrong with them in words.

use domain::plain::quoted;
use std::ops::RangeInclusive;

const HOURS: RangeInclusive<u32> = 1..=72;
const LIMIT: RangeInclusive<u32> = 1..=1_000;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HistoryQuery {
    /// How far back, h.
    pub(super) hours: u32,
    /// The most readings.
    pub(super) limit: usize,
}

impl HistoryQuery {
    /// Reads the part of an address after the question mark.
    ///
    /// # Errors
    /// A name that is not known or comes twice, or a value that is no whole number or outside its range: in words.
    pub(super) fn parse(query: &str) -> Result<HistoryQuery, String> {
        let (mut hours, mut limit) = (None, None);
        for field in query.split('&').filter(|field| !field.is_empty()) {
            let (name, text) = field.split_once('=').unwrap_or((field, ""));
            let (index, range) = match name {
                "hours" => (&mut hours, HOURS),
                "limit" => (&mut limit, LIMIT),
                _ => return Err(format!("there is no parameter {}; there are hours and limit", quoted(name))),
            };
            let (low, high) = (range.start(), range.end());
            let value = text.parse().ok().filter(|value| range.contains(value));
            let value =
                value.ok_or_else(|| format!("{name}: {} is not a whole number from {low} to {high}", quoted(text)))?;
            if index.replace(value).is_some() {
                return Err(format!("{name} is given twice"));
            }
        }
        Ok(HistoryQuery { hours: hours.unwrap_or(24), limit: limit.unwrap_or(100) as usize })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_whole_numbers_in_their_ranges() {
        for (query, hours, limit) in
            [("", 24, 100), ("hours=1", 1, 100), ("limit=1000&hours=72", 72, 1_000), ("&limit=1&", 24, 1)]
        {
            assert_eq!(HistoryQuery::parse(query), Ok(HistoryQuery { hours, limit }), "{query}");
        }
        for (query, expected) in [
            ("hours=0", "hours: \"0\" is not a whole number from 1 to 72"),
            ("hours=73", "from 1 to 72"),
            ("hours=-1", "from 1 to 72"),
            ("hours=1.5", "from 1 to 72"),
            ("hours=", "hours: \"\""),
            ("hours", "hours: \"\""),
            ("hours=two", "\"two\""),
            ("limit=0", "from 1 to 1000"),
            ("limit=1001", "from 1 to 1000"),
            ("limit=99999999999999999999", "from 1 to 1000"),
            ("hours=24&hours=24", "hours is given twice"),
            ("colour=red", "no parameter \"colour\""),
        ] {
            let words = HistoryQuery::parse(query).unwrap_err();
            assert!(words.contains(expected), "{query}: {words}");
        }
    }
}
