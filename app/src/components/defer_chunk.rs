//! A part of a page whose code is a chunk: loaded when the page is hydrated, and empty until then.

use crate::hydration::hydrated;
use crate::lazy::Chunk;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The place of the part. The server leaves it empty.
#[component]
pub fn DeferChunk(
    /// The code.
    chunk: &'static Chunk,
    /// The class of the place.
    class: &'static str,
) -> impl IntoView {
    let there = RwSignal::new(false);
    Effect::new(move |_| {
        spawn_local(async move {
            hydrated().await;
            if chunk.load().await.is_ok() {
                there.try_set(true);
            }
        });
    });
    view! { <div class=class>{move || there.get().then(|| chunk.view().map(|view| view())).flatten()}</div> }.into_any()
}
