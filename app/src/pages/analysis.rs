//! The page Analysis: questions about the past that are ready to be asked, and free SQL.
//!
//! Read [`asked`] (asking and what came of it), [`question`] (a card), [`editor`] (SQL), then the parts of an answer:
//! [`answer`], [`bars`], [`curves`], [`table`], [`words`].

mod answer;
mod asked;
mod bars;
mod curves;
mod editor;
mod question;
mod table;
mod words;

use crate::components::Segmented;
use crate::derived::Derived;
use editor::Editor;
use leptos::prelude::*;
use question::QuestionCard;

crate::lazy_page!(CHUNK, analysis, AnalysisPage);

/// The ready questions: id in the API, title, what a person should know.
const QUESTIONS: [(&str, &str, &str); 5] = [
    ("energy", "Total energy", "Through the battery; each reading counts until the next one"),
    ("hourly-current", "Current by hour of the day", "Mean by your local time; discharge is positive"),
    ("sags", "Sag velocity and the worst sags", "Sags of the pack voltage, deepest first"),
    ("headroom", "Use of the discharge limit", "Power drawn against the limit that the BMS gave"),
    ("cells", "Ranking of the cells", "How much of the time each was the lowest of all"),
];

/// How far back the questions look: hours, 0 for all.
const RANGES: [(u32, &str); 4] = [(24, "24 h"), (168, "7 days"), (720, "30 days"), (0, "All")];

/// What the questions are about.
#[derive(Clone, Copy, Debug, PartialEq)]
struct About {
    hours: u32,
    exact: bool,
}

/// The page Analysis.
#[component]
pub fn AnalysisPage() -> impl IntoView {
    let hours = RwSignal::new(RANGES[0].0);
    let exact = RwSignal::new(false);
    let about = Derived::new(move || About { hours: hours.get(), exact: exact.get() });
    let sql = RwSignal::new(editor::FIRST.to_owned());
    let cards = QUESTIONS.map(|(id, title, note)| view! { <QuestionCard id title note about sql /> });
    view! {
        <h1 class="visually-hidden">"Analysis"</h1>
        <div class="analysis-controls">
            <Segmented
                name="range"
                legend="How far back"
                options=RANGES.to_vec()
                value=Derived::new(move || hours.get())
                choose=move |chosen| hours.set(chosen)
            />
            <label class="analysis-exact">
                <input
                    type="checkbox"
                    prop:checked=move || exact.get()
                    on:change=move |event| exact.set(event_target_checked(&event))
                />
                <span>"Exact: read every row (slower)"</span>
            </label>
        </div>
        <div class="grid analysis-questions">{cards.into_iter().collect_view()}</div>
        <Editor sql />
    }
}
