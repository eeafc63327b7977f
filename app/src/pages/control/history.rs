//! What was commanded, by whom, and what became of it; each with its steps. In the past: until the instant that is shown.

use super::model;
use super::state::Desk;
use crate::components::{Card, EmptyState, LocalTime};
use crate::derived::Derived;
use crate::fetch::{self, FetchError, SingleFlight};
use crate::format::{sentence, typeset};
use crate::pages::when::When;
use ::api::control::{CommandHistoryResponse, CommandResponse, CommandsResponse};
use domain::control::ControlKind;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// So many are listed.
pub const LISTED: usize = 20;
/// In the past the list follows the instant in steps of this, ms.
const STEP_MS: i64 = 2_000;

/// The card. Asked anew when a step of a command was recorded.
#[component]
pub(super) fn History(desk: Desk) -> impl IntoView {
    let told = RwSignal::new(desk.history.get_value().map(Ok::<_, FetchError>));
    let flight = SingleFlight::default();
    let newest = Derived::new(move || desk.seen.with(|seen| seen.as_ref().map(|seen| seen.recorded)));
    let (live, system) = (desk.live, desk.live.system().id.clone());
    // Up to the step that the instant lies in; `None` for the present.
    let before = Derived::new(move || {
        let ms = || live.snapshot.with(|snapshot| snapshot.now.utc.0.div_euclid(1_000));
        live.past.get().then(|| (ms().div_euclid(STEP_MS) + 1) * STEP_MS)
    });
    let ask = move || {
        let before = before.get_untracked().map_or_else(String::new, |ms| format!("&before={ms}"));
        let path = format!("/api/v1/commands?system={system}&limit={LISTED}{before}");
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
            before.track();
            untrack(&ask);
        }
    });
    desk.live.on_return(ask);
    let past = live.past;
    // What was asked after the instant, of what was asked before the end of its step. The newest are first.
    let later = Derived::new(move || {
        if !past.get() {
            return 0;
        }
        let now = live.snapshot.with(|snapshot| snapshot.now.utc);
        told.with(|told| match told {
            Some(Ok(answer)) => answer.commands.iter().take_while(|command| command.asked_at > now).count(),
            _ => 0,
        })
    });
    let list = move || {
        let later = later.get();
        match told.get() {
        None => view! { <p class="note">"Asking what was commanded" <noscript>": load the page again"</noscript></p> }.into_any(),
        Some(Err(why)) => view! { <p class="note">{format!("What was commanded is not known. {why}.")}</p> }.into_any(),
        Some(Ok(answer)) if answer.commands.len() <= later => {
            view! { <EmptyState title=if past.get() { "Nothing was commanded until then" } else { "Nothing was commanded yet" } advice="Each command is kept here, with who asked for it and what became of it." /> }.into_any()
        }
        Some(Ok(answer)) => {
            view! { <ul class="control-history-list">{answer.commands.into_iter().skip(later).map(|command| view! { <Entry command /> }).collect_view()}</ul> }.into_any()
        }
    }
    };
    let note =
        Derived::new(move || if past.get() { "until that instant, with what became of it" } else { "" }.to_owned());
    view! { <Card title="History" note class="control-history">{list}</Card> }
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
    let told = move || {
        match steps.get() {
        None => view! { <p class="note">"Asking for its steps" <noscript>": they need scripts, which are off in this browser. The line above says what became of it"</noscript></p> }.into_any(),
        Some(Err(why)) => view! { <p class="note">{format!("Its steps are not known. {why}.")}</p> }.into_any(),
        Some(Ok(told)) => {
            let step = |step: ::api::control::CommandStepResponse| {
                view! { <li data-tone=model::tone(&step.state)><span>{sentence(&typeset(&step.words))}</span> <LocalTime utc=step.at /></li> }
            };
            view! { <ol class="control-steps">{told.steps.into_iter().map(step).collect_view()}</ol> }.into_any()
        }
    }
    };
    // What was predicted, and how right that was.
    let flight = [&command.prediction, &command.score].map(|words| sentence(&typeset(words.trim_end_matches('.'))));
    let flight =
        flight.into_iter().filter(|words| !words.is_empty()).map(|words| format!("{words}. ")).collect::<String>();
    view! {
        <li>
            <details on:toggle=open>
                <summary>
                    <span class="control-dot" data-tone=model::tone(&command.state) aria-hidden="true"></span>
                    <span class="control-history-what">{label} ": " <strong>{typeset(&command.value_words)}</strong></span>
                    <span class="control-history-state">{sentence(&typeset(&command.words))}</span>
                    <span class="note">{command.by} ", " <When utc=command.asked_at /></span>
                </summary>
                {told}
                {(!flight.is_empty()).then(|| view! { <p class="note control-flown">"Flight check: " {flight}</p> })}
            </details>
        </li>
    }
}
