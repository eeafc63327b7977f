//! Ticks and their words: few, round, with the minus sign of typography.

use super::{LineChart, ValueRange};
use crate::format::fixed;
use domain::time::civil;

/// Steps of time that people count in, s.
const TIME_STEPS_S: [f64; 19] = [
    1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0, 10_800.0, 21_600.0,
    43_200.0, 86_400.0, 604_800.0,
];

/// The values of an axis: its ends, its ticks and how exact its labels are.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueTicks {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// The ticks, rising.
    pub values: Vec<f64>,
    /// Decimals of the labels.
    pub decimals: usize,
}

/// The value axis of `chart` with about `wanted` steps. One that follows its lines has no ticks where no line has a value:
/// a scale of nothing would be read as one.
pub fn value_ticks(chart: &LineChart, wanted: usize) -> ValueTicks {
    let (low, high, widen) = match chart.y.range {
        ValueRange::Fit(width) if extent(chart).is_none() => {
            return ValueTicks { low: 0.0, high: width, values: Vec::new(), decimals: 0 };
        }
        ValueRange::Fixed(low, high) => (low, high, false),
        ValueRange::AtLeast(low, high) => {
            let (least, most) = extent(chart).unwrap_or((low, high));
            (low.min(least), high.max(most), true)
        }
        ValueRange::Fit(width) => {
            let (least, most) = extent(chart).unwrap_or((0.0, width));
            let missing = ((width - (most - least)) / 2.0).max(0.0);
            (least - missing, most + missing, true)
        }
    };
    let high = if high > low { high } else { low + 1.0 };
    let wanted = wanted.max(1);
    let steps = |step: f64| (high / step - 1e-9).ceil() - (low / step + 1e-9).floor();
    let coarse = round_step((high - low) / wanted as f64);
    // A finer step, if the axis then fits the values more tightly without being crowded.
    let fine = round_step(coarse * 0.45);
    let tighter = widen && fine * steps(fine) < coarse * steps(coarse) && steps(fine) <= wanted as f64 + 1.5;
    let step = if tighter { fine } else { coarse };
    // A hair of tolerance, so that 0.3 / 0.1 does not lose its last tick.
    let (first, last) = if widen {
        ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil())
    } else {
        ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor())
    };
    let values = (first as i64..=last as i64).map(|i| i as f64 * step).collect();
    let decimals = (0..6).find(|d| (step * 10_f64.powi(*d)).fract().abs() < 1e-6).unwrap_or(6) as usize;
    if widen {
        ValueTicks { low: first * step, high: last * step, values, decimals }
    } else {
        ValueTicks { low, high, values, decimals }
    }
}

/// The lowest and the highest value of all lines.
fn extent(chart: &LineChart) -> Option<(f64, f64)> {
    let values = chart
        .lines
        .iter()
        .chain(&chart.others)
        .flat_map(|l| &l.segments)
        .flatten()
        .map(|(_, v)| *v)
        .filter(|v| v.is_finite());
    values.fold(None, |ends, v| {
        let (low, high) = ends.unwrap_or((v, v));
        Some((f64::min(low, v), f64::max(high, v)))
    })
}

/// The smallest of 1, 2, 2.5, 5 times a power of ten that is at least `step`.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powi(step.log10().floor() as i32);
    [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= step * 0.999_999).unwrap_or(10.0 * power)
}

/// Steps of a clock, s.
const CLOCK_STEPS_S: [f64; 20] = [
    0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 7_200.0, 10_800.0, 21_600.0,
    43_200.0, 86_400.0, 172_800.0,
];
const DAY_S: f64 = 86_400.0;

/// Ticks from one instant to another, UTC in s, at full steps of a clock that is `offset_s` ahead of UTC, at most `most`
/// of them: (time, words).
pub fn clock_ticks((from, to): (f64, f64), offset_s: i32, most: usize) -> Vec<(f64, String)> {
    let offset_s = f64::from(offset_s);
    let least = (to - from) / most.max(1) as f64;
    if least.is_nan() || least <= 0.0 {
        return Vec::new();
    }
    let step_s = CLOCK_STEPS_S.into_iter().find(|s| *s >= least).unwrap_or((least / DAY_S).ceil() * DAY_S);
    let first = ((from + offset_s) / step_s).ceil() as i64;
    let last = ((to + offset_s) / step_s).floor() as i64;
    let words = |local_s: f64| {
        if step_s >= DAY_S || of_day_s(local_s) < step_s / 2.0 {
            day_words(local_s)
        } else {
            clock_words(local_s, step_s)
        }
    };
    (first..=last).map(|k| k as f64 * step_s).map(|local_s| (local_s - offset_s, words(local_s))).collect()
}

