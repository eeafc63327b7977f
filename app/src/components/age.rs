//! How old a value is.

use crate::derived::Derived;
use crate::format;
use crate::live::{Live, Never, why};
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
    /// Good, as the mean of its minute: of that instant no more is kept.
    Mean,
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
    // A value that no link of the system brings is not a fault.
    let live = use_context::<Live>();
    let never = move || live.map_or(Never::NotYet, |live| live.never.get());
    let words = Derived::new(move || match freshness.get() {
        Freshness::Mean => "1 min mean".to_owned(),
        Freshness::Fresh { age_s } => format::calm_age(age_s),
        Freshness::Stale { age_s } => format!("stale, {}", format::calm_age(age_s)),
        Freshness::Missing(reason) => why(reason, never()).to_owned(),
    });
    let state = Derived::new(move || match freshness.get() {
        Freshness::Fresh { .. } | Freshness::Mean => "fresh",
        Freshness::Missing(NoData::NotPresent) if never() != Never::NotYet => "absent",
        Freshness::Stale { .. } => "stale",
        Freshness::Missing(_) => "missing",
    });
    view! { <span class="age" data-state=state>{words}</span> }
}
