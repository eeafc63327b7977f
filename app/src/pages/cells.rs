//! The page Cells: every cell on one map, and any of them close by.
//!
//! ```text
//! choice (in the address) --.
//! snapshot -> model, facts ---+-> digest, map -> the parts of the page
//! ```
//!
//! Read [`choice`] (what a person chose), [`model`], [`facts`] and [`digest`] (what is said, pure), then the parts.

pub mod choice;
mod controls;
pub mod digest;
mod extremes;
pub mod facts;
mod groups;
mod map;
pub mod model;
mod panel;
mod view;
mod worst;

use crate::components::{AddressNote, Card, Chip, EmptyState, PageStyle, Tone};
use crate::derived::Derived;
use crate::live::Live;
use controls::Controls;
use domain::point::PointId;
use domain::reading::NoData;
use extremes::Extremes;
use groups::{Groups, group_word};
use leptos::prelude::*;
use map::CellMap;
use panel::Panel;
use view::CellsView;
use worst::Worst;

crate::lazy_page!(CHUNK, cells, CellsPage);

/// How it looks. It is no part of the first load.
const STYLE: &str = include_str!("../../../style/pages/cells.css");

/// The page Cells.
#[component]
pub fn CellsPage() -> impl IntoView {
    let system = Live::expect().system();
    view! {
        <PageStyle css=STYLE />
        <h1 class="visually-hidden">"Cells"</h1>
        {if system.topology.cells() == 0 {
            let title = format!("{} has no cells to show", system.name);
            let advice = "Its controller tells of the pack as a whole. See the overview for what it says.";
            view! { <EmptyState title advice /> }.into_any()
        } else {
            view! { <CellsOfSystem /> }.into_any()
        }}
    }
}

#[component]
fn CellsOfSystem() -> impl IntoView {
    let view = CellsView::new();
    let cell = Derived::new(move || view.choice.get().cell);
    let panel = move || cell.get().map(|cell| view! { <Panel view cell /> });
    view! {
        <AddressNote words=view.unknown() />
        <div class="cells-head">
            <Controls view />
            <Counts view />
        </div>
        <div class="cells-body" data-open=move || cell.get().is_some().to_string()>
            <CellMap view />
            <div class="cells-extremes"><Extremes view /></div>
            <div class="cells-side">
                {panel} <Card title="Cells that stand out">
                    <Worst view />
                    <p class="note cells-hint">"Choose a cell for its values and its last 10 minutes."</p>
                </Card>
            </div>
            <Card title=format!("{}s", group_word(view)) note=contactors(view) class="cells-groups">
                <Groups view />
            </Card>
        </div>
    }
}

/// What the contactors do, in a sentence; empty where the system does not report them.
fn contactors(view: CellsView) -> Derived<String> {
    view.live.map(|snapshot| match snapshot.point(PointId::Contactors) {
        Ok(bits) => format!("Contactors {}", domain::derived::contactors(bits)),
        Err(NoData::NotPresent) => String::new(),
        Err(why) => format!("Contactors not known: {}", why.words()),
    })
}

/// How many cells are fresh, and how many are out of limits.
#[component]
fn Counts(view: CellsView) -> impl IntoView {
    let fresh = Derived::new(move || view.digest.with(|digest| (digest.fresh, digest.count)));
    let limits = Derived::new(move || view.digest.with(digest::Digest::limit_words));
    let all_fresh = |(fresh, count)| if fresh == count { Tone::Good } else { Tone::Warning };
    view! {
        <p class="cells-counts">
            <Chip dot=true tone=Derived::new(move || all_fresh(fresh.get()))>
                {Derived::new(move || view.digest.with(digest::Digest::fresh_words))}
            </Chip>
            <Chip dot=true tone=Derived::new(move || limits.get().0)>
                {move || limits.get().1}
            </Chip>
        </p>
    }
}