/// The time of day of a local time, s. Without `%`: for floats that is a function of 2 KB.
fn of_day_s(local_s: f64) -> f64 {
    local_s - (local_s / DAY_S).floor() * DAY_S
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A local day: `21 Nov`.
pub fn day_words(local_s: f64) -> String {
    let (_, month, day) = civil((local_s / DAY_S).floor() as i64);
    format!("{day}\u{a0}{}", MONTHS[usize::from(month - 1) % 12])
}

/// The time of day of a local time, as exact as steps of `step_s` need: `13:04`, `13:04:05`, `13:04:05.2`.
pub fn clock_words(local_s: f64, step_s: f64) -> String {
    // Tenths, rounded once: 12.3 s must not become 12.2.
    let tenths = (of_day_s(local_s) * 10.0).round() as u64;
    let two = |n: u64| if n < 10 { format!("0{n}") } else { n.to_string() };
    let minutes = format!("{}:{}", two(tenths / 36_000), two(tenths / 600 % 60));
    match step_s {
        s if s >= 60.0 => minutes,
        s if s >= 1.0 => format!("{minutes}:{}", two(tenths / 10 % 60)),
        _ => format!("{minutes}:{}.{}", two(tenths / 10 % 60), tenths % 10),
    }
}

/// Ticks of time before the end, at most `most` of them: (time, words), oldest first, the end last.
pub fn time_ticks(chart: &LineChart, most: usize) -> Vec<(f64, String)> {
    if let Some(offset_s) = chart.clock {
        return clock_ticks((chart.time.from, chart.time.to), offset_s, most);
    }
    let span_s = chart.time.to - chart.time.from;
    if span_s.is_nan() || span_s <= 0.0 {
        return Vec::new();
    }
    let least = span_s / most.max(1) as f64;
    let days = (least / 86_400.0).ceil() * 86_400.0;
    let step_s = TIME_STEPS_S.into_iter().find(|s| *s >= least * 0.999_999).unwrap_or(days);
    let (unit, per_unit) = if step_s >= 86_400.0 {
        ("d", 86_400.0)
    } else if step_s >= 3_600.0 {
        ("h", 3_600.0)
    } else if step_s >= 60.0 {
        ("min", 60.0)
    } else {
        ("s", 1.0)
    };
    let steps = (span_s / step_s + 1e-6) as usize;
    let mut ticks: Vec<(f64, String)> = (1..=steps)
        .rev()
        .map(|i| {
            let ago_s = i as f64 * step_s;
            (chart.time.to - ago_s, format!("{}\u{a0}{unit}", fixed((-ago_s / per_unit) as f32, 0)))
        })
        .collect();
    ticks.push((chart.time.to, chart.time.end.clone()));
    ticks
}

#[cfg(test)]
mod tests {
    use super::super::{Line, TimeAxis, ValueAxis};
    use super::*;
    use crate::charts::theme::SeriesColor;

    fn chart(range: ValueRange, values: &[f64]) -> LineChart {
        LineChart {
            y: ValueAxis { unit: "kW", range },
            lines: vec![Line {
                label: "Grid".to_owned(),
                color: SeriesColor::Grid,
                segments: vec![values.iter().enumerate().map(|(i, v)| (i as f64, *v)).collect()],
            }],
            ..LineChart::default()
        }
    }

    #[test]
    fn value_ticks_are_few_and_round() {
        for (range, values, wanted, ticks, decimals) in [
            (ValueRange::AtLeast(0.0, 100.0), &[0.0, 213.0][..], 4, &[0.0, 50.0, 100.0, 150.0, 200.0, 250.0][..], 0),
            (ValueRange::AtLeast(0.0, 260.0), &[], 4, &[0.0, 100.0, 200.0, 300.0], 0),
            (ValueRange::AtLeast(0.0, 240.0), &[10.0], 4, &[0.0, 50.0, 100.0, 150.0, 200.0, 250.0], 0),
            (ValueRange::AtLeast(-60.0, 60.0), &[-90.0, 20.0], 3, &[-100.0, -50.0, 0.0, 50.0, 100.0], 0),
            (ValueRange::Fit(0.02), &[3.205, 3.209], 3, &[3.19, 3.20, 3.21, 3.22], 2),
            (ValueRange::Fit(1.0), &[0.5], 2, &[0.0, 0.5, 1.0], 1),
            // What follows its lines has no scale without a value.
            (ValueRange::Fit(1.0), &[], 2, &[], 0),
            (ValueRange::Fixed(2.8, 3.4), &[9.0], 3, &[2.8, 3.0, 3.2, 3.4], 1),
            (ValueRange::Fixed(5.0, 5.0), &[], 2, &[5.0, 5.5, 6.0], 1),
        ] {
            let got = value_ticks(&chart(range, values), wanted);
            assert_eq!(got.values.len(), ticks.len(), "{range:?}: {got:?}");
            assert!(got.values.iter().zip(ticks).all(|(a, b)| (a - b).abs() < 1e-9), "{range:?}: {got:?}");
            assert_eq!(got.decimals, decimals, "{range:?}");
        }
    }

    #[test]
    fn the_axis_holds_every_value_unless_it_is_fixed() {
        let got = value_ticks(&chart(ValueRange::AtLeast(0.0, 10.0), &[-7.0, 213.0]), 4);
        assert!(got.low <= -7.0 && got.high >= 213.0);
        let fixed = value_ticks(&chart(ValueRange::Fixed(0.0, 1.0), &[-7.0]), 4);
        assert_eq!((fixed.low, fixed.high), (0.0, 1.0));
    }

    #[test]
    fn time_is_told_in_words_before_the_end() {
        let words = |span: f64, most: usize| {
            let time = TimeAxis { from: 1_000.0 - span, to: 1_000.0, end: "now".to_owned() };
            let ticks = time_ticks(&LineChart { time, ..LineChart::default() }, most);
            assert!(ticks.iter().all(|(t, _)| (1_000.0 - span - 1e-6..=1_000.0).contains(t)));
            ticks.into_iter().map(|(_, w)| w.replace('\u{a0}', " ")).collect::<Vec<_>>().join(", ")
        };
        for (span, most, expected) in [
            (600.0, 5, "−10 min, −8 min, −6 min, −4 min, −2 min, now"),
            (60.0, 6, "−60 s, −50 s, −40 s, −30 s, −20 s, −10 s, now"),
            (86_400.0, 4, "−24 h, −18 h, −12 h, −6 h, now"),
            (30.0 * 86_400.0, 3, "−30 d, −20 d, −10 d, now"),
            (7.0, 3, "−5 s, now"),
            (0.0, 3, ""),
        ] {
            assert_eq!(words(span, most), expected, "{span}");
        }
    }

    #[test]
    fn a_clock_has_ticks_at_its_full_steps_and_says_where_a_day_begins() {
        let midnight = 20_778.0 * 86_400.0;
        let ticks = |from: f64, to: f64, offset_s: i32| {
            let time = TimeAxis { from: midnight + from, to: midnight + to, ..TimeAxis::default() };
            let chart = LineChart { time, clock: Some(offset_s), ..LineChart::default() };
            time_ticks(&chart, 6)
                .into_iter()
                .map(|(at, words)| (at - midnight, words.replace('\u{a0}', " ")))
                .collect::<Vec<_>>()
        };
        let words = |ticks: &[(f64, String)]| ticks.iter().map(|(_, words)| words.clone()).collect::<Vec<_>>();
        assert_eq!(words(&ticks(-7_200.0, 7_200.0, 0)), ["22:00", "23:00", "21 Nov", "01:00", "02:00"]);
        // An hour ahead: the day begins an hour earlier.
        assert_eq!(words(&ticks(-7_200.0, 7_200.0, 3_600)), ["23:00", "21 Nov", "01:00", "02:00", "03:00"]);
        assert_eq!(words(&ticks(-30.0 * 86_400.0, 0.0, 0)), ["24 Oct", "29 Oct", "3 Nov", "8 Nov", "13 Nov", "18 Nov"]);
        let fine = ticks(45_296.1, 45_297.0, 0);
        assert_eq!(words(&fine), ["12:34:56.2", "12:34:56.4", "12:34:56.6", "12:34:56.8", "12:34:57.0"]);
        assert!((fine[0].0 - 45_296.2).abs() < 1e-6);
        assert!(ticks(5.0, 5.0, 0).is_empty());
    }
}
