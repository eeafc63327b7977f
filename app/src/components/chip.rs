//! A chip: one short fact in a rounded frame.

use crate::derived::Derived;
use leptos::prelude::*;

/// What the colour of a chip means. Words say it too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// A plain fact.
    #[default]
    Neutral,
    /// As it should be.
    Good,
    /// Worth knowing.
    Notice,
    /// Needs a look soon.
    Warning,
    /// Needs action now.
    Critical,
}

impl Tone {
    /// The tone's name in the style sheet.
    pub fn name(self) -> &'static str {
        match self {
            Tone::Neutral => "neutral",
            Tone::Good => "good",
            Tone::Notice => "notice",
            Tone::Warning => "warning",
            Tone::Critical => "critical",
        }
    }
}

/// A short fact in a rounded frame.
#[component]
pub fn Chip(
    /// What its colour means.
    #[prop(optional, into)]
    tone: Derived<Tone>,
    /// Whether a dot in that colour stands before the words.
    #[prop(optional)]
    dot: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <span class="chip" data-tone=move || tone.get().name()>
            {dot.then(|| view! { <span class="chip-dot" aria-hidden="true"></span> })}
            {children()}
        </span>
    }
    .into_any()
}
