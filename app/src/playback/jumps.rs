//! To where there is something to see: the next alarm or sag, or the one before, or where cells are furthest apart.

use super::player::Player;
use super::span::Span;
use crate::derived::Derived;
use crate::fetch;
use ::api::playback::SeekResponse;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The ways to go, with their words.
const WAYS: [(&str, &str); 2] = [("alarm", "alarm"), ("sag", "sag")];

/// The buttons.
#[component]
pub(super) fn Jumps(player: Player, span: Derived<Span>) -> impl IntoView {
    let live = player.live;
    let off = live.needs_server();
    let is_off = move || off.get().is_some();
    let has_cells = live.system().topology.cells() > 0;
    let jump = move |query: String| {
        let path = format!("/api/v1/playback/jump?system={}&{query}", live.system().id);
        spawn_local(async move {
            match fetch::get::<SeekResponse>(path).await {
                Ok(SeekResponse { at, words }) => {
                    if let Some(at) = at {
                        player.playing.set(false);
                        player.seek(at.0 as f64 / 1e3);
                        player.leave_entry(at);
                    }
                    player.message.set(words);
                }
                Err(error) => player.message.set(error.to_string()),
            }
        });
    };
    let ways = WAYS.map(|(way, words)| {
        let button = move |back: bool, arrow: &'static str| {
            let name = format!("{} {words}", if back { "Previous" } else { "Next" });
            let go = move |_| {
                let from_ms = player.instant_ms() as i64;
                jump(format!("to={way}&from={from_ms}&back={back}"));
            };
            view! {
                <button
                    type="button"
                    class="button time-jump"
                    aria-label=name.clone()
                    title=move || off.get().map_or_else(|| name.clone(), |why| format!("{name}: {why}"))
                    prop:disabled=is_off
                    on:click=go
                >
                    {arrow}
                </button>
            }
        };
        view! {
            <span class="time-way" role="group" aria-label=words>
                {button(true, "\u{2039}")}
                <span aria-hidden="true">{words}</span>
                {button(false, "\u{203a}")}
            </span>
        }
    });
    let widest = move |_| {
        let Span { from_s, to_s } = span.get_untracked();
        jump(format!("to=spread&from={}&until={}", (from_s * 1e3) as i64, (to_s * 1e3) as i64));
    };
    let spread = has_cells.then(|| {
        view! {
            <button type="button" class="button time-widest" title=move || off.get() prop:disabled=is_off on:click=widest>
                "Widest spread"
            </button>
        }
    });
    view! {
        {ways.collect_view()}
        {spread}
    }
    .into_any()
}
