//! One of a few: a radio group that looks like one control.

use crate::derived::Derived;
use leptos::prelude::*;

/// A choice of one of a few options. Arrow keys move it, as in every radio group.
#[component]
pub fn Segmented<T>(
    /// Name of the group in the document; unique on the page.
    name: &'static str,
    /// What is chosen, for screen readers.
    legend: &'static str,
    /// The options with their words.
    options: Vec<(T, &'static str)>,
    /// The chosen one.
    #[prop(into)]
    value: Derived<T>,
    /// Takes a new choice.
    #[prop(into)]
    choose: Callback<T>,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let option = move |(option, words): (T, &'static str)| {
        let chosen = {
            let option = option.clone();
            move || value.with(|v| *v == option)
        };
        view! {
            <label class="segment">
                <input type="radio" name=name prop:checked=chosen.clone() checked=chosen on:change=move |_| choose.run(option.clone()) />
                <span>{words}</span>
            </label>
        }
    };
    view! {
        <fieldset class="segmented">
            <legend class="visually-hidden">{legend}</legend>
            {options.into_iter().map(option).collect_view()}
        </fieldset>
    }
    .into_any()
}
