//! Draws a line chart on any plotters backend, in two layers: the frame (grid, axes, bands, marks), which seldom changes,
//! and the lines with their names, which change with every reading.
//!
//! The backends' coordinates are whole numbers and their strokes whole units wide, so the drawing is laid out in CSS px
//! and handed over in finer units ([`Surface::units_per_px`]): smooth lines and 1.5 px strokes on any screen.
//! It uses the backend's primitives and not plotters' mesh, which asks the browser for the size of every label.

use super::layout::{Layout, NAME_DASH_PX, Names};
pub use super::pen::Surface;
use super::pen::{Drawn, HPos, LINE_PX, Pen, rgba};
use super::{Band, Line, LineChart, Mark, zero};
use crate::charts::theme::{ChartTheme, SeriesColor};
use crate::format::fixed;
use plotters::prelude::DrawingBackend;

/// Radius of the dot at a line's end, CSS px.
const DOT_PX: f64 = 2.5;
/// Opacity of a band, and of the lines down from marks.
const BAND_ALPHA: f64 = 0.1;
const MARK_ALPHA: f64 = 0.45;

/// Draws bands, grid, axes and marks.
///
/// # Errors
/// Whatever the backend answers.
pub fn frame<DB: DrawingBackend>(
    backend: &mut DB,
    surface: Surface,
    theme: &ChartTheme,
    chart: &LineChart,
    layout: &Layout,
) -> Drawn<DB> {
    let mut pen = Pen { backend, surface, theme };
    // Without a scale a band says nothing.
    for band in chart.bands.iter().filter(|_| !layout.values.values.is_empty()) {
        draw_band(&mut pen, layout, band)?;
    }
    for value in &layout.values.values {
        let y = layout.y(*value);
        let zero = value.abs() < 1e-9 && layout.values.low < 0.0;
        pen.hairline_across(layout.left, layout.right, y, if zero { theme.muted } else { theme.line })?;
        pen.text(&fixed(*value as f32, layout.values.decimals), layout.left - 8.0, y, theme.muted, HPos::Right)?;
    }
    if let Some(zero) = chart.zero.as_ref().filter(|_| layout.values.low < 0.0 && layout.values.high > 0.0) {
        let y = layout.y(0.0) - 0.7 * theme.font_px;
        pen.text(&zero.name, layout.left + 6.0, y, theme.muted, HPos::Left)?;
    }
    pen.text(chart.y.unit, layout.left - 8.0, layout.top - 14.0, theme.muted, HPos::Right)?;
    for (time, words) in &layout.times {
        let x = layout.x(*time);
        pen.hairline_down(x, layout.bottom, layout.bottom + 4.0, theme.line, 1.0)?;
        if layout.has_room_at(x, words, theme.font_px) {
            pen.text(words, x, layout.bottom + 13.0, theme.muted, HPos::Center)?;
        }
    }
    for mark in &chart.marks {
        draw_mark(&mut pen, layout, mark)?;
    }
    Ok(())
}

