//! The map of all cells over the time that is shown: a row a cell, coloured by its value, hatched where nothing is known.
//!
//! One pixel a step and cell, which the browser enlarges; it moves with the time at once, and is drawn again when the
//! server has answered.

#[cfg(feature = "hydrate")]
mod layer;
pub(super) mod model;

use super::choice::{Choice, When};
use super::gestures::Gestures;
use super::past::{Past, map_path};
use crate::charts::heatmap::HeatmapScale;
use crate::charts::line::layout::{Layout, Size};
use crate::charts::line::{LineChart, TimeAxis, ticks};
use crate::components::{Card, Segmented};
use crate::derived::Derived;
use crate::live::Live;
use crate::pages::map_quantity::MapQuantity;
use domain::decimal::fixed;
use domain::series::CellMap;
use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html;
use leptos::prelude::*;

/// A pointer that moved further than this between down and up did not click, CSS px.
const CLICK_PX: f64 = 4.0;
const PAGE: usize = 20;
/// Where the words of the time axis may stand, as a share of the width.
const LABELLED: std::ops::Range<f64> = 0.05..0.95;

/// The card.
#[component]
pub(super) fn CellMapCard(
    /// What is looked at.
    choice: RwSignal<Choice>,
    /// The time that is shown, UTC in s.
    window: Signal<(f64, f64)>,
    /// The time that the charts draw: the map moves with them.
    drawn: RwSignal<(f64, f64)>,
    /// Where the charts' plots begin and end, CSS px: the map stands below them.
    edges: RwSignal<Option<(f64, f64)>>,
    /// Takes another time.
    show: Callback<When>,
    /// How far the reader's clock is ahead of UTC, s.
    offset_s: RwSignal<Option<i32>>,
) -> impl IntoView {
    let spec = Live::expect().system();
    let topology = spec.topology;
    let past = Past::<CellMap>::new();
    let by = Derived::new(move || choice.with(|choice| choice.map));
    let wish = Derived::new(move || (by.get(), drawn.get()));
    let system = spec.id.clone();
    Effect::new(move |_| {
        let (by, window) = wish.get();
        past.want(map_path(&system, by.word(), window, topology.cells()), None);
    });
    let map = past.answer;
    // The colours belong to the answer: they change with it, not before.
    let shown = RwSignal::new(by.get_untracked());
    Effect::new(move |_| {
        map.track();
        shown.set(by.get_untracked());
    });
    let scale = Derived::new(move || map.with(|map| model::scale(shown.get(), map)));
    let palette = Derived::new(move || model::palette(shown.get()));

    let (plot, colours) = (NodeRef::<html::Div>::new(), NodeRef::<html::Canvas>::new());
    #[cfg(feature = "hydrate")]
    layer::attach(plot, colours, map, scale, palette);

    let gestures = Gestures::new(window, show);
    // The plot begins at its left edge and ends at its right one.
    let measure = move || {
        let Some(plot) = plot.get_untracked() else { return };
        let bounds = plot.get_bounding_client_rect();
        let (from, to) = window.get_untracked();
        let chart = LineChart { time: TimeAxis { from, to, end: String::new() }, ..LineChart::default() };
        let mut layout = Layout::new(&chart, Size { width: bounds.width(), height: bounds.height() }, 12.0);
        (layout.left, layout.right) = (0.0, bounds.width());
        gestures.layout.set(Some(layout));
    };

    // Where a pointer or the keys are: cell and time, UTC in s.
    let place = RwSignal::new(None::<(usize, f64)>);
    let under = move |event: &PointerEvent| {
        let bounds = plot.get_untracked()?.get_bounding_client_rect();
        let x = (f64::from(event.client_x()) - bounds.left()) / bounds.width().max(1.0);
        let y = (f64::from(event.client_y()) - bounds.top()) / bounds.height().max(1.0);
        if !(0.0..1.0).contains(&x) || !(0.0..1.0).contains(&y) {
            return None;
        }
        let (from_s, to_s) = drawn.get_untracked();
        Some(((y * topology.cells() as f64) as usize, from_s + x * (to_s - from_s)))
    };
    let choose = move |cell: usize| choice.update(|choice| *choice = choice.with_cell(cell as u16));
    let pressed = StoredValue::new(None::<(i32, i32)>);
    let on_down = move |event: PointerEvent| {
        measure();
        pressed.set_value(Some((event.client_x(), event.client_y())));
        gestures.down(&event);
    };
    let on_up = move |event: PointerEvent| {
        gestures.up(&event);
        let far = pressed
            .get_value()
            .is_none_or(|(x, y)| f64::from((event.client_x() - x).abs().max((event.client_y() - y).abs())) > CLICK_PX);
        if let Some((cell, at_s)) = under(&event).filter(|_| !far) {
            // What a finger points at is told until something else is tapped.
            place.set(Some((cell, at_s)));
            choose(cell);
        }
    };
    let on_leave = move |event: PointerEvent| {
        if event.pointer_type() != "touch" {
            place.set(None);
        }
    };
    let by_key = RwSignal::new(false);
    let on_key = move |event: KeyboardEvent| {
        measure();
        if event.shift_key() || matches!(event.key().as_str(), "+" | "-" | "=" | "_") {
            return gestures.key(&event);
        }
        let (from_s, to_s) = drawn.get_untracked();
        let (cell, at_s) = place.get_untracked().unwrap_or((0, to_s));
        let step_s = map.with_untracked(|map| map.step_ms as f64 / 1e3).max((to_s - from_s) / 200.0);
        let last = topology.cells().saturating_sub(1);
        let to = match event.key().as_str() {
            "ArrowUp" => (cell.saturating_sub(1), at_s),
            "ArrowDown" => (cell + 1, at_s),
            "PageUp" => (cell.saturating_sub(PAGE), at_s),
            "PageDown" => (cell + PAGE, at_s),
            "ArrowLeft" => (cell, at_s - step_s),
            "ArrowRight" => (cell, at_s + step_s),
            "Home" => (cell, from_s),
            "End" => (cell, to_s),
            "Enter" | " " => {
                event.prevent_default();
                return choose(cell);
            }
            "Escape" => return place.set(None),
            _ => return,
        };
        event.prevent_default();
        by_key.set(true);
        place.set(Some((to.0.min(last), to.1.clamp(from_s, to_s))));
    };
    let words = Derived::new(move || {
        let (cell, at_s) = place.get()?;
        let offset_s = offset_s.get().unwrap_or_default();
        map.with(|map| match map.step_at(at_s) {
            Some(step) => Some(model::describe(map, shown.get(), (cell, step), &topology, offset_s)),
            None => Some(format!("Cell {}\nnothing known", topology.cell_name(cell))),
        })
    });
    let said = move || words.get().filter(|_| by_key.get()).map(|words| words.replace('\n', ", "));
    let tip = move || {
        let ((cell, at_s), words, (from_s, to_s)) = (place.get()?, words.get()?, drawn.get());
        let (x, y) = ((at_s - from_s) / (to_s - from_s), (cell as f64 + 0.5) / topology.cells().max(1) as f64);
        let percent = |share: f64| fixed(100.0 * share, 3);
        let style = format!("left:{}%;top:{}%;--along:{}%", percent(x), percent(y), percent(-x));
        let above = y > 0.5;
        let (name, facts) = words.split_once('\n').map(|(name, facts)| (name.to_owned(), facts.to_owned()))?;
        let row = format!(
            "top:{}%;height:{}%",
            percent(cell as f64 / topology.cells() as f64),
            percent(1.0 / topology.cells() as f64)
        );
        Some(view! {
            <i class="trends-map-row" style=row></i>
            <i class="trends-map-at" style=format!("left:{}%", percent(x))></i>
            <div class="heatmap-tip" class:heatmap-tip-above=above style=style aria-hidden="true"><b>{name}</b>{facts}</div>
        })
    };
    let picture = move || {
        let (left, width) = map.with(|map| model::span(map, drawn.get()));
        format!("left:{}%;width:{}%", fixed(100.0 * left, 4), fixed(100.0 * width, 4))
    };
    let chosen = move || {
        let rows = choice.with(|choice| choice.cells.clone());
        let row = |cell: u16| {
            let top = format!("top:{}%", fixed(100.0 * (f64::from(cell) + 0.5) / topology.cells() as f64, 3));
            view! { <i class="trends-map-chosen" style=top></i> }
        };
        rows.into_iter().map(row).collect_view()
    };
    let groups = model::groups(&topology);
    let lines = groups
        .iter()
        .skip(1)
        .map(|(_, top, _)| view! { <i class="trends-map-line" style=format!("top:{}%", fixed(100.0 * top, 3))></i> });
    let lines = lines.collect_view();
    let names = groups.into_iter().map(|(name, top, end)| {
        view! { <span style=format!("top:{}%", fixed(50.0 * (top + end), 3))>{name}</span> }
    });
    let names = names.collect_view();
    let times = move || {
        let (from, to) = drawn.get();
        let time = TimeAxis { from, to, end: String::new() };
        let chart = LineChart { time, clock: Some(offset_s.get()?), ..LineChart::default() };
        let tick = |(at, words): (f64, String)| {
            let left = format!("left:{}%", fixed(100.0 * (at - from) / (to - from), 3));
            view! { <span style=left>{words}</span> }
        };
        // One at the very end would be cut.
        let inside = |(at, _): &(f64, String)| LABELLED.contains(&((at - from) / (to - from)));
        Some(ticks::time_ticks(&chart, 6).into_iter().filter(inside).map(tick).collect_view())
    };
    let columns = move || {
        let (left, right) = edges.get()?;
        Some(format!("grid-template-columns:{}px {}px", fixed(left, 1), fixed(right - left, 1)))
    };
    let summary = Derived::new(move || {
        let offset_s = offset_s.get().unwrap_or_default();
        map.with(
            |map| if past.empty.get() { String::new() } else { model::sentence(map, shown.get(), &topology, offset_s) },
        )
    });
    let count = topology.cells();
    let label = move || {
        let what = match shown.get() {
            MapQuantity::Deviation => "how far each is from the mean voltage",
            MapQuantity::Voltage => "voltages",
            MapQuantity::Temperature => "temperatures",
        };
        format!("{count} cells over time, {what}. Arrow keys walk, Enter chooses a cell, plus and minus zoom")
    };
    let of_past = past.unknown();
    let unknown = move || of_past.get();
    let failed =
        move || past.failed.get().map(|why| view! { <p class="trends-failed" role="alert">{why.to_string()}</p> });
    view! {
        <Card title="Cells over time" class="trends-map-card">
            <Segmented
                name="cell-map"
                legend="Colour by"
                options=MapQuantity::ALL.map(|(by, _, name)| (by, name)).to_vec()
                value=by
                choose=move |by| choice.update(|choice| choice.map = by)
            />
            {failed}
            <div class="trends-map" style=columns hidden=unknown>
                <div class="trends-map-names" aria-hidden="true">{names}</div>
                <div
                    node_ref=plot
                    id="cell-map"
                    class="trends-map-plot"
                    tabindex="0"
                    role="application"
                    aria-roledescription="heatmap"
                    aria-label=label
                    on:wheel=move |event| { measure(); gestures.wheel(&event) }
                    on:pointerdown=on_down
                    on:pointermove=move |event| {
                        gestures.drag(&event);
                        by_key.set(false);
                        place.set(under(&event));
                    }
                    on:pointerup=on_up
                    on:pointercancel=move |event| gestures.up(&event)
                    on:pointerleave=on_leave
                    on:blur=move |_| place.set(None)
                    on:keydown=on_key
                >
                    <div class="trends-map-clip"><canvas node_ref=colours class="trends-map-colours" style=picture></canvas>{lines}{chosen}</div>
                    {tip}
                </div>
                <div class="trends-map-times" aria-hidden="true">{times}</div>
            </div>
            <div hidden=unknown>
                <HeatmapScale scale palette limits=Derived::fixed(Vec::new()) words=move |value| model::words(shown.get(), value) />
            </div>
            <p class="note trends-map-words">{move || summary.get()}</p>
            <p class="hidden" aria-live="polite">{said}</p>
        </Card>
    }
}
