//! The rows of a query as lines over time.

use super::words;
use crate::charts::line::{Line, LineChart, TimeAxis, ValueAxis, segments};
use crate::charts::theme::SeriesColor;
use ::api::analysis::Curves;

/// Colours by what the name of a column says; the rest in the order of these.
const COLORS: [(&str, SeriesColor); 7] = [
    ("volt", SeriesColor::Voltage),
    ("_v", SeriesColor::Voltage),
    ("current", SeriesColor::Current),
    ("temp", SeriesColor::Temperature),
    ("solar", SeriesColor::Solar),
    ("grid", SeriesColor::Grid),
    ("load", SeriesColor::Load),
];
const OTHERS: [SeriesColor; 6] = [
    SeriesColor::Accent,
    SeriesColor::Current,
    SeriesColor::Temperature,
    SeriesColor::Grid,
    SeriesColor::Load,
    SeriesColor::Voltage,
];

/// The chart by a clock that is `offset_s` ahead of UTC. The axis has the unit that all its lines have.
pub(super) fn chart(curves: &Curves, offset_s: i32) -> LineChart {
    let (from, to) = (curves.at_s.first().copied().unwrap_or(0.0), curves.at_s.last().copied().unwrap_or(1.0));
    let mut used: Vec<SeriesColor> = Vec::new();
    let mut color = |name: &str| {
        let named = COLORS.iter().find(|(part, _)| name.contains(part)).map(|(_, color)| *color);
        let free = |color: &SeriesColor| !used.contains(color);
        let color = named.filter(free).or_else(|| OTHERS.into_iter().find(free)).unwrap_or(SeriesColor::Accent);
        used.push(color);
        color
    };
    let line = |(name, values): &(String, Vec<f32>)| {
        let values = values.iter().map(|value| Some(*value).filter(|value| !value.is_nan()));
        let segments = segments(curves.at_s.iter().copied().zip(values));
        Line { label: words::name(name).0, color: color(name), segments }
    };
    let lines = curves.curves.iter().map(line).collect();
    let mut units = curves.curves.iter().map(|(name, _)| words::name(name).1);
    let unit = units.next().filter(|first| units.all(|unit| unit == *first)).unwrap_or_default();
    let y = ValueAxis { unit, ..ValueAxis::default() };
    LineChart {
        time: TimeAxis { from, to, end: String::new() },
        y,
        lines,
        clock: Some(offset_s),
        ..LineChart::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_lines_with_gaps_each_in_its_colour() {
        let curves = Curves {
            at_s: vec![0.0, 1.0, 2.0, 3.0],
            curves: vec![
                ("pack_voltage".into(), vec![1.0, f32::NAN, f32::NAN, 2.0]),
                ("min_cell_v".into(), vec![3.0; 4]),
                ("x".into(), vec![f32::NAN; 4]),
            ],
        };
        let chart = chart(&curves, 3_600);
        assert_eq!(chart.lines[0].segments, [vec![(0.0, 1.0)], vec![(3.0, 2.0)]]);
        assert_eq!(chart.lines[2].segments, Vec::<Vec<(f64, f64)>>::new());
        let colors: Vec<SeriesColor> = chart.lines.iter().map(|line| line.color).collect();
        assert_eq!(colors, [SeriesColor::Voltage, SeriesColor::Accent, SeriesColor::Current]);
        assert_eq!((chart.time.from, chart.time.to, chart.clock), (0.0, 3.0, Some(3_600)));
        assert_eq!((chart.lines[0].label.as_str(), chart.y.unit), ("Voltage", ""), "an axis of several units has none");
    }
}
