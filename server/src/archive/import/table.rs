//! A part of a file as it was read: instants and columns, before anybody knows what they mean.

/// Rows of a file, as many as are held in memory at once.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Table {
    /// When, ms since 1970-01-01 UTC; `None` where the file says no instant that can be.
    pub(super) at_ms: Vec<Option<i64>>,
    /// The other columns: name and values, NaN for none; all as long as `at_ms`.
    pub(super) columns: Vec<(String, Vec<f32>)>,
    /// Where the first row stands: line of a text file, row of another.
    pub(super) first_row: u64,
}

/// What may stand in brackets behind the name of a column of instants: all that leaves them in UTC. Numbers tell their
/// own unit by their size.
const OF_UTC: [&str; 10] = ["", "utc", "z", "gmt", "+00:00", "s", "ms", "us", "\u{b5}s", "ns"];

/// A name as it is compared: in lower case, without a unit in brackets, with `_` for what separates words.
pub(super) fn plain_name(name: &str) -> String {
    bare_name(name).to_lowercase().replace([' ', '-'], "_")
}

/// A name without a unit in brackets.
pub(super) fn bare_name(name: &str) -> &str {
    name.trim_start_matches('\u{FEFF}').split(['(', '[']).next().unwrap_or_default().trim()
}

/// The unit that a name has in brackets; empty if it has none.
pub(super) fn unit_of(name: &str) -> &str {
    let inner = name.split_once(['(', '[']).map_or("", |(_, inner)| inner.trim());
    inner.strip_suffix([')', ']']).unwrap_or(inner).trim()
}

/// The index of the column that says when; `None` if there is none.
///
/// # Errors
/// In words: there are two, or its name says that its times are not in UTC.
pub(super) fn time_column(names: &[String]) -> Result<Option<usize>, String> {
    let is_time =
        |name: &str| ["timestamp", "time", "datetime", "date_time", "ts"].contains(&plain_name(name).as_str());
    let mut all = names.iter().enumerate().filter(|(_, name)| is_time(name));
    let Some((index, name)) = all.next() else { return Ok(None) };
    if let Some((_, other)) = all.next() {
        return Err(format!("columns {name} and {other} both say when: keep one of them"));
    }
    let unit = unit_of(name);
    if OF_UTC.contains(&unit.to_lowercase().as_str()) {
        return Ok(Some(index));
    }
    Err(format!(
        "column {name}: times are taken as UTC, and {unit} is something else. Write them in UTC, or each with its offset \
         (2026-11-20T11:00:00+01:00), and call the column timestamp"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_people_write_them() {
        for (written, plain, unit) in [
            ("Timestamp", "timestamp", ""),
            ("\u{FEFF}SOC (%)", "soc", "%"),
            ("Pack-Voltage [V]", "pack_voltage", "V"),
            ("sop_discharge(kW)", "sop_discharge", "kW"),
            ("T (max) [\u{b0}C]", "t", "max) [\u{b0}C"),
            (" max cell temp ", "max_cell_temp", ""),
        ] {
            assert_eq!((plain_name(written).as_str(), unit_of(written)), (plain, unit));
        }
    }

    #[test]
    fn one_column_says_when_and_in_utc() {
        for (names, expected) in [
            (&["soc", "Time"][..], Ok(Some(1))),
            (&["TIMESTAMP (UTC)"], Ok(Some(0))),
            (&["timestamp [ms]"], Ok(Some(0))),
            (&["uptime"], Ok(None)),
            (&["timestamp (CET)"], Err("timestamp (CET): times are taken as UTC, and CET is something else")),
            (&["time [local]"], Err("local is something else")),
            (&["time", "soc", "timestamp"], Err("columns time and timestamp both say when")),
        ] {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            match (time_column(&names), expected) {
                (Err(words), Err(expected)) => assert!(words.contains(expected), "{words}"),
                (found, expected) => assert_eq!(found, expected.map_err(str::to_owned), "{names:?}"),
            }
        }
    }
}
