//! A bar for a share of something, with a mark on it.

use crate::derived::Derived;
use domain::decimal::fixed;
use leptos::prelude::*;

/// State of charge as a bar, with the backup reserve marked on it.
#[component]
pub fn SocBar(
    /// State of charge, %, if it is known.
    #[prop(into)]
    soc_pct: Derived<Option<f32>>,
    /// The reserve, %, if it is known.
    reserve_pct: Derived<Option<f32>>,
) -> impl IntoView {
    let percent = |pct: f32| format!("{}%", fixed(pct.clamp(0.0, 100.0).into(), 1));
    let level = Derived::new(move || match soc_pct.get() {
        None => "unknown",
        Some(pct) if reserve_pct.get().is_some_and(|reserve_pct| pct <= reserve_pct) => "reserve",
        Some(_) => "above",
    });
    view! {
        <svg
            class="soc-bar"
            data-level=level
            width="100%"
            height="16"
            role="img"
            aria-label=move || match soc_pct.get() {
                Some(soc) => {
                    let reserve = match reserve_pct.get() {
                        Some(reserve) => format!("{} percent", fixed(reserve.into(), 0)),
                        None => "not known".to_owned(),
                    };
                    format!("State of charge {} percent, reserve {reserve}", fixed(soc.into(), 1))
                }
                None => "State of charge unknown".to_owned(),
            }
        >
            <rect class="soc-track" width="100%" height="16" rx="4" />
            <rect class="soc-kept" width=move || percent(reserve_pct.get().unwrap_or(0.0)) height="16" rx="4" />
            <rect class="soc-level" width=move || percent(soc_pct.get().unwrap_or(0.0)) height="16" rx="4" />
            <rect class="soc-mark" x=move || percent(reserve_pct.get().unwrap_or(0.0)) width=move || if reserve_pct.get().is_some() { "2" } else { "0" } height="16" />
        </svg>
    }
}
