//! Whether anything can be commanded now, and why not: the first line of the page.

use super::model::Bar;
use super::state::Desk;
use crate::actions::ActionError;
use crate::address::{Leave, Navigation};
use crate::derived::Derived;
use crate::live::Live;
use crate::pages::when::When;
use crate::session;
use crate::source::NO_SERVER;
use leptos::task::spawn_local;
use leptos::{ev, prelude::*};

/// The id of the words that say why nothing can be commanded now: what is off refers to it.
pub(super) const OFF: &str = "control-off";

/// Why nothing can be commanded and what to do about it; or who may, and since when.
#[component]
pub(super) fn Notice(desk: Desk) -> impl IntoView {
    let live = desk.live;
    let known = Derived::new(move || desk.seen.with(Option::is_some));
    let words =
        Derived::new(move || desk.bar.with(|bar| bar.as_ref().map_or_else(String::new, |bar| said(bar, known.get()))));
    let tone = Derived::new(move || desk.bar.with(|bar| bar.as_ref().map_or("armed", Bar::tone)));
    let way = Derived::new(move || desk.bar.with(|bar| bar.as_ref().and_then(Bar::way)));
    let idle = Derived::new(move || desk.bar.with(|bar| matches!(bar, Some(Bar::Idle(_)))));
    let past = live.past;
    view! {
        <div class="control-notice" data-tone=tone>
            <p id=OFF role="status">{move || if words.with(String::is_empty) { armed_words(desk).into_any() } else { words.get().into_any() }}</p>
            {move || way.get().map(|(path, name)| view! { <a class="button" href=path rel=path.starts_with("/sign-in").then_some("external")>{name}</a> })}
            {move || past.get().then(|| view! { <GoLive live /> })}
            {move || (idle.get() && !past.get()).then(|| view! { <Again desk /> })}
        </div>
    }
}

/// What the page says of it. Where nothing was ever looked up there are no values below to speak of.
fn said(bar: &Bar, known: bool) -> String {
    match bar {
        Bar::Away if !known => format!(
            "{NO_SERVER}: this browser does not know what is set, and nothing can be commanded. The page looks it up when \
             the server is back."
        ),
        _ => bar.words(),
    }
}

/// The way back to the present. Without a living page the link alone leads there.
#[component]
fn GoLive(live: Live) -> impl IntoView {
    let navigation = Navigation::expect();
    let go = move |event: ev::MouseEvent| {
        event.prevent_default();
        // The instant is no longer carried from page to page.
        navigation.carry(None);
        navigation.go(&live.href(super::PATH), Leave::Step);
    };
    view! { <a class="button button-primary" href=live.href(super::PATH) on:click=go>"Go live"</a> }
}

/// Who may command, and who has armed it.
fn armed_words(desk: Desk) -> impl IntoView {
    let who = Derived::new(move || {
        desk.session.now.with(|session| session.as_ref().and_then(|session| session.name.clone()).unwrap_or_default())
    });
    let by = Derived::new(move || {
        desk.seen.with(|seen| seen.as_ref().map_or_else(String::new, |seen| seen.armed_by.clone()))
    });
    let at =
        Derived::new(move || desk.seen.with(|seen| seen.as_ref().and_then(|seen| seen.armed_at)).unwrap_or_default());
    view! {
        <strong>"Control is armed"</strong>
        ", you command as " <strong>{who}</strong> ". "
        <span class="note">"Armed by " {by} ", " <When utc=at /></span>
    }
}

/// The password once more: who has done nothing for long has their rights again.
#[component]
fn Again(desk: Desk) -> impl IntoView {
    let (password, wrong) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let give = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let given = password.get_untracked();
        spawn_local(async move {
            match session::step_up(given).await {
                Ok(()) => desk.session.look(),
                Err(ActionError(why)) => drop(wrong.try_set(why)),
            }
        });
    };
    view! {
        <form class="control-again" on:submit=give>
            <label>
                <span class="field-label">"Your password"</span>
                <input type="password" class="field" autocomplete="current-password" required=true prop:value=move || password.get() on:input=move |event| password.set(event_target_value(&event)) />
            </label>
            <button type="submit" class="button">"Go on"</button>
            <p class="field-hint" role="status">{move || wrong.get()}</p>
        </form>
    }
}

/// The address of this page where it stands with what a form has asked for.
pub(super) fn asked_here() -> Option<String> {
    let here = Navigation::expect().here();
    here.field(super::ASKED).map(|_| here.text())
}

/// A link of this page, for the system that it shows.
pub(super) fn href(live: Live, fields: &str) -> String {
    let base = live.href(super::PATH);
    let sign = if base.contains('?') { '&' } else { '?' };
    format!("{base}{sign}{fields}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_spoken_of_only_where_there_are_some() {
        for (bar, known, part) in [
            (Bar::Away, true, "the values below"),
            (Bar::Away, false, "does not know what is set"),
            (Bar::SignIn, false, "sign in"),
        ] {
            assert!(said(&bar, known).contains(part), "{bar:?}");
        }
        assert!(!said(&Bar::Away, false).contains("below"));
    }
}
