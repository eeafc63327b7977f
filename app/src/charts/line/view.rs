//! The line chart as a component: reserved height, layers, crosshair, and the same in words.
//!
//! The crosshair is an element over the canvas: moving it draws nothing. Charts that share `cursor` show the same instant.
//! A mouse shows it while it is over the chart. A finger sets it by a tap, or moves it along, and it stays until the chart
//! loses the focus: by a tap elsewhere.

use super::layout::Layout;
use super::{LineChart, summary};
use crate::derived::Derived;
use domain::decimal::fixed;
use leptos::ev::{KeyboardEvent, MouseEvent, PointerEvent};
use leptos::html;
use leptos::prelude::*;

/// How far an arrow key moves the crosshair, in shares of the time axis.
const KEY_SHARE: f64 = 0.01;
/// A finger that has moved less than this along the chart may still become a tap or a scroll, CSS px.
const SLOP_PX: f64 = 6.0;

/// A chart of lines over time.
#[component]
pub fn LineChartView(
    /// An id that no other element of the page has.
    id: &'static str,
    /// What it shows.
    #[prop(into)]
    chart: Derived<LineChart>,
    /// What it shows, in a sentence: `Load profile of the last 10 minutes`.
    #[prop(into)]
    label: Derived<String>,
    /// The height that is reserved for it before there is anything to draw, CSS px.
    height_px: u32,
    /// The instant of the crosshair, in seconds before the end of the time axis (0 or negative). Give several charts the
    /// same one to have one crosshair.
    #[prop(optional)]
    cursor: Option<RwSignal<Option<f64>>>,
    /// Told how the chart is laid out, for those who want to know which time is at a place.
    #[prop(optional)]
    layout: Option<RwSignal<Option<Layout>>>,
) -> impl IntoView {
    let (plot, frame, lines) = (NodeRef::<html::Div>::new(), NodeRef::new(), NodeRef::new());
    let layout = layout.unwrap_or_else(|| RwSignal::new(None::<Layout>));
    let cursor = cursor.unwrap_or_else(|| RwSignal::new(None));
    #[cfg(feature = "hydrate")]
    super::layer::attach(super::layer::Layers { chart, plot, frame, lines, layout });

    let span_s = move || chart.with_untracked(|chart| chart.time.to - chart.time.from);
    let show_at = move |client_x: i32| {
        let Some(plot) = plot.get_untracked() else { return };
        let x = f64::from(client_x) - plot.get_bounding_client_rect().left();
        let end = chart.with_untracked(|chart| chart.time.to);
        cursor.set(layout.with_untracked(|layout| layout.as_ref().map(|layout| layout.time_at(x) - end)));
    };
    // Where the first finger came down.
    let finger = StoredValue::new(None::<i32>);
    let on_down = move |event: PointerEvent| match is_finger(&event) {
        true => finger.set_value(event.is_primary().then_some(event.client_x())),
        false => show_at(event.client_x()),
    };
    let on_move = move |event: PointerEvent| {
        let moves_along = |from: i32| f64::from((event.client_x() - from).abs()) >= SLOP_PX;
        if !is_finger(&event) || (event.is_primary() && finger.get_value().is_some_and(moves_along)) {
            show_at(event.client_x());
        }
    };
    let on_leave = move |event: PointerEvent| {
        if !is_finger(&event) {
            cursor.set(None);
        }
    };
    // The click of a tap comes after the focus has moved here from another chart.
    let on_click = move |event: MouseEvent| show_at(event.client_x());
    let by_key = RwSignal::new(None::<f64>);
    let on_key = move |event: KeyboardEvent| {
        let (span_s, at) = (span_s(), cursor.get_untracked().unwrap_or(0.0));
        let to = match event.key().as_str() {
            "ArrowLeft" => at - KEY_SHARE * span_s,
            "ArrowRight" => at + KEY_SHARE * span_s,
            "PageUp" => at - 10.0 * KEY_SHARE * span_s,
            "PageDown" => at + 10.0 * KEY_SHARE * span_s,
            "Home" => -span_s,
            "End" => 0.0,
            "Escape" => return cursor.set(None),
            _ => return,
        };
        event.prevent_default();
        cursor.set(Some(to.clamp(-span_s, 0.0)));
        by_key.set(cursor.get_untracked());
    };

    let crosshair = move || {
        let at = cursor.get()?;
        layout.with(|layout| chart.with(|chart| Some(crosshair(chart, layout.as_ref()?, chart.time.to + at))))
    };
    let said = Derived::new(move || {
        by_key.get().map(|at| chart.with_untracked(|chart| summary::at_words(chart, chart.time.to + at)))
    });
    let table = move || {
        let row = |row: summary::Row| {
            view! { <tr><th scope="row">{row.label}</th><td>{row.min}</td><td>{row.max}</td><td>{row.last}</td></tr> }
        };
        chart.with(summary::rows).into_iter().map(row).collect_view()
    };
    view! {
        <figure class="line-chart">
            <div
                node_ref=plot
                id=id
                class="line-chart-plot"
                style=format!("height:{height_px}px")
                tabindex="0"
                role="application"
                aria-roledescription="chart"
                aria-label=label
                on:pointermove=on_move
                on:pointerdown=on_down
                on:pointerleave=on_leave
                on:click=on_click
                on:blur=move |_| cursor.set(None)
                on:keydown=on_key
            >
                <canvas node_ref=frame class="line-chart-layer"></canvas>
                <canvas node_ref=lines class="line-chart-layer"></canvas>
                {crosshair}
            </div>
            <p class="hidden" aria-live="polite">{said}</p>
            <div class="hidden">
                <table>
                    <caption>{label}</caption>
                    <thead>
                        <tr><th scope="col">"Line"</th><th scope="col">"Lowest"</th><th scope="col">"Highest"</th><th scope="col">"Last"</th></tr>
                    </thead>
                    <tbody>{table}</tbody>
                </table>
            </div>
        </figure>
    }
}

