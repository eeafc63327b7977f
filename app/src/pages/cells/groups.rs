//! The modules in a table; the racks, where the system has several.

use super::facts::GroupFacts;
use super::view::{CellsView, figure};
use crate::derived::Derived;
use crate::format::{self, Figure};
use crate::pages::map_quantity::MapQuantity;
use domain::cells::ColumnStats;
use leptos::prelude::*;

/// One line for every module, or for every rack.
#[component]
pub(super) fn Groups(
    /// What the page shows.
    view: CellsView,
) -> impl IntoView {
    let count = view.digest.with_untracked(|digest| digest.groups.len());
    let word = group_word(view);
    view! {
        <div class="scroll-x" tabindex="0" role="region" aria-label=format!("Table of the {}s", word.to_ascii_lowercase())>
        <table class="groups">
            <thead>
                <tr>
                    <th scope="col">{word}</th>
                    <th scope="col">"Mean"</th>
                    <th scope="col" class="wide-only">
                        "Lowest"
                    </th>
                    <th scope="col" class="wide-only">
                        "Highest"
                    </th>
                    <th scope="col">"Spread"</th>
                    <th scope="col">"Hottest"</th>
                    <th scope="col">"AFE node"</th>
                </tr>
            </thead>
            <tbody>{(0..count).map(|place| view! { <GroupRow view place /> }).collect_view()}</tbody>
        </table>
        </div>
    }
}

/// What the lines of the table are: modules or racks.
pub(super) fn group_word(view: CellsView) -> &'static str {
    if view.topology.racks > 1 { "Rack" } else { "Module" }
}

#[component]
fn GroupRow(view: CellsView, place: usize) -> impl IntoView {
    let facts = Derived::new(move || view.digest.with(|digest| digest.groups.get(place).cloned().unwrap_or_default()));
    let voltage = move |read: fn(&ColumnStats) -> f32| {
        Derived::new(move || or_dash(facts.with(|f| f.voltage.map(|s| figure(MapQuantity::Voltage, read(&s))))))
    };
    let place_of = move |read: fn(&ColumnStats) -> usize| {
        Derived::new(move || facts.with(|f| f.voltage.map(|s| view.name(read(&s))).unwrap_or_default()))
    };
    let hottest =
        Derived::new(move || or_dash(facts.with(|f| f.temperature.map(|s| figure(MapQuantity::Temperature, s.max)))));
    let outdated = view.live.outdated();
    let bad = Derived::new(move || facts.with(|f: &GroupFacts| f.nodes.is_bad().to_string()));
    view! {
        <tr>
            <th scope="row">{place + 1}</th>
            <td>{voltage(|s| s.mean)}</td>
            <td class="wide-only">
                {voltage(|s| s.min)} <span class="note">{place_of(|s| s.min_at)}</span>
            </td>
            <td class="wide-only">
                {voltage(|s| s.max)} <span class="note">{place_of(|s| s.max_at)}</span>
            </td>
            <td>{voltage(ColumnStats::spread)}</td>
            <td>{hottest}</td>
            <td data-bad=bad>{move || facts.with(|f| f.nodes.words(outdated.get()))}</td>
        </tr>
    }
}

fn or_dash(figure: Option<Figure>) -> String {
    figure.map_or_else(|| format::NONE.to_owned(), |figure| figure.to_string())
}
