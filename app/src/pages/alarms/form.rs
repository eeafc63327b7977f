//! A form that does something about alarms: by the browser alone, or without leaving the page.

use super::action::PATH;
use super::state::{Desk, Said};
use crate::derived::Derived;
use domain::time::rfc3339;
use leptos::{ev, prelude::*};
use std::collections::HashMap;
use wasm_bindgen::JsCast as _;
use web_sys::{FormData, HtmlFormElement};

/// The id of the words that say why nothing can be done now: what is off refers to it.
pub(super) const OFF: &str = "alarms-off";

/// Every field that such a form can have.
const FIELDS: [&str; 4] = ["alarms", "seen", "lasts_s", "why"];

/// A form with one button.
#[component]
pub(super) fn AlarmForm(
    desk: Desk,
    /// What it does: see [`super::action`].
    what: &'static str,
    /// The alarms that it does it to, by name; none for all.
    #[prop(optional, into)]
    alarms: Option<Derived<String>>,
    /// The words on its button.
    #[prop(into)]
    submit: Derived<String>,
    /// What a screen reader says of it.
    #[prop(optional, into)]
    label: Option<Derived<String>>,
    /// Classes of its button.
    #[prop(default = "button")]
    button: &'static str,
    /// What somebody fills in.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let on_submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let form = event.current_target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
        let Some(data) = form.and_then(|form| FormData::new_with_form(&form).ok()) else { return };
        if desk.said.with_untracked(|said| *said == Said::Under) || desk.off.with_untracked(Option::is_some) {
            return;
        }
        let fields = FIELDS.iter().filter_map(|name| Some(((*name).to_owned(), data.get(name).as_string()?)));
        desk.send(what, fields.collect::<HashMap<_, _>>());
    };
    let seen = move || desk.seen_at.get().map(rfc3339).unwrap_or_default();
    let off = move || desk.off.with(Option::is_some);
    let acknowledges = what.starts_with("acknowledge");
    view! {
        <form class="alarm-form" method="post" action=PATH on:submit=on_submit>
            <input type="hidden" name="what" value=what />
            <input type="hidden" name="system" value=desk.live.system().id.clone() />
            {alarms.map(|alarms| view! { <input type="hidden" name="alarms" value=alarms prop:value=alarms /> })}
            {acknowledges.then(|| view! { <input type="hidden" name="seen" value=seen prop:value=seen /> })}
            {children.map(|children| children())}
            <button type="submit" class=button aria-label=label disabled=off aria-describedby=move || off().then_some(OFF)>
                {submit}
            </button>
        </form>
    }
    .into_any()
}
