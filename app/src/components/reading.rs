//! A reading: a value with its name, unit, age and a remark; or why there is none.

use super::age::AgeNote;
use super::severity::SeverityMark;
use crate::derived::Derived;
use crate::reading::Shown;
use domain::alarm::Severity;
use leptos::prelude::*;

/// A value with its name, unit, age and a remark. Where there is none: a dash, and the reason in place of the remark; a
/// value that is too old has its age there, so that the name keeps its room.
#[component]
pub fn Reading(
    /// The name of the quantity.
    #[prop(into)]
    label: String,
    /// The value.
    #[prop(into)]
    value: Derived<Shown>,
    /// A remark beneath: direction, limit, place. Shown only beside a fresh value.
    #[prop(optional, into)]
    note: Option<Derived<String>>,
    /// How bad the worst alarm is that stands about it.
    #[prop(optional, into)]
    alarm: Option<Derived<Option<Severity>>>,
) -> impl IntoView {
    let fresh = Derived::new(move || value.with(Shown::is_fresh));
    let freshness = Derived::new(move || value.with(|v| v.freshness));
    let mark = alarm.map(|alarm| {
        move || {
            alarm.get().map(|severity| {
                view! { <span class="reading-alarm"><SeverityMark severity /><span class="visually-hidden">{severity.word()}</span></span> }
            })
        }
    });
    let note = move || match (note, fresh.get()) {
        (Some(note), true) => view! { <p class="note">{note}</p> }.into_any(),
        (None, true) => ().into_any(),
        (_, false) => view! { <p class="note"><AgeNote freshness /></p> }.into_any(),
    };
    view! {
        <div class="reading" data-fresh=move || fresh.get().to_string()>
            <p class="reading-head">
                <span class="reading-label">{label}</span>
                {move || fresh.get().then(|| view! { <AgeNote freshness /> })}
            </p>
            <p class="reading-value">
                <span class="number">{move || value.with(Shown::number)}</span>
                <span class="unit">{move || value.with(Shown::unit)}</span>
                {mark}
            </p>
            {note}
        </div>
    }
    .into_any()
}
