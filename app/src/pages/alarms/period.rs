//! How far back the page looks for what ended and for its figures. It stands in the address.

use crate::address::{Address, Navigation};
use crate::derived::Derived;
use crate::live::Live;
use leptos::prelude::*;

/// The periods: days, and words.
const PERIODS: [(u32, &str); 3] = [(1, "24 hours"), (7, "7 days"), (30, "30 days")];

/// The chosen period, days.
pub(super) fn days(address: &Address) -> u32 {
    let asked = address.field("days").and_then(|days| days.parse().ok());
    PERIODS.iter().map(|(days, _)| *days).find(|days| Some(*days) == asked).unwrap_or(7)
}

/// The words for it.
pub(super) fn words(days: u32) -> &'static str {
    PERIODS.iter().find(|(of, _)| *of == days).map_or("", |(_, words)| words)
}

/// The question about the period that ends now, or with the instant that the page shows.
pub(super) fn question(live: Live, path: &'static str) -> Derived<Option<String>> {
    let navigation = Navigation::expect();
    let system = live.system().id.clone();
    // By the minute: it is asked again as time goes on.
    let minute = live.map(|snapshot| snapshot.now.utc.0.div_euclid(60_000_000));
    Derived::new(move || {
        // The present minute is not over yet; of the past, what came after the instant was not known then.
        let to = minute.get() + i64::from(!live.past.get());
        let from = to - i64::from(days(&navigation.at())) * 1_440;
        Some(format!("{path}?system={system}&from={}&to={}", from * 60_000, to * 60_000))
    })
}

/// The choice of the period.
#[component]
pub(super) fn Choice() -> impl IntoView {
    let navigation = Navigation::expect();
    let way = move |(days, words): (u32, &'static str)| {
        let href = move || navigation.carrying(&navigation.at().with("days", Some(&days.to_string())));
        let here = move || (self::days(&navigation.at()) == days).then_some("true");
        view! { <a href=href aria-current=here data-noscroll="">{words}</a> }
    };
    view! { <nav class="alarms-period" aria-label="Period">{PERIODS.map(way)}</nav> }.into_any()
}
