//! The page Trends: any quantities over any time, from single samples to years.
//!
//! Read [`choice`] (what is looked at: pure, in the address), [`pictures`] (what is drawn: pure), [`past`] (asking the
//! server), [`against`] (another time beneath), [`gestures`] (zoom and pan), [`figures`] (statistics), [`cell_map`] (all
//! cells over time).

mod against;
mod cell_map;
mod choice;
mod devices;
mod figures;
mod gestures;
mod past;
mod pictures;
mod quantities;
mod times;

use crate::address::{AddressWriter, Navigation};
use crate::charts::line::LineChartView;
use crate::components::{AddressNote, Card, EmptyState, PageStyle};
use crate::derived::Derived;
use crate::format::local_offset_s;
use crate::live::Live;
use ::api::history::HistoryResponse;
use against::LaidOver;
use cell_map::CellMapCard;
use choice::{Choice, When};
use domain::topology::Topology;
use figures::Figures;
use gestures::Gestures;
use leptos::prelude::*;
use past::{Past, stretch_paths};
use pictures::Axis;
use quantities::Quantities;
use std::sync::Arc;
use std::time::Duration;
use times::Times;

crate::lazy_page!(CHUNK, trends, TrendsPage);

/// How it looks. It is no part of the first load.
const STYLE: &str = include_str!("../../../style/pages/trends.css");

/// Height of one chart, CSS px.
const HEIGHT_PX: u32 = 200;
/// What is known already is drawn in another window when its answer has not come after so long.
const DRAWN_AFTER: Duration = Duration::from_millis(60);

/// Ids of the charts, by the place of their axis: those of the catalogue, and one for each device point at most.
const IDS: [&str; 6 + choice::DEVICES_MAX] = [
    "trend-1", "trend-2", "trend-3", "trend-4", "trend-5", "trend-6", "trend-7", "trend-8", "trend-9", "trend-10",
    "trend-11", "trend-12",
];

