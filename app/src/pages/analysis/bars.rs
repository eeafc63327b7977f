//! Bars: a value for each of a few things, from a line at zero up or down, and the same in a table.

use crate::format::{NONE, THIN, fixed};
use ::api::analysis::Bars;
use domain::decimal;
use leptos::prelude::*;

/// Labels that fit beneath the bars of a phone.
const LABELS_MAX: usize = 8;

/// Where the line at zero and a bar lie, in percent of the height from the top.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// From the lowest to the highest value, with zero.
    fn of(bars: &Bars) -> Scale {
        let values = || bars.bars.iter().filter_map(|(_, value)| *value);
        let (low, high) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
        Scale { low, high: if high > low { high } else { low + 1.0 } }
    }

    fn top_pct(self, value: f64) -> f64 {
        100.0 * (self.high - value) / (self.high - self.low)
    }

    /// The value that is named between the ends: half of the way, where both ends are on one side of zero.
    fn middle(self) -> Option<f64> {
        (self.low == 0.0 || self.high == 0.0).then(|| (self.low + self.high) / 2.0)
    }

    /// Top and height of a bar.
    fn bar(self, value: f64) -> (f64, f64) {
        let (zero, end) = (self.top_pct(0.0), self.top_pct(value));
        (zero.min(end), (zero - end).abs())
    }
}

/// The bars.
#[component]
pub(super) fn BarsView(
    /// What they show.
    bars: Bars,
) -> impl IntoView {
    let scale = Scale::of(&bars);
    // Current has a direction, and directions have colours.
    let directed = bars.unit == "A";
    let unit = bars.unit.clone();
    let words = move |value: f64| {
        let decimals = if value.abs() >= 100.0 { 0 } else { 2 };
        format!("{}{THIN}{unit}", fixed(value as f32, decimals)).trim_end_matches(THIN).to_owned()
    };
    let pct = |value: f64| decimal::fixed(value, 2);
    let drawn = bars.bars.iter().map(|(label, value)| {
        let (top, height) = value.map_or((0.0, 0.0), |value| scale.bar(value));
        let class = match value {
            Some(value) if directed && *value < 0.0 => "bar bar-charge",
            Some(_) if directed => "bar bar-discharge",
            Some(_) => "bar",
            None => "bar-none",
        };
        let title = format!("{label}: {}", value.map_or_else(|| NONE.to_owned(), &words));
        let style = format!("top:{}%;height:{}%", pct(top), pct(height));
        view! { <span class="bar-place" title=title><i class=class style=style></i></span> }
    });
    let every = bars.bars.len().div_ceil(LABELS_MAX).max(1);
    let labels = bars.bars.iter().enumerate().map(|(place, (label, _))| {
        view! { <span>{if place % every == 0 { label.clone() } else { String::new() }}</span> }
    });
    let rows = bars.bars.iter().map(|(label, value)| {
        view! { <tr><th scope="row">{label.clone()}</th><td>{value.map_or_else(|| NONE.to_owned(), &words)}</td></tr> }
    });
    let zero = format!("top:{}%", pct(scale.top_pct(0.0)));
    let middle = scale.middle().map(|value| view! { <span>{words(value)}</span> });
    view! {
        <figure class="bars">
            <figcaption class="note">{bars.name.clone()}</figcaption>
            <div class="bars-plot" aria-hidden="true">
                <p class="bars-ends note"><span>{words(scale.high)}</span>{middle}<span>{words(scale.low)}</span></p>
                <div class="bars-field"><i class="bars-zero" style=zero></i>{drawn.collect_view()}</div>
                <div class="bars-labels note">{labels.collect_view()}</div>
            </div>
            <table class="hidden">
                <caption>{bars.name.clone()}</caption>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </figure>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_the_line_at_zero_or_hang_from_it() {
        let bars = |values: &[Option<f64>]| Bars {
            bars: values.iter().map(|value| ("x".to_owned(), *value)).collect(),
            ..Bars::default()
        };
        let both = Scale::of(&bars(&[Some(30.0), None, Some(-10.0)]));
        assert_eq!((both.bar(30.0), both.bar(-10.0), both.top_pct(0.0)), ((0.0, 75.0), (75.0, 25.0), 75.0));
        let above = Scale::of(&bars(&[Some(30.0)]));
        assert_eq!((above.bar(15.0), above.top_pct(0.0)), ((50.0, 50.0), 100.0));
        assert_eq!((above.middle(), both.middle()), (Some(15.0), None));
        let none = Scale::of(&bars(&[None, Some(0.0)]));
        assert_eq!(none.bar(0.0), (100.0, 0.0));
    }
}
