//! The style sheet of a lazy page: it comes with the page, and is no part of the first load.

use leptos::prelude::*;

/// A style sheet in the place where it stands. In a document of the server it is there before what it is for; on a page that
/// is opened later it comes with the page's code.
#[component]
pub fn PageStyle(
    /// The style sheet.
    css: &'static str,
) -> impl IntoView {
    view! { <style nonce=nonce() inner_html=css></style> }
}

/// What the document's policy asks of an inline style sheet.
#[cfg(feature = "ssr")]
fn nonce() -> Option<String> {
    leptos::nonce::use_nonce().map(|nonce| nonce.to_string())
}

/// The same, of the document in this browser.
#[cfg(not(feature = "ssr"))]
fn nonce() -> Option<String> {
    use wasm_bindgen::JsCast as _;
    let script = document().query_selector("script[nonce]").ok().flatten()?;
    Some(script.dyn_into::<web_sys::HtmlElement>().ok()?.nonce())
}
