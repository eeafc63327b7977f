//! One control: what is set, since when and by whom, and the field, slider or choice with which a change is thought of.

use super::bar::OFF;
use super::check;
use super::flight::Flight;
use super::model::{self, Change, Scale};
use super::state::Desk;
use crate::components::Card;
use crate::derived::Derived;
use crate::format::typeset;
use crate::pages::when::When;
use ::api::control::ControlState;
use leptos::{ev, prelude::*};

/// A control of the system.
#[component]
pub(super) fn ControlCard(
    desk: Desk,
    flight: Flight,
    /// Which.
    key: String,
) -> impl IntoView {
    let name = key.clone();
    let control = Derived::new(move || desk.control(&name).unwrap_or_default());
    let first = control.get_untracked();
    let is_choice = !first.choices.is_empty();
    let range = match is_choice {
        true => format!("safe value: {}", model::words(&first, first.safe)),
        false => format!(
            "{} to {}, in steps of {}",
            model::words(&first, first.min),
            model::words(&first, first.max),
            model::words(&first, first.step)
        ),
    };
    view! {
        <Card title=first.label.clone() note=Derived::fixed(range) class=if is_choice { "control-card control-choice" } else { "control-card" }>
            <Present desk control />
            <form method="get" action=super::REVIEW class="control-form" novalidate=true on:submit=move |event: ev::SubmitEvent| {
                event.prevent_default();
                desk.open_change();
            }>
                <input type="hidden" name="system" value=desk.live.system().id.clone() />
                <input type="hidden" name="review" value=key.clone() />
                {if is_choice {
                    view! { <Choices desk control /> }.into_any()
                } else {
                    view! { <Number desk control /> }.into_any()
                }}
                <Foot desk flight control />
            </form>
            <p class="note control-writes">{move || control.with(model::writes_words)}</p>
        </Card>
    }
}

/// What the device has: as it was read back, with its age, and who has changed it.
#[component]
fn Present(desk: Desk, control: Derived<ControlState>) -> impl IntoView {
    let value = Derived::new(move || control.with(model::present_words));
    let age_s = Derived::new(move || {
        let now = desk.seen.with(|seen| seen.as_ref().map(|seen| seen.timestamp)).unwrap_or_default();
        control.with(|control| model::age_s(control, now, desk.live.page_age_s.get()))
    });
    let away = desk.live.lost();
    let known = Derived::new(move || control.with(|control| model::knowledge(control, age_s.get(), away.get())));
    let age =
        Derived::new(move || match (age_s.get(), control.with(|control| model::unread_words(&control.unreadable))) {
            (None, why) if why.is_empty() => "not read yet".to_owned(),
            (None, why) => format!("not known: {why}"),
            (Some(age_s), why) => model::read_words(control.with(|control| control.present.is_some()), &why, age_s),
        });
    let revision = Derived::new(move || control.with(|control| control.revision));
    let changed = Derived::new(move || control.with(model::changed_words));
    let ended = Derived::new(move || control.with(model::ended_words));
    // What was told last runs on without the server.
    let passed_s = move || if away.get() { desk.live.page_age_s.get() } else { 0.0 };
    let standing = Derived::new(move || control.with(|control| model::standing_words(control, passed_s())));
    view! {
        <p class="control-present" data-known=known>
            <span class="control-value">{value}</span>
            <span class="note">{age}</span>
        </p>
        <p class="note" title=move || format!("Setting number {}: another one after each change", revision.get())>
            {move || match changed.get() {
                (words, Some(at)) => view! { {words} ", " <When utc=at /> }.into_any(),
                (words, None) => view! { {typeset(&words)} }.into_any(),
            }}
        </p>
        {move || ended.get().map(|(words, at)| view! { <p class="control-words" data-tone="wider" role="status"><When utc=at /> ": " {typeset(&words)}</p> })}
        {move || standing.get().map(|words| view! { <p class="note">{typeset(&words)}</p> })}
    }
}

