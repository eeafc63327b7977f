//! The scale bar of a heatmap: palette, end values and limits, drawn by CSS alone.

use super::Scale;
use crate::charts::palette::Palette;
use crate::derived::Derived;
use domain::decimal::fixed;
use leptos::prelude::*;

/// Palette, ends and limits of a heatmap's scale. Limits outside the scale are left out.
#[component]
pub fn HeatmapScale(
    /// The values at the ends.
    #[prop(into)]
    scale: Derived<Scale>,
    /// The palette.
    #[prop(into)]
    palette: Derived<Palette>,
    /// Limits to mark, with their words: `(2.85, "limit 2 850 mV")`.
    #[prop(into)]
    limits: Derived<Vec<(f32, String)>>,
    /// A value of the scale in words, with its unit: `2 800 mV`.
    #[prop(into)]
    words: Callback<f32, String>,
) -> impl IntoView {
    let marks = move || {
        let scale = scale.get();
        limits.with(|limits| {
            let inside = limits.iter().filter(|(value, _)| (0.0..=1.0).contains(&scale.share(*value)));
            inside
                .map(|(value, words)| {
                    let left = format!("left:{}%", fixed((100.0 * scale.share(*value)).into(), 2));
                    view! { <i class="heatmap-limit" style=left title=words.clone()></i> }
                })
                .collect_view()
        })
    };
    let limit_words = Derived::new(move || {
        limits.with(|limits| limits.iter().map(|(_, words)| format!(", {words}")).collect::<String>())
    });
    view! {
        <div class="heatmap-scale">
            <span>{move || words.run(scale.get().low)}</span>
            <span class="heatmap-scale-bar" style:background=move || palette.get().css_gradient()>{marks}</span>
            <span>{move || words.run(scale.get().high)}</span>
            <span class="visually-hidden">{limit_words}</span>
        </div>
    }
}
