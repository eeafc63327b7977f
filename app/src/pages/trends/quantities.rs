//! Which quantities are drawn: a switch for each that has a past.

use super::choice::Choice;
use super::pictures::{drawable, name};
use crate::derived::Derived;
use crate::live::Live;
use domain::point::PointId;
use domain::series::Stretch;
use domain::spec::SystemKind;
use leptos::prelude::*;
use std::sync::Arc;

/// The switches.
#[component]
pub(super) fn Quantities(
    /// What is looked at.
    choice: RwSignal<Choice>,
    /// What the server knows.
    #[prop(into)]
    stretch: Signal<Arc<Stretch>>,
    /// Kind of the system.
    kind: SystemKind,
) -> impl IntoView {
    // What is chosen and what is known now is there before the server has told what has a past: nothing moves then.
    let now = Live::expect().moment.get_untracked();
    let now: Vec<PointId> = drawable().filter(|point| now.state.points.slot(*point).last().is_some()).collect();
    let there = Derived::new(move || {
        let chosen = choice.with(|choice| choice.points.clone());
        let known = stretch.with(|stretch| stretch.points.clone());
        let there = |point: &PointId| {
            chosen.contains(point) || now.contains(point) || known.iter().any(|path| path == point.spec().path)
        };
        drawable().filter(there).collect::<Vec<_>>()
    });
    let switch = move |point: PointId| {
        let on = move || choice.with(|choice| choice.points.contains(&point));
        view! {
            <label class="trends-quantity">
                <input
                    type="checkbox"
                    prop:checked=on
                    checked=on
                    on:change=move |_| choice.update(|choice| *choice = choice.toggled(point))
                />
                <span>{name(point, kind)}</span>
            </label>
        }
    };
    view! {
        <fieldset class="trends-quantities">
            <legend class="visually-hidden">"Quantities"</legend>
            {move || there.get().into_iter().map(switch).collect_view()}
        </fieldset>
    }
}
