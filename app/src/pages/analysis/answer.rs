//! An answer: its figures, its drawing, its table; or why there is none.

use super::bars::BarsView;
use super::curves;
use super::query::{Query, State};
use super::table::TableView;
use super::words;
use crate::charts::line::LineChartView;
use crate::derived::Derived;
use crate::format::{self, NONE, THIN, local_offset_s};
use ::api::analysis::{AnalysisResponse, Bars, Figure, FigureRole};
use leptos::prelude::*;

/// What came of a question.
#[component]
pub(super) fn AnswerView(
    /// The question.
    query: Query,
    /// The id of its curves in the document; empty if it has none.
    curves_id: &'static str,
    /// What it is about, for screen readers.
    what: &'static str,
) -> impl IntoView {
    let words = Derived::new(move || {
        query.state.with(|state| match state {
            State::Idle => String::new(),
            State::Waiting => "Asking\u{2026}".to_owned(),
            State::Cancelled => "Cancelled".to_owned(),
            State::Failed(why) => why.to_string(),
            State::Answered(answer) => done_words(answer),
        })
    });
    let failed = Derived::new(move || query.state.with(|state| matches!(state, State::Failed(_))));
    // The last answer stands until the next one is there, so that nothing jumps.
    let shown = Derived::with_last(move |last: Option<&Option<std::sync::Arc<AnalysisResponse>>>| {
        query.state.with(|state| match state {
            State::Answered(answer) => Some(answer.clone()),
            State::Waiting => last.cloned().flatten(),
            State::Idle | State::Cancelled | State::Failed(_) => None,
        })
    });
    let parts = move || {
        shown.get().filter(|answer| !is_empty(answer)).map(|answer| {
            let figures = (!answer.figures.is_empty()).then(|| figures(&answer.figures));
            // The names of an answer to SQL are those of its columns.
            let free = answer.sql.is_empty();
            let bars = answer.bars.clone().map(|bars| if free { named(bars) } else { bars });
            let bars = bars.map(|bars| view! { <BarsView bars /> });
            let curves = answer.curves.as_ref().filter(|_| !curves_id.is_empty()).map(|found| {
                let chart =
                    Derived::fixed(curves::chart(found, local_offset_s(found.at_s.last().copied().unwrap_or(0.0))));
                view! { <LineChartView id=curves_id chart label="Result over time" height_px=232 /> }
            });
            let table = answer.table.clone().map(|table| view! { <TableView table what /> });
            let left_out =
                (!answer.left_out.is_empty()).then(|| view! { <p class="note">{answer.left_out.clone()}</p> });
            view! { {left_out} {figures} {bars} {curves} {table} }
        })
    };
    view! {
        <div
            class="answer"
            tabindex="0"
            role="group"
            aria-label=format!("Answer: {what}")
            aria-busy=move || query.state.with(|state| (*state == State::Waiting).to_string())
        >
            {parts}
        </div>
        <p class="answer-words note" role="status" data-failed=move || failed.get().to_string()>
            {words}
        </p>
    }
    .into_any()
}

/// Whether the answer is of a time in which nothing was recorded: its axes and zeros would say something.
fn is_empty(answer: &AnalysisResponse) -> bool {
    answer.recorded_s == Some(0.0)
}

/// How many rows, and how long it took.
fn done_words(answer: &AnalysisResponse) -> String {
    if is_empty(answer) {
        return "Nothing was recorded in this time.".to_owned();
    }
    let took = match answer.took_ms {
        0 => "less than 1 ms".to_owned(),
        ms => format!("{} ms", format::count(ms.into())),
    };
    match &answer.table {
        None => format!("Answered in {took}"),
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

/// Bars that are named by columns, `mean_current_a by hour`, in words with their unit.
fn named(bars: Bars) -> Bars {
    let Some((column, by)) = bars.name.split_once(" by ") else { return bars };
    let ((column, unit), (by, _)) = (words::name(column), words::name(by));
    Bars { name: format!("{column} by {}", by.to_ascii_lowercase()), unit: unit.to_owned(), ..bars }
}

fn figures(figures: &[Figure]) -> impl IntoView + use<> {
    let row = |(place, figure): (usize, &Figure)| {
        let (value, unit) = words::readable(figure.value, &figure.unit);
        let number = value.map_or_else(|| NONE.to_owned(), |v| format::fixed(v as f32, figure.decimals.into()));
        // What is recorded is no answer by itself.
        let first = place == 0 && figure.role == FigureRole::Answer;
        view! {
            <div class=if first { "answer-first" } else { "" }>
                <dt>{figure.name.clone()}</dt>
                // They stay on one line.
                <dd>{number} {THIN.to_string()} <span class="unit">{unit.to_owned()}</span></dd>
            </div>
        }
    };
    view! { <dl class="facts">{figures.iter().enumerate().map(row).collect_view()}</dl> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_time_without_a_recording_only_that_is_said() {
        let recorded = |s| AnalysisResponse { recorded_s: Some(s), ..AnalysisResponse::default() };
        assert_eq!(done_words(&recorded(0.0)), "Nothing was recorded in this time.");
        assert!(is_empty(&recorded(0.0)) && !is_empty(&recorded(0.5)) && !is_empty(&AnalysisResponse::default()));
    }
}
