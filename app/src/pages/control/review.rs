//! The dialog before anything is sent: old value, new value, what it brings, what stands against it, and the password where
//! it is asked for.

use super::action::{COMMAND, SAFE_VALUES};
use super::check::{self, Table};
use super::flight::Flight;
use super::model::{self, Change};
use super::state::{Asking, Desk, Review};
use crate::derived::Derived;
use leptos::{ev, html, prelude::*};

/// For how long a value may be asked to stand.
const HOLDS: [(Option<u64>, &str); 4] = [
    (None, "until another command"),
    (Some(900), "15 minutes, then the safe value"),
    (Some(3_600), "1 hour, then the safe value"),
    (Some(8 * 3_600), "8 hours, then the safe value"),
];

/// The dialog. Without a living page it stands open in the page.
#[component]
pub(super) fn ReviewDialog(desk: Desk, flight: Flight) -> impl IntoView {
    let place = NodeRef::<html::Dialog>::new();
    let open = Derived::new(move || desk.review.with(Option::is_some));
    Effect::new(move |_| {
        let Some(dialog) = place.get() else { return };
        let shown = dialog.open();
        if open.get() {
            // One that stands in the page becomes one above it.
            if shown {
                dialog.close();
            }
            let _ = dialog.show_modal();
        } else if shown {
            dialog.close();
        }
    });
    let first = open.get_untracked();
    view! {
        <dialog
            id="control-review"
            class="control-review"
            node_ref=place
            open=first
            aria-labelledby="control-review-title"
            on:cancel=move |event: ev::Event| {
                event.prevent_default();
                desk.close();
            }
        >
            {move || match desk.review.get() {
                Some(Review::Change(change)) => view! { <OfChange desk flight change=*change /> }.into_any(),
                Some(Review::SafeValues) => view! { <OfSafeValues desk /> }.into_any(),
                None => ().into_any(),
            }}
        </dialog>
    }
}

/// A change: what it is, what it brings.
#[component]
fn OfChange(desk: Desk, flight: Flight, change: Change) -> impl IntoView {
    let Change { control, to } = change.clone();
    let (key, revision) = (control.control.clone(), control.revision);
    let label = control.label.clone();
    let new = model::words(&control, to);
    let submit = format!("Set {new}");
    // What stands against it now, not when the dialog was opened.
    let now = {
        let (key, change) = (key.clone(), change.clone());
        Derived::new(move || desk.control(&key).map_or_else(|| change.clone(), |control| Change { control, to }))
    };
    let blocked = Derived::new(move || {
        let hold_s = desk.hold_s.get();
        now.with(|now| now.blocked(hold_s).iter().map(|lock| lock.blocked.clone()).collect::<Vec<_>>())
    });
    let widens = Derived::new(move || now.with(|now| now.is_for_who_may_widen(desk.hold_s.get())));
    let faster = {
        let seen = control.clone();
        Derived::new(move || now.with(|now| model::meanwhile_words(&seen, &now.control)))
    };
    let words = check::answer(flight, desk);
    let id = format!("{}-{key}", desk.form_id.get_value());
    let hold = move |event| {
        let chosen = event_target_value(&event);
        desk.hold_s.set(chosen.parse().ok());
    };
    desk.hold_s.set(None);
    view! {
        <h2 id="control-review-title">{format!("{}: {label}", desk.live.system().name)}</h2>
        <p class="control-change">
            <span class="control-old"><span class="visually-hidden">"from "</span>{move || now.with(|now| model::present_words(&now.control))}</span>
            <span aria-hidden="true">"\u{2192}"</span>
            <span class="control-new"><span class="visually-hidden">"to "</span>{new}</span>
        </p>
        <p class="control-words" data-tone=move || if widens.get() { "wider" } else { "safer" }>{move || now.with(|now| now.direction(desk.hold_s.get()))}</p>
        {model::acts_words(&control, to).map(|words| view! { <p class="control-words" data-tone="wider">{words}</p> })}
        <p class="control-answer">{words}</p>
        <details class="control-assumed" open=true><summary>"Beside doing nothing"</summary><Table flight desk /></details>
        <p class="control-words" data-tone="wrong" role="alert" hidden=move || faster.with(Option::is_none)>
            {faster}
        </p>
        <ul class="control-against" hidden=move || blocked.with(Vec::is_empty)>
            {move || blocked.get().into_iter().map(|why| view! { <li>{format!("Not now: {why}.")}</li> }).collect_view()}
        </ul>
        <Confirm desk action=COMMAND widens submit off=Derived::new(move || blocked.with(|blocked| !blocked.is_empty()))>
            <input type="hidden" name="id" value=id />
            <input type="hidden" name="system" value=desk.live.system().id.clone() />
            <input type="hidden" name="control" value=key.clone() />
            <input type="hidden" name="value" value=to.to_string() />
            <input type="hidden" name="revision" value=revision.to_string() />
            <label class="control-hold">
                <span class="field-label">"It stands"</span>
                <select class="field" name="hold_s" on:change=hold>
                    {HOLDS.map(|(hold_s, words)| view! { <option value=hold_s.map(|hold_s| hold_s.to_string()).unwrap_or_default()>{words}</option> })}
                </select>
            </label>
        </Confirm>
    }
}

