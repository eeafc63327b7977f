//! An instant where the reader is: its time of day, after its day unless that is the present one.

use crate::components::local_time::{UNKNOWN, timed};
use crate::derived::Derived;
use crate::format;
use crate::playback::span;
use domain::time::Utc;
use leptos::prelude::*;

/// The instant. As with [`LocalTime`](crate::components::LocalTime), the server does not know the reader's time zone.
#[component]
pub(in crate::pages) fn When(#[prop(into)] utc: Derived<Utc>) -> impl IntoView {
    let alive = crate::hydration::alive();
    let day = move || span::day_unless_today(utc.get().0 as f64 / 1e3);
    let words = move || match (day(), format::local_time(utc.get())) {
        (day, time) if day.is_empty() => time,
        (day, time) => format!("{day}, {time}"),
    };
    timed(utc, Derived::new(move || if alive.get() { words() } else { UNKNOWN.to_owned() }))
}
