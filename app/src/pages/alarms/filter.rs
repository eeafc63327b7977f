//! The fields by which less of the list is shown. They stand in the address: a form that leads there, by the browser alone or
//! within the page.

use super::model::{Filter, SEVERITIES, Section};
use crate::address::{Leave, Navigation};
use crate::derived::Derived;
use crate::format::sentence;
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::{FormData, HtmlFormElement};

/// The fields.
#[component]
pub(super) fn Fields(
    /// What is wanted now.
    filter: Derived<Filter>,
) -> impl IntoView {
    let navigation = Navigation::expect();
    let wants = move |event: &ev::Event| {
        let form = event.current_target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
        let Some(data) = form.and_then(|form| FormData::new_with_form(&form).ok()) else { return };
        let typed = Filter::typed(|name| data.get(name).as_string());
        if typed != filter.get_untracked() {
            navigation.go(&typed.address(&navigation.here()), Leave::Nothing);
        }
    };
    let on_submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        wants(event.as_ref());
    };
    let severity = move || filter.with(|filter| filter.severity);
    let section = move || filter.with(|filter| filter.section);
    let severities = SEVERITIES.map(|of| {
        let chosen = move || severity() == Some(of);
        view! { <option value=of.word() selected=chosen prop:selected=chosen>{sentence(of.word())}</option> }
    });
    let sections = Section::ALL.map(|of| {
        let chosen = move || section() == Some(of);
        view! { <option value=of.word() selected=chosen prop:selected=chosen>{sentence(of.word())}</option> }
    });
    let text = move || filter.with(|filter| filter.text.clone());
    let here = navigation.here();
    let system = here.field("system").map(|id| view! { <input type="hidden" name="system" value=id /> });
    view! {
        <form class="alarm-filter" method="get" action=super::PATH role="search" aria-label="Alarms" on:submit=on_submit on:change=move |event| wants(&event)>
            {system}
            <label class="labelled">
                <span class="field-label">"Severity"</span>
                <select class="field" name="severity"><option value="">"All"</option>{severities}</select>
            </label>
            <label class="labelled">
                <span class="field-label">"State"</span>
                <select class="field" name="state"><option value="">"All"</option>{sections}</select>
            </label>
            <label class="labelled alarm-filter-text">
                <span class="field-label">"With these words"</span>
                <input class="field" type="search" name="text" maxlength="100" autocomplete="off" value=text prop:value=text />
            </label>
            <button type="submit" class="button">"Show"</button>
        </form>
    }
    .into_any()
}
