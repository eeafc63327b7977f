//! Where everything in a line chart goes, in CSS px; the same for every backend and for the crosshair in the page.

use super::LineChart;
use super::ticks::{ValueTicks, time_ticks, value_ticks};
use crate::format::fixed;
use crate::order::sort_by;

/// Free height above the plot: the unit stands there.
const TOP_PX: f64 = 22.0;
/// Height of the time axis.
const BOTTOM_PX: f64 = 22.0;
/// Between a tick's words and the plot, and between a line's end and its name.
const GAP_PX: f64 = 8.0;
/// Words at the ends of a time axis for which there is room: by the clock, and before the end.
const CLOCK_WORDS: &str = "00\u{a0}Nov";
const AGO_WORDS: &str = "\u{2212}00\u{a0}min";
/// Names stand at the ends of their lines as long as they take no more than this share of the width.
const LABEL_SHARE: f64 = 0.2;

/// The size of a chart, CSS px.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// Where the names of the lines stand.
#[derive(Clone, Debug, PartialEq)]
pub enum Names {
    /// At the ends of the lines: the middle of each name's height, by line; `None` for a line without a point.
    Beside(Vec<Option<f64>>),
    /// In a row above the plot, for narrow charts: the left edge of each name, by line.
    Above(Vec<f64>),
}

/// The places of a chart's parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Left edge of the plot.
    pub left: f64,
    /// Right edge.
    pub right: f64,
    /// Upper edge.
    pub top: f64,
    /// Lower edge.
    pub bottom: f64,
    /// The value axis.
    pub values: ValueTicks,
    /// The time axis: time and words.
    pub times: Vec<(f64, String)>,
    /// Where the names of the lines stand.
    pub names: Names,
    /// Width of the whole chart.
    width: f64,
    from: f64,
    to: f64,
}

impl Layout {
    /// Lays out `chart` in `size` with text of `font_px`.
    pub fn new(chart: &LineChart, size: Size, font_px: f64) -> Layout {
        let (top, bottom) = (TOP_PX, (size.height - BOTTOM_PX).max(TOP_PX + 1.0));
        let values = value_ticks(chart, ((bottom - top) / 46.0).round().clamp(2.0, 6.0) as usize);
        let tick_width = values.values.iter().map(|v| text_width(&fixed(*v as f32, values.decimals), font_px));
        let room = chart
            .room
            .as_ref()
            .map_or((0.0, 0.0), |room| (text_width(room.tick, font_px), text_width(&room.name, font_px)));
        // Words stand in the middle below their tick, so the outermost ones need half their width beside the plot.
        let (first, last) = match chart.clock {
            Some(_) => (CLOCK_WORDS, CLOCK_WORDS),
            None => (AGO_WORDS, chart.time.end.as_str()),
        };
        let half = |words: &str| text_width(words, font_px) / 2.0;
        let left = (tick_width.fold(text_width(chart.y.unit, font_px).max(room.0), f64::max) + GAP_PX).max(half(first));
        let name_widths: Vec<f64> = chart.lines.iter().map(|line| text_width(&line.label, font_px)).collect();
        let widest = name_widths.iter().copied().fold(room.1, f64::max);
        let beside = widest > 0.0 && widest <= LABEL_SHARE * size.width;
        let margin = (if beside { widest + GAP_PX } else { GAP_PX }).max(half(last));
        let right = (size.width - margin).max(left + 1.0);
        let times = time_ticks(chart, ((right - left) / (font_px * 7.0)).max(1.0) as usize);
        let mut layout = Layout {
            left,
            right,
            top,
            bottom,
            values,
            times,
            names: Names::Above(Vec::new()),
            width: size.width,
            from: chart.time.from,
            to: chart.time.to,
        };
        layout.names = if beside { layout.names_beside(chart, font_px) } else { layout.names_above(&name_widths) };
        layout
    }