/// Draws the lines, a dot at each end, and their names.
///
/// # Errors
/// Whatever the backend answers.
pub fn lines<DB: DrawingBackend>(
    backend: &mut DB,
    surface: Surface,
    theme: &ChartTheme,
    chart: &LineChart,
    layout: &Layout,
) -> Drawn<DB> {
    let mut pen = Pen { backend, surface, theme };
    for line in &chart.others {
        for segment in &line.segments {
            let points: Vec<_> = segment.iter().map(|(t, v)| pen.units(layout.x(*t), layout.y(*v))).collect();
            pen.pale_path(&points, theme.color(line.color))?;
        }
    }
    let mut points = Vec::new();
    for line in &chart.lines {
        for segment in &line.segments {
            let cut = chart.zero.as_ref().map(|_| zero::parts(segment));
            let whole = [(&segment[..], false)];
            let parts = cut.as_deref().map(|parts| parts.iter().map(|(part, below)| (&part[..], *below)).collect());
            for (part, below) in parts.unwrap_or_else(|| whole.to_vec()) {
                let colour = theme.color(color(chart, line, if below { -1.0 } else { 1.0 }));
                points.clear();
                points.extend(part.iter().map(|(t, v)| pen.units(layout.x(*t), layout.y(*v))));
                match points[..] {
                    [] => {}
                    [alone] => pen.dot(alone, LINE_PX, colour)?,
                    [first, .., last] if dense(points.len(), last.0 - first.0, surface) => {
                        pen.dense_path(&points, colour)?;
                    }
                    _ => pen.path(&points, colour)?,
                }
            }
        }
    }
    for (i, line) in chart.lines.iter().enumerate() {
        let colour = theme.color(color(chart, line, line.last().map_or(1.0, |(_, v)| v)));
        if let Some((t, v)) = line.last() {
            let end = pen.units(layout.x(t), layout.y(v));
            pen.dot(end, DOT_PX, colour)?;
        }
        match &layout.names {
            Names::Beside(places) => {
                if let Some(y) = places.get(i).copied().flatten().filter(|_| !line.label.is_empty()) {
                    // Words are read: the colour stands before them.
                    pen.fill((layout.right + 2.0, y - 1.0), (layout.right + 6.0, y + 1.0), colour, 1.0)?;
                    pen.text(&line.label, layout.right + 8.0, y, theme.text, HPos::Left)?;
                }
            }
            Names::Above(starts) => {
                if let Some(x) = starts.get(i).copied().filter(|_| !line.label.is_empty()) {
                    let y = layout.top - 14.0;
                    let dash = [pen.units(x - NAME_DASH_PX + 4.0, y), pen.units(x - 4.0, y)];
                    pen.path(&dash, colour)?;
                    pen.text(&line.label, x, y, theme.muted, HPos::Left)?;
                }
            }
        }
    }
    Ok(())
}

/// Whether a line has more points than pixels to the side.
fn dense(points: usize, units: i32, surface: Surface) -> bool {
    points as f64 * f64::from(surface.units_per_pixel) > f64::from(units)
}

/// The colour of a line at a value.
fn color(chart: &LineChart, line: &Line, value: f64) -> SeriesColor {
    chart.zero.as_ref().filter(|_| value < 0.0).map_or(line.color, |zero| zero.below)
}

fn draw_band<DB: DrawingBackend>(pen: &mut Pen<'_, DB>, layout: &Layout, band: &Band) -> Drawn<DB> {
    let within = |value: f64| layout.y(value).clamp(layout.top, layout.bottom);
    let (top, bottom) = (within(band.high), within(band.low));
    if bottom - top < 1.0 {
        return Ok(());
    }
    let colour = pen.theme.color(band.color);
    pen.fill((layout.left, top), (layout.right, bottom), colour, BAND_ALPHA)?;
    if bottom - top >= pen.theme.font_px * 1.4 {
        pen.text(&band.name, layout.left + 6.0, top + pen.theme.font_px * 0.8, pen.theme.muted, HPos::Left)?;
    }
    Ok(())
}

/// An event: a hairline down and a triangle on the time axis.
fn draw_mark<DB: DrawingBackend>(pen: &mut Pen<'_, DB>, layout: &Layout, mark: &Mark) -> Drawn<DB> {
    let x = layout.x(mark.at);
    if !(layout.left..=layout.right).contains(&x) {
        return Ok(());
    }
    let colour = pen.theme.color(mark.color);
    pen.hairline_down(x, layout.top, layout.bottom, colour, MARK_ALPHA)?;
    let triangle = [(x - 5.0, layout.bottom + 1.0), (x + 5.0, layout.bottom + 1.0), (x, layout.bottom - 7.0)];
    let triangle = triangle.map(|(x, y)| pen.units(x, y));
    pen.backend.fill_polygon(triangle, &rgba(colour, 1.0))
}

#[cfg(test)]
mod tests {
    use super::super::layout::{Size, text_width};
    use super::super::{Line, TimeAxis, ValueAxis, ValueRange};
    use super::*;
    use crate::charts::theme::SeriesColor;
    use plotters::prelude::SVGBackend;

    const SIZE: Size = Size { width: 820.0, height: 232.0 };

    fn line(label: &str, color: SeriesColor, segments: Vec<Vec<(f64, f64)>>) -> Line {
        Line { label: label.to_owned(), color, segments }
    }

    fn chart(lines: Vec<Line>) -> LineChart {
        LineChart {
            time: TimeAxis { from: -600.0, to: 0.0, end: "now".to_owned() },
            y: ValueAxis { unit: "kW", range: ValueRange::AtLeast(0.0, 200.0) },
            lines,
            ..LineChart::default()
        }
    }

