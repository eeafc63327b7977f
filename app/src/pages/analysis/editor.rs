//! Free SQL: a text, its result, and the result as a file.

use super::answer::AnswerView;
use super::query::{Query, State};
use crate::components::Card;
use crate::derived::Derived;
use crate::fetch;
use crate::format;
use crate::live::Live;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

const ID: &str = "sql";

/// What stands in the editor at first.
pub(super) const FIRST: &str = "SELECT time_bucket(INTERVAL 10 MINUTE, timestamp) AS began,
  min(pack_voltage) AS lowest_voltage_v, max(pack_voltage) AS highest_voltage_v
FROM telemetry
GROUP BY began
ORDER BY began";

/// Brings the editor into view, ready to type.
pub(super) fn focus() {
    let found = document().get_element_by_id(ID).and_then(|element| element.dyn_into::<HtmlElement>().ok());
    if let Some(editor) = found {
        editor.scroll_into_view();
        let _ = editor.focus();
    }
}

/// Why nothing can be asked now, and what to do; `None` if something can. `missing` is what the server says while it has no
/// program for it.
fn off(away: Option<&str>, missing: &str) -> Option<&'static str> {
    match (away, missing) {
        (Some(_), _) => Some("No connection to the server: nothing can be asked"),
        (None, "") => None,
        (None, _) => Some("The server has no DuckDB program yet, see above: load this page again when it has"),
    }
}

/// The editor and what came of the query.
#[component]
pub(super) fn Editor(
    /// Its text.
    sql: RwSignal<String>,
) -> impl IntoView {
    let live = Live::expect();
    let query = Query::new();
    let missing = RwSignal::new(String::new());
    // The query that the result is of: its files are those of this text, not of one that was changed since.
    let ran = RwSignal::new(String::new());
    let look = move || {
        spawn_local(async move {
            missing.try_set(fetch::text("GET", "/api/v1/analysis/questions".to_owned()).await.unwrap_or_default());
        });
    };
    Effect::new(move |_| look());
    live.on_return(move || {
        query.clear_lost();
        look();
    });
    let off = {
        let away = live.needs_server();
        Derived::new(move || missing.with(|missing| off(away.get(), missing)))
    };
    let run = move || {
        if off.get_untracked().is_some() {
            return;
        }
        let text = sql.get_untracked();
        ran.set(text.clone());
        let fields = [("system", live.system().id.clone()), ("sql", text)];
        query.ask(move || {
            let fields = fields.clone();
            async move { fetch::post("/api/v1/analysis/sql", &fields).await }
        });
    };
    let waiting = Derived::new(move || query.state.with(|state| *state == State::Waiting));
    let answered = Derived::new(move || query.state.with(|state| matches!(state, State::Answered(_))));
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            run();
        }
    };
    let cancel = move |_| query.cancel();
    let file = move |format: &'static str, words: &'static str| {
        view! {
            <form method="post" action="/api/v1/analysis/sql" target="_blank">
                <input type="hidden" name="system" value=live.system().id.clone() />
                <input type="hidden" name="format" value=format />
                <input type="hidden" name="sql" prop:value=move || ran.get() />
                <button type="submit" class="button" title=move || off.get() prop:disabled=move || !answered.get() || off.get().is_some()>{words}</button>
            </form>
        }
    };
    view! {
        <Card title="SQL" note=Derived::from("DuckDB, read only, in a process of its own") class="analysis-sql">
            <p class="note">
                "Tables: " <code>"telemetry"</code> " (timestamp in UTC, shown below in your local time; soc, pack_voltage, pack_current with discharge positive, min_cell_v, max_cell_temp, and more: "
                <code>"DESCRIBE telemetry"</code> "), " <code>"events"</code> " (alarms), " <code>"cells"</code>
                " (minutes of every cell), " <code>"device_points"</code> " (minutes of what only devices have)."
            </p>
            <p class="analysis-missing" role="note" hidden=move || missing.with(String::is_empty)>{move || missing.with(|missing| format::quoted(missing))}</p>
            <label class="field-label" for=ID>"Query"</label>
            <textarea
                id=ID
                class="field analysis-text"
                rows="8"
                spellcheck="false"
                autocomplete="off"
                aria-describedby="sql-keys"
                prop:value=move || sql.get()
                on:input=move |event| sql.set(event_target_value(&event))
                on:keydown=on_key
            >
                {FIRST}
            </textarea>
            <div class="analysis-actions">
                <button type="button" class="button button-primary" title=move || off.get() aria-describedby="sql-keys" prop:disabled=move || waiting.get() || off.get().is_some() on:click=move |_| run()>
                    "Run"
                </button>
                <button type="button" class="button" prop:disabled=move || !waiting.get() on:click=cancel>
                    "Cancel"
                </button>
                {file("csv", "Download CSV")}
                {file("parquet", "Download Parquet")}
                <span class="note" id="sql-keys">{move || off.get().unwrap_or("Ctrl + Enter runs it")}</span>
            </div>
            <AnswerView query curves_id="analysis-curves" what="result" />
        </Card>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_asked_is_off_with_its_reason() {
        for (away, missing, why) in [
            (None, "", None),
            (Some("No connection to the server"), "", Some("No connection")),
            (None, "SQL needs the DuckDB program", Some("no DuckDB program")),
        ] {
            assert_eq!(off(away, missing).is_some(), why.is_some());
            assert!(off(away, missing).unwrap_or_default().contains(why.unwrap_or_default()));
        }
    }
}
