//! How bad it is: shape, colour and word, so that it can be read without colour.

use domain::alarm::Severity;
use leptos::prelude::*;

/// The shape of a severity: red square, amber triangle, blue circle. Beside a word; alone it needs `SeverityWord`.
#[component]
pub fn SeverityMark(
    /// How bad it is.
    severity: Severity,
) -> impl IntoView {
    let shape = match severity {
        Severity::Critical => "M3 3h10v10H3z",
        Severity::Warning => "M8 2 15 14H1z",
        Severity::Notice => "M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2z",
    };
    view! {
        <svg class="severity-mark" data-severity=severity.word() viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <path d=shape />
        </svg>
    }
}

/// Shape and word of a severity.
#[component]
pub fn SeverityWord(
    /// How bad it is.
    severity: Severity,
) -> impl IntoView {
    view! {
        <span class="severity-word" data-severity=severity.word()>
            <SeverityMark severity />
            {severity.word()}
        </span>
    }
}
