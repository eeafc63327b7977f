//! How the columns of an answer read: names of SQL as words with their unit, instants in the reader's time. Pure.

use crate::charts::line::ticks::{clock_words, day_words};
use crate::format::{self, MINUS};
use ::api::analysis::{Column, Kind, Table};
use domain::telemetry::from_column_name;
use domain::time::{civil, from_rfc3339};

/// Ends of names that say a unit, the longer ones first.
const UNITS: [(&str, &str); 18] = [
    ("_v_s", "V/s"),
    ("_kwh", "kWh"),
    ("_kohm", "k\u{3a9}"),
    ("_pct", "%"),
    ("_min", "min"),
    ("_mwh", "MWh"),
    ("_wh", "Wh"),
    ("_kw", "kW"),
    ("_mv", "mV"),
    ("_ms", "ms"),
    ("_ah", "Ah"),
    ("_hz", "Hz"),
    ("_v", "V"),
    ("_a", "A"),
    ("_w", "W"),
    ("_h", "h"),
    ("_s", "s"),
    ("_c", "\u{b0}C"),
];

/// Names that the ready questions give and that are not words by themselves.
const KNOWN: [(&str, &str, &str); 1] = [("lowest_pct_of_time", "Share of the time as the lowest", "%")];

/// A column's name in words, and its unit: `Lowest voltage`, `V` of `lowest_voltage_v`. What is no such name is left as
/// its author wrote it.
pub(super) fn name(column: &str) -> (String, &'static str) {
    if let Some((_, words, unit)) = KNOWN.iter().find(|(known, ..)| *known == column) {
        return ((*words).to_owned(), unit);
    }
    if let Some(point) = from_column_name(column) {
        return (point.spec().name.to_owned(), point.spec().unit.symbol());
    }
    if column.is_empty() || !column.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_') {
        return (column.to_owned(), "");
    }
    let unit = UNITS.iter().find(|(end, _)| column.len() > end.len() && column.ends_with(end));
    let (stem, unit) = unit.map_or((column, ""), |(end, unit)| (&column[..column.len() - end.len()], *unit));
    (format::sentence(&stem.replace('_', " ")), unit)
}

/// A column's name with its unit: `Lowest voltage, V`.
pub(super) fn heading(column: &str) -> String {
    match name(column) {
        (words, "") => words,
        (words, unit) => format!("{words}, {unit}"),
    }
}

/// A value in a unit that does not round it to nothing: hours of less than one in minutes or seconds.
pub(super) fn readable(value: Option<f64>, unit: &str) -> (Option<f64>, &str) {
    match (value, unit) {
        (Some(h), "h") if h > 0.0 && h < 1.0 / 60.0 => (Some(h * 3_600.0), "s"),
        (Some(h), "h") if h > 0.0 && h < 1.0 => (Some(h * 60.0), "min"),
        _ => (value, unit),
    }
}

/// The headings of a table. A column of instants says whose time it tells.
pub(super) fn headings(table: &Table) -> Vec<String> {
    let has_instants = |place: usize| {
        let is_instant = |row: &[Option<String>]| instant_s(row[place].as_deref()?);
        table.rows().find_map(is_instant).is_some()
    };
    let heading = |(place, column): (usize, &Column)| match column.kind {
        Kind::Time if has_instants(place) => format!("{}, local time", heading(&column.name)),
        _ => heading(&column.name),
    };
    table.columns.iter().enumerate().map(heading).collect()
}

/// A value as people read it: an instant by a clock that is ahead of UTC by what `offset_s` says of it, a negative number
/// with its sign.
pub(super) fn value(text: &str, kind: Kind, offset_s: impl Fn(f64) -> i32) -> String {
    match (kind, text.strip_prefix('-')) {
        (Kind::Time, _) => instant_s(text).map_or_else(|| text.to_owned(), |at_s| local(at_s, offset_s(at_s))),
        (Kind::Number, Some(rest)) => format!("{MINUS}{rest}"),
        _ => text.to_owned(),
    }
}

/// An instant of SQL, `2026-11-21 00:00:00.2` in UTC, s since 1970-01-01; `None` for a mere date and anything else.
fn instant_s(text: &str) -> Option<f64> {
    let (day, time) = text.split_once(' ')?;
    Some(from_rfc3339(&format!("{day}T{time}Z"))?.0 as f64 / 1e6)
}

/// `21 Nov 2026 13:04:05`, with tenths where there are some.
fn local(at_s: f64, offset_s: i32) -> String {
    let local_s = at_s + f64::from(offset_s);
    let (year, ..) = civil((local_s / 86_400.0).floor() as i64);
    let exact_s = if (local_s * 10.0).round() as i64 % 10 == 0 { 1.0 } else { 0.1 };
    format!("{} {year} {}", day_words(local_s), clock_words(local_s, exact_s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sql_become_words_with_their_unit() {
        for (column, words) in [
            ("began", "Began"),
            ("duration_ms", "Duration, ms"),
            ("velocity_v_s", "Velocity, V/s"),
            ("mean_deviation_mv", "Mean deviation, mV"),
            ("lowest_pct_of_time", "Share of the time as the lowest, %"),
            ("out_kwh", "Out, kWh"),
            ("pack_voltage", "Voltage, V"),
            ("lowest_voltage_v", "Lowest voltage, V"),
            ("hour", "Hour"),
            ("count_star()", "count_star()"),
            ("My own name", "My own name"),
            ("_v", "v"),
            ("", ""),
        ] {
            assert_eq!(heading(column).trim(), words, "{column}");
        }
    }

    #[test]
    fn short_times_are_not_rounded_to_nothing() {
        for (value, unit, expected) in [
            (Some(12.5), "h", (Some(12.5), "h")),
            (Some(0.5), "h", (Some(30.0), "min")),
            (Some(0.01), "h", (Some(36.0), "s")),
            (Some(0.0), "h", (Some(0.0), "h")),
            (None, "h", (None, "h")),
            (Some(0.5), "kWh", (Some(0.5), "kWh")),
        ] {
            assert_eq!(readable(value, unit), expected);
        }
    }

    #[test]
    fn instants_are_told_in_the_readers_time_and_say_so() {
        let column = |name: &str, kind| Column { name: name.into(), kind };
        let table = Table {
            columns: vec![column("began", Kind::Time), column("day", Kind::Time), column("current_a", Kind::Number)],
            cells: vec![Some("2026-11-20 23:30:05".into()), Some("2026-11-20".into()), Some("-3.50".into())],
            more: false,
        };
        assert_eq!(headings(&table), ["Began, local time", "Day", "Current, A"]);
        let texts: Vec<String> = (table.cells.iter().flatten().zip(&table.columns))
            .map(|(text, column)| value(text, column.kind, |_| 3_600).replace('\u{a0}', " "))
            .collect();
        assert_eq!(texts, ["21 Nov 2026 00:30:05", "2026-11-20", "\u{2212}3.50"]);
        assert_eq!(value("2026-11-20 23:30:05.2", Kind::Time, |_| 0), "20\u{a0}Nov 2026 23:30:05.2");
        assert_eq!(value("2026-11-20 23:30:05+00", Kind::Time, |_| 0), "2026-11-20 23:30:05+00");
    }
}
