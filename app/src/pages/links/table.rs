//! The frames of one link, raw beside decoded, renewed every second while the page is seen. The groups of a multiplexed
//! message are folded into one row.

use super::frames::{FrameView, Message, message_of};
use super::record::Record;
use crate::components::{Card, EmptyState};
use crate::derived::Derived;
use crate::fetch::{self, FetchError, SingleFlight};
use crate::format::{self, MINUS, THIN};
use crate::pages::device_points::unit_of_name;
use crate::source::DEMO;
use domain::link::{FrameRow, LinkSpec};
use leptos::prelude::*;
use std::time::Duration;

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// What is known of the frames.
#[derive(Clone, Debug, PartialEq)]
enum Look {
    /// The first look is under way.
    First,
    /// As of the last look.
    Seen,
    /// The last look failed.
    Failed(FetchError),
}

/// With no more frames than this left by the filter, all of them are unfolded.
const FEW: usize = 12;

/// So many decoded values of a frame are shown at first: a device of thousands of registers answers with hundreds in each.
const DECODED: usize = 16;

/// One row: its key, and what changes in it.
/// Counted rather than owned: rows are made between frames of the page, where nothing would own them.
type Row = (String, ArcRwSignal<FrameView>);

/// The frames of a link. Built anew for another link.
#[component]
pub(super) fn Frames(
    /// The link.
    link: LinkSpec,
) -> impl IntoView {
    let rows = RwSignal::new(Vec::<Row>::new());
    let look = RwSignal::new(Look::First);
    let paused = RwSignal::new(false);
    let filter = RwSignal::new(String::new());
    follow(format!("/api/v1/links/{}/frames", link.id), rows, look, paused);
    // The protocols of CAN, and only they, are called so.
    let (is_can, id) = (link.protocol.starts_with("CAN "), link.id.clone());

    let shown = Derived::new(move || {
        // What cannot be looked at does not grow old before the reader's eyes: it is not shown.
        if look.with(|look| matches!(look, Look::Failed(_))) {
            return rows.with(|rows| vec![false; rows.len()]);
        }
        let filter = filter.get();
        rows.with(|rows| rows.iter().map(|(_, frame)| frame.with(|f| f.matches(&filter))).collect::<Vec<bool>>())
    });
    let visible = Derived::new(move || {
        let shown = shown.get();
        rows.get().into_iter().zip(shown).filter(|(_, shown)| *shown).map(|(row, _)| row).collect::<Vec<Row>>()
    });
    // A message whose groups are folded, or a frame that has none, by its key.
    let entries = Derived::new(move || {
        let mut entries: Vec<(String, bool)> = Vec::new();
        visible.with(|rows| {
            for (key, _) in rows {
                let (entry, folded) = message_of(key).map_or((key.as_str(), false), |message| (message, true));
                if entries.last().is_none_or(|(last, _)| last != entry) {
                    entries.push((entry.to_owned(), folded));
                }
            }
        });
        entries
    });
    let few =
        Derived::new(move || filter.with(|filter| !filter.trim().is_empty()) && visible.with(|rows| rows.len() <= FEW));
    let entry = move |(key, folded): (String, bool)| match folded {
        true => view! { <Groups message=key visible few /> }.into_any(),
        false => visible
            .with_untracked(|rows| rows.iter().find(|(known, _)| *known == key).cloned())
            .map_or_else(|| ().into_any(), |(_, frame)| view! { <FrameLine frame /> }.into_any()),
    };
    let count = Derived::new(move || {
        let (seen, all) = (shown.with(|shown| shown.iter().filter(|s| **s).count()), rows.with(Vec::len));
        let kinds = format!("{} of frames", format::counted(all, "kind"));
        if look.with(|look| matches!(look, Look::Failed(_))) {
            return "not known".to_owned();
        }
        if seen == all { kinds } else { format!("{seen} of {kinds}") }
    });
    let listens = link.listens();
    let words = move || match look.get() {
        Look::First => Some(("Looking at what arrives".to_owned(), String::new())),
        Look::Failed(why) => Some(("The frames cannot be shown".to_owned(), why.to_string())),
        Look::Seen if rows.with(Vec::is_empty) => Some((
            "Nothing has been received".to_owned(),
            match listens {
                true => format!("Frames appear here as soon as something sends to {}.", link.address),
                false => format!("Frames appear here as soon as {} sends or answers.", link.address),
            },
        )),
        Look::Seen if shown.with(|shown| !shown.contains(&true)) => {
            Some(("No frame matches the filter".to_owned(), "Search by id, message name or signal name.".to_owned()))
        }
        Look::Seen => None,
    };
    view! {
        <Card title=format!("{}: raw and decoded", link.name) note=count class="frames">
            <div class="frames-tools">
                <label>
                    <span class="visually-hidden">"Filter frames"</span>
                    <input
                        type="search"
                        class="field"
                        placeholder="Filter: id, message or signal"
                        autocomplete="off"
                        spellcheck="false"
                        on:input=move |event| filter.set(event_target_value(&event))
                    />
                </label>
                <button
                    type="button"
                    class="button"
                    aria-pressed=move || paused.get().to_string()
                    aria-label=move || if paused.get() { "Continue the frames" } else { "Pause the frames" }
                    on:click=move |_| paused.update(|paused| *paused = !*paused)
                >
                    {move || if paused.get() { "Continue" } else { "Pause" }}
                </button>
                {(is_can && !DEMO).then(|| view! { <Record link=id /> })}
            </div>
            <div class="frame-table" role="table" aria-label="Frames">
                <div class="frame-row frame-head" role="row">
                    <span role="columnheader">"Id"</span>
                    <span role="columnheader">"Message"</span>
                    <span role="columnheader">"Bytes"</span>
                    <span role="columnheader">"Decoded"</span>
                    <span role="columnheader">"Age, period, count"</span>
                </div>
                <For each=move || entries.get() key=|(key, _)| key.clone() children=entry />
            </div>
            {move || {
                words().map(|(title, advice)| view! { <EmptyState title=title advice=advice /> })
            }}
        </Card>
    }
}

