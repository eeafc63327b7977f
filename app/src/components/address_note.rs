//! Said where an address asks for something that is not there.

use crate::derived::Derived;
use leptos::prelude::*;

/// What the address asks for in vain, and what is shown instead; nothing where it is understood.
#[component]
pub fn AddressNote(
    /// The sentence, or none.
    words: Derived<Option<String>>,
) -> impl IntoView {
    view! { <p class="address-note note" role="status" hidden=move || words.with(Option::is_none)>{move || words.get()}</p> }
        .into_any()
}
