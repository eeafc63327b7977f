//! The browser's entry: hydrates the page that the server has rendered, or, with the feature `demo`, draws one that has no
//! server.

#[cfg(feature = "demo")]
pub mod demo;

use leptos::prelude::set_timeout;
use std::time::Duration;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Starts the page without a server, from the last values that the browser keeps. Called once by the offline document.
#[wasm_bindgen]
pub async fn resume() {
    app::source::choose(&app::source::SERVER);
    app::offline::resume().await;
}

/// Hydrates the rendered page. Called once by the document, after the module is loaded. A lazy page stays as the
/// server rendered it until its code is there.
///
/// # Errors
/// The code of the page cannot be loaded. The document says so; the loader has told the console why.
#[wasm_bindgen]
pub async fn hydrate() -> Result<(), JsValue> {
    app::source::choose(&app::source::SERVER);
    if let Some(chunk) = app::pages::chunk(&app::address::Address::current()) {
        chunk.load().await.map_err(|_| JsValue::from_str("the code of this page cannot be loaded"))?;
    }
    // In a task of its own: the browser may answer in between.
    set_timeout(|| app::hydration::hydrate_page(|| leptos::mount::hydrate_body(app::App)), Duration::ZERO);
    Ok(())
}
