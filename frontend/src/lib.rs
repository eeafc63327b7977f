//! The browser's entry: takes over the page that the server has rendered.

use wasm_bindgen::prelude::wasm_bindgen;

/// Brings the rendered page to life. Called once by the document, after the module is loaded. A lazy page stays as the
/// server rendered it until its code is there.
#[wasm_bindgen]
pub fn hydrate() {
    let begin = || app::alive::take_over(|| leptos::mount::hydrate_body(app::App));
    match app::pages::chunk(&app::address::Address::current()) {
        None => begin(),
        Some(chunk) => wasm_bindgen_futures::spawn_local(async move {
            // The loader tells the console what went wrong.
            if chunk.load().await.is_ok() {
                begin();
            }
        }),
    }
}
