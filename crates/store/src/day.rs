//! Days of UTC: what files are named after and rollups are kept by.

use domain::time::{civil, days_of};
use std::fmt;
use std::str::FromStr;

/// Length of a day, ms.
pub const DAY_MS: i64 = 86_400_000;

/// A day of UTC, counted from 1970-01-01. Printed and parsed as `2026-11-21`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    /// The day of an instant, ms since 1970-01-01.
    pub fn of(at_ms: i64) -> Day {
        Day(at_ms.div_euclid(DAY_MS) as i32)
    }

    /// Its first millisecond, since 1970-01-01.
    pub fn start_ms(self) -> i64 {
        i64::from(self.0) * DAY_MS
    }

    /// The first millisecond of the next day.
    pub fn end_ms(self) -> i64 {
        self.start_ms() + DAY_MS
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(i64::from(self.0));
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = ();

    fn from_str(text: &str) -> Result<Day, ()> {
        let mut parts = text.split('-').map(|part| part.parse::<i64>().map_err(drop));
        let mut next = || parts.next().ok_or(())?;
        let (year, month, day) = (next()?, next()?, next()?);
        let (Ok(month), Ok(day)) = (u8::try_from(month), u8::try_from(day)) else { return Err(()) };
        if !(0..=9_999).contains(&year) {
            return Err(());
        }
        let found = Day(days_of(year, month, day).ok_or(())? as i32);
        // Refuses any other way of writing it.
        if found.to_string() == text { Ok(found) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_names_and_names_their_days() {
        for (day, name) in [(0, "1970-01-01"), (-1, "1969-12-31"), (20_778, "2026-11-21"), (19_782, "2024-02-29")] {
            assert_eq!(Day(day).to_string(), name);
            assert_eq!(name.parse(), Ok(Day(day)));
        }
        for day in -40_000..80_000 {
            assert_eq!(Day(day).to_string().parse(), Ok(Day(day)));
        }
        for text in ["2026-02-30", "2026-13-01", "2026-1-01", "2026-11", "x", "", "2026-11-21-1", "2026-11-21 "] {
            assert_eq!(text.parse::<Day>(), Err(()), "{text}");
        }
    }

    #[test]
    fn an_instant_before_1970_lies_in_its_day_too() {
        for (at_ms, day) in [(0, 0), (DAY_MS - 1, 0), (DAY_MS, 1), (-1, -1)] {
            assert_eq!(Day::of(at_ms), Day(day));
            assert!((Day(day).start_ms()..Day(day).end_ms()).contains(&at_ms));
        }
    }
}
