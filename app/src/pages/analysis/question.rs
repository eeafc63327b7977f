//! A ready question: asked by itself, with its answer and the way to its SQL.

use super::About;
use super::answer::AnswerView;
use super::editor;
use super::query::{Query, State};
use crate::components::Card;
use crate::derived::Derived;
use crate::fetch;
use crate::live::Live;
use leptos::prelude::*;

/// A question about `about`.
#[component]
pub(super) fn QuestionCard(
    /// Its id in the API.
    id: &'static str,
    /// What it is about.
    title: &'static str,
    /// What a person should know.
    note: &'static str,
    /// The stretch of time.
    about: Derived<About>,
    /// The text of the editor.
    sql: RwSignal<String>,
) -> impl IntoView {
    let live = Live::expect();
    let query = Query::new();
    live.on_return(move || query.ask_lost());
    // In the browser only: the server draws the page without waiting for answers.
    Effect::new(move |_| {
        let About { hours, exact } = about.get();
        let hours = if hours == 0 { String::new() } else { format!("&hours={hours}") };
        let ahead = -(js_sys::Date::new_0().get_timezone_offset() as i32);
        let system = live.system().id.clone();
        let path =
            format!("/api/v1/analysis/questions/{id}?system={system}&exact={exact}&offset_minutes={ahead}{hours}");
        query.ask(move || fetch::get(path.clone()));
    });
    let text = Derived::new(move || {
        query.state.with(|state| match state {
            State::Answered(answer) => answer.sql.clone(),
            _ => String::new(),
        })
    });
    let open = move |_| {
        sql.set(text.get_untracked());
        editor::focus();
    };
    view! {
        <Card title note=Derived::from(note) class=if id == "energy" || id == "headroom" { "span-4" } else { "span-8" }>
            <AnswerView query curves_id="" what=title />
            <p class="analysis-foot">
                <button
                    type="button"
                    class="button"
                    prop:disabled=move || text.with(String::is_empty)
                    aria-label=format!("Open as SQL: {title}")
                    on:click=open
                >
                    "Open as SQL"
                </button>
            </p>
        </Card>
    }
    .into_any()
}
