//! The figures that the project promises, as one table; and how measured values are shown against them.
//!
//! Programs that measure print lines of three words separated by tabs: `figure`, the key, the value in the table's unit.

use std::collections::BTreeMap;

/// A promise.
pub(crate) struct Figure {
    /// What measuring programs call it.
    pub(crate) key: &'static str,
    /// What it is.
    pub(crate) name: &'static str,
    /// It keeps to this or less.
    pub(crate) target: f64,
    /// Of target and value.
    pub(crate) unit: &'static str,
}

/// All of them.
pub(crate) const FIGURES: [Figure; 45] = [
    figure("heatmap-260", "heatmap frame, 260 cells, p95 of main-thread time", 0.5, "ms"),
    figure("heatmap-6400", "heatmap frame, 6,400 cells, p95 of main-thread time", 2.0, "ms"),
    figure("pixel-p50", "frame received to pixel, p50", 60.0, "ms"),
    figure("pixel-p99", "frame received to pixel, p99", 60.0, "ms"),
    figure("live-bytes", "live frame, 260 cells, mean", 300.0, "bytes"),
    figure("transfer", "first visit: WASM, scripts and styles, brotli", 272.0, "KB"),
    figure("interactive", "interactive, cold, median", 1_000.0, "ms"),
    figure("rss", "server with the demo site, resident memory", 120.0, "MB"),
    figure("viewers-1000-rss", "server with 1,000 viewers, resident memory", 60.0, "MB"),
    figure("viewers-1000-p99", "1,000 viewers, behind the first of them, p99", 80.0, "ms"),
    figure("viewers-4000-rss", "server with 4,000 viewers, resident memory", 150.0, "MB"),
    figure("viewers-4000-p99", "4,000 viewers, behind the first of them, p99", 80.0, "ms"),
    figure("command-p99", "command to confirmed over Modbus, five a second, p99", 300.0, "ms"),
    figure("command-500-p99", "the same with 500 viewers, p99", 300.0, "ms"),
    figure("sweep", "decode and step of a 260-cell sweep", 100.0, "µs"),
    figure("flight-check", "flight check of 260 cells over 24 h, with and without the command", 50.0, "ms"),
    figure("links-decode", "decode of a 260-cell sweep, p99", 50.0, "µs"),
    figure("links-segment", "decode of 6,400 cells in shared memory, p99", 500.0, "µs"),
    figure("links-lost", "frames lost at ten times the bus's rate, one core", 0.0, ""),
    figure("links-jitter", "ten Modbus links at 5 Hz, poll off its instant, p99", 10.0, "ms"),
    figure("links-jitter-busy", "the same, while every core computes", 10.0, "ms"),
    figure("history-energy", "energy of 30 days, by rollup", 1.0, "ms"),
    figure("history-energy-exact", "energy of 30 days, every row", 15.0, "ms"),
    figure("history-hourly", "hourly mean of 30 days, by rollup", 1.0, "ms"),
    figure("history-hourly-exact", "hourly mean of 30 days, every row", 45.0, "ms"),
    figure("history-sags", "sags of a day", 5.0, "ms"),
    figure("history-chart", "lowest and highest of 30 days for 1,000 pixels", 2.0, "ms"),
    figure("history-last-ten", "the last ten minutes", 0.3, "ms"),
    figure("history-disk", "30 days on disk", 140.0, "MB"),
    figure("history-generate", "30 days made and sealed (2 M rows/s)", 6.48, "s"),
    figure("history-http", "30 days for 1,000 pixels over HTTP, five quantities, p95", 15.0, "ms"),
    figure("history-zoom", "a step of a zoom from 30 days to a minute, click to pixels, median", 50.0, "ms"),
    figure("history-zoom-p95", "the same, p95", 50.0, "ms"),
    figure("playback-frame", "playback at 1,000 times the pace, time of a frame", 33.4, "ms"),
    figure("home-paint", "Home energy, first paint with values, cold, median", 300.0, "ms"),
    figure("home-interactive", "Home energy, interactive, cold, median", 1_000.0, "ms"),
    figure("home-72h", "Home energy, three days of curves, click to pixels, p95", 100.0, "ms"),
    figure("lighthouse-overview", "Overview, Lighthouse on a phone: points of 100 missed, median", 5.0, ""),
    figure("lighthouse-cells", "Cells, the same", 5.0, ""),
    figure("lighthouse-home", "Home energy, the same", 5.0, ""),
    figure("lighthouse-accessible", "all three, accessibility, worst", 5.0, ""),
    figure("lighthouse-practices", "all three, best practices, worst", 5.0, ""),
    figure("lighthouse-findable", "all three, what search engines need, worst", 5.0, ""),
    figure("console", "errors and warnings in the browser's console", 0.0, ""),
    figure("first", "first `cargo xtask run` from nothing", 10.0, "min"),
];

