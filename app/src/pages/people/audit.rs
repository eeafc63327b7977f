//! The page Audit: what was done, by whom, from where; and whether it is still what was written.
//!
//! Read [`filter`] (what is asked for, kept in the address; pure), then [`chain`] and [`entry`].

mod chain;
mod entry;
mod filter;

use super::{PeopleWays, unknown};
use crate::address::{Leave, Navigation};
use crate::components::{Card, EmptyState};
use crate::derived::Derived;
use crate::live::Live;
use crate::pages::asked::{Asked, NEEDS_SCRIPTS};
use crate::session::{DEMO_KNOWS_NOBODY, May};
use crate::source::DEMO;
use api::people::AuditResponse;
use chain::Chain;
use domain::audit;
use domain::people::action::Action;
use entry::row;
use filter::Filter;
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast as _;

/// The page Audit.
#[component]
pub(super) fn AuditPage() -> impl IntoView {
    if DEMO {
        return view! {
            <h1 class="visually-hidden">"Audit"</h1>
            <EmptyState title="The demo knows nobody" advice=DEMO_KNOWS_NOBODY />
        }
        .into_any();
    }
    let session = unknown::follow();
    let lost = Live::expect().lost();
    let may = Derived::new(move || session.may(Action::ReadAudit));
    view! {
        <h1 class="visually-hidden">"Audit"</h1>
        <PeopleWays here=super::AUDIT />
        {move || match may.get() {
            May::Unknown => view! {
                <p class="note" role="status">{move || unknown::words(lost.get(), session.failed.get())} <noscript>{NEEDS_SCRIPTS}</noscript></p>
            }
            .into_any(),
            May::No(why) => view! {
                // To who is signed in the title says it all.
                <EmptyState title="The audit is for operators and admins" advice=if session.name().is_some() { String::new() } else { format!("{}.", crate::format::sentence(&why)) } />
                {session.name().is_none().then(|| view! { <p class="ways"><a class="button" href="/sign-in" rel="external">"Sign in"</a></p> })}
            }
            .into_any(),
            May::AfterPassword => view! {
                <EmptyState title="You did nothing here for long" advice="Give your password on the page Settings to read the audit again." />
            }
            .into_any(),
            May::Yes => view! { <Chain /> <Entries /> }.into_any(),
        }}
    }
    .into_any()
}

/// The entries that the address asks for.
#[component]
fn Entries() -> impl IntoView {
    let navigation = Navigation::expect();
    let filter = Derived::new(move || Filter::of(&navigation.at()));
    let asked =
        Asked::<AuditResponse>::at(Derived::new(move || Some(filter.get().question(filter::local_midnight_ms))));
    view! {
        <Card title="Entries" class="audit-entries" id="entries">
            <Fields filter asked />
            {move || asked.shown(move |answer| {
                let filter = filter.get_untracked();
                let older = answer.next.map(|next| way(&filter.page(Some(next)), "Older"));
                let newest = filter.before.is_some().then(|| way(&filter.page(None), "Newest"));
                if answer.entries.is_empty() {
                    let advice = "Ask for less: another name, another action, other days.";
                    return view! { <EmptyState title="Nothing in the audit is like that" advice /> {newest} }.into_any();
                }
                view! {
                    <p class="audit-heads note">{entry::HEADS.map(|name| view! { <span>{name}</span> })}</p>
                    <ul class="audit-list">{answer.entries.into_iter().map(row).collect_view()}</ul>
                    <p class="ways">{newest} {older}</p>
                }
                .into_any()
            })}
        </Card>
    }
    .into_any()
}

fn way(filter: &Filter, words: &'static str) -> AnyView {
    let to = filter.address(&Navigation::expect().here());
    view! { <a class="button" href=to>{words}</a> }.into_any()
}

/// The filter: a form that leads to an address, by the browser alone or within the page.
#[component]
fn Fields(filter: Derived<Filter>, asked: Asked<AuditResponse>) -> impl IntoView {
    let navigation = Navigation::expect();
    let site = Live::expect().site();
    let systems = site.systems.iter().map(|system| (system.id.clone(), system.name.clone())).collect::<Vec<_>>();
    let on_submit = move |event: ev::SubmitEvent| {
        let form = event.current_target().and_then(|target| target.dyn_into::<web_sys::HtmlFormElement>().ok());
        let Some(data) = form.and_then(|form| web_sys::FormData::new_with_form(&form).ok()) else { return };
        event.prevent_default();
        let typed = Filter::typed(|name| data.get(name).as_string());
        match typed == filter.get_untracked() {
            // What is asked for already is asked again: there may be more by now, or a server that answers.
            true => asked.again(),
            false => navigation.go(&typed.address(&navigation.here()), Leave::Step),
        }
    };
    let text = move |read: fn(&Filter) -> &Option<String>| {
        move || filter.with(|filter| read(filter).clone().unwrap_or_default())
    };
    let export = move || filter.with(|filter| filter.export(filter::local_midnight_ms));
    let actions = audit::ACTIONS.map(|action| view! { <option value=audit::shown(action)></option> });
    let chosen = text(|filter| &filter.system);
    let options = systems.into_iter().map(move |(id, name)| {
        let (value, chosen) = (id.clone(), chosen);
        view! { <option value=value prop:selected=move || chosen() == id>{name}</option> }
    });
    view! {
        <form class="audit-filter" method="get" action=super::AUDIT on:submit=on_submit>
            <label class="labelled">
                <span class="field-label">"Who"</span>
                <input class="field" name="who" autocomplete="off" autocapitalize="none" spellcheck="false" prop:value=text(|filter| &filter.who) />
            </label>
            <label class="labelled">
                <span class="field-label">"Action"</span>
                <input class="field" name="action" list="audit-actions" autocomplete="off" autocapitalize="none" spellcheck="false" prop:value=text(|filter| &filter.action) />
                <datalist id="audit-actions">{actions}</datalist>
            </label>
            <label class="labelled">
                <span class="field-label">"System"</span>
                <select class="field" name="of"><option value="">"All"</option>{options.collect_view()}</select>
            </label>
            <label class="labelled">
                <span class="field-label">"From"</span>
                <input class="field" name="from" type="date" prop:value=text(|filter| &filter.from) />
            </label>
            <label class="labelled">
                <span class="field-label">"To"</span>
                <input class="field" name="to" type="date" prop:value=text(|filter| &filter.to) />
            </label>
            <div class="audit-go">
                <button type="submit" class="button button-primary">"Show"</button>
                <a class="button" href=export download="">"Download"</a>
            </div>
        </form>
    }
    .into_any()
}
