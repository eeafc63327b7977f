//! What an operator does at night, in two taps: return to safe values, and lower the limit. A bar at the bottom of a phone.

use super::bar::{OFF, href};
use super::model;
use super::state::{Desk, Review};
use crate::derived::Derived;
use domain::control::ControlKind;
use leptos::prelude::*;

/// The bar. Its buttons open the dialog, which asks once more.
#[component]
pub(super) fn NightBar(desk: Desk) -> impl IntoView {
    let limit_key = ControlKind::DischargeLimit.spec().key;
    let lower = Derived::new(move || {
        let control = desk.control(limit_key)?;
        model::lower(&control).map(|to| (model::Scale::of(&control).typed(to), model::words(&control, to)))
    });
    // What stands against a lower limit alone; what stands against everything is said by the bar.
    let against = Derived::new(move || {
        let control = desk.control(limit_key)?;
        let to = model::lower(&control)?;
        let change = model::Change { control, to };
        change.blocked(None).first().map(|lock| format!("Not now: {}.", lock.blocked))
    });
    let why = move || desk.bar.with(|bar| bar.as_ref().map(model::Bar::words));
    let has_limit = Derived::new(move || desk.control(limit_key).is_some());
    let none = Derived::new(move || desk.seen.with(|seen| seen.as_ref().is_none_or(|seen| seen.controls.is_empty())));
    let off = move || desk.bar.get().is_some();
    // Without a living page these two could do nothing: the link beside them can.
    let alive = crate::hydration::alive();
    let seen = move || if alive.get() { "visible" } else { "hidden" };
    let lower_words = move || {
        lower.get().map_or_else(|| "Lower the limit".to_owned(), |(_, words)| format!("Lower the limit to {words}"))
    };
    view! {
        <div class="control-night" role="group" aria-label="At once" hidden=move || none.get() || desk.live.past.get()>
            <button
                type="button"
                class="button"
                aria-describedby=OFF
                hidden=move || !has_limit.get()
                style:visibility=seen
                title=move || why().or_else(|| against.get())
                disabled=move || off() || lower.with(Option::is_none) || against.with(Option::is_some)
                on:click=move |_| {
                    if let Some((typed, _)) = lower.get_untracked() {
                        desk.think_of(limit_key, typed);
                        desk.open_change();
                    }
                }
            >
                {lower_words}
            </button>
            <button type="button" class="button button-primary" style:visibility=seen aria-describedby=OFF title=why disabled=off on:click=move |_| desk.open(Review::SafeValues)>
                "Return to safe values"
            </button>
            <noscript>
                <a class="button" href=format!("{}#control-review", href(desk.live, "review=safe-values"))>"Return to safe values"</a>
            </noscript>
        </div>
    }
}
