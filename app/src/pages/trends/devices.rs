//! Which device points are drawn: those that are chosen, and a search for another one among thousands, those included that
//! only history knows. The search is a combobox: arrows go through what is found, Enter draws it, Escape closes.

use super::choice::Choice;
use crate::components::AgeNote;
use crate::derived::Derived;
use crate::fetch::{self, FetchError, SingleFlight};
use crate::format;
use crate::live::Live;
use crate::pages::device_points::{DevicePoints, fits, found, shown};
use domain::point::DevicePoint;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// So many names are offered at once.
const OFFERED: usize = 8;
/// The id of the list of offers.
const OFFERS: &str = "trends-offers";

/// A point that was found.
#[derive(Clone, Debug, PartialEq)]
enum Offer {
    /// One that a device has now, with its number.
    Now(usize, DevicePoint),
    /// One that only history knows, by name.
    Kept(String),
}

impl Offer {
    fn name(&self) -> &str {
        match self {
            Offer::Now(_, point) => &point.path,
            Offer::Kept(name) => name,
        }
    }
}

/// The names of the points that only history knows.
#[derive(Clone, Copy)]
struct Kept {
    names: RwSignal<Arc<Vec<String>>>,
    failed: RwSignal<Option<FetchError>>,
    asked: StoredValue<bool>,
    flight: SingleFlight,
}

impl Kept {
    fn new() -> Kept {
        let kept = Kept {
            names: RwSignal::default(),
            failed: RwSignal::new(None),
            asked: StoredValue::new(false),
            flight: SingleFlight::with_rest(Duration::ZERO),
        };
        Live::expect().on_return(move || kept.flight.ask_lost());
        kept
    }

    /// Asks, once: the server looks through files for it.
    fn ask(self, live: Live) {
        if self.asked.get_value() {
            return;
        }
        self.asked.set_value(true);
        let path = format!("/api/v1/devices/history?system={}", live.system().id);
        self.flight.ask(move || {
            let path = path.clone();
            async move {
                let answer = fetch::get::<Vec<String>>(path).await;
                self.failed.set(answer.as_ref().err().cloned());
                answer.map(|names| self.names.set(Arc::new(names)))
            }
        });
    }
}

/// The chosen points and the search; nothing for a system whose devices have and had no points of their own.
#[component]
pub(super) fn DeviceChoice(
    /// What is looked at.
    choice: RwSignal<Choice>,
) -> impl IntoView {
    let live = Live::expect();
    let kept = Kept::new();
    let none_now = live.map(|snapshot| snapshot.state.devices.is_empty());
    Effect::new(move |_| {
        if none_now.get() {
            kept.ask(live);
        }
    });
    let none = Derived::new(move || {
        none_now.get() && kept.names.with(|names| names.is_empty()) && choice.with(|choice| choice.devices.is_empty())
    });
    move || (!none.get()).then(|| view! { <Search choice kept /> })
}

/// What is found: points that are there now before those that were.
fn offers(now: &[DevicePoint], kept: &[String], search: &str) -> Vec<Offer> {
    if search.trim().is_empty() {
        return Vec::new();
    }
    let now = found(now, search).into_iter().filter_map(|number| Some(Offer::Now(number, now.get(number)?.clone())));
    now.chain(kept.iter().filter(|name| fits(name, search)).cloned().map(Offer::Kept)).collect()
}

/// Which of `count` offers a key leads to from the `active` one; they are a ring.
fn moved(active: Option<usize>, count: usize, back: bool) -> Option<usize> {
    let last = count.checked_sub(1)?;
    Some(match (active, back) {
        (None | Some(0), true) => last,
        (Some(at), true) => at - 1,
        (Some(at), false) if at < last => at + 1,
        (_, false) => 0,
    })
}

