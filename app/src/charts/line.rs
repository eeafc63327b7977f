//! Line charts over time: plain data in, one pure draw function on any plotters backend.
//!
//! Read this file (the data), [`ticks`] and [`layout`] (where things go), [`draw`] (what is drawn), [`summary`] (the
//! same in words), [`view`] (the component). The lines are taken as they come: feed at most four points a pixel column.

pub mod draw;
#[cfg(feature = "hydrate")]
mod layer;
pub mod layout;
mod pen;
pub mod summary;
pub mod ticks;
pub mod view;
mod zero;

pub use view::{LineChartView, LineChartViewProps};
pub use zero::Zero;

use super::theme::SeriesColor;

/// What a line chart shows. Times are in seconds on any one clock, values in the unit of the axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineChart {
    /// The time axis.
    pub time: TimeAxis,
    /// The value axis.
    pub y: ValueAxis,
    /// The lines, the most important last: it lies on top.
    pub lines: Vec<Line>,
    /// The same quantities in another time, moved onto this one: pale, beneath the lines, with no names of their own in
    /// the drawing.
    pub others: Vec<Line>,
    /// Ranges of values with a name, as quiet fills.
    pub bands: Vec<Band>,
    /// Events on the time axis.
    pub marks: Vec<Mark>,
    /// If times are UTC and shall be told by the clock: how far local time is ahead of UTC, s. Else they are told by the
    /// time before the end.
    pub clock: Option<i32>,
    /// What zero means, where lines mean one thing above and another below.
    pub zero: Option<Zero>,
    /// Room beside the plot that is kept even if this chart does not need it.
    pub room: Option<Room>,
}

/// Room beside the plot: charts one below the other that keep the same have one time axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Room {
    /// For the words of a tick as long as this.
    pub tick: &'static str,
    /// For the name of a line as long as this.
    pub name: String,
}

/// The time axis: labelled by the time before its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimeAxis {
    /// Left end, s.
    pub from: f64,
    /// Right end, s.
    pub to: f64,
    /// Words for the right end: `now`, or the instant that is replayed.
    pub end: String,
}

/// The value axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ValueAxis {
    /// The unit's symbol: `kW`.
    pub unit: &'static str,
    /// Which values it spans.
    pub range: ValueRange,
}

/// Which values an axis spans.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueRange {
    /// Exactly these.
    Fixed(f64, f64),
    /// These, and more if the lines need more; widened to whole ticks.
    AtLeast(f64, f64),
    /// What the lines need and no less than this width; widened to whole ticks.
    Fit(f64),
}

impl Default for ValueRange {
    fn default() -> ValueRange {
        ValueRange::Fit(1.0)
    }
}

/// A line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its name, written at its end.
    pub label: String,
    /// Its colour, by what it shows.
    pub color: SeriesColor,
    /// Points (time in s, value) in order of time. Between two segments there was no data: nothing is drawn.
    pub segments: Vec<Vec<(f64, f64)>>,
}

/// The pieces of a line through `points`, which ends at each that has no value and goes on at the next that has one.
pub fn segments(points: impl IntoIterator<Item = (f64, Option<f32>)>) -> Vec<Vec<(f64, f64)>> {
    let mut segments = vec![Vec::new()];
    for (at, value) in points {
        match (value, segments.last_mut()) {
            (Some(value), Some(last)) => last.push((at, f64::from(value))),
            (None, Some(last)) if !last.is_empty() => segments.push(Vec::new()),
            _ => {}
        }
    }
    segments.retain(|segment| !segment.is_empty());
    segments
}

impl Line {
    /// The last point.
    pub fn last(&self) -> Option<(f64, f64)> {
        self.segments.iter().rev().find_map(|segment| segment.last()).copied()
    }

    /// The value at `time`, between two points by a straight line; `None` in a gap and outside.
    pub fn at(&self, time: f64) -> Option<f64> {
        self.segments.iter().find_map(|segment| {
            let after = segment.partition_point(|(t, _)| *t < time);
            let (t1, v1) = *segment.get(after)?;
            if t1 == time {
                return Some(v1);
            }
            let (t0, v0) = *segment.get(after.checked_sub(1)?)?;
            Some(v0 + (v1 - v0) * (time - t0) / (t1 - t0))
        })
    }
}

/// A range of values with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Lower end, in the unit of the axis.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Its name: `safe`, `above the limit`.
    pub name: String,
    /// Its colour.
    pub color: SeriesColor,
}

/// An event on the time axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// When, s.
    pub at: f64,
    /// What happened.
    pub name: String,
    /// Its colour.
    pub color: SeriesColor,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_value_on_its_segments_and_none_in_its_gaps() {
        let line = Line {
            label: "Grid".to_owned(),
            color: SeriesColor::Grid,
            segments: vec![vec![(0.0, 10.0), (2.0, 20.0)], vec![], vec![(5.0, 30.0)]],
        };
        for (time, value) in [
            (-1.0, None),
            (0.0, Some(10.0)),
            (1.0, Some(15.0)),
            (2.0, Some(20.0)),
            (3.0, None),
            (5.0, Some(30.0)),
            (6.0, None),
        ] {
            assert_eq!(line.at(time), value, "{time}");
        }
        assert_eq!(line.last(), Some((5.0, 30.0)));
    }
}
