//! Historical data: the energy of the day, and how the source was asked for it.

use super::past::Past;
use super::sources;
use super::trends::Fact;
use crate::components::Card;
use crate::derived::Derived;
use crate::format::{self, NONE, THIN};
use crate::live::Live;
use ::api::home::{DayEnergy, HomeResponse, Poller};
use domain::decimal;
use domain::time::Utc;
use leptos::prelude::*;

/// Energy of the day and health of the poller.
#[component]
pub(super) fn Day(past: Past) -> impl IntoView {
    let energy = move |read: fn(&DayEnergy) -> Option<f32>| {
        past.map(move |past| (kilowatt_hours(read(&past.day)), share(read(&past.day), &past.day)))
    };
    let live = Live::expect();
    let day = Derived::new(move || if live.past.get() { "the day of this instant" } else { "today" }.to_owned());
    let source = sources(&live).0;
    let known = past.map(|past| past.poller.is_some());
    let unasked = Derived::new(move || {
        let victron = source.as_ref().map(|(_, link)| link.is_victron());
        not_asked(known.get(), live.past.get(), victron)
    });
    view! {
        <Card title="Historical data" note=day class="span-5 home-day">
            <div class="energies">
                <Energy name="Solar" of="solar" value=energy(|d| d.solar_wh) />
                <Energy name="Load" of="load" value=energy(|d| d.load_wh) />
                <Energy name="From the grid" of="grid" value=energy(|d| d.import_wh) />
                <Energy name="To the grid" of="grid" value=energy(|d| d.export_wh) />
                <Energy name="Into the battery" of="charge" value=energy(|d| d.charged_wh) />
                <Energy name="Out of the battery" of="discharge" value=energy(|d| d.discharged_wh) />
            </div>
            <h3>"Requests to the battery's source"</h3>
            <p class="note" hidden=move || unasked.with(Option::is_none)>{move || unasked.get()}</p>
            <dl class="facts" hidden=move || unasked.with(Option::is_some)>
                <Fact name="Last answer with values" value=past.map(|p| polled(p, |poller| poller.last_success)) />
                <Fact name="Last request" value=past.map(|p| polled(p, |poller| poller.last_attempt)) />
                <Fact name="Failures in a row" value=past.map(|p| of(p, |poller| format::count(poller.failures.into()))) />
                <Fact name="Readings in 24 hours" value=past.map(|p| of(p, |poller| format::count(poller.readings_24h.into()))) />
                <Fact name="Requests in an hour" value=past.map(|p| of(p, requests)) />
            </dl>
        </Card>
    }
}

#[component]
fn Energy(
    name: &'static str,
    /// Which quantity, for the style sheet.
    of: &'static str,
    /// In words, and as a share of the day's largest, %.
    value: Derived<Option<(String, f32)>>,
) -> impl IntoView {
    let words =
        move || value.with(|value| value.as_ref().map_or_else(|| format::NONE.to_owned(), |(words, _)| words.clone()));
    let width = move || {
        value.with(|value| format!("{}%", decimal::fixed(value.as_ref().map_or(0.0, |(_, pct)| *pct).into(), 1)))
    };
    view! {
        <div class="energy" data-of=of role="group" aria-label=name>
            <p class="note">{name}</p>
            <p class="energy-value">{words}</p>
            <svg class="energy-line" width="100%" height="6" aria-hidden="true">
                <rect class="energy-track" width="100%" height="6" rx="3" />
                <rect class="energy-level" width=width height="6" rx="3" />
            </svg>
        </div>
    }
    .into_any()
}

/// An energy as a share of the day's largest, %: their bars have one scale.
fn share(wh: Option<f32>, day: &DayEnergy) -> f32 {
    let all = [day.solar_wh, day.load_wh, day.import_wh, day.export_wh, day.charged_wh, day.discharged_wh];
    let most = all.into_iter().flatten().fold(0.0, f32::max);
    wh.filter(|_| most > 0.0).map_or(0.0, |wh| 100.0 * wh / most)
}

fn kilowatt_hours(wh: Option<f32>) -> String {
    wh.map_or_else(|| "no reading".to_owned(), |wh| format!("{}{THIN}kWh", format::fixed(wh / 1_000.0, 2)))
}

/// Why nothing can be said of how the source is asked; `None` if something can be. `known` is whether the server said it,
/// `victron` whether the battery's source is a Victron, `None` without a source.
fn not_asked(known: Option<bool>, past: bool, victron: Option<bool>) -> Option<&'static str> {
    match (known, victron) {
        (Some(true), _) => None,
        (_, None) => Some("No link brings values for this system."),
        (_, Some(false)) => Some("Requests are counted for a Victron only; see the links for this source."),
        (_, Some(true)) if past => Some("How the source was asked at this instant is not kept."),
        (Some(false), _) => Some("The server does not say how it asks the source."),
        (None, _) => Some("Asking the server."),
    }
}

fn of(past: &HomeResponse, words: impl Fn(&Poller) -> String) -> String {
    past.poller.as_ref().map_or_else(|| NONE.to_owned(), words)
}

fn polled(past: &HomeResponse, at: impl Fn(&Poller) -> Option<Utc>) -> String {
    of(past, |poller| match at(poller) {
        Some(at) => format::ago((past.to.0 - at.0) as f32 / 1e6),
        None => "never".to_owned(),
    })
}

fn requests(poller: &Poller) -> String {
    match poller.requests {
        Some((made, most)) => format!("{made} of at most {most}"),
        None => "no limit, read directly".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_nothing_is_said_of_requests_is_told_once_and_truly() {
        for (known, past, victron, expected) in [
            (Some(true), false, Some(true), None),
            (Some(false), true, Some(true), Some("not kept")),
            (Some(false), false, Some(false), Some("for a Victron only")),
            (Some(false), true, Some(false), Some("for a Victron only")),
            (Some(false), false, None, Some("No link")),
            (None, false, Some(true), Some("Asking")),
        ] {
            let words = not_asked(known, past, victron);
            assert_eq!(words.is_some(), expected.is_some(), "{words:?}");
            assert!(words.unwrap_or_default().contains(expected.unwrap_or_default()), "{words:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_said_and_never_zero() {
        assert_eq!(kilowatt_hours(None), "no reading");
        assert_eq!(kilowatt_hours(Some(0.0)).replace(THIN, " "), "0.00 kWh");
        let day = DayEnergy { solar_wh: Some(800.0), load_wh: Some(200.0), ..DayEnergy::default() };
        assert_eq!([day.solar_wh, day.load_wh, day.import_wh].map(|wh| share(wh, &day)), [100.0, 25.0, 0.0]);
        assert_eq!(share(Some(0.0), &DayEnergy { import_wh: Some(0.0), ..DayEnergy::default() }), 0.0);
        let asked = |poller| {
            polled(&HomeResponse { to: Utc(60_000_000), poller, ..HomeResponse::default() }, |p| p.last_success)
        };
        assert_eq!(asked(None), NONE);
        assert_eq!(asked(Some(Poller::default())), "never");
        assert_eq!(asked(Some(Poller { last_success: Some(Utc(58_000_000)), ..Poller::default() })), "2\u{202f}s ago");
        assert_eq!(requests(&Poller { requests: Some((18, 50)), ..Poller::default() }), "18 of at most 50");
    }
}
