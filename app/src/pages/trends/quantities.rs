//! Which quantities and cells are drawn: a switch for each quantity that has a past, and a field for cells.

use super::choice::Choice;
use super::devices::DeviceChoice;
use super::pictures::{drawable, name};
use crate::derived::Derived;
use crate::live::Live;
use ::api::history::HistoryResponse;
use domain::lab::parse_cell;
use domain::point::PointId;
use domain::spec::SystemKind;
use domain::topology::Topology;
use leptos::prelude::*;
use std::sync::Arc;

/// The switches.
#[component]
pub(super) fn Quantities(
    /// What is looked at.
    choice: RwSignal<Choice>,
    /// What the server knows.
    #[prop(into)]
    stretch: Signal<Arc<HistoryResponse>>,
    /// Kind of the system.
    kind: SystemKind,
    /// Its cells.
    topology: Topology,
) -> impl IntoView {
    // What is chosen and what is known now is there before the server has told what has a past: nothing moves then.
    let now = Live::expect().snapshot.get_untracked();
    let now: Vec<PointId> = drawable().filter(|point| now.state.points.last_value(*point).last().is_some()).collect();
    let there = Derived::new(move || {
        let chosen = choice.with(|choice| choice.points.clone());
        let known = stretch.with(|stretch| stretch.points.clone());
        let there = |point: &PointId| {
            chosen.contains(point) || now.contains(point) || known.iter().any(|path| path == point.spec().path)
        };
        drawable().filter(there).collect::<Vec<_>>()
    });
    let switch = move |point: PointId| {
        let on = move || choice.with(|choice| choice.points.contains(&point));
        view! {
            <label class="trends-quantity">
                <input
                    type="checkbox"
                    prop:checked=on
                    checked=on
                    on:change=move |_| choice.update(|choice| *choice = choice.toggled(point))
                />
                <span>{name(point, kind)}</span>
            </label>
        }
    };
    let cells = (topology.cells() > 0).then(|| view! { <CellChoice choice topology /> });
    view! {
        <fieldset class="trends-quantities">
            <legend class="visually-hidden">"Quantities"</legend>
            {move || there.get().into_iter().map(switch).collect_view()}
        </fieldset>
        {cells}
        <DeviceChoice choice />
    }
}

/// The cells that are drawn, and a field for another one.
#[component]
fn CellChoice(
    /// What is looked at.
    choice: RwSignal<Choice>,
    /// The cells there are.
    topology: Topology,
) -> impl IntoView {
    let field = NodeRef::<leptos::html::Input>::new();
    let wrong = RwSignal::new(None::<String>);
    let add = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(input) = field.get_untracked() else { return };
        match parse_cell(&input.value(), &topology) {
            Some(cell) => {
                choice.update(|choice| *choice = choice.with_cell(cell as u16));
                input.set_value("");
                wrong.set(None);
            }
            None => wrong.set(Some(format!(
                "There is no cell {}: write its name, such as {}",
                input.value(),
                topology.cell_name(0)
            ))),
        }
    };
    let chosen = Derived::new(move || choice.with(|choice| choice.cells.clone()));
    let chip = move |cell: u16| {
        let name = format!("Cell {}", topology.cell_name(cell.into()));
        view! {
            <label class="trends-quantity">
                <input type="checkbox" checked=true prop:checked=true on:change=move |_| choice.update(|choice| *choice = choice.without_cell(cell)) />
                <span>{name}</span>
            </label>
        }
    };
    view! {
        <form class="trends-cells" on:submit=add>
            <label for="trends-cell">"Cell"</label>
            <input id="trends-cell" node_ref=field type="text" size="7" autocomplete="off" placeholder=topology.cell_name(0) />
            <button type="submit" class="button">"Add"</button>
            {move || chosen.get().into_iter().map(chip).collect_view()}
            <span class="trends-cells-wrong" role="status">{move || wrong.get()}</span>
        </form>
    }
}
