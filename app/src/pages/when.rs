//! An instant where the reader is: its time of day, after its day unless that is the present one.

use crate::components::LocalTime;
use crate::derived::Derived;
use crate::playback::span;
use domain::time::Utc;
use leptos::prelude::*;

/// The instant. As with [`LocalTime`], the server does not know the reader's time zone.
#[component]
pub(in crate::pages) fn When(#[prop(into)] utc: Derived<Utc>) -> impl IntoView {
    let alive = crate::hydration::alive();
    let day = move || {
        let day = if alive.get() { span::day_unless_today(utc.get().0 as f64 / 1e3) } else { String::new() };
        if day.is_empty() { day } else { format!("{day}, ") }
    };
    view! { {day} <LocalTime utc /> }
}