    fn svg(chart: &LineChart, theme: &ChartTheme) -> String {
        let surface = Surface { units_per_px: 4.0, units_per_pixel: 4 };
        let layout = Layout::new(chart, SIZE, theme.font_px);
        let mut out = String::new();
        {
            let mut backend = SVGBackend::with_string(&mut out, (SIZE.width as u32 * 4, SIZE.height as u32 * 4));
            frame(&mut backend, surface, theme, chart, &layout).unwrap();
            lines(&mut backend, surface, theme, chart, &layout).unwrap();
            backend.present().unwrap();
        }
        out
    }

    /// The values of an attribute of every element of one kind.
    fn attributes(svg: &str, element: &str, name: &str) -> Vec<String> {
        let open = format!("<{element} ");
        let key = format!(" {name}=\"");
        svg.split(&open)
            .skip(1)
            .filter_map(|rest| rest.split('>').next())
            .filter_map(|tag| {
                format!(" {tag}").split_once(&key).and_then(|(_, v)| Some(v.split('"').next()?.to_owned()))
            })
            .collect()
    }

    #[test]
    fn a_gap_is_a_gap() {
        let whole =
            chart(vec![line("Grid", SeriesColor::Grid, vec![vec![(-600.0, 10.0), (-300.0, 20.0), (0.0, 30.0)]])]);
        let broken = chart(vec![line(
            "Grid",
            SeriesColor::Grid,
            vec![vec![(-600.0, 10.0), (-400.0, 20.0)], vec![(-100.0, 5.0), (0.0, 30.0)]],
        )]);
        let paths = |chart: &LineChart| attributes(&svg(chart, &ChartTheme::light()), "polyline", "points");
        assert_eq!(paths(&whole).len(), 1);
        let parts = paths(&broken);
        assert_eq!(parts.len(), 2);
        let first_x = |points: &str| points.trim().split(',').next().unwrap().parse::<f64>().unwrap();
        let layout = Layout::new(&broken, SIZE, 12.0);
        assert!((first_x(&parts[1]) / 4.0 - layout.x(-100.0)).abs() < 0.5, "the second part starts where data resumes");
    }

    #[test]
    fn a_single_point_between_gaps_is_seen_as_a_dot() {
        let lone =
            chart(vec![line("Grid", SeriesColor::Grid, vec![vec![(-300.0, 50.0)], vec![(-10.0, 1.0), (0.0, 1.0)]])]);
        assert_eq!(
            attributes(&svg(&lone, &ChartTheme::light()), "circle", "cx").len(),
            2,
            "the point and the line's end"
        );
    }

    #[test]
    fn lines_have_their_names_at_their_ends_without_overlap_in_their_colours() {
        let three = chart(vec![
            line("AI load", SeriesColor::Load, vec![vec![(-600.0, 90.0), (0.0, 101.0)]]),
            line("Battery", SeriesColor::Discharge, vec![vec![(-600.0, 10.0), (0.0, 100.0)]]),
            line("Grid", SeriesColor::Grid, vec![vec![(-600.0, 66.0), (0.0, 99.0)]]),
        ]);
        let svg = svg(&three, &ChartTheme::dark());
        let texts: Vec<&str> = svg.split("<text ").skip(1).collect();
        let mut middles: Vec<f64> = ["AI load", "Battery", "Grid"]
            .iter()
            .map(|name| {
                let text = texts.iter().find(|t| t.contains(&format!("\n{name}\n"))).unwrap();
                text.split("y=\"").nth(1).unwrap().split('"').next().unwrap().parse::<f64>().unwrap() / 4.0
            })
            .collect();
        assert!(middles.is_sorted(), "in the order of the lines' ends: {middles:?}");
        middles.dedup_by(|b, a| *b - *a < 12.0);
        assert_eq!(middles.len(), 3, "no two names touch: {middles:?}");
        for fill in ["#AAB6C5", "#EF4444", "#A78BFA"] {
            assert!(texts.iter().any(|t| t.contains(fill)), "{fill}");
        }
    }

    #[test]
    fn axes_have_their_unit_their_ticks_and_time_in_words() {
        let svg = svg(
            &chart(vec![line("Grid", SeriesColor::Grid, vec![vec![(-600.0, 10.0), (0.0, 180.0)]])]),
            &ChartTheme::light(),
        );
        for words in ["kW", "0", "200", "\u{2212}10\u{a0}min", "now"] {
            assert!(svg.contains(&format!("\n{words}\n")), "{words}: {svg}");
        }
    }