/// A number: the field and the slider are one.
#[component]
fn Number(desk: Desk, control: Derived<ControlState>) -> impl IntoView {
    let ControlState { control: key, label, min, max, step, safe, .. } = control.get_untracked();
    let scale = control.with_untracked(Scale::of);
    let text = Derived::new(move || control.with(|control| desk.text(control)));
    // Without a living page the slider could not move the number: it is seen only when it can.
    let alive = crate::hydration::alive();
    let typed = {
        let key = key.clone();
        move |event| desk.think_of(&key, event_target_value(&event))
    };
    let slid = move |event| desk.think_of(&key, event_target_value(&event));
    let empty = Derived::new(move || text.with(String::is_empty));
    let in_words = Derived::new(move || match empty.get() {
        true => "not known".to_owned(),
        false => text.with(|text| {
            control.with(|control| {
                model::admit(control, text).map_or_else(|why| why, |value| model::words(control, value))
            })
        }),
    });
    let place = move |value: f64| format!("{:.2}%", (value - min) / (max - min).max(1e-9) * 100.0);
    let now = Derived::new(move || control.with(|control| control.present));
    let close = Derived::new(move || control.with(model::marks_close));
    let first = text.get_untracked();
    view! {
        <div class="control-number">
            <label class="control-field">
                <span class="visually-hidden">{label.clone()}</span>
                <input
                    type="number"
                    class="field"
                    name="value"
                    inputmode="decimal"
                    min=scale.typed(min)
                    max=scale.typed(max)
                    step=scale.typed(step)
                    value=first
                    prop:value=text
                    on:input=typed
                    disabled=move || desk.bar.get().is_some()
                    aria-describedby=OFF
                />
                <span class="unit">{scale.unit}</span>
            </label>
            <div class="control-slider" style:visibility=move || if alive.get() { "visible" } else { "hidden" }>
                <input
                    type="range"
                    class="slider"
                    data-empty=move || empty.get().to_string()
                    aria-label=format!("{label}, slider")
                    aria-valuetext=in_words
                    min=scale.typed(min)
                    max=scale.typed(max)
                    step=scale.typed(step)
                    prop:value=text
                    on:input=slid
                    disabled=move || desk.bar.get().is_some()
                />
                <div class="control-marks" aria-hidden="true">
                    <span class="control-mark" data-close=move || close.get().to_string() style:left=place(safe) hidden=move || now.get() == Some(safe)>
                        "safe"
                    </span>
                    {move || now.get().map(|now| {
                        let words = if now == safe { "now, safe" } else { "now" };
                        view! { <span class="control-mark control-mark-now" style:left=place(now)>{words}</span> }
                    })}
                </div>
            </div>
        </div>
    }
}

/// One of a few values.
#[component]
fn Choices(desk: Desk, control: Derived<ControlState>) -> impl IntoView {
    let ControlState { control: key, label, choices, .. } = control.get_untracked();
    let text = Derived::new(move || control.with(|control| desk.text(control)));
    let group = format!("control-{key}");
    let choice = |of: ::api::control::Choice| {
        let (key, typed) = (key.clone(), of.value.to_string());
        let chosen = {
            let typed = typed.clone();
            move || text.with(|text| *text == typed)
        };
        let choose = {
            let typed = typed.clone();
            move |_| desk.think_of(&key, typed.clone())
        };
        view! {
            <label class="segment">
                <input
                    type="radio"
                    name="value"
                    value=typed
                    checked=chosen.clone()
                    prop:checked=chosen
                    on:change=choose
                    disabled=move || desk.bar.get().is_some()
                    aria-describedby=OFF
                />
                <span>{of.label}</span>
            </label>
        }
    };
    view! {
        <fieldset class="segmented" id=group>
            <legend class="visually-hidden">{label}</legend>
            {choices.into_iter().map(choice).collect_view()}
        </fieldset>
    }
}

/// What is wrong with what was typed, what stands against it, and the way on.
#[component]
fn Foot(desk: Desk, flight: Flight, control: Derived<ControlState>) -> impl IntoView {
    let label = control.with_untracked(|control| control.label.clone());
    let key = control.with_untracked(|control| control.control.clone());
    let own =
        Derived::new(move || desk.change.with(|change| change.clone().filter(|change| change.control.control == key)));
    let wrong = Derived::new(move || {
        let key = control.with(|control| control.control.clone());
        desk.draft.with(|draft| {
            let (_, text) = draft.as_ref().filter(|(of, _)| *of == key)?;
            control.with(|control| model::admit(control, text).err())
        })
    });
    let ready = Derived::new(move || own.with(|own| own.as_ref().is_some_and(|own| !own.is_none())));
    let words = Derived::new(move || match (wrong.get(), own.get()) {
        (Some(wrong), _) => wrong,
        (None, Some(own)) => {
            let told = match own.blocked(None).first() {
                Some(blocked) if !own.is_none() => format!("Not now: {}.", blocked.blocked),
                _ => own.direction(None),
            };
            let text = desk.draft.with(|draft| draft.as_ref().map_or_else(String::new, |(_, text)| text.clone()));
            match model::taken_words(&own.control, &text, own.to) {
                Some(taken) => format!("{taken} {told}"),
                None => told,
            }
        }
        _ => String::new(),
    });
    let tone = Derived::new(move || {
        if wrong.with(Option::is_some)
            || own.with(|own| own.as_ref().is_some_and(|own| !own.is_none() && !own.blocked(None).is_empty()))
        {
            "wrong"
        } else if own.with(|own| own.as_ref().is_some_and(|own| !own.is_none() && own.widens_for(None))) {
            "wider"
        } else if own.with(|own| own.as_ref().is_some_and(Change::is_none)) {
            "plain"
        } else {
            "safer"
        }
    });
    // Before the page is alive the button leads to the review by itself.
    let alive = crate::hydration::alive();
    view! {
        <div class="control-foot">
            <p class="control-words" data-tone=tone role="status">{words}</p>
            <p class="control-brief" hidden=move || !ready.get()>{check::answer(flight, desk)}</p>
            <button type="button" class="button" hidden=move || own.with(Option::is_none) && wrong.with(Option::is_none) on:click=move |_| desk.draft.set(None)>
                "Undo"
            </button>
            <button
                type="submit"
                class="button button-primary"
                aria-label=format!("Review the change of {label}")
                title=move || desk.bar.with(|bar| bar.as_ref().map(model::Bar::words))
                disabled=move || desk.bar.get().is_some() || alive.get() && !ready.get()
            >
                "Review"
            </button>
        </div>
    }
}