/// A multiplexed message: how its groups do, and the groups themselves when it is unfolded.
#[component]
fn Groups(
    /// The message's key.
    message: String,
    /// The rows that the filter leaves.
    visible: Derived<Vec<Row>>,
    /// Whether they are few enough to be shown at once.
    few: Derived<bool>,
) -> impl IntoView {
    let chosen = RwSignal::new(None::<bool>);
    let open = Derived::new(move || chosen.get().unwrap_or(few.get()));
    let key = message.clone();
    let mine = Derived::new(move || {
        let is_mine = |(key, _): &&Row| message_of(key) == Some(&message);
        visible.with(|rows| rows.iter().filter(is_mine).cloned().collect::<Vec<Row>>())
    });
    let message = Derived::new(move || {
        let rows = mine.get();
        let rows: Vec<FrameRow> = rows.iter().map(|(_, frame)| frame.with(|frame| frame.row.clone())).collect();
        Message::of(rows.iter())
    });
    let stats = move || {
        message.with(|message| {
            let rate = message
                .per_s
                .map_or_else(|| "rate not known".to_owned(), |rate| format!("{}/s", format::fixed(rate, 0)));
            let newest = format::calm_age(message.newest_ms as f32 / 1e3);
            format!("{newest} \u{b7} {rate} \u{b7} {}\u{d7}", format::count(message.count))
        })
    };
    let groups = move || match (message.with(|message| message.groups), open.get()) {
        (1, false) => "Show 1 group".to_owned(),
        (n, false) => format!("Show {n} groups"),
        (1, true) => "Hide 1 group".to_owned(),
        (n, true) => format!("Hide {n} groups"),
    };
    let lines = move || {
        open.get().then(|| {
            view! { <For each=move || mine.get() key=|(key, _)| key.clone() children=|(_, frame)| view! { <FrameLine frame /> } /> }
        })
    };
    view! {
        <div class="frame-row frame-message" role="row" data-late=move || message.with(|message| (message.late > 0).to_string())>
            <span role="cell" class="frame-key">{key}</span>
            <span role="cell" class="frame-name">{move || message.with(|message| message.name.clone())}</span>
            <span role="cell" class="frame-groups">
                <button
                    type="button"
                    class="button"
                    aria-expanded=move || open.get().to_string()
                    on:click=move |_| chosen.set(Some(!open.get_untracked()))
                >
                    {groups}
                </button>
            </span>
            <span role="cell" class="frame-worst">{move || message.with(Message::worst_words)}</span>
            <span role="cell" class="frame-stats note">{stats}</span>
        </div>
        {lines}
    }
    .into_any()
}

