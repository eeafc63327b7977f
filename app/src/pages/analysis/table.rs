//! Rows and columns in a frame that scrolls.

use super::words;
use crate::format::{self, NONE, local_offset_s};
use ::api::analysis::{Kind, Table};
use leptos::prelude::*;

/// Rows that are drawn: more would make the page slow, and nobody reads them.
const DRAWN_MAX: usize = 500;

/// A table. It can be focused, so that arrow keys scroll it.
#[component]
pub(super) fn TableView(
    /// The rows.
    table: Table,
    /// What they are, for screen readers.
    what: &'static str,
) -> impl IntoView {
    let class = |kind: Kind| if kind == Kind::Number { "number" } else { "" };
    // What is written in SQL can be seen, too.
    let head = table.columns.iter().zip(words::headings(&table)).map(|(column, words)| {
        view! { <th scope="col" class=class(column.kind) title=column.name.clone()>{words}</th> }
    });
    let row = |row: &[Option<String>]| {
        let cell = |(text, column): (&Option<String>, &::api::analysis::Column)| match text {
            Some(text) => {
                let words = words::value(text, column.kind, local_offset_s);
                view! { <td class=class(column.kind)>{words}</td> }.into_any()
            }
            None => view! { <td class="null">{NONE}</td> }.into_any(),
        };
        view! { <tr>{row.iter().zip(&table.columns).map(cell).collect_view()}</tr> }
    };
    let hidden = table.rows().count().saturating_sub(DRAWN_MAX) as u64;
    let rest = format!("{} more rows are not drawn here; the downloads have all", format::count(hidden));
    view! {
        <div class="answer-table" tabindex="0" role="region" aria-label=format!("Rows: {what}")>
            <table>
                <thead><tr>{head.collect_view()}</tr></thead>
                <tbody>{table.rows().take(DRAWN_MAX).map(row).collect_view()}</tbody>
            </table>
        </div>
        {(hidden > 0).then(|| view! { <p class="note">{rest}</p> })}
    }
    .into_any()
}
