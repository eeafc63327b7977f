//! A time of day where the reader is.

use crate::derived::Derived;
use crate::format;
use domain::time::Utc;
use leptos::prelude::*;

/// Time of day in the reader's time zone. The server does not know that zone: it renders a placeholder of the same width,
/// and the browser fills it in after hydration, so nothing mismatches and nothing moves. Where scripts are off the style
/// sheet shows the instant of `data-utc` instead.
#[component]
pub fn LocalTime(
    /// The instant.
    #[prop(into)]
    utc: Derived<Utc>,
) -> impl IntoView {
    let alive = crate::hydration::alive();
    let text = Derived::new(move || if alive.get() { format::local_time(utc.get()) } else { "--:--:--".to_owned() });
    // The server alone writes it: where there are scripts nobody looks at it.
    #[cfg(feature = "ssr")]
    let time = view! { <time class="local-time" data-utc=format::utc_time(utc.get_untracked())>{text}</time> };
    #[cfg(not(feature = "ssr"))]
    let time = view! { <time class="local-time">{text}</time> };
    time
}
