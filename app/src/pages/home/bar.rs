//! A state of charge as a bar.

use crate::derived::Derived;
use leptos::prelude::*;

/// A charge as a bar; empty if it is not known.
pub(super) fn bar(pct: Derived<Option<f32>>) -> impl IntoView {
    let width = move || format!("{}%", domain::decimal::fixed(pct.get().unwrap_or(0.0).clamp(0.0, 100.0).into(), 1));
    view! {
        <svg class="soc-line" width="100%" height="12" aria-hidden="true">
            <rect class="soc-line-track" width="100%" height="12" rx="4" />
            <rect class="soc-line-level" width=width height="12" rx="4" />
        </svg>
    }
}
