//! What the track shows behind its head: how much was asked of the battery, and what went wrong. Pure.

use super::span::Span;
use ::api::history::HistoryResponse;
use domain::alarm::Severity;
use std::fmt::Write as _;

/// The picture's own size; it is stretched to that of the track.
pub const SIZE: (f64, f64) = (1_000.0, 40.0);
/// Marks closer together than this share of the track are one.
const APART: f64 = 0.008;

/// What the track shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// The outline of the area between the lowest and the highest value, an SVG path.
    pub area: String,
    /// Where alarms were raised.
    pub marks: Vec<Mark>,
}

/// An alarm on the track.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Where, as a share of the track.
    pub share: f64,
    /// How bad it was: the worst of those that are one mark.
    pub severity: Severity,
    /// What it was.
    pub words: String,
}

/// The picture of a stretch of one series.
pub fn picture(stretch: &HistoryResponse, span: Span) -> Picture {
    Picture { area: area(stretch, span), marks: marks(stretch, span) }
}

fn area(stretch: &HistoryResponse, span: Span) -> String {
    let Some(series) = stretch.table.series.first() else { return String::new() };
    let known = || series.values.iter().flatten().copied();
    let (low, high) = (known().fold(0.0_f32, f32::min), known().fold(0.0_f32, f32::max));
    let (width, height) = SIZE;
    let y = |value: f32| height * (1.0 - f64::from((value - low) / (high - low).max(1e-6)) * 0.92);
    let (base, mut path) = (y(0.0), String::new());
    // Of each pixel the extremes; an area of its own for each run without a gap.
    let mut run: Vec<(f64, f64, f64)> = Vec::new();
    let close = |run: &mut Vec<(f64, f64, f64)>, path: &mut String| {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { return };
        let _ = write!(path, "M{:.0} {base:.1}", first.0);
        for (x, top, _) in run.iter() {
            let _ = write!(path, "L{x:.0} {top:.1}");
        }
        let _ = write!(path, "L{:.0} {base:.1}", last.0 + 1.0);
        for (x, _, low) in run.iter().rev() {
            let _ = write!(path, "L{x:.0} {low:.1}");
        }
        path.push('Z');
        run.clear();
    };
    for (at, value) in stretch.table.at.iter().zip(&series.values) {
        let Some(value) = value else {
            close(&mut run, &mut path);
            continue;
        };
        let (x, y) = ((span.share(at.0 as f64 / 1e6) * width).round(), y(*value));
        match run.last_mut() {
            Some((last, top, bottom)) if *last == x => (*top, *bottom) = (top.min(y), bottom.max(y).max(base)),
            Some((last, ..)) if x - *last > 8.0 => {
                close(&mut run, &mut path);
                run.push((x, y.min(base), y.max(base)));
            }
            _ => run.push((x, y.min(base), y.max(base))),
        }
    }
    close(&mut run, &mut path);
    path
}

fn marks(stretch: &HistoryResponse, span: Span) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for event in stretch.events.iter().filter(|event| event.began) {
        let share = span.share(event.at.0 as f64 / 1e6);
        match marks.last_mut() {
            Some(last) if share - last.share < APART => {
                if event.severity > last.severity {
                    last.severity = event.severity;
                    last.words.clone_from(&event.words);
                }
            }
            _ => marks.push(Mark { share, severity: event.severity, words: event.words.clone() }),
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::api::history::EventMark;
    use domain::point::PointId;
    use domain::series::{Series, Table};
    use domain::time::Utc;

    const SPAN: Span = Span { from_s: 0.0, to_s: 1_000.0 };

    fn stretch(values: &[(i64, Option<f32>)]) -> HistoryResponse {
        let at = values.iter().map(|(s, _)| Utc(s * 1_000_000)).collect();
        let series = vec![Series::of(PointId::LoadPower, values.iter().map(|(_, value)| *value).collect())];
        HistoryResponse { table: Table { at, series }, ..HistoryResponse::default() }
    }

    #[test]
    fn the_area_stands_on_zero_and_has_a_gap_where_there_is_no_value() {
        let path = area(&stretch(&[(0, Some(0.0)), (1, Some(100.0)), (2, None), (3, Some(50.0))]), SPAN);
        assert_eq!(path, "M0 40.0L0 40.0L1 3.2L2 40.0L1 40.0L0 40.0ZM3 40.0L3 21.6L4 40.0L3 40.0Z");
        let far = area(&stretch(&[(0, Some(1.0)), (500, Some(1.0))]), SPAN);
        assert_eq!(far.matches('Z').count(), 2, "nothing is drawn where nothing was recorded");
        assert_eq!(area(&HistoryResponse::default(), SPAN), "");
    }

    #[test]
    fn what_is_negative_hangs_below_zero() {
        let path = area(&stretch(&[(0, Some(-100.0)), (1, Some(100.0))]), SPAN);
        assert_eq!(path, "M0 21.6L0 21.6L1 3.2L2 21.6L1 21.6L0 40.0Z");
    }

    #[test]
    fn alarms_close_together_are_one_mark_that_tells_the_worst() {
        let event = |s: i64, began, severity, words: &str| EventMark {
            at: Utc(s * 1_000_000),
            began,
            severity,
            words: words.into(),
        };
        let events = vec![
            event(100, true, Severity::Warning, "a"),
            event(103, true, Severity::Critical, "b"),
            event(104, false, Severity::Critical, "b"),
            event(500, true, Severity::Notice, "c"),
        ];
        let found = marks(&HistoryResponse { events, ..HistoryResponse::default() }, SPAN);
        let mark = |share, severity, words: &str| Mark { share, severity, words: words.into() };
        assert_eq!(found, [mark(0.1, Severity::Critical, "b"), mark(0.5, Severity::Notice, "c")]);
    }
}
