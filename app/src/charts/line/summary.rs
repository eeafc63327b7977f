//! A line chart in words: a sentence and the rows of a table, for those who do not see it.

use super::ticks::{clock_words, day_words};
use super::{Line, LineChart};
use crate::format::{NONE, THIN, fixed};

/// Lowest, highest and last value of a line, in words with their unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The line's name.
    pub label: String,
    /// Its lowest value.
    pub min: String,
    /// Its highest value.
    pub max: String,
    /// Its last value.
    pub last: String,
}

/// A value of `chart` in words: `142.0 kW`.
pub fn value_words(chart: &LineChart, value: f64) -> String {
    // Three significant digits or so: what a person can take in, and what the drawing can show.
    let decimals = match value.abs() {
        v if v >= 1_000.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        _ => 3,
    };
    format!("{}{THIN}{}", fixed(value as f32, decimals), chart.y.unit)
}

/// One row for every line.
pub fn rows(chart: &LineChart) -> Vec<Row> {
    let words = |value: Option<f64>| value.map_or_else(|| NONE.to_owned(), |v| value_words(chart, v));
    let row = |line: &Line| {
        let values = || line.segments.iter().flatten().map(|(_, v)| *v);
        Row {
            // A line alone in its chart has no name in the drawing.
            label: if line.label.is_empty() { "Value".to_owned() } else { line.label.clone() },
            min: words(values().reduce(f64::min)),
            max: words(values().reduce(f64::max)),
            last: words(line.last().map(|(_, v)| v)),
        }
    };
    chart.lines.iter().chain(&chart.others).map(row).collect()
}

/// The values of all lines at `time`, in words: `−2 min 5 s: AI load 208.9 kW, Grid no data`.
pub fn at_words(chart: &LineChart, time: f64) -> String {
    let values = chart.lines.iter().chain(&chart.others).map(|line| match line.at(time) {
        Some(value) => format!("{} {}", line.label, value_words(chart, value)),
        None => format!("{} no data", line.label),
    });
    format!("{}: {}", ago_words(chart, time), values.collect::<Vec<_>>().join(", "))
}

/// A time of `chart` in words: before its end, `−2 min 5 s`, or the end's own words at the end; or by the clock,
/// `21 Nov 13:04:05.2`.
pub fn ago_words(chart: &LineChart, time: f64) -> String {
    if let Some(offset_s) = chart.clock {
        let local_s = time + f64::from(offset_s);
        let step_s = if chart.time.to - chart.time.from < 600.0 { 0.1 } else { 1.0 };
        return format!("{}\u{a0}{}", day_words(local_s), clock_words(local_s, step_s));
    }
    let ago_s = (chart.time.to - time).round().max(0.0) as u64;
    let (minus, gap) = ('\u{2212}', '\u{a0}');
    match (ago_s / 3_600, ago_s / 60 % 60, ago_s % 60) {
        (0, 0, 0) => chart.time.end.clone(),
        (0, 0, s) => format!("{minus}{s}{gap}s"),
        (0, m, s) => format!("{minus}{m}{gap}min {s}{gap}s"),
        (h, m, _) => format!("{minus}{h}{gap}h {m}{gap}min"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{TimeAxis, ValueAxis};
    use super::*;
    use crate::charts::theme::SeriesColor;

    fn chart() -> LineChart {
        let line = |label: &str, segments| Line { label: label.to_owned(), color: SeriesColor::Load, segments };
        LineChart {
            time: TimeAxis { from: -600.0, to: 0.0, end: "now".to_owned() },
            y: ValueAxis { unit: "kW", ..ValueAxis::default() },
            lines: vec![
                line("AI load", vec![vec![(-600.0, 38.25), (-300.0, 1_212.0)], vec![(-10.0, 208.94), (0.0, -2.5)]]),
                line("Grid", vec![]),
            ],
            ..LineChart::default()
        }
    }

    #[test]
    fn rows_tell_each_line_and_say_when_there_is_nothing() {
        let text = |s: &str| s.replace(' ', "\u{202f}");
        let rows = rows(&chart());
        assert_eq!((&rows[0].min, &rows[0].max), (&text("\u{2212}2.50 kW"), &text("1 212 kW")));
        assert_eq!(rows[0].last, text("\u{2212}2.50 kW"));
        assert_eq!((rows[1].min.as_str(), rows[1].last.as_str()), (NONE, NONE));
    }

    #[test]
    fn an_instant_is_told_with_its_time_and_its_gaps() {
        let words = at_words(&chart(), -10.0).replace(['\u{202f}', '\u{a0}'], " ");
        assert_eq!(words, "\u{2212}10 s: AI load 208.9 kW, Grid no data");
        for (time, expected) in [(0.0, "now"), (-125.0, "\u{2212}2 min 5 s"), (-7_260.0, "\u{2212}2 h 1 min")] {
            assert_eq!(ago_words(&chart(), time).replace('\u{a0}', " "), expected);
        }
    }
}
