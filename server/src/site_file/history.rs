//! `[history]`: what is kept of the past, and for how long. All of it may be left out.

use super::Complaint;
use serde::Deserialize;
use std::ops::RangeInclusive;
use std::time::Duration;
use store::Options;
use toml::Spanned;

/// The table as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryTable {
    /// The full tape: every snapshot with every cell, h.
    full_rate_hours: Option<Spanned<i64>>,
    /// The full tape before and after an alarm, which stays, s.
    around_events_s: Option<Spanned<i64>>,
    /// Rows of every cycle, d.
    days: Option<Spanned<i64>>,
    /// Minutes of cells, d.
    cell_days: Option<Spanned<i64>>,
    /// Minutes of device points, d.
    device_days: Option<Spanned<i64>>,
    /// With less room on the disk, the oldest days go, MB.
    disk_free_min_mb: Option<Spanned<i64>>,
}

/// The longest time: ten years of days.
const DAYS: RangeInclusive<i64> = 2..=3_660;

impl HistoryTable {
    /// How the history is kept; what is not given is as the store has it.
    pub(super) fn check(self, complaints: &mut Vec<Complaint>) -> Options {
        let mut within = |value: Option<Spanned<i64>>, range: RangeInclusive<i64>, unit: &str| -> Option<u64> {
            let value = value?;
            let given = *value.get_ref();
            if !range.contains(&given) {
                let words = format!("{given} {unit} is not from {} to {} {unit}", range.start(), range.end());
                complaints.push((value.span(), words));
            }
            u64::try_from(given).ok()
        };
        let mut options = Options::default();
        let mut time = |kept: &mut Duration, value, range, unit: &str, unit_s: u64| {
            if let Some(given) = within(value, range, unit) {
                *kept = Duration::from_secs(given.saturating_mul(unit_s));
            }
        };
        time(&mut options.keep, self.full_rate_hours, 1..=720, "h", 3_600);
        time(&mut options.keep_around_events, self.around_events_s, 0..=3_600, "s", 1);
        time(&mut options.keep_sealed, self.days, DAYS, "days", 86_400);
        time(&mut options.keep_cells, self.cell_days, DAYS, "days", 86_400);
        time(&mut options.keep_devices, self.device_days, DAYS, "days", 86_400);
        if let Some(given) = within(self.disk_free_min_mb, 0..=1_000_000, "MB") {
            options.disk_free_min_bytes = given.saturating_mul(1_000_000);
        }
        options
    }
}