fn is_finger(event: &PointerEvent) -> bool {
    event.pointer_type() == "touch"
}

/// A line at `time`, a dot on each line of the chart, and the values beside it.
fn crosshair(chart: &LineChart, layout: &Layout, time: f64) -> impl IntoView + use<> {
    let x = layout.x(time).clamp(layout.left, layout.right);
    let dots = chart.lines.iter().filter_map(|line| {
        let y = layout.y(line.at(time)?);
        let inside = (layout.top - 1.0..=layout.bottom + 1.0).contains(&y);
        let style = format!("left:{}px;top:{}px;background:var({})", fixed(x, 1), fixed(y, 1), line.color.css());
        inside.then(|| view! { <i class="line-chart-dot" style=style></i> })
    });
    let values = chart.lines.iter().chain(&chart.others).map(|line| {
        let words = line.at(time).map_or_else(|| "no data".to_owned(), |v| summary::value_words(chart, v));
        let style = format!("background:var({})", line.color.css());
        view! { <span><i style=style></i>{line.label.clone()}</span><b>{words}</b> }
    });
    let left = format!("left:{}px", fixed(x, 1));
    // How far the values slide by their own width where there is no room beside the crosshair: they stay in the chart.
    let along = 100.0 * (x / (layout.right + 1.0)).clamp(0.0, 1.0);
    let tip = format!("{left};--along:{}%", fixed(-along, 1));
    let (top, height) = (fixed(layout.top, 1), fixed(layout.bottom - layout.top, 1));
    let line = format!("{left};top:{top}px;height:{height}px");
    // Beside the crosshair, on the side with more room: the lines under it stay visible.
    let to_the_left = x > (layout.left + layout.right) / 2.0;
    view! {
        <i class="line-chart-cursor" style=line></i>
        {dots.collect_view()}
        <div class="line-chart-tip" class:line-chart-tip-left=to_the_left style=tip aria-hidden="true">
            <em>{summary::ago_words(chart, time)}</em>
            {values.collect_view()}
        </div>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::super::{Line, TimeAxis, ValueAxis};
    use super::*;
    use crate::charts::theme::SeriesColor;

    fn chart() -> LineChart {
        LineChart {
            time: TimeAxis { from: 0.0, to: 600.0, end: "now".to_owned() },
            y: ValueAxis { unit: "kW", ..ValueAxis::default() },
            lines: vec![Line {
                label: "Grid".to_owned(),
                color: SeriesColor::Grid,
                segments: vec![vec![(0.0, 60.0), (600.0, 120.0)]],
            }],
            ..LineChart::default()
        }
    }

    #[test]
    fn the_server_reserves_the_height_and_tells_the_lines_in_a_table() {
        let html = Owner::new().with(|| {
            view! { <LineChartView id="load" chart=Derived::fixed(chart()) label="Load profile" height_px=232 /> }
                .to_html()
        });
        for part in
            [r#"style="height:232px;""#, r#"aria-label="Load profile""#, "<th scope=\"row\">Grid", "120.0\u{202f}kW"]
        {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("line-chart-tip"), "no crosshair before a pointer comes");
    }
}
