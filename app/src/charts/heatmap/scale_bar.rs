//! The scale bar of a heatmap: palette, end values and limits, drawn by CSS alone. A limit within the scale is a line on
//! it; one beyond is told in words at that end.

use super::Scale;
use crate::charts::palette::Palette;
use crate::derived::Derived;
use domain::decimal::fixed;
use leptos::prelude::*;

/// Palette, ends and limits of a heatmap's scale.
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
    let inside = Derived::new(move || {
        let scale = scale.get();
        limits.with(|limits| {
            let inside = limits.iter().filter(|(value, _)| (0.0..=1.0).contains(&scale.share(*value)));
            inside.map(|(_, words)| format!(", {words}")).collect::<String>()
        })
    });
    // The nearest limit beyond an end; of several it is the one that will be passed first.
    let beyond = move |above: bool| {
        Derived::new(move || {
            let scale = scale.get();
            limits.with(|limits| {
                let far = |value: f32| if above { scale.share(value) - 1.0 } else { -scale.share(value) };
                let beyond = limits.iter().filter(|(value, _)| far(*value) > 0.0);
                let nearest = beyond.reduce(|a, b| if far(b.0) < far(a.0) { b } else { a });
                nearest.map(|(_, words)| words.clone()).unwrap_or_default()
            })
        })
    };
    let (below, above) = (beyond(false), beyond(true));
    let limit_label = |words: Derived<String>, lower: bool| {
        let text = move || match (words.get(), lower) {
            (words, _) if words.is_empty() => words,
            (words, true) => format!("\u{2039} {words}"),
            (words, false) => format!("{words} \u{203a}"),
        };
        view! { <span class="heatmap-beyond" hidden=move || words.with(String::is_empty)>{text}</span> }
    };
    view! {
        <div class="heatmap-scale">
            {limit_label(below, true)}
            <span>{move || words.run(scale.get().low)}</span>
            <span class="heatmap-scale-bar" style:background=move || palette.get().css_gradient()>{marks}</span>
            <span>{move || words.run(scale.get().high)}</span>
            {limit_label(above, false)}
            <span class="visually-hidden">{inside}</span>
        </div>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn limits_within_the_scale_are_on_it_and_those_beyond_are_told_at_its_ends() {
        let html = Owner::new().with(|| {
            let limits = [(2.85, "limit 2850"), (3.25, "limit 3250"), (3.65, "limit 3650"), (3.8, "limit 3800")];
            let limits: Vec<(f32, String)> = limits.map(|(value, words)| (value, words.to_owned())).to_vec();
            let scale = Derived::fixed(Scale::new(3.2, 3.3));
            view! {
                <HeatmapScale scale palette=Derived::fixed(Palette::Cividis) limits=Derived::fixed(limits) words=|v: f32| format!("{v}") />
            }
            .to_html()
        });
        assert_eq!(html.matches("class=\"heatmap-limit\"").count(), 1, "{html}");
        for words in ["\u{2039} limit 2850", "limit 3650 \u{203a}", ", limit 3250"] {
            assert!(html.contains(words), "{words} in {html}");
        }
        assert!(!html.contains("limit 3800"), "the nearer one is told: {html}");
    }
}
