//! The track: what was asked of the battery over the stretch, its alarms, and the head that can be dragged.

use super::picture::{Picture, SIZE, picture};
use super::player::Player;
use super::span::{Span, local_day};
use crate::charts::line::ticks::{clock_ticks, clock_words};
use crate::derived::Derived;
use crate::fetch::{self, FetchError, SingleFlight};
use crate::format::local_offset_s;
use ::api::history::HistoryResponse;
use domain::point::PointId;
use leptos::ev;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

/// For how many pixels the picture is.
const WIDTH: u32 = 500;
/// Labels of time, at most.
const LABELS: usize = 8;
/// How long after an answer without any reading it is asked again.
const UNWRITTEN: Duration = Duration::from_secs(2);
/// Half of the widest label (`12:50:20`, 50 px) on the narrowest track (288 px, of a window of 320 px), as a share of it:
/// a label that stands nearer to an end would be cut.
const HALF: f64 = 25.0 / 288.0;
/// Where they may stand, as a share of the track.
const LABELLED: std::ops::Range<f64> = HALF..1.0 - HALF;

/// What a key does to the head, as a share of the stretch.
const KEYS: [(&str, f64); 6] = [
    ("ArrowLeft", -0.005),
    ("ArrowRight", 0.005),
    ("ArrowDown", -0.005),
    ("ArrowUp", 0.005),
    ("PageDown", -0.1),
    ("PageUp", 0.1),
];

/// The track.
#[component]
pub(super) fn Track(
    player: Player,
    span: Derived<Span>,
    /// Told when the first reading was recorded, s since 1970-01-01 UTC.
    first_s: RwSignal<Option<f64>>,
) -> impl IntoView {
    let shown = RwSignal::new(Picture::default());
    let flight = SingleFlight::default();
    let system = player.live.system().id.clone();
    // A history without any reading is asked again: on a new site the first is written a moment after the page is open.
    let unwritten = RwSignal::new(0_u32);
    player.live.on_return(move || flight.ask_lost());
    Effect::new(move |_| {
        span.get();
        unwritten.get();
        let system = system.clone();
        flight.ask(move || {
            let answer = fetch(system.clone(), span.get_untracked(), shown, first_s);
            async move {
                if !answer.await? {
                    let again = move || {
                        let _ = unwritten.try_update(|times| *times += 1);
                    };
                    set_timeout(again, UNWRITTEN);
                }
                Ok(())
            }
        });
    });
    let track = NodeRef::<leptos::html::Div>::new();
    let dragged = RwSignal::new(None::<f64>);
    let share_of = move |event: &web_sys::PointerEvent| {
        let place = track.get_untracked()?.unchecked_into::<HtmlElement>().get_bounding_client_rect();
        Some((f64::from(event.client_x()) - place.left()) / place.width().max(1.0))
    };
    let drag = move |event: &web_sys::PointerEvent| {
        if let Some(share) = share_of(event) {
            let at_s = span.get_untracked().at(share);
            dragged.set(Some(at_s * 1e3));
            player.playing.set(false);
            player.seek(at_s * 1e3);
        }
    };
    let down = move |event: ev::PointerEvent| {
        if event.button() != 0 {
            return;
        }
        if let Some(track) = track.get_untracked() {
            let _ = track.unchecked_into::<HtmlElement>().set_pointer_capture(event.pointer_id());
        }
        drag(&event);
    };
    let moved = move |event: ev::PointerEvent| {
        if dragged.with_untracked(Option::is_some) {
            drag(&event);
        }
    };
    let key = move |event: ev::KeyboardEvent| {
        let at_ms = untrack(|| player.instant_ms());
        let to_ms = match event.key().as_str() {
            "End" => f64::INFINITY,
            "Home" => span.get_untracked().from_s * 1e3,
            key => match KEYS.iter().find(|(name, _)| *name == key) {
                Some((_, share)) => at_ms + share * span.get_untracked().length_s() * 1e3,
                None => return,
            },
        };
        event.prevent_default();
        player.playing.set(false);
        player.seek(to_ms);
    };
    let head_ms = Derived::new(move || dragged.get().unwrap_or_else(|| player.instant_ms()));
    let share = move || format!("left:{:.3}%", span.get().share(head_ms.get() / 1e3) * 100.0);
    let words = move || {
        let at_ms = head_ms.get();
        let local_s = at_ms / 1e3 + f64::from(local_offset_s(at_ms / 1e3));
        let live = if player.live.past.get() { "" } else { ", live" };
        format!("{} {}{live}", local_day(at_ms), clock_words(local_s, 1.0))
    };
    let labels = move || {
        let span = span.get();
        clock_ticks((span.from_s, span.to_s), local_offset_s(span.to_s), LABELS)
            .into_iter()
            // One at the very end would be cut.
            .filter(|(at_s, _)| LABELLED.contains(&span.share(*at_s)))
            .map(|(at_s, words)| {
                let place = format!("left:{:.3}%", span.share(at_s) * 100.0);
                view! { <span style=place>{words}</span> }
            })
            .collect_view()
    };
    let marks = move || {
        let mark = |mark: &super::picture::Mark| {
            let (place, severity) = (format!("left:{:.3}%", mark.share * 100.0), mark.severity.word());
            view! { <i class="time-mark" data-severity=severity style=place title=mark.words.clone()></i> }
        };
        shown.with(|picture| picture.marks.iter().map(mark).collect_view())
    };
    view! {
        <div
            class="time-track"
            node_ref=track
            role="slider"
            tabindex="0"
            aria-label="Instant shown"
            aria-valuemin=move || span.get().from_s as i64
            aria-valuemax=move || span.get().to_s as i64
            aria-valuenow=move || (head_ms.get() / 1e3) as i64
            aria-valuetext=words
            on:pointerdown=down
            on:pointermove=moved
            on:pointerup=move |_| dragged.set(None)
            on:pointercancel=move |_| dragged.set(None)
            on:keydown=key
        >
            <svg class="time-picture" viewBox=format!("0 0 {} {}", SIZE.0, SIZE.1) preserveAspectRatio="none" aria-hidden="true">
                <path d=move || shown.with(|picture| picture.area.clone()) />
            </svg>
            {marks}
            <i class="time-head" style=share></i>
            <div class="time-labels" aria-hidden="true">
                {labels}
            </div>
        </div>
    }
    .into_any()
}

/// Asks for the stretch and draws it. What cannot be had is not drawn: the track works without. Returns whether the
/// history has any reading.
async fn fetch(
    system: String,
    span: Span,
    shown: RwSignal<Picture>,
    first_s: RwSignal<Option<f64>>,
) -> Result<bool, FetchError> {
    let (from, to) = ((span.from_s * 1e3) as i64, (span.to_s * 1e3) as i64);
    let points = PointId::LoadPower.spec().path;
    let path = format!("/api/v1/history?system={system}&points={points}&from={from}&to={to}&width={WIDTH}");
    let stretch: HistoryResponse = fetch::get(path).await?;
    shown.try_set(picture(&stretch, span));
    let first = stretch.whole.map(|(first, _)| first.0 as f64 / 1e6);
    if first_s.try_get_untracked() != Some(first) {
        first_s.try_set(first);
    }
    Ok(first.is_some())
}
