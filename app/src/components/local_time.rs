//! A time of day where the reader is.

use crate::derived::Derived;
use crate::format;
use domain::time::Utc;
use leptos::prelude::*;

/// Time of day in the reader's time zone. The server does not know that zone: it renders a placeholder of the same width,
/// and the browser fills it in after hydration, so nothing mismatches and nothing moves.
#[component]
pub fn LocalTime(
    /// The instant.
    #[prop(into)]
    utc: Derived<Utc>,
) -> impl IntoView {
    let mounted = RwSignal::new(false);
    Effect::new(move |_| mounted.set(true));
    let text = Derived::new(move || if mounted.get() { format::local_time(utc.get()) } else { "--:--:--".to_owned() });
    view! { <time class="local-time">{text}</time> }
}
