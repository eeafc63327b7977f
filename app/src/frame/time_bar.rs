//! The place of the time bar. Its code is a chunk that is loaded when the page is hydrated.

use crate::hydration::hydrated;
use crate::playback::CHUNK;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The time bar under every page, or its place until it is there.
#[component]
pub(super) fn TimePlace() -> impl IntoView {
    let there = RwSignal::new(false);
    Effect::new(move |_| {
        spawn_local(async move {
            hydrated().await;
            // Without it the page shows the present, as it would with it.
            if CHUNK.load().await.is_ok() {
                there.try_set(true);
            }
        });
    });
    view! {
        <section class="time-bar" aria-label="Time">
            {move || there.get().then(|| CHUNK.view().map(|view| view())).flatten()}
        </section>
    }
    .into_any()
}
