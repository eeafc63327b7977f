//! Lowest, highest, mean and spread of the quantity on the map.

use super::view::{CellsView, figure};
use crate::components::Reading;
use crate::derived::Derived;
use crate::format::{self, Figure};
use crate::pages::map_quantity::MapQuantity;
use crate::reading::{Shown, newest_stats, of_how_many};
use domain::cells::ColumnStats;
use domain::reading::CellQuantity;
use leptos::prelude::*;

/// Four readings about all cells. On a map of deviations they are those of the voltage.
#[component]
pub(super) fn Extremes(
    /// What the page shows.
    view: CellsView,
) -> impl IntoView {
    let by = Derived::new(move || match view.choice.get().by {
        MapQuantity::Temperature => MapQuantity::Temperature,
        MapQuantity::Voltage | MapQuantity::Deviation => MapQuantity::Voltage,
    });
    let quantity = move || match by.get() {
        MapQuantity::Temperature => CellQuantity::Temperature,
        MapQuantity::Voltage | MapQuantity::Deviation => CellQuantity::Voltage,
    };
    let stats = Derived::new(move || {
        let quantity = quantity();
        view.live.snapshot.with(|snapshot| newest_stats(snapshot.state.cells.column(quantity), snapshot.now.mono))
    });
    let reading = move |read: fn(&ColumnStats, MapQuantity) -> Figure| {
        Derived::new(move || {
            let (by, quantity) = (by.get(), quantity());
            view.live.snapshot.with(|snapshot| Shown::cells(snapshot, quantity, |stats| read(stats, by)))
        })
    };
    let count = view.live.system().topology.cells();
    // Beyond the cells that are missing any value can lie.
    let missing = move || stats.get().map_or_else(String::new, |s| of_how_many(s.fresh, count));
    let with_missing = move |words: &str| [words, &missing()].join("\n").trim_end().to_owned();
    let fresh = Derived::new(move || match missing() {
        of if of.is_empty() => format!("of {} cells", format::count(count as u64)),
        of => of,
    });
    let spread_words = Derived::new(move || with_missing("highest minus lowest"));
    let cell = move |read: fn(&ColumnStats) -> usize| {
        Derived::new(move || {
            stats.get().map_or_else(String::new, |s| with_missing(&format!("cell {}", view.name(read(&s)))))
        })
    };
    view! {
        <div class="tiles">
            <section class="card tile" aria-label="Lowest">
                <Reading label="Lowest" value=reading(|s, by| figure(by, s.min)) note=cell(|s| s.min_at) />
            </section>
            <section class="card tile" aria-label="Highest">
                <Reading label="Highest" value=reading(|s, by| figure(by, s.max)) note=cell(|s| s.max_at) />
            </section>
            <section class="card tile" aria-label="Mean">
                <Reading label="Mean" value=reading(|s, by| figure(by, s.mean)) note=fresh />
            </section>
            <section class="card tile" aria-label="Spread">
                <Reading label="Spread" value=reading(spread) note=spread_words />
            </section>
        </div>
    }
}

/// A difference of temperatures is in kelvin.
fn spread(stats: &ColumnStats, by: MapQuantity) -> Figure {
    let spread = figure(by, stats.spread());
    if by == MapQuantity::Temperature { Figure { unit: "K", ..spread } } else { spread }
}
