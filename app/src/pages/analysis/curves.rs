//! The rows of a query as lines over time.

use super::words;
use crate::charts::line::{Line, LineChart, TimeAxis, ValueAxis};
use crate::charts::theme::Ink;
use ::api::analysis::Curves;

/// Colours by what the name of a column says; the rest in the order of these.
const INKS: [(&str, Ink); 7] = [
    ("volt", Ink::Voltage),
    ("_v", Ink::Voltage),
    ("current", Ink::Current),
    ("temp", Ink::Temperature),
    ("solar", Ink::Solar),
    ("grid", Ink::Grid),
    ("load", Ink::Load),
];
const OTHERS: [Ink; 6] = [Ink::Accent, Ink::Current, Ink::Temperature, Ink::Grid, Ink::Load, Ink::Voltage];

/// The chart by a clock that is `offset_s` ahead of UTC. The axis has the unit that all its lines have.
pub(super) fn chart(curves: &Curves, offset_s: i32) -> LineChart {
    let (from, to) = (curves.at_s.first().copied().unwrap_or(0.0), curves.at_s.last().copied().unwrap_or(1.0));
    let mut used: Vec<Ink> = Vec::new();
    let mut ink = |name: &str| {
        let named = INKS.iter().find(|(part, _)| name.contains(part)).map(|(_, ink)| *ink);
        let free = |ink: &Ink| !used.contains(ink);
        let ink = named.filter(free).or_else(|| OTHERS.into_iter().find(free)).unwrap_or(Ink::Accent);
        used.push(ink);
        ink
    };
    let line = |(name, values): &(String, Vec<f32>)| Line {
        label: words::name(name).0,
        ink: ink(name),
        segments: segments(&curves.at_s, values),
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

/// Lines from value to value, with gaps where there is none.
fn segments(at_s: &[f64], values: &[f32]) -> Vec<Vec<(f64, f64)>> {
    let mut segments = vec![Vec::new()];
    for (at, value) in at_s.iter().zip(values) {
        match segments.last_mut() {
            Some(segment) if !value.is_nan() => segment.push((*at, f64::from(*value))),
            Some(segment) if !segment.is_empty() => segments.push(Vec::new()),
            _ => {}
        }
    }
    segments.retain(|segment| !segment.is_empty());
    segments
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
        let inks: Vec<Ink> = chart.lines.iter().map(|line| line.ink).collect();
        assert_eq!(inks, [Ink::Voltage, Ink::Accent, Ink::Current]);
        assert_eq!((chart.time.from, chart.time.to, chart.clock), (0.0, 3.0, Some(3_600)));
        assert_eq!((chart.lines[0].label.as_str(), chart.y.unit), ("Voltage", ""), "an axis of several units has none");
    }
}
