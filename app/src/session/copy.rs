//! A button that copies a text.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

/// Copies a text to the clipboard of this machine, and says so.
#[component]
pub fn Copy(
    /// The text.
    text: String,
    /// What a screen reader says of the button.
    label: &'static str,
) -> impl IntoView {
    let words = RwSignal::new("Copy");
    let copy = move |_| {
        let copied = window().navigator().clipboard().write_text(&text);
        spawn_local(async move {
            // The browser may ask, and its person may say no.
            let said = if JsFuture::from(copied).await.is_ok() { "Copied" } else { "Not copied: select it and copy" };
            words.try_set(said);
        });
    };
    view! { <button type="button" class="button" aria-label=label title=label on:click=copy>{words}</button> }
        .into_any()
}
