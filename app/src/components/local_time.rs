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
    timed(utc, Derived::new(move || if alive.get() { format::local_time(utc.get()) } else { UNKNOWN.to_owned() }))
}

/// In place of a time of day that is not known yet.
pub const UNKNOWN: &str = "--:--:--";

/// An instant as `text`, which is [`UNKNOWN`] until the page is alive.
pub fn timed(utc: Derived<Utc>, text: Derived<String>) -> impl IntoView {
    // The server alone writes it: where there are scripts nobody looks at it.
    #[cfg(feature = "ssr")]
    let time = view! { <time class="local-time" data-utc=format::utc_time(utc.get_untracked())>{text}</time> };
    #[cfg(not(feature = "ssr"))]
    let time = {
        let _ = utc;
        view! { <time class="local-time">{text}</time> }
    };
    time
}
