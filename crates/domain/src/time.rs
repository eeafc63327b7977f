//! Two clocks, never mixed: UTC for records, a monotonic one for ages and deadlines.

use std::ops::{Add, Sub};
use std::time::Duration;

/// A point in UTC, in microseconds since 1970-01-01. What is stored and shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Utc(pub i64);

/// A point on the server's monotonic clock, in microseconds; the process started at [`Mono::START`]. Zero means "never".
///
/// Ages, time-outs and delays use it alone: a stepped wall clock must not make a reading older.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(pub u64);

/// Year, month and day of a day counted from 1970-01-01.
///
/// After Howard Hinnant's civil_from_days: years begin in March, so that a leap day is a year's last.
pub fn civil(days: i64) -> (i64, u8, u8) {
    let days = days.saturating_add(719_468);
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month as u8, day as u8)
}

/// The day with this year, month and day, counted from 1970-01-01; `None` if there is no such day.
pub fn days_of(year: i64, month: u8, day: u8) -> Option<i64> {
    if !(-1_000_000..=1_000_000).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let (month_0, years) = if month > 2 { (i64::from(month) - 3, year) } else { (i64::from(month) + 9, year - 1) };
    let era = years.div_euclid(400);
    let of_era = years.rem_euclid(400);
    let of_year = (153 * month_0 + 2) / 5 + i64::from(day) - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    // Refuses the 31st of a short month.
    (civil(days) == (year, month, day)).then_some(days)
}

/// An instant written as a number since 1970-01-01 UTC, in ms. Seconds, milliseconds, microseconds and nanoseconds are told
/// apart by size: each is taken for the unit in which it lies between 1980 and 2100. `None` if there is none.
pub fn epoch_ms(number: f64) -> Option<i64> {
    const YEARS_S: std::ops::Range<f64> = 315_532_800.0..4_102_444_800.0;
    let per_s = [1.0, 1e3, 1e6, 1e9].into_iter().find(|per_s| YEARS_S.contains(&(number / per_s)))?;
    Some((number / per_s * 1e3).round() as i64)
}

/// The instant that [`rfc3339`] wrote; also without the fraction of the second, or with more digits of it.
pub fn from_rfc3339(text: &str) -> Option<Utc> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let numbers = |text: &str, between: char| -> Option<[i64; 3]> {
        let mut parts = text.split(between).map(|part| {
            let digits = part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<i64>().ok().filter(|_| digits)
        });
        let three = [parts.next()??, parts.next()??, parts.next()??];
        parts.next().is_none().then_some(three)
    };
    let ([year, month, day], [hour, minute, second]) = (numbers(date, '-')?, numbers(clock, ':')?);
    if hour > 23 || minute > 59 || second > 59 || fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let micros = format!("{fraction:0<6}").get(..6)?.parse::<i64>().ok()?;
    let days = days_of(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)?;
    Some(Utc((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000 + micros))
}

/// An instant as RFC 3339 in UTC with milliseconds: `2026-11-21T13:04:05.678Z`.
pub fn rfc3339(at: Utc) -> String {
    let (days, in_day_ms) = ((at.0 / 1_000).div_euclid(86_400_000), (at.0 / 1_000).rem_euclid(86_400_000));
    let (year, month, day) = civil(days);
    let (s, ms) = (in_day_ms / 1_000, in_day_ms % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{ms:03}Z", s / 3_600, s / 60 % 60, s % 60)
}

/// The same instant on both clocks, taken once per cycle or per received packet and passed down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// The instant for records.
    pub utc: Utc,
    /// The instant for ages.
    pub mono: Mono,
}

impl Mono {
    /// The start of the process. A day after zero, because a value can be older than the process that receives it.
    pub const START: Mono = Mono(86_400_000_000);

    /// Time from `earlier` to this instant; zero if `earlier` is later.
    pub fn since(self, earlier: Mono) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// Seconds from `earlier` to this instant; zero if `earlier` is later.
    pub fn seconds_since(self, earlier: Mono) -> f32 {
        self.since(earlier).as_secs_f32()
    }
}

