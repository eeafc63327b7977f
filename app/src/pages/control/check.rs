//! The flight check: what a change would bring, beside doing nothing, while it is thought of.

use super::flight::Flight;
use super::model;
use super::outlook::{self, LoadChoice, Row};
use super::state::Desk;
use crate::components::{Card, Segmented};
use crate::derived::Derived;
use crate::format::{self, THIN};
use domain::flight::Outlook;
use leptos::prelude::*;

/// The card: the answer, the table, the curve, and what is assumed.
#[component]
pub(super) fn CheckCard(flight: Flight, desk: Desk) -> impl IntoView {
    let note = Derived::new(move || match flight.took_ms.get() {
        Some(ms) => format!("24{THIN}h ahead in {}{THIN}ms", format::fixed(ms as f32, 0)),
        None => "24\u{202f}h ahead".to_owned(),
    });
    let lasting = format!(
        "{} goes on as long as the grid stays within its cap and the battery gives the rest of the load.",
        format::sentence(desk.live.system().kind.lasting())
    );
    view! {
        <Card title="Flight check" note class="control-check">
            <p class="control-answer" role="status">{answer(flight, desk)}</p>
            <Table flight desk />
            <Curve flight desk />
            <p class="note">{lasting}</p>
            <Load flight />
            <Assumptions flight />
        </Card>
    }
}

/// The answer in words.
pub(super) fn answer(flight: Flight, desk: Desk) -> Derived<String> {
    let system = desk.live.system();
    Derived::new(move || {
        if let Some(why) = flight.plan.with(|plan| plan.as_ref().err().cloned()) {
            let what = if desk.read_only() { "what comes" } else { "what a change would bring" };
            return format!("{why}, to see {what}.");
        }
        let (kind, topology) = (system.kind, &system.topology);
        flight.present.with(|present| {
            let Some(present) = present else {
                return "The twin starts from the live cells when the page is alive.".to_owned();
            };
            desk.change.with(|change| {
                flight.wanted.with(|wanted| match (change, wanted) {
                    (Some(change), Some(wanted)) => {
                        let with = format!(
                            "With {} at {}",
                            change.control.label.to_ascii_lowercase(),
                            model::words(&change.control, change.to)
                        );
                        outlook::answer(&with, present, wanted, kind, topology)
                    }
                    _ => {
                        let mut words = outlook::left(present, kind, topology);
                        if present.training.is_ok() && desk.bar.with(Option::is_none) {
                            words.push_str(" Move a slider to see what changes.");
                        }
                        words
                    }
                })
            })
        })
    })
}

/// Do nothing, and the change, side by side.
#[component]
pub(super) fn Table(flight: Flight, desk: Desk) -> impl IntoView {
    let system = desk.live.system();
    let rows = Derived::new(move || {
        flight.present.with(|present| {
            flight.wanted.with(|wanted| outlook::rows(present.as_ref(), wanted.as_ref(), system.kind, &system.topology))
        })
    });
    // Where nothing can be commanded there is no change to look at.
    let read_only = Derived::new(move || desk.read_only());
    let cell = |(value, remark): (String, String), same: bool| {
        view! { <td data-same=same.to_string()><span class="control-figure">{value}</span> <span class="note">{remark}</span></td> }
    };
    let row = move |Row { label, present, wanted }: Row| {
        let wanted = match wanted {
            _ if read_only.get() => ().into_any(),
            Some(wanted) => {
                let same = wanted == present;
                cell(wanted, same).into_any()
            }
            None => view! { <td class="control-none">{format::NONE}</td> }.into_any(),
        };
        view! { <tr><th scope="row">{label}</th>{cell(present, false)}{wanted}</tr> }
    };
    view! {
        <table class="control-table">
            <thead><tr><th scope="col"><span class="visually-hidden">"What"</span></th><th scope="col">"Do nothing"</th>{move || (!read_only.get()).then(|| view! { <th scope="col">"With the change"</th> })}</tr></thead>
            <tbody>{move || rows.get().into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}

/// State of charge over the time ahead.
#[component]
fn Curve(flight: Flight, desk: Desk) -> impl IntoView {
    let span_min = Derived::new(move || {
        flight.present.with(|present| {
            flight
                .wanted
                .with(|wanted| present.as_ref().map_or(60.0, |present| outlook::span_min(present, wanted.as_ref())))
        })
    });
    let points = move |of: Derived<Option<Outlook>>| {
        Derived::new(move || {
            of.with(|of| of.as_ref().map_or_else(String::new, |of| outlook::curve(of, span_min.get())))
        })
    };
    let (present, wanted) = (points(flight.present), points(flight.wanted));
    let end = Derived::new(move || format!("in {}", format::duration(span_min.get() * 60.0)));
    view! {
        <figure class="control-curve">
            <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" aria-label="State of charge over the time ahead; the table above says where it ends">
                <path class="control-curve-grid" d="M0 250H1000M0 500H1000M0 750H1000" />
                <polyline class="control-curve-now" points=present />
                <polyline class="control-curve-then" points=wanted />
            </svg>
            <figcaption class="note">
                <span>"now"</span>
                <span class="control-curve-name">"State of charge, 0 to 100" {THIN} "%: " <b class="control-key-now">"do nothing"</b> {move || (!desk.read_only()).then(|| view! { ", " <b class="control-key-then">"with the change"</b> })}</span>
                <span>{end}</span>
            </figcaption>
        </figure>
    }
}

/// What the load is taken to do, and the grid cap.
#[component]
fn Load(flight: Flight) -> impl IntoView {
    let options = vec![
        (LoadChoice::Repeated, "Last 10 min, repeated"),
        (LoadChoice::Held, "Mean of 5 min"),
        (LoadChoice::Constant, "Constant"),
    ];
    let constant = Derived::new(move || flight.load.get() == LoadChoice::Constant);
    view! {
        <div class="control-load">
            <div>
                <p class="field-label">"Load from now on"</p>
                <Segmented name="control-load" legend="Load from now on" options value=Derived::new(move || flight.load.get()) choose=Callback::new(move |load| flight.load.set(load)) />
            </div>
            <label hidden=move || !constant.get()>
                <span class="field-label">"Constant load"</span>
                <span class="field-row">
                    <input type="number" class="field" inputmode="decimal" min="0" step="any" prop:value=move || flight.load_kw.get() on:input=move |event| flight.load_kw.set(event_target_value(&event)) />
                    <span class="unit">"kW"</span>
                </span>
            </label>
            <label>
                <span class="field-label">"Grid cap " <span class="note">{move || flight.cap_from.get()}</span></span>
                <span class="field-row">
                    <input
                        type="number"
                        class="field"
                        inputmode="decimal"
                        step="any"
                        prop:value=move || flight.cap_kw.get()
                        on:input=move |event| {
                            flight.cap_from.set("typed");
                            flight.cap_kw.set(event_target_value(&event));
                        }
                    />
                    <span class="unit">"kW"</span>
                </span>
            </label>
        </div>
    }
}

/// What is not known, and what is taken in its place.
#[component]
fn Assumptions(flight: Flight) -> impl IntoView {
    let told = Derived::new(move || flight.assumptions());
    let count = Derived::new(move || format::counted(told.with(Vec::len), "assumption"));
    view! {
        <details class="control-assumed" hidden=move || told.with(Vec::is_empty)>
            <summary>{count}</summary>
            <ul>{move || told.get().into_iter().map(|words| view! { <li class="note">{format!("{}.", format::typeset(&words))}</li> }).collect_view()}</ul>
        </details>
    }
}
