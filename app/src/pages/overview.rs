//! The overview answers in five seconds: is anything wrong, how much is in it, which way does power flow, is there
//! headroom.

mod cell_map;
mod charge;
mod controller;
pub(crate) mod ended;
mod energy;
mod flow;
mod load_profile;
mod problems;
mod tiles;

use crate::hydration::DeferHydration;
use crate::live::Live;
use cell_map::CellMap;
use charge::Charge;
use controller::Controller;
use flow::PowerFlow;
use leptos::prelude::*;
use load_profile::LoadProfile;
use problems::Problems;
use tiles::Tiles;

/// The overview of one system.
#[component]
pub fn OverviewPage() -> impl IntoView {
    let has_cells = Live::expect().system().topology.cells() > 0;
    view! {
        <h1 class="visually-hidden">"Overview"</h1>
        <div class="grid">
            <DeferHydration><Problems /></DeferHydration>
            <DeferHydration><Charge /></DeferHydration>
            <DeferHydration><PowerFlow /></DeferHydration>
            <DeferHydration><Tiles /></DeferHydration>
            <DeferHydration><Controller /></DeferHydration>
            <DeferHydration><LoadProfile wide=!has_cells /></DeferHydration>
            {has_cells.then(|| view! { <DeferHydration><CellMap /></DeferHydration> })}
        </div>
    }
}
