//! The style sheet of a lazy page: it comes with the page, and is no part of the first load.

use leptos::prelude::*;

/// A style sheet in the place where it stands. A document of the server has it in its text, before what it is for, so that
/// nothing jumps; in a browser the page's code brings it.
#[component]
pub fn PageStyle(
    /// The style sheet.
    css: &'static str,
) -> impl IntoView {
    view! { <div hidden inner_html=brought(css)></div> }
}

/// The style sheet as the document's policy allows it.
#[cfg(feature = "ssr")]
fn brought(css: &str) -> String {
    let nonce = leptos::nonce::use_nonce().map(|nonce| format!(" nonce=\"{nonce}\"")).unwrap_or_default();
    format!("<style{nonce}>{css}</style>")
}

/// The same in a browser: a style sheet made by code, which the policy trusts as it trusts the code. It stays for the next
/// time that the page is opened.
#[cfg(not(feature = "ssr"))]
fn brought(css: &'static str) -> &'static str {
    use std::cell::RefCell;
    thread_local! { static BROUGHT: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) } }
    let first = BROUGHT.with_borrow_mut(|brought| {
        let first = !brought.contains(&css);
        if first {
            brought.push(css);
        }
        first
    });
    if first && let Ok(sheet) = web_sys::CssStyleSheet::new() {
        // An error is only possible for a sheet with rules that import others; ours have none.
        let _ = sheet.replace_sync(css);
        document().adopted_style_sheets().push(&sheet);
    }
    ""
}