#[component]
fn Search(choice: RwSignal<Choice>, kept: Kept) -> impl IntoView {
    let live = Live::expect();
    let points = DevicePoints::follow();
    let search = RwSignal::new(String::new());
    // Which offer the arrows are on.
    let active = RwSignal::new(None::<usize>);
    let hits = Derived::new(move || {
        points.all.with(|now| kept.names.with(|kept| search.with(|search| offers(now, kept, search))))
    });
    let offered = Derived::new(move || hits.with(|hits| hits.iter().take(OFFERED).cloned().collect::<Vec<Offer>>()));
    let typed = move |text: String| {
        if !text.trim().is_empty() {
            kept.ask(live);
        }
        active.set(None);
        search.set(text);
    };
    let draw = Callback::new(move |name: String| {
        choice.update(|choice| *choice = choice.with_device(&name));
        typed(String::new());
    });
    let key = move |event: KeyboardEvent| {
        let count = offered.with_untracked(Vec::len);
        match event.key().as_str() {
            "ArrowDown" => active.update(|active| *active = moved(*active, count, false)),
            "ArrowUp" => active.update(|active| *active = moved(*active, count, true)),
            "Escape" => typed(String::new()),
            "Enter" => {
                let chosen = active.get_untracked().or((count == 1).then_some(0));
                let name = chosen.and_then(|n| offered.with_untracked(|all| all.get(n).map(|o| o.name().to_owned())));
                let Some(name) = name else { return };
                draw.run(name);
            }
            _ => return,
        }
        event.prevent_default();
    };
    let options = move || {
        let option = |(place, offer): (usize, Offer)| {
            let name = offer.name().to_owned();
            let chosen = name.clone();
            let is_active = move || (active.get() == Some(place)).to_string();
            view! {
                <li
                    id=option_id(place)
                    class="button trends-offer"
                    role="option"
                    aria-selected=is_active
                    // The field keeps the focus.
                    on:pointerdown=move |event| event.prevent_default()
                    on:click=move |_| draw.run(chosen.clone())
                >
                    <span>{name}</span>
                    <OfferedValue offer />
                </li>
            }
        };
        offered.get().into_iter().enumerate().map(option).collect_view()
    };
    let more = move || {
        let (hits, failed) = (hits.with(Vec::len), points.failed.get().or_else(|| kept.failed.get()));
        match (failed, search.with(|search| search.trim().is_empty())) {
            (Some(why), false) => format!("Not all names are known: {why}"),
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
                type="text"
                role="combobox"
                aria-autocomplete="list"
                aria-controls=OFFERS
                aria-expanded=move || offered.with(|all| !all.is_empty()).to_string()
                aria-activedescendant=move || active.get().map(option_id)
                size="18"
                autocomplete="off"
                spellcheck="false"
                placeholder="part of its name"
                prop:value=move || search.get()
                on:input=move |event| typed(event_target_value(&event))
                on:keydown=key
            />
            {move || chosen.get().into_iter().map(chip).collect_view()}
            <ul class="trends-offers" id=OFFERS role="listbox" aria-label="Found device points">{options}</ul>
            <span class="note" role="status">{more}</span>
        </div>
    }
}

fn option_id(place: usize) -> String {
    format!("trends-offer-{place}")
}

/// The value of a point that was found, with its age; of one that no device has any more, that it is so.
#[component]
fn OfferedValue(offer: Offer) -> impl IntoView {
    let live = Live::expect();
    let Offer::Now(number, point) = offer else {
        return view! { <span class="note">"history only"</span> }.into_any();
    };
    let value = live.map(move |snapshot| shown(snapshot, number, &point));
    let freshness = Derived::new(move || value.with(|value| value.freshness));
    let text =
        move || value.with(|value| value.figure.as_ref().map_or_else(|| format::NONE.to_owned(), ToString::to_string));
    view! {
        <span class="device-point-value">{text}</span>
        <AgeNote freshness />
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::point::Unit;

    #[test]
    fn points_of_now_come_before_those_that_only_history_knows() {
        let now = [DevicePoint {
            path: "hall/gpu/4/power".to_owned(),
            unit: Unit::Watt,
            resolution: 1.0,
            max_age: Duration::from_secs(3),
            limits: Default::default(),
        }];
        let kept = ["hall/gpu/3/power".to_owned(), "hall/fan".to_owned()];
        let names = |search| offers(&now, &kept, search).iter().map(|o| o.name().to_owned()).collect::<Vec<_>>();
        assert_eq!(names("gpu power"), ["hall/gpu/4/power", "hall/gpu/3/power"]);
        assert_eq!(names("FAN"), ["hall/fan"]);
        assert_eq!(names("  "), Vec::<String>::new(), "nothing is asked for");
    }

    #[test]
    fn arrows_go_round_what_is_found() {
        for (active, count, back, to) in [
            (None, 0, false, None),
            (None, 3, false, Some(0)),
            (Some(2), 3, false, Some(0)),
            (Some(0), 3, false, Some(1)),
            (None, 3, true, Some(2)),
            (Some(0), 3, true, Some(2)),
            (Some(2), 3, true, Some(1)),
        ] {
            assert_eq!(moved(active, count, back), to, "{active:?} of {count}, back {back}");
        }
    }
}
