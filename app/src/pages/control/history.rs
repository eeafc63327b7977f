//! What was commanded, by whom, and what became of it; each with its steps.

use super::model;
use super::state::Desk;
use crate::components::{Card, EmptyState, LocalTime};
use crate::derived::Derived;
use crate::fetch::{self, FetchError, SingleFlight};
use crate::format::sentence;
use ::api::control::{CommandHistoryResponse, CommandResponse, CommandsResponse};
use domain::control::ControlKind;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// So many are listed.
const LISTED: usize = 20;

/// The card. Asked anew when a command or its state is another one.
#[component]
pub(super) fn History(desk: Desk) -> impl IntoView {
    let told = RwSignal::new(None::<Result<CommandsResponse, FetchError>>);
    let flight = SingleFlight::default();
    let newest = Derived::new(move || {
        let of = |command: &CommandResponse| (command.id.clone(), command.state.clone());
        let standing = desk.seen.with(|seen| {
            let controls = seen.iter().flat_map(|seen| &seen.controls);
            controls.filter_map(|control| control.command.as_ref().map(of)).collect::<Vec<_>>()
        });
        (
            standing,
            desk.followed.with(|followed| followed.iter().map(|followed| of(&followed.command)).collect::<Vec<_>>()),
        )
    });
    let path = format!("/api/v1/commands?system={}&limit={LISTED}", desk.live.system().id);
    let ask = move || {
        let path = path.clone();
        flight.ask(move || {
            let path = path.clone();
            async move {
                let answer = fetch::get::<CommandsResponse>(path).await;
                let done = answer.as_ref().map(drop).map_err(Clone::clone);
                told.try_set(Some(answer));
                done
            }
        });
    };
    Effect::new({
        let ask = ask.clone();
        move |_| {
            newest.track();
            untrack(&ask);
        }
    });
    desk.live.on_return(ask);
    let list = move || {
        match told.get() {
        None => view! { <p class="note">"Asking what was commanded"</p> }.into_any(),
        Some(Err(why)) => view! { <p class="note">{format!("What was commanded is not known. {why}.")}</p> }.into_any(),
        Some(Ok(answer)) if answer.commands.is_empty() => {
            view! { <EmptyState title="Nothing was commanded yet" advice="Each command is kept here, with who asked for it and what became of it." /> }.into_any()
        }
        Some(Ok(answer)) => {
            view! { <ul class="control-history-list">{answer.commands.into_iter().map(|command| view! { <Entry command /> }).collect_view()}</ul> }.into_any()
        }
    }
    };
    view! { <Card title="History" class="control-history">{list}</Card> }
}

/// One command; its steps are asked for when it is opened.
#[component]
fn Entry(command: CommandResponse) -> impl IntoView {
    let steps = RwSignal::new(None::<Result<CommandHistoryResponse, FetchError>>);
    let label = ControlKind::from_key(&command.control)
        .map_or_else(|| command.control.clone(), |kind| kind.spec().label.to_owned());
    let path = format!("/api/v1/commands/{}", command.id);
    let open = move |_| {
        if steps.with_untracked(Option::is_none) {
            let path = path.clone();
            spawn_local(async move { drop(steps.try_set(Some(fetch::get(path).await))) });
        }
    };
    let told = move || match steps.get() {
        None => view! { <p class="note">"Asking for its steps"</p> }.into_any(),
        Some(Err(why)) => view! { <p class="note">{format!("Its steps are not known. {why}.")}</p> }.into_any(),
        Some(Ok(told)) => {
            let step = |step: ::api::control::CommandStepResponse| {
                view! { <li data-tone=model::tone(&step.state)><span>{sentence(&model::typeset(&step.words))}</span> <LocalTime utc=step.at /></li> }
            };
            view! { <ol class="control-steps">{told.steps.into_iter().map(step).collect_view()}</ol> }.into_any()
        }
    };
    // What was predicted, and how right that was.
    let flight =
        [&command.prediction, &command.score].map(|words| sentence(&model::typeset(words.trim_end_matches('.'))));
    let flight =
        flight.into_iter().filter(|words| !words.is_empty()).map(|words| format!("{words}. ")).collect::<String>();
    view! {
        <li>
            <details on:toggle=open>
                <summary>
                    <span class="control-dot" data-tone=model::tone(&command.state) aria-hidden="true"></span>
                    <span class="control-history-what">{label} ": " <strong>{model::typeset(&command.value_words)}</strong></span>
                    <span class="control-history-state">{sentence(&model::typeset(&command.words))}</span>
                    <span class="note">{command.by} ", " <LocalTime utc=command.asked_at /></span>
                </summary>
                {told}
                {(!flight.is_empty()).then(|| view! { <p class="note control-flown">"Flight check: " {flight}</p> })}
            </details>
        </li>
    }
}