/// The page Trends.
#[component]
pub fn TrendsPage() -> impl IntoView {
    let live = Live::expect();
    let navigation = Navigation::expect();
    let spec = live.system();
    let kind = spec.kind;
    let topology = spec.topology;
    let choice = RwSignal::new(Choice::of(&navigation.here(), kind, &topology));
    let now_s = live.map(|snapshot| snapshot.now.utc.0 as f64 / 1e6);
    let window = Signal::derive(move || choice.with(|choice| choice.window(now_s.get())));
    let past = Past::<HistoryResponse>::new();
    // The reader's clock is known in the browser only; the charts are drawn there.
    let offset_s = RwSignal::new(None);
    Effect::new(move |_| offset_s.set(Some(local_offset_s(window.get().1))));
    let wish = Derived::new(move || (choice.with(Choice::traces), window.get()));
    let system = spec.id.clone();
    Effect::new(move |_| {
        let (traces, window) = wish.get();
        let (path, otherwise) = stretch_paths(&system, &traces, window, &topology);
        past.want(path, otherwise);
    });
    let drawn = drawn_window(window, past);
    let (other, other_failed) = against::follow(&spec.id, choice, window, topology);
    remember(choice, navigation, live.href("/trends"), (kind, topology));

    let show = Callback::new(move |when: When| choice.update(|choice| choice.when = when));
    let cursor = RwSignal::new(None::<f64>);
    let edges = RwSignal::new(None);
    // The unit of a device point is known with its answer.
    let of_devices = Derived::new(move || past.answer.with(|stretch| pictures::device_axes(stretch)));
    let unknown = past.unknown();
    let axes = Derived::new(move || {
        choice.with(|choice| {
            let devices = if choice.devices.is_empty() { Vec::new() } else { of_devices.get() };
            pictures::axes(&choice.points, !choice.cells.is_empty(), &devices)
        })
    });
    let charts = move || {
        let chart = |(place, axis): (usize, Axis)| {
            let (spec, of) = (live.system(), axis.clone());
            let picture = Derived::new(move || {
                let (stretch, offset_s) = (past.answer.get(), offset_s.get().unwrap_or_default());
                other.with(|other| pictures::picture(&of, &stretch, other.as_ref(), drawn.get(), offset_s, &spec))
            });
            let gestures = Gestures::new(window, show);
            // All charts have the same edges.
            if place == 0 {
                Effect::new(move |_| {
                    let now = gestures.layout.with(|layout| layout.as_ref().map(|layout| (layout.left, layout.right)));
                    if now.is_some() && now != edges.get_untracked() {
                        edges.set(now);
                    }
                });
            }
            let name = picture.with_untracked(|picture| picture.name.clone());
            let chart = Derived::new(move || picture.with(|picture| picture.chart.clone()));
            let unit = picture.with_untracked(|picture| picture.chart.y.unit);
            let signs = axis.sign_words();
            let note = Derived::new(move || {
                let none = picture.with(|picture| picture.chart.lines.iter().all(|line| line.segments.is_empty()));
                match none {
                    true if past.failed.with(Option::is_some) => "not known".to_owned(),
                    true if !past.empty.get() => "no reading in this time".to_owned(),
                    _ => signs.to_owned(),
                }
            });
            view! {
                <Card title=name.clone() note class="trends-chart">
                    <div
                        class="trends-plot"
                        on:wheel=move |event| gestures.wheel(&event)
                        on:pointerdown=move |event| gestures.down(&event)
                        on:pointermove=move |event| gestures.drag(&event)
                        on:pointerup=move |event| gestures.up(&event)
                        on:pointercancel=move |event| gestures.up(&event)
                        on:dblclick=move |event| gestures.double_click(&event)
                        on:keydown:capture=move |event| gestures.key(&event)
                    >
                        <LineChartView
                            id=IDS[place % IDS.len()]
                            chart
                            label=format!("{name} in {unit}; plus and minus zoom, Shift and an arrow move")
                            height_px=HEIGHT_PX
                            cursor
                            layout=gestures.layout
                        />
                    </div>
                </Card>
            }
        };
        // Without any answer there is no scale to be drawn.
        let axes = if unknown.get() { Vec::new() } else { axes.get() };
        axes.into_iter().enumerate().map(chart).collect_view()
    };
    let nothing = move || {
        if unknown.get() {
            let advice = "The past is on the server. The curves are drawn when it answers.";
            return Some(view! { <EmptyState title="Nothing is known of this time" advice /> });
        }
        let none = past.answer.with(|stretch| stretch.rows == 0 && stretch.cells.at.is_empty());
        let none = none && !past.empty.get() && past.failed.with(Option::is_none);
        none.then(|| view! { <EmptyState title="Nothing was recorded in this time" advice="Choose another time, or another quantity." /> })
    };
    let failed = move || {
        past.failed
            .get()
            .or_else(|| other_failed.get())
            .map(|why| view! { <p class="trends-failed" role="alert">{why.to_string()}</p> })
    };
    let stretch: Signal<Arc<HistoryResponse>> = past.answer.into();
    let map = (topology.cells() > 0).then(|| view! { <CellMapCard choice window drawn edges show offset_s /> });
    // On a phone the charts come first: what is chosen there unfolds.
    let open = RwSignal::new(false);
    let seen = move || Some(times::window_words(drawn.get(), offset_s.get()?));
    view! {
        <PageStyle css=STYLE />
        <h1 class="visually-hidden">"Trends"</h1>
        <div class="trends-fold">
            <button
                type="button"
                class="button"
                aria-expanded=move || open.get().to_string()
                aria-controls="trends-controls"
                on:click=move |_| open.update(|open| *open = !*open)
            >
                "Time and quantities"
            </button>
            <span class="trends-window" aria-hidden="true">{seen}</span>
        </div>
        <div id="trends-controls" class="trends-controls" data-open=move || open.get().to_string()>
            <Times choice window drawn show system=spec.id.clone() offset_s />
            <LaidOver choice window offset_s />
            <Quantities choice stretch kind topology />
        </div>
        <AddressNote words=Derived::new(move || choice::wrong_time(&navigation.at())) />
        {failed}
        <div class="trends">{charts}</div>
        {nothing}
        {map}
        {move || (!unknown.get()).then(|| view! { <Figures stretch other drawn kind /> })}
    }
}

/// The window that is drawn: another one when its answer is there, or when that takes too long, so that a step of a zoom
/// is drawn once.
fn drawn_window(window: Signal<(f64, f64)>, past: Past<HistoryResponse>) -> RwSignal<(f64, f64)> {
    let drawn = RwSignal::new(window.get_untracked());
    // The page may be gone by then.
    let late = move || {
        if let Some(window) = window.try_get_untracked() {
            let _ = drawn.try_set(window);
        }
    };
    Effect::new(move |_| {
        window.track();
        set_timeout(late, DRAWN_AFTER);
    });
    Effect::new(move |_| {
        past.answer.track();
        drawn.set(window.get_untracked());
    });
    drawn
}

/// Writes the choice into the address when it has rested for a moment.
fn remember(
    choice: RwSignal<Choice>,
    navigation: Navigation,
    path: String,
    (kind, topology): (domain::spec::SystemKind, Topology),
) {
    let writer = AddressWriter::new(navigation);
    Effect::new(move |_| {
        let (address, path) = (choice.with(|choice| choice.address(&path, kind, &topology)), path.clone());
        writer.write(move |here| {
            let written = Choice::of(here, kind, &topology).address(&path, kind, &topology);
            (written != address).then_some(address)
        });
    });
}
