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

/// A name as it is compared: in lower case, without a unit in brackets, with `_` for what separates words.
pub(super) fn plain_name(name: &str) -> String {
    let name = name.trim_start_matches('\u{FEFF}').split(['(', '[']).next().unwrap_or_default().trim();
    name.to_lowercase().replace([' ', '-'], "_")
}

/// Whether a column of this name says when: the only names that are taken for it.
pub(super) fn is_time(name: &str) -> bool {
    ["timestamp", "time", "datetime", "date_time", "ts"].contains(&plain_name(name).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_people_write_them() {
        for (written, plain) in [
            ("Timestamp", "timestamp"),
            ("\u{FEFF}SOC (%)", "soc"),
            ("Pack-Voltage [V]", "pack_voltage"),
            (" max cell temp ", "max_cell_temp"),
        ] {
            assert_eq!(plain_name(written), plain);
        }
        assert!(is_time("Time") && is_time("TIMESTAMP") && !is_time("uptime"));
    }
}
