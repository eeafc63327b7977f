//! The controls above the map: what colours it, on which scale, in which colours.

use super::choice::{Colours, Span};
use super::view::CellsView;
use crate::components::Segmented;
use crate::derived::Derived;
use crate::pages::map_quantity::MapQuantity;
use leptos::prelude::*;

/// The controls above the map. Each writes its choice into the address.
#[component]
pub(super) fn Controls(
    /// What the page shows.
    view: CellsView,
) -> impl IntoView {
    let choice = view.choice;
    view! {
        <div class="cells-controls">
            <Segmented
                name="by"
                legend="Colour the cells by"
                options=words(&MapQuantity::ALL)
                value=Derived::new(move || choice.get().by)
                choose=move |by| view.choose(|choice| choice.by = by)
            />
            <Segmented
                name="scale"
                legend="Scale of the colours"
                options=words(&Span::ALL)
                value=Derived::new(move || choice.get().span)
                choose=move |span| view.choose(|choice| choice.span = span)
            />
            <div hidden=move || choice.get().by == MapQuantity::Deviation>
                <Segmented
                    name="palette"
                    legend="Colours"
                    options=words(&Colours::ALL)
                    value=Derived::new(move || choice.get().colours)
                    choose=move |colours| view.choose(|choice| choice.colours = colours)
                />
            </div>
        </div>
    }
}

fn words<T: Copy>(table: &[(T, &'static str, &'static str)]) -> Vec<(T, &'static str)> {
    table.iter().map(|(value, _, name)| (*value, *name)).collect()
}