    fn names_beside(&self, chart: &LineChart, font_px: f64) -> Names {
        let ends: Vec<Option<f64>> =
            chart.lines.iter().map(|line| line.last().map(|(_, v)| self.y(v).clamp(self.top, self.bottom))).collect();
        let known: Vec<f64> = ends.iter().flatten().copied().collect();
        let mut spread = spread(&known, font_px * 1.3, self.top, self.bottom).into_iter();
        Names::Beside(ends.into_iter().map(|end| end.and_then(|_| spread.next())).collect())
    }

    fn names_above(&self, widths: &[f64]) -> Names {
        let starts = widths.iter().scan(self.left, |x, width| {
            let start = *x + NAME_DASH_PX;
            *x = start + width + 2.0 * GAP_PX;
            Some(start)
        });
        Names::Above(starts.collect())
    }

    /// The same layout with time counted from the end of the axis, and without the names of the lines: equal as long as
    /// the frame of the chart looks the same.
    pub fn resting(&self) -> Layout {
        // Finer than a pixel of any screen.
        let grain = ((self.to - self.from) / 8_192.0).max(1e-6);
        let round = |time: f64| (time / grain).round() * grain;
        Layout {
            times: self.times.iter().map(|(time, words)| (round(time - self.to), words.clone())).collect(),
            names: Names::Above(Vec::new()),
            from: round(self.from - self.to),
            to: 0.0,
            ..self.clone()
        }
    }

    /// Horizontal place of a time.
    pub fn x(&self, time: f64) -> f64 {
        self.left + (time - self.from) / (self.to - self.from) * (self.right - self.left)
    }

    /// Vertical place of a value.
    pub fn y(&self, value: f64) -> f64 {
        self.bottom - (value - self.values.low) / (self.values.high - self.values.low) * (self.bottom - self.top)
    }

    /// Whether `words` whose middle is at `x` lie within the chart: the browser would cut the rest.
    pub fn has_room_at(&self, x: f64, words: &str, font_px: f64) -> bool {
        let half = text_width(words, font_px) / 2.0;
        x - half >= 0.0 && x + half <= self.width
    }

    /// The time at a horizontal place, within the axis.
    pub fn time_at(&self, x: f64) -> f64 {
        let share = ((x - self.left) / (self.right - self.left)).clamp(0.0, 1.0);
        self.from + share * (self.to - self.from)
    }
}

/// Length of the dash in a line's colour before its name in a row of names, with its gap.
pub(super) const NAME_DASH_PX: f64 = 18.0;

/// Width of `text`, estimated on the safe side: asking the browser would cost a layout, and the server has no fonts.
pub fn text_width(text: &str, font_px: f64) -> f64 {
    let em: f64 = text
        .chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | '.' | ',' | ':' | '\'' | '|' | ' ' | '\u{a0}' | 'I' | 't' | 'f' | 'r' => 0.36,
            '\u{202f}' => 0.3,
            'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.95,
            'A'..='Z' | '\u{2212}' => 0.72,
            _ => 0.64,
        })
        .sum();
    em * font_px
}

