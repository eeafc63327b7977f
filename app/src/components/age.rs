//! How old a value is.

use crate::derived::Derived;
use crate::format;
use domain::reading::NoData;
use leptos::prelude::*;

/// How far a value can be believed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Freshness {
    /// Good, and this old, s.
    Fresh {
        /// Age, s.
        age_s: f32,
    },
    /// The last good value is too old, and this old, s.
    Stale {
        /// Age, s.
        age_s: f32,
    },
    /// There is no value.
    Missing(NoData),
}

/// The age of a value: quiet while it is fresh, plain when it is not.
#[component]
pub fn AgeNote(
    /// How fresh the value is.
    #[prop(into)]
    freshness: Derived<Freshness>,
) -> impl IntoView {
    let words = Derived::new(move || match freshness.get() {
        Freshness::Fresh { age_s } => format::calm_age(age_s),
        Freshness::Stale { age_s } => format!("stale, {}", format::calm_age(age_s)),
        Freshness::Missing(why) => why.words().to_owned(),
    });
    let state = Derived::new(move || match freshness.get() {
        Freshness::Fresh { .. } => "fresh",
        Freshness::Stale { .. } => "stale",
        Freshness::Missing(_) => "missing",
    });
    view! { <span class="age" data-state=state>{words}</span> }
}