const fn figure(key: &'static str, name: &'static str, target: f64, unit: &'static str) -> Figure {
    Figure { key, name, target, unit }
}

/// What was measured, by key.
#[derive(Debug, Default)]
pub(crate) struct Measured(BTreeMap<String, f64>);

impl Measured {
    /// Takes a value.
    pub(crate) fn set(&mut self, key: &str, value: f64) {
        self.0.insert(key.to_owned(), value);
    }

    /// Takes the values from what a program printed; gives the other lines.
    pub(crate) fn read<'a>(&mut self, printed: &'a str) -> Vec<&'a str> {
        let mut others = Vec::new();
        for line in printed.lines() {
            match line.split('\t').collect::<Vec<_>>()[..] {
                ["figure", key, value] if value.parse::<f64>().is_ok_and(f64::is_finite) => {
                    self.set(key, value.parse().unwrap_or_default());
                }
                _ => others.push(line),
            }
        }
        others
    }

    /// The table of the figures whose key contains `part`, and whether all that was measured keeps its target.
    pub(crate) fn table(&self, part: &str) -> (String, bool) {
        let mut table = format!("{:<64} {:>12} {:>12}\n", "figure", "target", "measured");
        let mut all_kept = true;
        for figure in FIGURES.iter().filter(|figure| figure.key.contains(part)) {
            let (measured, verdict) = match self.0.get(figure.key) {
                None => ("not available".to_owned(), ""),
                Some(value) => {
                    let kept = *value <= figure.target;
                    all_kept &= kept;
                    (amount(*value, figure.unit), if kept { "ok" } else { "MISSED" })
                }
            };
            let target = amount(figure.target, figure.unit);
            table.push_str(&format!("{:<64} {target:>12} {measured:>13}  {verdict}\n", figure.name));
        }
        (table, all_kept)
    }
}

/// Three digits that matter, and the unit.
fn amount(value: f64, unit: &str) -> String {
    let decimals = match value.abs() {
        v if v == 0.0 || v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$} {unit}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_judged() {
        let mut measured = Measured::default();
        let others = measured.read("cells  260\nfigure\tsweep\t41.25\nfigure\trss\t130\nfigure\tlive-bytes\tNaN\n");
        assert_eq!(others, ["cells  260", "figure\tlive-bytes\tNaN"]);
        let (table, all_kept) = measured.table("");
        let row = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        assert!(!all_kept);
        assert!(row("decode and step").ends_with("100 µs       41.2 µs  ok"), "{table}");
        assert!(row("server with").ends_with("130 MB  MISSED"), "{table}");
        assert!(row("live frame").trim_end().ends_with("not available"), "{table}");
        assert_eq!(measured.table("sweep").0.lines().count(), 2);
        assert!(measured.table("sweep").1);
    }

    #[test]
    fn amounts_have_three_digits() {
        for (value, text) in [(0.0, "0 ms"), (0.3149, "0.31 ms"), (12.34, "12.3 ms"), (1_000.4, "1000 ms")] {
            assert_eq!(amount(value, "ms"), text);
        }
    }
}