/// The return to safe values: what it changes.
#[component]
fn OfSafeValues(desk: Desk) -> impl IntoView {
    let changes = Derived::new(move || {
        desk.seen.with(|seen| seen.as_ref().map(|seen| model::safe_changes(&seen.controls)).unwrap_or_default())
    });
    let row = |change: Change| {
        view! {
            <li>
                <span>{change.control.label.clone()}</span>
                <span class="control-change-small"><span class="visually-hidden">"from "</span>{model::present_words(&change.control)} <span aria-hidden="true">" \u{2192} "</span><span class="visually-hidden">" to "</span> <strong>{model::words(&change.control, change.to)}</strong></span>
                {model::acts_words(&change.control, change.to).map(|words| view! { <span class="control-words" data-tone="wider">{words}</span> })}
            </li>
        }
    };
    view! {
        <h2 id="control-review-title">{format!("{}: return to safe values", desk.live.system().name)}</h2>
        <ul class="control-safe">{move || changes.get().into_iter().map(row).collect_view()}</ul>
        <p class="note">
            {move || if changes.with(Vec::is_empty) { "Everything is at its safe value, or safer, already." } else { "What is safer already stays as it is. It needs no password." }}
        </p>
        <Confirm desk action=SAFE_VALUES widens=Derived::fixed(false) submit="Return now".to_owned() off=Derived::new(move || changes.with(Vec::is_empty))>
            <input type="hidden" name="id" value=desk.form_id.get_value() />
            <input type="hidden" name="system" value=desk.live.system().id.clone() />
        </Confirm>
    }
}

/// The form that sends it: posted by the browser alone, or without leaving the page.
#[component]
fn Confirm(
    desk: Desk,
    /// Where it is posted.
    action: &'static str,
    /// Whether it goes away from the safe side.
    widens: Derived<bool>,
    /// The words on its button.
    submit: String,
    /// Whether something stands against it.
    off: Derived<bool>,
    children: Children,
) -> impl IntoView {
    let password = RwSignal::new(String::new());
    let asks = Derived::new(move || {
        let refused = desk.asking.with(|asking| matches!(asking, Asking::Refused(why) if model::wants_password(why)));
        refused || desk.session.now.with(|session| model::needs_password(widens.get(), session.as_ref()))
    });
    let field = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        // A wrong password, or one that is asked for now: the next thing to do is to type it.
        if matches!(desk.asking.get(), Asking::Refused(_)) {
            request_animation_frame(move || drop(field.get_untracked().map(|field| field.focus())));
        }
    });
    let under = Derived::new(move || matches!(desk.asking.get(), Asking::Under(_)));
    let words = Derived::new(move || {
        match desk.asking.get() {
        Asking::Idle => String::new(),
        Asking::Under(1) => "Sending\u{2026}".to_owned(),
        Asking::Under(times) => format!("No answer yet. Asking again, for the {times}. time: it is the same command still."),
        Asking::Refused(why) => format!("{}.", crate::format::sentence(&why)),
        Asking::Lost => "No answer came. It is not known whether the command arrived. To ask again is safe: it is the same command still.".to_owned(),
    }
    });
    let tone = Derived::new(move || match desk.asking.get() {
        Asking::Refused(_) | Asking::Lost => "wrong",
        _ => "plain",
    });
    let label =
        Derived::new(move || if desk.asking.get() == Asking::Lost { "Ask again".to_owned() } else { submit.clone() });
    let send = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let given = password.get_untracked();
        password.set(String::new());
        desk.confirm(asks.get_untracked().then_some(given));
    };
    let disabled = move || under.get() || off.get() || desk.bar.get().is_some();
    view! {
        <form method="post" action=action class="control-confirm" on:submit=send>
            {children()}
            {move || asks.get().then(|| view! {
                <label class="control-password">
                    <span class="field-label">"Your password, once more"</span>
                    <input type="password" node_ref=field class="field" name="own_password" autocomplete="current-password" required=true prop:value=move || password.get() on:input=move |event| password.set(event_target_value(&event)) />
                    <span class="field-hint">"To go away from the safe side, it is asked for again."</span>
                </label>
            })}
            <p class="control-words" data-tone=tone role="status">{words}</p>
            <p class="control-words" data-tone="wrong" hidden=move || desk.bar.with(Option::is_none)>{move || desk.bar.with(|bar| bar.as_ref().map(model::Bar::words))}</p>
            <div class="control-buttons">
                <a class="button" role="button" href=desk.live.href(super::PATH) on:click=move |event: ev::MouseEvent| {
                    event.prevent_default();
                    event.stop_propagation();
                    desk.close();
                }>"Cancel"</a>
                <button type="submit" class="button button-primary" disabled=disabled>{label}</button>
            </div>
        </form>
    }
}
