//! An answer: its figures, its drawing, its table; or why there is none.

use super::asked::{Asked, State};
use super::bars::BarsView;
use super::curves;
use super::table::TableView;
use crate::charts::line::LineChartView;
use crate::derived::Derived;
use crate::format::{self, NONE};
use domain::analysis::{Answer, Figure};
use leptos::prelude::*;

/// What came of a question.
#[component]
pub(super) fn AnswerView(
    /// The question.
    asked: Asked,
    /// The id of its curves in the document; empty if it has none.
    curves_id: &'static str,
    /// What it is about, for screen readers.
    what: &'static str,
) -> impl IntoView {
    let words = Derived::new(move || {
        asked.state.with(|state| match state {
            State::Idle => String::new(),
            State::Waiting => "Asking\u{2026}".to_owned(),
            State::Cancelled => "Cancelled".to_owned(),
            State::Failed(why) => why.clone(),
            State::Answered(answer) => done_words(answer),
        })
    });
    let failed = Derived::new(move || asked.state.with(|state| matches!(state, State::Failed(_))));
    // The last answer stands until the next one is there, so that nothing jumps.
    let shown = Derived::with_last(move |last: Option<&Option<std::sync::Arc<Answer>>>| {
        asked.state.with(|state| match state {
            State::Answered(answer) => Some(answer.clone()),
            State::Waiting => last.cloned().flatten(),
            State::Idle | State::Cancelled | State::Failed(_) => None,
        })
    });
    let parts = move || {
        shown.get().map(|answer| {
            let figures = (!answer.figures.is_empty()).then(|| figures(&answer.figures));
            let bars = answer.bars.clone().map(|bars| view! { <BarsView bars /> });
            let curves = answer.curves.as_ref().filter(|_| !curves_id.is_empty()).map(|found| {
                let chart = Derived::fixed(curves::chart(found, answer.table.as_ref()));
                view! { <LineChartView id=curves_id chart label="Result over time" height_px=232 /> }
            });
            let table = answer.table.clone().map(|table| view! { <TableView table what /> });
            view! { {figures} {bars} {curves} {table} }
        })
    };
    view! {
        <div
            class="answer"
            tabindex="0"
            role="group"
            aria-label=format!("Answer: {what}")
            aria-busy=move || asked.state.with(|state| (*state == State::Waiting).to_string())
        >
            {parts}
        </div>
        <p class="answer-words note" role="status" data-failed=move || failed.get().to_string()>
            {words}
        </p>
    }
    .into_any()
}

/// How many rows, and how long it took.
fn done_words(answer: &Answer) -> String {
    let took = format!("{} ms", format::count(answer.took_ms.into()));
    match &answer.table {
        None => took,
        Some(table) => {
            let rows = table.rows().count() as u64;
            let count = match rows {
                1 => "1 row".to_owned(),
                rows => format!("{} rows", format::count(rows)),
            };
            let more = if table.more { "the first " } else { "" };
            let all = if table.more { "; the downloads have all" } else { "" };
            format!("{more}{count} in {took}{all}")
        }
    }
}

fn figures(figures: &[Figure]) -> impl IntoView + use<> {
    let row = |(place, figure): (usize, &Figure)| {
        let number = figure.value.map_or_else(|| NONE.to_owned(), |v| format::fixed(v as f32, figure.decimals.into()));
        view! {
            <div class=if place == 0 { "answer-first" } else { "" }>
                <dt>{figure.name.clone()}</dt>
                <dd>{number} <span class="unit">{figure.unit.clone()}</span></dd>
            </div>
        }
    };
    view! { <dl class="facts">{figures.iter().enumerate().map(row).collect_view()}</dl> }
}
