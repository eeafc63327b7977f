//! How right a flight check was: what it predicted beside what was measured afterwards, and a verdict in words.
//!
//! A prediction is wrong because the twin is, or because the load was another one than assumed. The two are told apart by
//! energy: what the state of charge should have lost by the energy that really flowed.

use super::course::{Course, Measured};
use super::{CurvePoint, End, Lasts, Outlook};
use crate::wire::Wire;
use std::fmt;

/// How right a prediction was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
pub enum Verdict {
    /// Nothing could be compared.
    NotComparable,
    /// As predicted.
    AsPredicted,
    /// Close to it.
    Close,
    /// The load was other than assumed; with it the prediction would have been right.
    OtherLoad,
    /// Wrong.
    Off,
}

/// A prediction held against what happened. Errors are predicted less actual.
#[derive(Clone, Copy, Debug, PartialEq, Wire)]
pub struct Score {
    /// Over so many minutes.
    pub compared_min: f32,
    /// Of the state of charge where it was largest, points.
    pub soc_points: Option<f32>,
    /// Of the state of charge at the end, had the power been as predicted: what is the twin's own error, points.
    pub soc_own_points: Option<f32>,
    /// Of the time that the load was covered, min. While it still is, as much as is certain already.
    pub training_min: Option<f32>,
    /// Of the lowest cell voltage, V.
    pub lowest_v: Option<f32>,
    /// Of the mean battery power, W.
    pub battery_w: Option<f32>,
    /// All of it in a word.
    pub verdict: Verdict,
}

/// What was predicted and what was measured; `None` where it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sides {
    /// State of charge at the end, %.
    pub soc_pct: (Option<f32>, Option<f32>),
    /// Lowest cell voltage, V.
    pub lowest_v: (Option<f32>, Option<f32>),
    /// Mean battery power, W, discharge positive.
    pub battery_w: (Option<f32>, Option<f32>),
    /// Time that the load was covered, min; of what was measured `None` while it still is.
    pub training_min: (Option<f32>, Option<f32>),
}

/// Up to here a prediction is right, and up to there close: points, V, share of the minutes.
const RIGHT: (f32, f32, f32) = (1.0, 0.020, 0.05);
const CLOSE: (f32, f32, f32) = (3.0, 0.050, 0.15);
/// Minutes by which every prediction may be off.
const ROUNDING_MIN: f32 = 1.0;
/// Less than this is not compared, min.
const SHORTEST_MIN: f32 = 1.0;

impl Score {
    /// Holds `predicted` against what happened.
    pub fn of(predicted: &Outlook, course: &Course) -> Score {
        Score::against(predicted.training.ok(), &predicted.curve, course)
    }

    /// The same of what of an outlook is held against what happens: for how long the load was to be covered, and the curve.
    pub fn against(training: Option<Lasts>, curve: &[CurvePoint], course: &Course) -> Score {
        let end_min = |last: Option<f32>| last.unwrap_or(0.0);
        let predicted_to = end_min(curve.last().map(|point| point.at_min));
        let measured_to = end_min(course.measured.last().map(|instant| instant.at_min));
        let compared_min = predicted_to.min(measured_to);
        let within = || course.measured.iter().filter(|instant| instant.at_min <= compared_min);
        let off = |instant: &Measured| Some(at(curve, instant.at_min, |p| p.soc_pct)? - instant.soc_pct?);
        let soc_points = within().filter_map(off).max_by(|a, b| a.abs().total_cmp(&b.abs()));
        let mut score = Score {
            compared_min,
            soc_points,
            soc_own_points: own(curve, course, compared_min),
            training_min: training.and_then(|lasts| minutes_off(lasts, course, measured_to)),
            lowest_v: lowest_off(curve, course, compared_min),
            battery_w: power_off(curve, course, compared_min),
            verdict: Verdict::NotComparable,
        };
        score.verdict = score.judge(training);
        score
    }

    /// The values themselves, as predicted and as measured, over the minutes that were compared.
    pub fn sides(&self, training: Option<Lasts>, curve: &[CurvePoint], course: &Course) -> Sides {
        let to_min = self.compared_min;
        let last = course.measured.iter().rfind(|instant| instant.at_min <= to_min && instant.soc_pct.is_some());
        let soc_pct = last.map_or((None, None), |last| (at(curve, last.at_min, |p| p.soc_pct), last.soc_pct));
        let lowest = lowest(curve, course, to_min);
        let end_min = course.measured.iter().map(|instant| instant.at_min).rfind(|at| *at <= to_min && *at > 0.0);
        let mean = |energy: Option<f32>| Some(energy? / end_min?);
        let predicted_w = mean(end_min.filter(|_| !curve.is_empty()).map(|end| predicted_energy(curve, end)));
        Sides {
            soc_pct,
            lowest_v: lowest,
            battery_w: (predicted_w, mean(end_min.and_then(|end| measured_energy(course, end)))),
            training_min: (training.map(|lasts| lasts.minutes), course.ended_at_min),
        }
    }

    fn judge(&self, training: Option<Lasts>) -> Verdict {
        let nothing = self.soc_points.is_none() && self.lowest_v.is_none();
        if self.training_min.is_none() && (nothing || self.compared_min < SHORTEST_MIN) {
            return Verdict::NotComparable;
        }
        let length_min = training.map_or(0.0, |lasts| lasts.minutes);
        let keeps = |(points, volts, share): (f32, f32, f32)| {
            self.soc_points.is_none_or(|off| off.abs() <= points)
                && self.lowest_v.is_none_or(|off| off.abs() <= volts)
                && self.training_min.is_none_or(|off| off.abs() <= (share * length_min).max(ROUNDING_MIN))
        };
        match self.soc_own_points {
            _ if keeps(RIGHT) => Verdict::AsPredicted,
            _ if keeps(CLOSE) => Verdict::Close,
            Some(own) if own.abs() <= RIGHT.0 => Verdict::OtherLoad,
            _ => Verdict::Off,
        }
    }
}

