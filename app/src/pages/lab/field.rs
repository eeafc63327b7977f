//! The fields of the lab's forms: labelled, with range and unit, and with the reason beside them when they are refused.

use super::form::{minus, trim};
use super::state::Outcome;
use crate::derived::Derived;
use leptos::prelude::*;

/// Which numbers a field takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    /// The lowest.
    pub(super) min: f32,
    /// The highest.
    pub(super) max: f32,
    /// The step of the slider and of the arrow keys.
    pub(super) step: f32,
}

/// A number with its unit, and a slider beneath for the rough way.
#[component]
pub(super) fn NumberField(
    /// Name of the field in the form.
    name: &'static str,
    /// Its label.
    label: &'static str,
    /// The unit: symbol and what a screen reader says.
    unit: &'static str,
    /// The numbers it takes.
    range: Range,
    /// What stands in it at first.
    value: f32,
    /// How it went with the form.
    outcome: RwSignal<Outcome>,
) -> impl IntoView {
    let first = trim(value);
    let text = RwSignal::new(first.clone());
    let Range { min, max, step } = range;
    // Without a living page the slider could not move the number: it is seen only when it can.
    let hydrated = RwSignal::new(false);
    Effect::new(move |_| hydrated.set(true));
    let hint = format!("{} to {}\u{202f}{unit}", minus(&trim(min)), minus(&trim(max)));
    view! {
        <div class="number-field">
        <Labelled name label outcome hint unit>
            <input
                type="number"
                class="field"
                name=name
                inputmode="decimal"
                min=trim(min)
                max=trim(max)
                step="any"
                required=true
                value=first
                prop:value=move || text.get()
                on:input=move |event| text.set(event_target_value(&event))
            />
        </Labelled>
        <input
            type="range"
            class="slider"
            tabindex="-1"
            aria-hidden="true"
            min=trim(min)
            max=trim(max)
            step=trim(step)
            style:visibility=move || if hydrated.get() { "visible" } else { "hidden" }
            prop:value=move || text.get()
            on:input=move |event| text.set(event_target_value(&event))
        />
        </div>
    }
}

/// A line of text.
#[component]
pub(super) fn TextField(
    /// Name of the field in the form.
    name: &'static str,
    /// Its label.
    label: &'static str,
    /// What is asked for.
    #[prop(into)]
    hint: String,
    /// What stands in it at first.
    #[prop(into)]
    value: String,
    /// How it went with the form.
    outcome: RwSignal<Outcome>,
) -> impl IntoView {
    view! {
        <Labelled name label outcome hint unit="">
            <input type="text" class="field" name=name required=true autocomplete="off" spellcheck="false" value=value />
        </Labelled>
    }
}

/// One of a few words.
#[component]
pub(super) fn ChoiceField(
    /// Name of the field in the form.
    name: &'static str,
    /// Its label.
    label: &'static str,
    /// Values in the form with their words.
    options: Vec<(String, String)>,
    /// What the words mean, where they are not enough.
    #[prop(optional, into)]
    hint: String,
    /// How it went with the form.
    outcome: RwSignal<Outcome>,
) -> impl IntoView {
    let option = |(value, words): (String, String)| view! { <option value=value>{words}</option> };
    view! {
        <Labelled name label outcome hint unit="">
            <select class="field" name=name>{options.into_iter().map(option).collect_view()}</select>
        </Labelled>
    }
}

/// Label, field, unit, and beneath what is asked for, or what is wrong.
#[component]
fn Labelled(
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    hint: String,
    outcome: RwSignal<Outcome>,
    children: Children,
) -> impl IntoView {
    let wrong = Derived::new(move || match outcome.get() {
        Outcome::Refused { field: Some(field), why } if field == name => Some(why),
        _ => None,
    });
    view! {
        <label class="labelled" data-wrong=move || wrong.with(|w| w.is_some().to_string())>
            <span class="field-label">{label}</span>
            <span class="field-row">
                {children()} {(!unit.is_empty()).then(|| view! { <span class="unit">{unit}</span> })}
            </span>
            <span class="field-hint" role="status">
                {move || wrong.get().unwrap_or_else(|| hint.clone())}
            </span>
        </label>
    }
}
