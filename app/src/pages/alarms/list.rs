//! The list: why nothing can be done, how it went, what is not normal.

use super::filter::Fields;
use super::form::{AlarmForm, OFF};
use super::group::Row;
use super::model::{Filter, tally};
use super::state::{Desk, Off, Said};
use crate::address::{Leave, Navigation};
use crate::components::{Card, EmptyState};
use crate::derived::Derived;
use leptos::{ev, prelude::*};

/// Why nothing can be done about alarms now, and what to do about it; nothing while it can.
#[component]
pub(super) fn Notice(desk: Desk) -> impl IntoView {
    let words = Derived::new(move || desk.off.with(|off| off.as_ref().map_or_else(String::new, Off::words)));
    let (live, navigation) = (desk.live, Navigation::expect());
    let go_live = move |event: ev::MouseEvent| {
        event.prevent_default();
        // The instant is no longer carried from page to page.
        navigation.carry(None);
        navigation.go(&live.href(super::PATH), Leave::Step);
    };
    let way = move || match desk.off.get() {
        Some(Off::Past) => {
            view! { <a class="button button-primary" href=live.href(super::PATH) on:click=go_live>"Go live"</a> }
                .into_any()
        }
        Some(Off::Idle) => view! { <a class="button" href=live.href("/settings")>"Settings"</a> }.into_any(),
        Some(Off::May(_, true)) => view! { <a class="button" href="/sign-in" rel="external">"Sign in"</a> }.into_any(),
        _ => ().into_any(),
    };
    view! {
        <div class="alarms-notice" hidden=move || words.with(String::is_empty)>
            <p id=OFF>{words}</p>
            {way}
        </div>
    }
    .into_any()
}

/// What is not normal.
#[component]
pub(super) fn List(desk: Desk) -> impl IntoView {
    let navigation = Navigation::expect();
    let filter = Derived::new(move || Filter::of(&navigation.at()));
    // Open where the address asks for something; then it is the reader's.
    let filtered = filter.with_untracked(|filter| *filter != Filter::default());
    let groups = desk.groups;
    let keys = Derived::new(move || {
        filter.with(|filter| {
            groups.with(|groups| {
                let wanted = groups.iter().flatten().filter(|group| filter.wants(group));
                wanted.map(super::model::Group::key).collect::<Vec<_>>()
            })
        })
    });
    let known = Derived::new(move || groups.with(Option::is_some));
    let none = Derived::new(move || groups.with(|groups| groups.as_ref().is_some_and(Vec::is_empty)));
    let outdated = desk.live.outdated();
    let note = Derived::new(move || {
        let tally = groups.with(|groups| tally(groups.as_deref().unwrap_or_default()));
        if outdated.get() && !tally.is_empty() { format!("{tally} when the connection was lost") } else { tally }
    });
    let both = Derived::new(move || groups.with(|groups| super::model::untold(groups.as_deref().unwrap_or_default())));
    let untold = Derived::new(move || both.with(|both| both.0));
    let parts = Derived::new(move || both.with(|both| both.1.clone()));
    let all = Derived::new(move || match untold.get() {
        1 => "Acknowledge 1 alarm".to_owned(),
        n => format!("Acknowledge all {n}"),
    });
    let said = Derived::new(move || match desk.said.get() {
        Said::Nothing => String::new(),
        Said::Under => "Sending\u{2026}".to_owned(),
        Said::Done(words) | Said::Refused(words) => format!("{words}."),
    });
    let tone = move || match desk.said.get() {
        Said::Refused(_) => "refused",
        Said::Done(_) => "done",
        _ => "plain",
    };
    view! {
        <Card title="Alarms" note class="alarms-list" id="list">
            <p class="alarms-said" data-tone=tone role="status" data-empty=move || said.with(String::is_empty).to_string()>{said}</p>
            <div class="alarms-all" hidden=move || untold.get() == 0>
                <AlarmForm desk what="acknowledge-all" submit=all button="button button-primary" />
                <p class="note">{parts}"Also those that the filter hides. What is raised from now on stays unacknowledged."</p>
            </div>
            <details class="alarms-filter" open=filtered>
                <summary>"Filter"</summary>
                <Fields filter />
            </details>
            <p class="alarms-failed" role="alert" hidden=move || desk.failed.with(Option::is_none)>{move || desk.failed.get().map(|why| format!("{why}."))}</p>
            <p class="note" hidden=move || known.get() || desk.failed.with(Option::is_some)>"Asking for the alarms\u{2026}"</p>
            <p class="note" hidden=move || !outdated.get()>"Which alarms there are now is not known. This is the last that came."</p>
            <div hidden=move || !none.get() || outdated.get()>
                <EmptyState title="No alarm" advice="Nothing is active, nothing waits for somebody to see it, and nothing is shelved." />
            </div>
            <div hidden=move || none.get() || !known.get() || !keys.with(Vec::is_empty)>
                <EmptyState title="No alarm is like that" advice="Ask for less: another severity, another state, other words." />
            </div>
            <ul class="alarm-list" aria-label="Alarms that are not normal" data-fresh=move || (!outdated.get()).to_string() hidden=move || keys.with(Vec::is_empty)>
                <For each=move || keys.get() key=|key| key.clone() let:key>
                    <Row desk key />
                </For>
            </ul>
        </Card>
    }
    .into_any()
}
