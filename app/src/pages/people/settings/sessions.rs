//! Where somebody is signed in, and how that is ended.

use super::agent;
use crate::components::{Card, Chip, Tone};
use crate::derived::Derived;
use crate::pages::asked::{Asked, UNRECORDED, date_time};
use crate::session::{PeopleForm, Session};
use api::people::{SessionEntry, SessionsResponse};
use domain::people::action::Action;
use leptos::prelude::*;

/// The card: only for who is signed in.
#[component]
pub(super) fn Sessions() -> impl IntoView {
    let session = Session::expect();
    let mine = session.could(Action::OwnAccount);
    let others = session.could(Action::ListPeople);
    let all = RwSignal::new(false);
    let path = Derived::new(move || {
        let all = all.get() && others.get();
        mine.get().then(|| format!("/api/v1/sessions{}", if all { "?all=true" } else { "" }))
    });
    let asked = Asked::<SessionsResponse>::at(path);
    view! {
        <Show when=move || mine.get()>
            <Card title="Sessions" class="span-12 sessions" id="sessions">
                <label class="people-all" hidden=move || !others.get()>
                    <input type="checkbox" prop:checked=move || all.get() on:change=move |event| all.set(event_target_checked(&event)) />
                    <span>"Those of everybody"</span>
                </label>
                {move || asked.shown(move |answer| {
                    let rows = answer.sessions.into_iter().map(|entry| row(entry, all.get_untracked(), asked));
                    view! { <ul class="people-list">{rows.collect_view()}</ul> }.into_any()
                })}
            </Card>
        </Show>
    }
    .into_any()
}

fn row(entry: SessionEntry, named: bool, asked: Asked<SessionsResponse>) -> AnyView {
    let SessionEntry { id, name, own, ended, begun, seen, address, agent } = entry;
    let what = agent::words(&agent);
    let label = format!("End the session of {name}: {what}, from {address}");
    view! {
        <li>
            <div class="people-what">
                <p>
                    {named.then(|| view! { <b>{name}</b> " " })}
                    <span title=agent>{what}</span>
                    {own.then(|| view! { " " <Chip tone=Tone::Good>"This one"</Chip> })}
                    {ended.then(|| view! { " " <Chip>"Ended"</Chip> })}
                </p>
                <p class="note">{format!("From {address}. Since {}; last used {}", date_time(begun.0), date_time(seen.0))}</p>
                {ended.then(|| view! { <p class="note">{UNRECORDED}</p> })}
            </div>
            {(!own && !ended).then(|| view! {
                <PeopleForm what="end-session" submit="End" label fixed=vec![("id", id.to_string())] class="inline" done=move |_| asked.again() />
            })}
        </li>
    }
    .into_any()
}
