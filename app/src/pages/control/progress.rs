//! What was asked from here: each step live, with who and when, and the result in words.

use super::model;
use super::state::{Desk, Followed};
use crate::components::LocalTime;
use crate::derived::Derived;
use crate::format::{sentence, typeset};
use leptos::{html, prelude::*};

/// The commands that were asked from this page last; nothing before the first.
#[component]
pub(super) fn Progress(desk: Desk) -> impl IntoView {
    let followed = Derived::new(move || desk.followed.get());
    // The dialog that asked is gone: the focus goes to what became of it, which also brings it into view.
    let place = NodeRef::<html::Section>::new();
    let newest =
        Derived::new(move || followed.with(|followed| followed.first().map(|followed| followed.command.id.clone())));
    Effect::new(move |_| {
        if newest.with(Option::is_some) {
            // After the dialog has closed, which gives the focus back to what opened it.
            request_animation_frame(move || drop(place.get_untracked().map(|place| place.focus())));
        }
    });
    let one = |of: Followed| {
        let command = of.command;
        let label = domain::control::ControlKind::from_key(&command.control)
            .map_or_else(|| command.control.clone(), |kind| kind.spec().label.to_owned());
        let steps = of.steps.into_iter().map(|step| {
            view! {
                <li data-tone=model::tone(&step.state)>
                    <span>{sentence(&typeset(&step.words))}</span>
                    <LocalTime utc=step.at />
                </li>
            }
        });
        view! {
            <li class="control-asked" data-tone=model::tone(&command.state)>
                <p class="control-asked-what"><strong>{label} ": " {typeset(&command.value_words)}</strong> <span class="note">" asked by " {command.by} " at " <LocalTime utc=command.asked_at /></span></p>
                <p class="control-asked-state" role="status">{format!("{}.", sentence(&typeset(&command.words)))}</p>
                <ol class="control-steps" aria-label="Steps">{steps.collect_view()}</ol>
            </li>
        }
    };
    let close = move |_| {
        desk.followed.set(Vec::new());
        desk.unneeded.set(false);
    };
    let here = super::bar::asked_here();
    view! {
        <section class="card control-progress" node_ref=place tabindex="-1" aria-label="Commands from this page" hidden=move || followed.with(Vec::is_empty) && !desk.unneeded.get()>
            <header class="card-head">
                <h2>"Asked from here"</h2>
                <button type="button" class="button" on:click=close>"Close"</button>
            </header>
            <p class="control-asked-state" role="status" hidden=move || !desk.unneeded.get()>"Everything is at its safe value, or safer, already: nothing had to be sent."</p>
            <ul>{move || followed.get().into_iter().map(one).collect_view()}</ul>
            // Without a script it does not go on by itself.
            {here.map(|here| view! {
                <noscript>
                    <p class="control-buttons">
                        <a class="button" href=here>"Look again what has become of it"</a>
                        <a class="button" href=desk.live.href(super::PATH)>"Back to what is set"</a>
                    </p>
                </noscript>
            })}
        </section>
    }
}
