//! Ticks and their words: few, round, with the minus sign of typography.

use super::{LineChart, ValueRange};
use crate::format::fixed;

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

/// The value axis of `chart` with about `wanted` steps.
pub fn value_ticks(chart: &LineChart, wanted: usize) -> ValueTicks {
    let (low, high, widen) = match chart.y.range {
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
    let values = chart.lines.iter().flat_map(|l| &l.segments).flatten().map(|(_, v)| *v).filter(|v| v.is_finite());
    values.fold(None, |ends, v| {
        let (low, high) = ends.unwrap_or((v, v));
        Some((f64::min(low, v), f64::max(high, v)))
    })
}

/// The smallest of 1, 2, 2.5, 5 times a power of ten that is at least `step`.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= step * 0.999_999).unwrap_or(10.0 * power)
}

/// Ticks of time before the end, at most `most` of them: (time, words), oldest first, the end last.
pub fn time_ticks(chart: &LineChart, most: usize) -> Vec<(f64, String)> {
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
    use crate::charts::theme::Ink;

    fn chart(range: ValueRange, values: &[f64]) -> LineChart {
        LineChart {
            y: ValueAxis { unit: "kW", range },
            lines: vec![Line {
                label: "Grid".to_owned(),
                ink: Ink::Grid,
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
            (ValueRange::Fit(1.0), &[], 2, &[0.0, 0.5, 1.0], 1),
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
        for (span, most, says) in [
            (600.0, 5, "−10 min, −8 min, −6 min, −4 min, −2 min, now"),
            (60.0, 6, "−60 s, −50 s, −40 s, −30 s, −20 s, −10 s, now"),
            (86_400.0, 4, "−24 h, −18 h, −12 h, −6 h, now"),
            (30.0 * 86_400.0, 3, "−30 d, −20 d, −10 d, now"),
            (7.0, 3, "−5 s, now"),
            (0.0, 3, ""),
        ] {
            assert_eq!(words(span, most), says, "{span}");
        }
    }
}
