//! Which time is shown: the last so long, or from one instant to another; and the steps of a zoom for those without a
//! wheel.

use super::choice::{Choice, SPANS, When, between, moved, zoomed};
use crate::charts::line::ticks::{clock_words, day_words};
use crate::components::Segmented;
use crate::derived::Derived;
use crate::live::Live;
use crate::source::DEMO;
use leptos::prelude::*;

/// How much a button zooms and moves.
const ZOOM: f64 = 2.0;
const MOVE: f64 = 0.5;

/// The controls of time.
#[component]
pub(super) fn Times(
    /// What is looked at.
    choice: RwSignal<Choice>,
    /// The time that is shown, UTC in s.
    window: Signal<(f64, f64)>,
    /// The time that the charts draw: what is said is what is seen.
    drawn: RwSignal<(f64, f64)>,
    /// Takes another time.
    show: Callback<When>,
    /// Id of the system.
    system: String,
    /// How far the reader's clock is ahead of UTC, s; not known before the page is hydrated in a browser.
    offset_s: RwSignal<Option<i32>>,
) -> impl IntoView {
    let last = Derived::new(move || match choice.with(|choice| choice.when) {
        When::Last(last_s) => last_s,
        When::Between(..) => 0,
    });
    let words = move || Some(window_words(drawn.get(), offset_s.get()?));
    let middle = move || {
        let (from_s, to_s) = window.get_untracked();
        (from_s + to_s) / 2.0
    };
    let button = move |label: &'static str, words: &'static str, when: fn((f64, f64), f64) -> When| {
        view! {
            <button type="button" class="button" aria-label=label title=label on:click=move |_| show.run(when(window.get_untracked(), middle()))>
                {words}
            </button>
        }
    };
    let file = |kind: &'static str| {
        let system = system.clone();
        move || {
            let (from_s, to_s) = drawn.get();
            format!("/api/v1/history.{kind}?system={system}&from={}&to={}", (from_s * 1e3) as i64, (to_s * 1e3) as i64)
        }
    };
    let off = Live::expect().needs_server();
    let download = move |address: Box<dyn Fn() -> String + Send>, words: &'static str| {
        view! {
            <a
                class="button"
                href=move || off.get().is_none().then(&address)
                title=move || off.get()
                aria-disabled=move || off.get().map(|_| "true")
                download=""
                rel="external"
            >
                {words}
            </a>
        }
    };
    let downloads = (!DEMO).then(|| {
        view! {
            {download(Box::new(file("csv")), "Download as CSV")}
            {download(Box::new(file("parquet")), "Download as Parquet")}
        }
    });
    let (from, to) = (NodeRef::<leptos::html::Input>::new(), NodeRef::<leptos::html::Input>::new());
    let apply = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let value = |input: NodeRef<leptos::html::Input>| Some(input.get_untracked()?.value_as_number() / 1e3);
        let (Some(from_s), Some(to_s)) = (value(from), value(to)) else { return };
        // The fields have the reader's clock.
        let offset_s = f64::from(offset_s.get_untracked().unwrap_or_default());
        if to_s > from_s {
            show.run(between(from_s - offset_s, to_s - offset_s));
        }
    };
    view! {
        <div class="trends-times">
            <Segmented
                name="span"
                legend="The last"
                options=SPANS.to_vec()
                value=last
                choose=move |last_s| show.run(When::Last(last_s))
            />
            <div class="trends-steps">
                {button("Earlier", "\u{2190}", |window, _| moved(window, -MOVE))}
                {button("Later", "\u{2192}", |window, _| moved(window, MOVE))}
                {button("Zoom in", "+", |window, middle_s| zoomed(window, middle_s, 1.0 / ZOOM))}
                {button("Zoom out", "\u{2212}", |window, middle_s| zoomed(window, middle_s, ZOOM))}
            </div>
            <p class="trends-window" role="status">{words}</p>
            <details class="trends-custom">
                <summary>{if DEMO { "Choose dates" } else { "Choose dates, download" }}</summary>
                <form on:submit=apply>
                    <label>"From"<input type="datetime-local" step="1" required=true node_ref=from /></label>
                    <label>"To"<input type="datetime-local" step="1" required=true node_ref=to /></label>
                    <button type="submit" class="button">"Show"</button>
                    {downloads}
                </form>
            </details>
        </div>
    }
}

/// A time where the reader is: `21 Nov 13:04 – 21 Nov 14:04`.
pub(super) fn window_words((from_s, to_s): (f64, f64), offset_s: i32) -> String {
    let exact_s = if to_s - from_s < 120.0 { 1.0 } else { 60.0 };
    let local = |at_s: f64| {
        let local_s = at_s + f64::from(offset_s);
        format!("{} {}", day_words(local_s), clock_words(local_s, exact_s))
    };
    format!("{} \u{2013} {}", local(from_s), local(to_s))
}
