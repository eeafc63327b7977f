//! The time bar under every page: live, or any instant of the past, played at any speed.
//!
//! It is a chunk of its own, loaded when the page is hydrated; until then the frame keeps its place.
//!
//! Read [`buffer`] (snapshots that wait to be shown: pure), [`player`] (time goes on, segments are fetched), [`span`] and
//! [`picture`] (what the track shows: pure), [`track`] (the track itself), [`controls`].

mod buffer;
mod controls;
mod jumps;
mod picture;
mod player;
pub(crate) mod span;
mod track;

use crate::components::{LocalTime, PageStyle};
use crate::derived::Derived;
use crate::live::Live;
use controls::{LiveButton, Speed, Steps, Transport};
use jumps::Jumps;
use leptos::prelude::*;
use player::Player;
use span::{SPANS, Span};
use track::Track;

crate::lazy_page!(CHUNK, playback, TimeBar);

/// How it looks. It is no part of the first load.
const STYLE: &str = include_str!("../../style/pages/playback.css");

/// The time bar.
#[component]
pub fn TimeBar() -> impl IntoView {
    let live = Live::expect();
    let player = Player::new(live);
    let length_s = RwSignal::new(SPANS[1].0);
    let now_s = Derived::new(move || (player.now_ms.get() / 1e3).floor());
    // When the first reading was recorded, as far as that is known, s since 1970-01-01 UTC.
    let first_s = RwSignal::new(None::<f64>);
    let chosen = Derived::new(move || {
        let head_s = player.instant_ms() / 1e3;
        Span::around(head_s, now_s.get(), f64::from(length_s.get()))
    });
    let span = Derived::new(move || chosen.get().since(first_s.get(), now_s.get()));
    let shorter = Derived::new(move || chosen.get().shorter(first_s.get(), now_s.get()));
    // On a phone the bar is a line until it is wanted.
    let open = RwSignal::new(false);
    let unfolded = move || open.get();
    // The instant of what the page shows, as the status bar above has it.
    let utc = live.last_utc();
    let day = move || live.past.get().then(|| span::local_day(utc.get().0 as f64 / 1e3));
    let words = move || player.message.get();
    view! {
        <PageStyle css=STYLE />
        <div class="time-line">
            <LiveButton player />
            <Transport player />
            <p class="time-instant">
                <span class="time-day">{day}</span>
                <LocalTime utc />
            </p>
            <button
                type="button"
                class="icon-button time-unfold"
                aria-label="More of the time bar"
                aria-expanded=move || unfolded().to_string()
                on:click=move |_| open.update(|open| *open = !*open)
            >
                <svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
                    <path d="M6 15l6-6 6 6" />
                </svg>
            </button>
        </div>
        <div class="time-more" data-open=move || unfolded().to_string()>
            <Track player span first_s />
            <div class="time-choices">
                <label class="time-span">
                    <span class="visually-hidden">"Time shown in the bar"</span>
                    <select
                        class="field"
                        on:change=move |event| length_s.set(event_target_value(&event).parse().unwrap_or(SPANS[1].0))
                    >
                        {SPANS
                            .map(|(seconds, words)| {
                                view! {
                                    <option value=seconds selected=move || length_s.get() == seconds>
                                        {words}
                                    </option>
                                }
                            })
                            .collect_view()}
                    </select>
                </label>
                <span class="note" hidden=move || shorter.with(Option::is_none)>{move || shorter.get()}</span>
                <Speed player />
                <Steps player />
                <Jumps player span />
            </div>
        </div>
        <p class="time-message note" role="status" title=words>
            {words}
        </p>
    }
    .into_any()
}