impl Add<Duration> for Mono {
    type Output = Mono;
    fn add(self, after: Duration) -> Mono {
        Mono(self.0.saturating_add(after.as_micros() as u64))
    }
}

impl Sub<Duration> for Mono {
    type Output = Mono;
    /// Never before the first instant that is not "never".
    fn sub(self, before: Duration) -> Mono {
        Mono(self.0.saturating_sub(u64::try_from(before.as_micros()).unwrap_or(u64::MAX)).max(1))
    }
}

impl Add<Duration> for Utc {
    type Output = Utc;
    fn add(self, after: Duration) -> Utc {
        Utc(self.0.saturating_add(after.as_micros() as i64))
    }
}

impl Sub<Duration> for Utc {
    type Output = Utc;
    fn sub(self, before: Duration) -> Utc {
        Utc(self.0.saturating_sub(before.as_micros() as i64))
    }
}

impl Add<Duration> for Now {
    type Output = Now;
    fn add(self, after: Duration) -> Now {
        Now { utc: self.utc + after, mono: self.mono + after }
    }
}

impl Sub<Duration> for Now {
    type Output = Now;
    fn sub(self, before: Duration) -> Now {
        Now { utc: self.utc - before, mono: self.mono - before }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_instants_in_the_unit_that_their_size_tells() {
        for (number, ms) in [
            (1_792_881_000.0, Some(1_792_881_000_000)),
            (1_792_881_000.25, Some(1_792_881_000_250)),
            (1_792_881_000_200.0, Some(1_792_881_000_200)),
            (1_792_881_000_200_000.0, Some(1_792_881_000_200)),
            (1_792_881_000_200_000_000.0, Some(1_792_881_000_200)),
            (0.0, None),
            (46_000.0, None),
            (-1_792_881_000.0, None),
            (f64::NAN, None),
        ] {
            assert_eq!(epoch_ms(number), ms, "{number}");
        }
    }

    #[test]
    fn an_age_is_never_negative() {
        assert_eq!(Mono(5).since(Mono(9)), Duration::ZERO);
        assert_eq!(Mono(2_500_000).seconds_since(Mono(500_000)), 2.0);
    }

    #[test]
    fn what_is_older_than_the_process_keeps_its_age() {
        let hour = Duration::from_secs(3_600);
        assert_eq!(Mono::START.since(Mono::START - hour), hour);
        assert_eq!((Mono(5) - hour, Mono(5) - Duration::MAX), (Mono(1), Mono(1)), "and is never \"never\"");
    }

    #[test]
    fn an_instant_is_read_as_it_is_written() {
        for at in [0, 1_760_000_000_123_000, -1_000, 951_782_400_000_000, 4_102_444_800_000_000] {
            assert_eq!(from_rfc3339(&rfc3339(Utc(at))), Some(Utc(at)));
        }
        assert_eq!(from_rfc3339("2026-11-21T13:04:05Z"), from_rfc3339("2026-11-21T13:04:05.000000Z"));
        for wrong in [
            "",
            "Z",
            "2026-11-21",
            "2026-11-21T13:04:05",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T13:04:05.Z",
            "2026-11-21T13:04:05.xZ",
            "2026-11-21T13:04Z",
            "+2026-11-21T13:04:05Z",
            "2026-11-21T13:04:05:06Z",
            "99999999999999-01-01T00:00:00Z",
        ] {
            assert_eq!(from_rfc3339(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn timestamps_are_rfc_3339() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_760_309_299, "2025-10-12T22:48:19.000Z"),
            (-1, "1969-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(rfc3339(Utc(seconds * 1_000_000)), text);
        }
        assert_eq!(rfc3339(Utc(1_760_309_299_123_999)), "2025-10-12T22:48:19.123Z");
    }
}
