//! The panel of one cell: its values with their ages, where it stands among the others, its last ten minutes.

mod trend;

use super::facts::CellFacts;
use super::model::Passed;
use super::view::{CellsView, figure};
use crate::components::{Chip, Reading, Tone};
use crate::derived::Derived;
use crate::format;
use crate::icons::{Glyph, Icon};
use crate::pages::map_quantity::MapQuantity;
use crate::reading::Shown;
use domain::alarm::Severity;
use domain::reading::{CellQuantity, Sample};
use leptos::{ev, prelude::*};
use trend::Trend;

/// The panel of `cell`. Escape closes it.
#[component]
pub(super) fn Panel(
    /// What the page shows.
    view: CellsView,
    /// The cell, from 0.
    cell: usize,
) -> impl IntoView {
    let facts = view.map(move |cells| cells.facts(cell));
    let line = move |read: fn(&CellsView, usize, &CellFacts) -> String| {
        let read = move |facts: &Option<CellFacts>| facts.as_ref().map_or_else(String::new, |f| read(&view, cell, f));
        Derived::new(move || facts.with(read))
    };
    let shown = move |quantity| view.live.map(move |snapshot| Shown::cell(snapshot, quantity, cell));
    let passed = move || {
        facts.with(|facts| {
            let chip = |passed: Passed| {
                let tone = if passed.severity == Severity::Critical { Tone::Critical } else { Tone::Warning };
                view! { <Chip tone dot=true>{passed.words()}</Chip> }
            };
            facts.iter().flat_map(|facts| facts.passed.clone()).map(chip).collect_view()
        })
    };
    close_on_escape(view);
    view! {
        <section class="card cell-panel" aria-label=format!("Cell {}", view.name(cell))>
            <header class="card-head">
                <h2 aria-live="polite">{format!("Cell {}", view.name(cell))}</h2>
                <span class="cell-passed">{passed}</span>
                <a
                    class="icon-button"
                    href=move || view.address(|choice| choice.cell = None)
                    data-noscroll
                    aria-label="Close the cell (Escape)"
                    title="Close (Escape)"
                >
                    <Icon glyph=Glyph::Close />
                </a>
            </header>
            <div class="cell-readings">
                <Reading label="Voltage" value=shown(CellQuantity::Voltage) />
                <Reading label="Temperature" value=shown(CellQuantity::Temperature) />
            </div>
            <dl class="cell-facts">
                <dt>"Against all cells"</dt>
                <dd>{line(|_, _, facts| deviation(facts.deviation))}</dd>
                <dt>{format!("Against {}", module_name(view, cell))}</dt>
                <dd>{line(|_, _, facts| deviation(facts.module_deviation))}</dd>
                <dt>"Rank by voltage"</dt>
                <dd>{line(|_, _, facts| facts.rank.map_or_else(|| format::NONE.to_owned(), rank))}</dd>
            </dl>
            <Trend view cell />
        </section>
    }
}

fn close_on_escape(view: CellsView) {
    let listener = StoredValue::new_local(None);
    Effect::new(move |_| {
        let on_key = window_event_listener(ev::keydown, move |event| {
            if event.key() == "Escape" {
                view.choose(|choice| choice.cell = None);
            }
        });
        listener.set_value(Some(on_key));
    });
    on_cleanup(move || {
        if let Some(Some(on_key)) = listener.try_update_value(Option::take) {
            on_key.remove();
        }
    });
}

/// The module that holds `cell`, for a sentence: `module 7`.
fn module_name(view: CellsView, cell: usize) -> String {
    match view.topology.position(cell) {
        Some(at) if view.topology.racks > 1 => format!("module {} in rack {}", at.module + 1, at.rack + 1),
        Some(at) => format!("module {}", at.module + 1),
        None => String::new(),
    }
}

fn deviation(sample: Sample) -> String {
    sample.map_or_else(|why| why.words().to_owned(), |value| figure(MapQuantity::Deviation, value).to_string())
}

/// A place counted from 1, told from the nearer end: `3rd lowest of 260`.
fn rank((place, of): (usize, usize)) -> String {
    let from_top = of + 1 - place.min(of);
    match (place, from_top) {
        (1, _) => format!("lowest of {of}"),
        (_, 1) => format!("highest of {of}"),
        (place, from_top) if place <= from_top => format!("{} lowest of {of}", ordinal(place)),
        (_, from_top) => format!("{} highest of {of}", ordinal(from_top)),
    }
}

fn ordinal(n: usize) -> String {
    let ending = match (n % 100, n % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_told_from_the_nearer_end() {
        for (place, words) in [
            (1, "lowest of 260"),
            (2, "2nd lowest of 260"),
            (13, "13th lowest of 260"),
            (130, "130th lowest of 260"),
            (131, "130th highest of 260"),
            (238, "23rd highest of 260"),
            (260, "highest of 260"),
        ] {
            assert_eq!(rank((place, 260)), words);
        }
        assert_eq!(rank((1, 1)), "lowest of 1");
    }
}