    #[test]
    fn the_words_of_the_time_axis_stand_at_their_ticks_at_every_width_and_none_is_cut() {
        for clock in [None, Some(0), Some(-3_600)] {
            for (width, span_s) in
                [240.0, 320.0, 390.0, 768.0, 1_440.0, 1_920.0].into_iter().flat_map(|w| [(w, 600.0), (w, 90_061.7)])
            {
                let mut chart = chart(vec![line("", SeriesColor::Grid, vec![vec![(0.0, 5.0), (1.0, 7.0)]])]);
                let end_s = 1_795_228_211.3;
                chart.time = TimeAxis { from: end_s - span_s, to: end_s, end: "now".to_owned() };
                chart.clock = clock;
                let (theme, size) = (ChartTheme::light(), Size { width, height: 160.0 });
                let layout = Layout::new(&chart, size, theme.font_px);
                let mut out = String::new();
                {
                    let mut backend = SVGBackend::with_string(&mut out, (width as u32 * 4, 640));
                    let surface = Surface { units_per_px: 4.0, units_per_pixel: 4 };
                    frame(&mut backend, surface, &theme, &chart, &layout).unwrap();
                    backend.present().unwrap();
                }
                let texts = attributes(&out, "text", "x").into_iter().zip(attributes(&out, "text", "text-anchor"));
                let drawn: Vec<f64> = texts
                    .filter(|(_, anchor)| anchor == "middle")
                    .map(|(x, _)| x.parse::<f64>().unwrap() / 4.0)
                    .collect();
                let ticks: Vec<f64> = layout.times.iter().map(|(time, _)| layout.x(*time)).collect();
                assert!(drawn.iter().all(|x| ticks.iter().any(|tick| (tick - x).abs() < 0.2)), "{drawn:?} {ticks:?}");
                // At most the outermost ones have no room.
                assert!(drawn.len() + 2 >= ticks.len() && !drawn.is_empty(), "{width} {clock:?}: {drawn:?} {ticks:?}");
                if clock.is_none() {
                    assert_eq!(drawn.len(), ticks.len(), "{width}: the end has its words: {drawn:?}");
                }
                for (time, words) in &layout.times {
                    let (x, half) = (layout.x(*time), text_width(words, theme.font_px) / 2.0);
                    let inside = x - half >= 0.0 && x + half <= width;
                    assert_eq!(inside, drawn.iter().any(|at| (at - x).abs() < 0.2), "{width} {words}");
                }
            }
        }
    }

    #[test]
    fn the_zero_line_stands_out_when_values_are_on_both_sides() {
        let muted = "#555F6D";
        let rects = |low: f64| {
            let svg = svg(
                &chart(vec![line("Grid", SeriesColor::Grid, vec![vec![(-600.0, low), (0.0, 100.0)]])]),
                &ChartTheme::light(),
            );
            attributes(&svg, "rect", "fill").iter().filter(|fill| *fill == muted).count()
        };
        assert_eq!((rects(-100.0), rects(0.0)), (1, 0));
    }

    #[test]
    fn bands_stay_inside_the_plot_and_events_outside_the_time_axis_are_left_out() {
        let mut chart = chart(vec![line("Grid", SeriesColor::Grid, vec![vec![(-600.0, 10.0), (0.0, 100.0)]])]);
        chart.bands = vec![Band { low: -500.0, high: 900.0, name: "allowed".to_owned(), color: SeriesColor::Charge }];
        chart.marks =
            [-700.0, -300.0].map(|at| Mark { at, name: "sag".to_owned(), color: SeriesColor::Warning }).to_vec();
        let svg = svg(&chart, &ChartTheme::light());
        let layout = Layout::new(&chart, SIZE, 12.0);
        let heights = attributes(&svg, "rect", "height");
        let tallest = heights.iter().map(|h| h.parse::<f64>().unwrap()).fold(0.0, f64::max) / 4.0;
        assert!((tallest - (layout.bottom - layout.top)).abs() <= 1.0, "{tallest}");
        assert!(svg.contains("\nallowed\n"));
        assert_eq!(attributes(&svg, "polygon", "points").len(), 1);
    }
}
