//! A card: a titled piece of a page. And what stands in one that has nothing to show.

use crate::derived::Derived;
use leptos::prelude::*;

/// A titled piece of a page, a landmark for screen readers.
#[component]
pub fn Card(
    /// What it is about, in sentence case.
    #[prop(into)]
    title: String,
    /// A short remark at the right of the title.
    #[prop(optional, into)]
    note: Option<Derived<String>>,
    /// Layout classes: `span-4` and the like, see `style/layout.css`.
    #[prop(optional, into)]
    class: &'static str,
    /// The anchor that other pages link to.
    #[prop(optional, into)]
    id: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    let label = title.clone();
    view! {
        <section class=format!("card {class}") id=id aria-label=label>
            <header class="card-head">
                <h2>{title}</h2>
                {note.map(|note| view! { <p class="note">{note}</p> })}
            </header>
            {children()}
        </section>
    }
    .into_any()
}

/// Said where there is nothing to show: why, and what to do.
#[component]
pub fn EmptyState(
    /// What is missing: `No link is configured`.
    #[prop(into)]
    title: Derived<String>,
    /// What to do about it.
    #[prop(optional, into)]
    advice: Option<Derived<String>>,
) -> impl IntoView {
    view! {
        <div class="empty-state">
            <p class="empty-title">{title}</p>
            {advice.map(|advice| view! { <p class="note">{advice}</p> })}
        </div>
    }
}
