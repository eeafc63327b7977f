//! A form that changes something about people, without leaving the page.

use super::{Away, Done, Session, people_action};
use crate::actions::{ActionError, Answer as Answered};
use crate::fetch::NO_SERVER;
use crate::format::sentence;
use leptos::task::spawn_local;
use leptos::{ev, prelude::*};
use std::collections::HashMap;
use wasm_bindgen::JsCast as _;
use web_sys::{FormData, HtmlFormElement};

/// How it went with a form.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Answer {
    /// Not sent yet.
    #[default]
    Idle,
    /// Sent, no answer yet.
    Pending,
    /// Done, in words.
    Done(String),
    /// Refused, and why.
    Refused(String),
}

impl Answer {
    fn state(&self) -> &'static str {
        match self {
            Answer::Idle => "idle",
            Answer::Pending => "pending",
            Answer::Done(_) => "done",
            Answer::Refused(_) => "refused",
        }
    }

    fn words(&self) -> String {
        match self {
            Answer::Idle => String::new(),
            Answer::Pending => "Sending\u{2026}".to_owned(),
            Answer::Done(words) => sentence(words),
            Answer::Refused(why) => sentence(why),
        }
    }
}

/// A form with one button.
#[component]
pub fn PeopleForm(
    /// What it does: see [`people_action`].
    what: &'static str,
    /// The words on its button.
    submit: &'static str,
    /// What a screen reader says of the button, where its words alone are not enough.
    #[prop(optional, into)]
    label: Option<String>,
    /// Fields that nobody types.
    #[prop(optional)]
    fixed: Vec<(&'static str, String)>,
    /// Every field that it can have.
    #[prop(optional)]
    fields: &'static [&'static str],
    /// Layout classes.
    #[prop(optional)]
    class: &'static str,
    /// Classes of its button.
    #[prop(default = "button")]
    button: &'static str,
    /// Called when it is done.
    #[prop(into)]
    done: Callback<Done>,
    /// Its fields.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let session = Session::expect();
    let answer = RwSignal::new(Answer::default());
    let away = use_context::<Away>();
    let away = move || away.is_some_and(|Away(away)| away.get());
    let on_submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let form = event.current_target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
        let Some(form) = form else { return };
        if answer.with_untracked(|answer| *answer == Answer::Pending) || untrack(away) {
            return;
        }
        let Ok(data) = FormData::new_with_form(&form) else { return };
        let typed = fields.iter().chain(&["own_password"]);
        let typed = typed.filter_map(|name| Some(((*name).to_owned(), data.get(name).as_string()?)));
        let mut all: HashMap<String, String> = typed.collect();
        all.extend(fixed.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        answer.set(Answer::Pending);
        spawn_local(async move {
            match people_action(what.to_owned(), all).await {
                Ok(Answered(said)) => {
                    // What was typed is used up, passwords before all.
                    form.reset();
                    answer.try_set(Answer::Done(said.words.clone()));
                    done.try_run(said);
                }
                Err(ActionError(why)) => {
                    answer.try_set(Answer::Refused(why));
                }
            }
            session.look();
        });
    };
    view! {
        <form
            class=format!("command {class}")
            data-state=move || answer.with(Answer::state)
            on:submit=on_submit
        >
            {children.map(|children| children())}
            <div class="command-foot">
                <button type="submit" class=button aria-label=label prop:disabled=move || away() || answer.with(|a| *a == Answer::Pending)>
                    {submit}
                </button>
                <p class="command-answer" role="status">
                    {move || if away() { format!("{NO_SERVER}.") } else { answer.with(Answer::words) }}
                </p>
            </div>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_sentence_with_its_state() {
        for (answer, state, words) in [
            (Answer::Idle, "idle", ""),
            (Answer::Pending, "pending", "Sending\u{2026}"),
            (Answer::Done("timo is gone".into()), "done", "Timo is gone"),
            (Answer::Refused("the name is wrong".into()), "refused", "The name is wrong"),
        ] {
            assert_eq!((answer.state(), &*answer.words()), (state, words));
        }
    }
}