#[component]
fn FrameLine(frame: ArcRwSignal<FrameView>) -> impl IntoView {
    let frame = RwSignal::from(frame);
    let bytes = Derived::new(move || frame.with(FrameView::runs));
    let decoded = Derived::new(move || frame.with(|f| f.row.decoded.clone()));
    let many = Derived::new(move || decoded.with(Vec::len).saturating_sub(DECODED));
    let all = RwSignal::new(false);
    let unknown = frame.with_untracked(FrameView::is_unknown);
    let (key, name) = frame.with_untracked(|f| (f.row.key.clone(), f.row.name.clone()));
    let name = if unknown { "unknown id".to_owned() } else { name };
    let stats = Derived::new(move || {
        frame.with(|f| {
            let period = f.row.period_ms.map(|ms| format!("every {}{}ms", format::fixed(ms, 0), format::THIN));
            let age = format::calm_age(f.row.age_ms as f32 / 1e3);
            [Some(age), period, Some(format!("{}\u{d7}", format::count(f.row.count)))]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" \u{b7} ")
        })
    });
    view! {
        <div class="frame-row" role="row" data-unknown=unknown.to_string()>
            <span role="cell" class="frame-key">{key}</span>
            <span role="cell" class="frame-name">{name}</span>
            <code role="cell" class="frame-bytes">
                {move || {
                    let run = |run: super::frames::Run| match run.changed {
                        true => view! { <mark>{run.hex}</mark> }.into_any(),
                        false => view! { <span>{run.hex}</span> }.into_any(),
                    };
                    bytes.get().into_iter().map(run).collect_view()
                }}
            </code>
            <span role="cell" class="frame-decoded">
                {move || {
                    let most = if all.get() { usize::MAX } else { DECODED };
                    decoded
                        .get()
                        .into_iter()
                        .take(most)
                        .map(|value| {
                            let text = typeset(&value.name, &value.text);
                            view! {
                                <span class="decoded">
                                    <span class="decoded-name">{value.name}</span>
                                    " "
                                    <b>{text}</b>
                                </span>
                            }
                        })
                        .collect_view()
                }}
                <button
                    type="button"
                    class="button"
                    hidden=move || many.get() == 0
                    aria-expanded=move || all.get().to_string()
                    on:click=move |_| all.update(|all| *all = !*all)
                >
                    {move || if all.get() { "Show fewer".to_owned() } else { format!("Show {} more", many.get()) }}
                </button>
            </span>
            <span role="cell" class="frame-stats note">{stats}</span>
        </div>
    }
}

/// Units as descriptions of devices write them in ASCII, and their symbols.
const UNITS: [(&str, &str); 5] =
    [(" degC", " °C"), (" deg C", " °C"), (" kOhm", " k\u{3a9}"), (" MOhm", " M\u{3a9}"), (" Ohm", " \u{3a9}")];

/// A number with its unit, with the signs of typography. A bare number has the unit that its name ends with.
fn typeset(name: &str, text: &str) -> String {
    let (sign, rest) = text.strip_prefix('-').map_or((None, text), |rest| (Some(MINUS), rest));
    let unit = UNITS.iter().find_map(|(ascii, symbol)| Some((rest.strip_suffix(ascii)?, *symbol)));
    let (number, unit) = unit.unwrap_or((rest, ""));
    let named = if rest.parse::<f64>().is_ok() { unit_of_name(name) } else { "" };
    let space = if named.is_empty() { "" } else { " " };
    let all = sign.into_iter().collect::<String>() + number + unit + space + named;
    // Number and unit stay on one line.
    match all.split_once(' ') {
        Some((number, unit)) if number.ends_with(|last: char| last.is_ascii_digit()) => format!("{number}{THIN}{unit}"),
        _ => all,
    }
}

/// Looks at the frames at once and then every second, while the page is seen and not paused.
fn follow(path: String, rows: RwSignal<Vec<Row>>, look: RwSignal<Look>, paused: RwSignal<bool>) {
    let timer = StoredValue::new(None::<IntervalHandle>);
    let flight = SingleFlight::with_rest(Duration::ZERO);
    Effect::new(move |_| {
        let path = path.clone();
        let renew = move || {
            if paused.get_untracked() || document().hidden() {
                return;
            }
            let path = path.clone();
            flight.ask(move || {
                let path = path.clone();
                async move {
                    let outcome = fetch::get(path).await.map(|frames| take(rows, frames));
                    look.set(match &outcome {
                        Ok(()) => Look::Seen,
                        Err(why) => Look::Failed(why.clone()),
                    });
                    outcome
                }
            });
        };
        renew();
        timer.set_value(set_interval_with_handle(renew, EVERY).ok());
    });
    on_cleanup(move || {
        if let Some(Some(timer)) = timer.try_get_value() {
            timer.clear();
        }
    });
}

/// Renews the rows that are known and adds new ones, so that a row keeps its place and its element.
fn take(rows: RwSignal<Vec<Row>>, frames: Vec<FrameRow>) {
    let known = rows.get_untracked();
    let same = known.len() == frames.len() && known.iter().zip(&frames).all(|((key, _), frame)| *key == frame.key);
    let next: Vec<Row> = frames
        .into_iter()
        .map(|frame| match known.iter().find(|(key, _)| *key == frame.key) {
            Some((key, signal)) => {
                signal.update(|view| *view = view.then(frame));
                (key.clone(), signal.clone())
            }
            None => (frame.key.clone(), ArcRwSignal::new(FrameView::first(frame))),
        })
        .collect();
    if !same {
        rows.set(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_have_their_symbols_and_negative_numbers_their_sign() {
        for (name, text, set) in [
            ("T1", "-4.5 degC", "\u{2212}4.5 °C"),
            ("Earth", "637 kOhm", "637 kΩ"),
            ("Soc", "42.05 %", "42.05 %"),
            ("Mode", "normal", "normal"),
            ("Mode", "2 (run, local)", "2 (run, local)"),
            ("meter/frequency_hz", "49.98", "49.98 Hz"),
            ("meter/frequency_hz", "no value", "no value"),
        ] {
            assert_eq!(typeset(name, text).replace(THIN, " "), set);
        }
    }
}
