//! The buttons of the time bar: live, play, step, speed.

use super::player::{Player, SPEEDS};
use leptos::prelude::*;

const PLAY: &str = "M8 5v14l11-7z";
const PAUSE: &str = "M8 5v14M16 5v14";
const STEP_BACK: &str = "M18 6 9 12l9 6zM6 6v12";
const STEP_ON: &str = "M6 6l9 6-9 6zM18 6v12";

/// Back to the present; pressed while the page shows it.
#[component]
pub(super) fn LiveButton(player: Player) -> impl IntoView {
    let lost = player.live.lost();
    let live = move || !player.live.past.get() && !lost.get();
    let words = move || match (player.live.past.get(), lost.get()) {
        (true, _) => "Go live",
        (false, true) => "Not live",
        (false, false) => "Live",
    };
    view! {
        <button
            type="button"
            class="button time-live"
            aria-pressed=move || live().to_string()
            on:click=move |_| player.go_live()
        >
            <span class="chip-dot" aria-hidden="true"></span>
            {words}
        </button>
    }
}

/// One reading back, play or pause, one reading on.
#[component]
pub(super) fn Transport(player: Player) -> impl IntoView {
    let plays = player.plays();
    let goes = Signal::derive(move || plays.get() || !player.live.past.get());
    view! {
        <div class="time-transport" role="group" aria-label="Playback">
            <Step player back=true />
            <Key
                name=Signal::derive(move || if goes.get() { "Pause" } else { "Play" })
                path=Signal::derive(move || if goes.get() { PAUSE } else { PLAY })
                press=Callback::new(move |()| player.toggle())
            />
            <Step player back=false />
        </div>
    }
}

/// Both steps, where the line has no room for them.
#[component]
pub(super) fn Steps(player: Player) -> impl IntoView {
    view! {
        <div class="time-steps" role="group" aria-label="Step">
            <Step player back=true />
            <Step player back=false />
        </div>
    }
}

#[component]
fn Step(player: Player, back: bool) -> impl IntoView {
    let (name, path) = if back { ("One reading back", STEP_BACK) } else { ("One reading on", STEP_ON) };
    view! {
        <span class="time-step">
            <Key name=name.into() path=path.into() press=Callback::new(move |()| player.step(back)) />
        </span>
    }
}

/// A button with an icon.
#[component]
fn Key(name: Signal<&'static str>, path: Signal<&'static str>, press: Callback<()>) -> impl IntoView {
    view! {
        <button type="button" class="icon-button" aria-label=name title=name on:click=move |_| press.run(())>
            <svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
                <path d=path />
            </svg>
        </button>
    }
}

/// How fast it plays.
#[component]
pub(super) fn Speed(player: Player) -> impl IntoView {
    view! {
        <label class="time-speed">
            <span class="visually-hidden">"Speed"</span>
            <select
                class="field"
                on:change=move |event| player.set_speed(event_target_value(&event).parse().unwrap_or(1.0))
            >
                {SPEEDS
                    .map(|(speed, words)| {
                        view! {
                            <option value=speed.to_string() selected=move || player.speed.get() == speed>
                                {words}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
        </label>
    }
}