/// The curve's value at `at_min`, on straight lines between its points; `None` beyond its ends.
fn at(curve: &[CurvePoint], at_min: f32, value: impl Fn(&CurvePoint) -> f32) -> Option<f32> {
    let after = curve.partition_point(|point| point.at_min < at_min);
    let next = curve.get(after)?;
    let Some(before) = after.checked_sub(1).and_then(|i| curve.get(i)) else {
        return (next.at_min <= at_min).then(|| value(next));
    };
    let share = (at_min - before.at_min) / (next.at_min - before.at_min);
    Some(value(before) + share * (value(next) - value(before)))
}

/// How much longer the load was to be covered than it was, min; `None` while nothing is certain.
fn minutes_off(predicted: Lasts, course: &Course, measured_to: f32) -> Option<f32> {
    match (predicted.end, course.ended_at_min) {
        (End::Horizon, None) => None,
        (_, Some(actual_min)) => Some(predicted.minutes - actual_min),
        (_, None) => Some(predicted.minutes - measured_to).filter(|off| *off < 0.0),
    }
}

/// Lowest voltage of the prediction less that of what happened, both as far as the two go.
fn lowest_off(curve: &[CurvePoint], course: &Course, to_min: f32) -> Option<f32> {
    let (predicted, measured) = lowest(curve, course, to_min);
    Some(predicted? - measured?)
}

/// Lowest voltage of the prediction and of what happened.
fn lowest(curve: &[CurvePoint], course: &Course, to_min: f32) -> (Option<f32>, Option<f32>) {
    let least = |values: &mut dyn Iterator<Item = f32>| values.min_by(f32::total_cmp);
    // The first point after the end has the lowest voltage since the one before it.
    let last = curve.partition_point(|point| point.at_min < to_min);
    let predicted = least(&mut curve.iter().take(last + 1).map(|point| point.lowest_v));
    let measured = course.measured.iter().filter(|instant| instant.at_min <= to_min);
    (predicted, least(&mut measured.filter_map(|instant| instant.lowest_v)))
}

/// Energy of the prediction until `to_min`, W min.
fn predicted_energy(curve: &[CurvePoint], to_min: f32) -> f32 {
    let mut before_min = 0.0;
    let piece = |point: &CurvePoint| {
        let held_min = (point.at_min.min(to_min) - before_min).max(0.0);
        before_min = point.at_min;
        point.battery_w * held_min
    };
    curve.iter().map(piece).sum()
}

/// Energy that flowed until `to_min`, W min; `None` if its power is not known all the time.
fn measured_energy(course: &Course, to_min: f32) -> Option<f32> {
    let mut before_min = 0.0;
    let pieces = course.measured.iter().filter(|instant| instant.at_min <= to_min);
    let piece = |instant: &Measured| {
        let held_min = instant.at_min - before_min;
        before_min = instant.at_min;
        Some(instant.battery_w? * held_min)
    };
    pieces.map(piece).sum()
}

fn power_off(curve: &[CurvePoint], course: &Course, to_min: f32) -> Option<f32> {
    let to_min = course.measured.iter().map(|instant| instant.at_min).rfind(|at| *at <= to_min)?;
    (to_min >= SHORTEST_MIN).then_some(())?;
    Some((predicted_energy(curve, to_min) - measured_energy(course, to_min)?) / to_min)
}

/// What the prediction's state of charge would have been off by at the end, had the energy been the one that flowed.
fn own(curve: &[CurvePoint], course: &Course, to_min: f32) -> Option<f32> {
    let last = course.measured.iter().rfind(|instant| instant.at_min <= to_min && instant.soc_pct.is_some())?;
    let start_pct = curve.first()?.soc_pct;
    let predicted_pct = at(curve, last.at_min, |point| point.soc_pct)?;
    let (predicted, measured) = (predicted_energy(curve, last.at_min), measured_energy(course, last.at_min)?);
    // By hardly any charge nothing is told.
    ((predicted_pct - start_pct).abs() > 1.0 && predicted.abs() > 0.0).then_some(())?;
    Some(start_pct + (predicted_pct - start_pct) * measured / predicted - last.soc_pct?)
}

impl Verdict {
    /// In one word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::NotComparable => "not-comparable",
            Verdict::AsPredicted => "as-predicted",
            Verdict::Close => "close",
            Verdict::OtherLoad => "other-load",
            Verdict::Off => "off",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::NotComparable => "nothing to compare yet",
            Verdict::AsPredicted => "as predicted",
            Verdict::Close => "close to the prediction",
            Verdict::OtherLoad => "the load was other than assumed",
            Verdict::Off => "the prediction was wrong",
        })
    }
}

impl fmt::Display for Score {
    /// `close to the prediction: covered 3 min less, SoC 1.2 points lower, lowest cell 8 mV higher than predicted`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let than = |off: f32, amount: String, more: &str, less: &str| {
            format!("{amount} {}", if off > 0.0 { less } else { more })
        };
        let parts: Vec<String> = [
            self.training_min.map(|off| than(off, format!("covered {:.0} min", off.abs()), "more", "less")),
            self.soc_points.map(|off| than(off, format!("SoC {:.1} points", off.abs()), "higher", "lower")),
            self.lowest_v.map(|off| than(off, format!("lowest cell {:.0} mV", off.abs() * 1e3), "higher", "lower")),
        ]
        .into_iter()
        .flatten()
        .collect();
        write!(f, "{}", self.verdict)?;
        if self.verdict != Verdict::NotComparable && !parts.is_empty() {
            write!(f, ": {} than predicted", parts.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
