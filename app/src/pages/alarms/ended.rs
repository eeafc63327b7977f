//! What ended in the period, each with the way to its moment, and the curve of the moments around it.

use super::moments::{Around, Moments};
use super::period::{self, question};
use super::state::Desk;
use crate::address::{Address, Navigation};
use crate::components::{Card, SeverityWord};
use crate::derived::Derived;
use crate::format;
use crate::live::{Live, address_of};
use crate::pages::asked::Asked;
use crate::pages::when::When;
use ::api::alarms::{AlarmHistoryResponse, EndedAlarm};
use domain::time::Utc;
use leptos::prelude::*;
use std::time::Duration;

/// A rule, what it is about, and when it ended.
type Key = (String, String, Utc);

/// What is asked is asked again after this: what ended this moment reaches the history within two seconds.
const WRITTEN: Duration = Duration::from_secs(3);

/// Asks again a moment after the alarms have become others.
pub(super) fn again_when_alarms_change(desk: Desk, again: impl Fn() + Copy + Send + Sync + 'static) {
    let keys = Derived::new(move || {
        desk.groups.with(|groups| {
            let alarms = groups.iter().flatten().flat_map(|group| group.all());
            alarms.map(|of| (of.rule.clone(), of.subject.clone(), of.since, of.ended)).collect::<Vec<_>>()
        })
    });
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let stop = move || _ = timer.try_update_value(Option::take).flatten().map(|timer| timer.clear());
    on_cleanup(stop);
    Effect::new(move |first: Option<()>| {
        keys.track();
        // The past changes with its minutes.
        if first.is_some() && !desk.live.past.get_untracked() {
            stop();
            timer.set_value(set_timeout_with_handle(again, WRITTEN).ok());
        }
    });
    desk.live.on_return(again);
}

/// The card.
#[component]
pub(super) fn EndedCard(desk: Desk) -> impl IntoView {
    let navigation = Navigation::expect();
    let live = desk.live;
    let asked = Asked::<AlarmHistoryResponse>::at(question(live, "/api/v1/alarms/history"));
    again_when_alarms_change(desk, move || asked.again());
    let note = Derived::new(move || format!("last {}", period::words(period::days(&navigation.at()))));
    let kept = Derived::new(move || asked.get().and_then(Result::ok));
    let keys = Derived::new(move || {
        kept.with(|kept| {
            let of = |of: &EndedAlarm| (of.rule.clone(), of.subject.clone(), of.ended);
            kept.iter().flat_map(|kept| &kept.alarms).map(of).collect::<Vec<_>>()
        })
    });
    let words = move || match asked.get() {
        Some(Err(why)) => format!("What ended is not known. {why}."),
        _ if kept.with(Option::is_none) => "Asking what ended\u{2026}".to_owned(),
        _ if keys.with(Vec::is_empty) => "Nothing ended in this period.".to_owned(),
        _ if kept.with(|kept| kept.as_ref().is_some_and(|kept| kept.more)) => {
            "There is more: GET /api/v1/alarms/history, or the table events of Analysis.".to_owned()
        }
        _ => String::new(),
    };
    let chosen = RwSignal::new(None::<Key>);
    let find = move |key: &Key| {
        kept.with_untracked(|kept| {
            let is = |of: &&EndedAlarm| (&of.rule, &of.subject, of.ended) == (&key.0, &key.1, key.2);
            kept.iter().flat_map(|kept| &kept.alarms).find(is).cloned()
        })
    };
    view! {
        <Card title="Ended" note class="alarms-ended" id="ended">
            <ul class="alarm-ended" aria-label="Alarms that ended" hidden=move || keys.with(Vec::is_empty)>
                <For each=move || keys.get() key=|key| key.clone() let:key>
                    {find(&key).map(|of| view! { <Row of key live chosen /> })}
                </For>
            </ul>
            <p class="note" role="status">{words}</p>
            <noscript><p class="note">"What ended needs a script, or GET /api/v1/alarms/history."</p></noscript>
        </Card>
    }
    .into_any()
}

/// One that is over; it leads to the instant at which it was raised, or ended if that is not known.
#[component]
fn Row(
    of: EndedAlarm,
    key: Key,
    live: Live,
    /// Of which the curve is shown.
    chosen: RwSignal<Option<Key>>,
) -> impl IntoView {
    let EndedAlarm { words, severity, raised, ended, .. } = of.clone();
    let there = address_of(&Address::parse(&live.href("/")), Some(raised.unwrap_or(ended)));
    let stood = raised.map(|raised| ((ended.0 - raised.0).max(0) as f64 / 1e6) as f32);
    let stood =
        stood.map_or_else(|| " (since when is not recorded)".to_owned(), |s| format!(" after {}", format::duration(s)));
    let moments = Moments::of(&of);
    let shown = {
        let key = key.clone();
        Derived::new(move || chosen.with(|chosen| chosen.as_ref() == Some(&key)))
    };
    let label = format!("Curve of the moments around: {words}");
    let toggle = move |_| chosen.set((!shown.get_untracked()).then(|| key.clone()));
    view! {
        <li>
            <SeverityWord severity=severity.0 />
            <div class="alarm-ended-words">
                <p><a href=there>{words}</a></p>
                <p class="note">"Ended " <When utc=ended /> {stood}</p>
            </div>
            {moments.map(|moments| view! {
                <button type="button" class="button" aria-label=label aria-expanded=move || shown.get().to_string() on:click=toggle>"Curve"</button>
                {move || shown.get().then(|| view! { <Around moments=moments.clone() live /> })}
            })}
        </li>
    }
    .into_any()
}
