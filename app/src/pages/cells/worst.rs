//! The cells that stand out: lowest, highest, hottest, furthest from the mean. Each opens its cell.

use super::digest::{Standout, WORST, WorstCells};
use super::view::{CellsView, figure};
use crate::components::SeverityMark;
use crate::derived::Derived;
use domain::alarm::Severity;
use leptos::prelude::*;

/// Renewed once a second only: names that change places under a finger cannot be touched.
const CALM_US: u64 = 1_000_000;

/// Four short lists of cells.
#[component]
pub(super) fn Worst(
    /// What the page shows.
    view: CellsView,
) -> impl IntoView {
    let system = view.live.system();
    let lists = Derived::with_last(move |before: Option<&(u64, [WorstCells; 4])>| {
        let snapshot = view.live.snapshot.get();
        let second = snapshot.now.mono.0 / CALM_US;
        match before {
            Some(lists) if lists.0 == second => lists.clone(),
            _ => {
                let cells = super::model::Cells::of(&snapshot, &system);
                (second, Standout::ALL.map(|standout| cells.worst(standout)))
            }
        }
    });
    let list = move |(place, standout): (usize, Standout)| {
        let row = move |rank: usize| {
            let cell = Derived::new(move || lists.with(|(_, lists)| lists[place].get(rank).copied()));
            view! { <WorstRow view standout cell /> }
        };
        view! {
            <section class="worst-list" aria-label=format!("{}: cells", standout.name())>
                <h3>{standout.name()}</h3>
                <ol>{(0..WORST).map(row).collect_view()}</ol>
            </section>
        }
    };
    let none = Derived::new(move || lists.with(|(_, lists)| lists.iter().all(Vec::is_empty)));
    let heard = Derived::new(move || view.digest.with(|digest| digest.heard));
    let why = move || if heard.get() { "No cell has a fresh value." } else { "No cell has reported since the start." };
    view! {
        <p class="note" hidden=move || !none.get()>{why}</p>
        <div class="worst" hidden=move || none.get()>{Standout::ALL.into_iter().enumerate().map(list).collect_view()}</div>
    }
}

#[component]
fn WorstRow(
    view: CellsView,
    standout: Standout,
    cell: Derived<Option<(usize, f32, Option<Severity>)>>,
) -> impl IntoView {
    let name = Derived::new(move || cell.get().map_or_else(String::new, |(cell, ..)| view.name(cell)));
    let value = Derived::new(move || {
        cell.get().map_or_else(String::new, |(_, value, _)| figure(standout.by(), value).to_string())
    });
    let address = Derived::new(move || view.address(|choice| choice.cell = cell.get().map(|(cell, ..)| cell)));
    // Only what the list is about: a cell that is too hot has no bad voltage.
    let severity = Derived::new(move || cell.get().and_then(|(.., severity)| severity));
    view! {
        <li hidden=move || cell.get().is_none()>
            <a class="worst-cell" href=address data-noscroll data-severity=move || severity.get().map(Severity::word)>
                <span class="worst-name">
                    {name}
                    {move || {
                        severity.get().map(|severity| view! { <SeverityMark severity /><span class="visually-hidden">{severity.word()}</span> })
                    }}
                </span>
                <span class="worst-value">{value}</span>
            </a>
        </li>
    }
}
