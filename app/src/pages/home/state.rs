//! A state in words with a dot in its colour: said, not pressed, so it has no frame.

use crate::components::Tone;
use crate::derived::Derived;
use leptos::prelude::*;

/// How something does.
#[component]
pub(super) fn State(
    /// What the colour means.
    tone: Derived<Tone>,
    /// The state.
    words: impl Fn() -> &'static str + Send + Sync + 'static,
) -> impl IntoView {
    view! {
        <span class="state-words" data-tone=move || tone.get().name()>
            <span class="chip-dot" aria-hidden="true"></span>
            <span>{words}</span>
        </span>
    }
    .into_any()
}
