//! Which device points are drawn: those that are chosen, and a search for another one among thousands.

use super::choice::Choice;
use crate::components::AgeNote;
use crate::derived::Derived;
use crate::format;
use crate::live::Live;
use crate::pages::device_points::{DevicePoints, found, shown};
use domain::point::DevicePoint;
use leptos::prelude::*;

/// So many names are offered at once.
const OFFERED: usize = 8;

/// The chosen points and the search; nothing for a system whose devices have no points of their own, and none chosen.
#[component]
pub(super) fn DeviceChoice(
    /// What is looked at.
    choice: RwSignal<Choice>,
) -> impl IntoView {
    let live = Live::expect();
    let none = live.map(|snapshot| snapshot.state.devices.is_empty());
    let none = Derived::new(move || none.get() && choice.with(|choice| choice.devices.is_empty()));
    move || (!none.get()).then(|| view! { <Search choice /> })
}

#[component]
fn Search(choice: RwSignal<Choice>) -> impl IntoView {
    let points = DevicePoints::follow();
    let search = RwSignal::new(String::new());
    let hits = Derived::new(move || match search.with(|search| search.trim().is_empty()) {
        true => Vec::new(),
        false => points.all.with(|all| search.with(|search| found(all, search))),
    });
    let offered = move || {
        let all = points.all.get();
        let offer =
            move |number: usize| all.get(number).cloned().map(|point| view! { <Offer number point choice search /> });
        hits.get().into_iter().take(OFFERED).map(offer).collect_view()
    };
    let more = move || {
        let (hits, failed) = (hits.with(Vec::len), points.failed.get());
        match (failed, search.with(|search| search.trim().is_empty())) {
            (Some(why), false) => why.to_string(),
            (None, false) if hits == 0 => "No point has such a name.".to_owned(),
            (None, false) if hits > OFFERED => {
                format!("and {} more: write more of the name", format::count((hits - OFFERED) as u64))
            }
            _ => String::new(),
        }
    };
    let chosen = Derived::new(move || choice.with(|choice| choice.devices.clone()));
    let chip = move |path: String| {
        let name = path.clone();
        view! {
            <label class="trends-quantity">
                <input
                    type="checkbox"
                    checked=true
                    prop:checked=true
                    on:change=move |_| choice.update(|choice| *choice = choice.without_device(&path))
                />
                <span>{name}</span>
            </label>
        }
    };
    view! {
        <div class="trends-cells trends-devices" role="search" aria-label="Device points">
            <label for="trends-device">"Device point"</label>
            <input
                id="trends-device"
                type="search"
                size="18"
                autocomplete="off"
                spellcheck="false"
                placeholder="part of its name"
                prop:value=move || search.get()
                on:input=move |event| search.set(event_target_value(&event))
            />
            {move || chosen.get().into_iter().map(chip).collect_view()}
            <ul class="trends-offers" aria-label="Found device points">{offered}</ul>
            <span class="note" role="status">{more}</span>
        </div>
    }
}

/// A point that was found: its name with its value and age now, which draws it.
#[component]
fn Offer(number: usize, point: DevicePoint, choice: RwSignal<Choice>, search: RwSignal<String>) -> impl IntoView {
    let live = Live::expect();
    let path = point.path.clone();
    let name = path.clone();
    let value = live.map(move |snapshot| shown(snapshot, number, &point));
    let freshness = Derived::new(move || value.with(|value| value.freshness));
    let text =
        move || value.with(|value| value.figure.as_ref().map_or_else(|| format::NONE.to_owned(), ToString::to_string));
    let draw = move |_| {
        choice.update(|choice| *choice = choice.with_device(&path));
        search.set(String::new());
    };
    view! {
        <li>
            <button type="button" class="button trends-offer" on:click=draw>
                <span>{name}</span>
                <span class="device-point-value">{text}</span>
                <AgeNote freshness />
            </button>
        </li>
    }
}