/// Moves the middles `wanted` apart until they are at least `spacing` from each other, as little as possible, within
/// `low..=high` as long as there is room. Their order stays.
pub fn spread(wanted: &[f64], spacing: f64, low: f64, high: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    sort_by(&mut order, |a, b| wanted[*a] < wanted[*b]);
    // Groups that touch: (middle of the group, members). Two groups that overlap become one around their common middle.
    let mut groups: Vec<(f64, usize)> = Vec::new();
    let fit = |middle: f64, members: usize| {
        let half = (members - 1) as f64 * spacing / 2.0;
        middle.min(high - half).max(low + half)
    };
    for place in &order {
        let mut group = (fit(wanted[*place], 1), 1);
        while let Some((middle, members)) = groups.last().copied() {
            if group.0 - middle >= (members + group.1) as f64 * spacing / 2.0 {
                break;
            }
            groups.pop();
            let all = members + group.1;
            group = (fit((middle * members as f64 + group.0 * group.1 as f64) / all as f64, all), all);
        }
        groups.push(group);
    }
    let mut places = vec![0.0; wanted.len()];
    let mut next = order.into_iter();
    for (middle, members) in groups {
        for i in 0..members {
            if let Some(place) = next.next() {
                places[place] = middle + (i as f64 - (members - 1) as f64 / 2.0) * spacing;
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::super::{Line, TimeAxis, ValueAxis, ValueRange};
    use super::*;
    use crate::charts::theme::SeriesColor;
    use proptest::prelude::*;

    fn chart(ends: &[f64]) -> LineChart {
        LineChart {
            time: TimeAxis { from: 0.0, to: 600.0, end: "now".to_owned() },
            y: ValueAxis { unit: "kW", range: ValueRange::AtLeast(0.0, 240.0) },
            lines: ends
                .iter()
                .map(|v| Line {
                    label: "AI load".to_owned(),
                    color: SeriesColor::Load,
                    segments: vec![vec![(600.0, *v)]],
                })
                .collect(),
            ..LineChart::default()
        }
    }

    #[test]
    fn places_and_times_are_each_others_inverse() {
        let layout = Layout::new(&chart(&[10.0]), Size { width: 800.0, height: 232.0 }, 12.0);
        for time in [0.0, 123.0, 600.0] {
            assert!((layout.time_at(layout.x(time)) - time).abs() < 1e-9);
        }
        assert_eq!((layout.time_at(-50.0), layout.time_at(9_999.0)), (0.0, 600.0));
        assert_eq!((layout.y(0.0), layout.y(layout.values.high)), (layout.bottom, layout.top));
    }

    #[test]
    fn names_stand_beside_their_lines_on_a_wide_chart_and_above_on_a_narrow_one() {
        let wide = Layout::new(&chart(&[100.0, 101.0]), Size { width: 800.0, height: 232.0 }, 12.0);
        let Names::Beside(places) = &wide.names else { panic!("{:?}", wide.names) };
        let gap = places[0].unwrap() - places[1].unwrap();
        assert!(gap >= 12.0, "the higher value stands higher, and the names do not touch: {places:?}");
        let narrow = Layout::new(&chart(&[100.0, 101.0]), Size { width: 200.0, height: 160.0 }, 12.0);
        assert!(matches!(narrow.names, Names::Above(_)));
        assert!(narrow.right > 180.0);
    }

    #[test]
    fn a_chart_too_small_for_its_axes_still_has_a_plot() {
        let layout = Layout::new(&chart(&[1.0]), Size { width: 10.0, height: 10.0 }, 12.0);
        assert!(layout.right > layout.left && layout.bottom > layout.top);
    }

    #[test]
    fn spreading_moves_as_little_as_needed() {
        for (wanted, places) in [
            (&[][..], &[][..]),
            (&[50.0], &[50.0]),
            (&[20.0, 60.0], &[20.0, 60.0]),
            (&[50.0, 50.0], &[45.0, 55.0]),
            (&[52.0, 48.0], &[55.0, 45.0]),
            (&[0.0, 2.0], &[0.0, 10.0]),
            (&[99.0, 100.0, 40.0], &[90.0, 100.0, 40.0]),
        ] {
            assert_eq!(spread(wanted, 10.0, 0.0, 100.0), places, "{wanted:?}");
        }
    }

    proptest! {
        #[test]
        fn spread_places_never_overlap_and_stay_inside(wanted in prop::collection::vec(0.0_f64..100.0, 0..8)) {
            let mut places = spread(&wanted, 10.0, 0.0, 100.0);
            prop_assert!(places.iter().all(|p| (-1e-9..=100.0 + 1e-9).contains(p)));
            places.sort_by(f64::total_cmp);
            prop_assert!(places.windows(2).all(|p| p[1] - p[0] >= 10.0 - 1e-9), "{places:?}");
        }
    }
}
