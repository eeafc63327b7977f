//! How old a value is.

use crate::derived::Derived;
use crate::format;
use crate::reading::{Freshness, Never, NeverNow, why};
use domain::reading::NoData;
use leptos::prelude::*;

/// The age of a value: quiet while it is fresh, plain when it is not.
#[component]
pub fn AgeNote(
    /// How fresh the value is.
    #[prop(into)]
    freshness: Derived<Freshness>,
) -> impl IntoView {
    // A value that no link of the system brings is not a fault.
    let now = use_context::<NeverNow>();
    let never = move || now.map_or(Never::NotYet, |NeverNow(never)| never.get());
    let words = Derived::new(move || match freshness.get() {
        Freshness::Mean => "1 min mean".to_owned(),
        Freshness::Fresh { age_s } => format::calm_age(age_s),
        Freshness::Stale { age_s } => format!("stale, {}", format::ago(age_s)),
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
