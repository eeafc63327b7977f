//! Instants as people write them, and rows as CSV.

use domain::point::PointId;
use domain::telemetry::column_name;
use domain::time::Utc;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use std::fmt::Write as _;
use store::Block;

/// An instant, ms since 1970-01-01 UTC: `2026-11-21T13:04:05Z`, another offset, or a date and time without one, which
/// are UTC; the time may be left out.
///
/// # Errors
/// Says what was given and what can be.
pub(crate) fn parse_instant(text: &str) -> Result<i64, String> {
    let text = text.trim();
    let at = (text.parse::<Timestamp>().ok())
        .or_else(|| utc(text.parse::<DateTime>().ok()?))
        .or_else(|| utc(text.parse::<Date>().ok()?.to_datetime(jiff::civil::Time::midnight())));
    at.map(|at| at.as_millisecond()).ok_or_else(|| {
        format!(
            "{} is no instant: write 2026-11-21, 2026-11-21T13:04:05Z or 2026-11-21T14:04:05+01:00",
            domain::plain::quoted(text)
        )
    })
}

fn utc(at: DateTime) -> Option<Timestamp> {
    at.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// An instant, ms since 1970-01-01 UTC, as RFC 3339 in UTC with milliseconds.
pub(crate) fn rfc3339(at_ms: i64) -> String {
    domain::time::rfc3339(Utc(at_ms.saturating_mul(1_000)))
}

/// The first line of a CSV file with these columns.
pub(crate) fn csv_header(points: &[PointId]) -> String {
    let mut line = "timestamp".to_owned();
    for point in points {
        let _ = write!(line, ",{}", column_name(*point));
    }
    line.push_str("\r\n");
    line
}

/// One row of a CSV file; a value that is not there is left empty.
pub(crate) fn csv_row(line: &mut String, rows: &Block, index: usize, points: &[PointId]) {
    line.push_str(&rfc3339(rows.at_ms()[index]));
    for point in points {
        line.push(',');
        if let Some(value) = rows.column(*point).map(|values| values[index]).filter(|value| !value.is_nan()) {
            let _ = write!(line, "{value}");
        }
    }
    line.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_people_write_them() {
        for (text, at_ms) in [
            ("1970-01-02", Ok(86_400_000)),
            ("1970-01-01T01:00:00+01:00", Ok(0)),
            ("1970-01-01 00:00:01.5", Ok(1_500)),
            ("1970-01-01T00:00:02Z", Ok(2_000)),
            ("yesterday", Err(())),
            ("2026-02-30", Err(())),
            ("", Err(())),
        ] {
            assert_eq!(parse_instant(text).map_err(drop), at_ms, "{text}");
        }
        assert_eq!(rfc3339(1_500), "1970-01-01T00:00:01.500Z");
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_row_is_a_line_with_empty_places() {
        let points = [PointId::Soc, PointId::Voltage];
        let columns = [(PointId::Soc, vec![50.25, f32::NAN]), (PointId::Voltage, vec![832.1, 832.0])];
        let rows = Block::from_columns(vec![0, 200], columns);
        let mut text = csv_header(&points);
        (0..2).for_each(|index| csv_row(&mut text, &rows, index, &points));
        let expected =
            "timestamp,soc,pack_voltage\r\n1970-01-01T00:00:00.000Z,50.25,832.1\r\n1970-01-01T00:00:00.200Z,,832\r\n";
        assert_eq!(text, expected);
    }
}
