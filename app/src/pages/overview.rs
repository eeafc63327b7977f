//! The overview answers in five seconds: is anything wrong, how much is in it, which way does power flow, is there
//! headroom.

mod cell_map;
mod charge;
mod controller;
pub(crate) mod ended;
mod energy;
mod flow;
mod load_profile;
pub(crate) mod others;
mod problems;
mod tiles;

use crate::components::{Card, DeferChunk};
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
    let live = Live::expect();
    let has_cells = live.system().topology.cells() > 0;
    let has_others = live.site().systems.len() > 1;
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
            {has_others.then(|| view! {
                <DeferHydration>
                    <Card title="Other systems" class="others">
                        <DeferChunk chunk=&others::CHUNK class="others-list" />
                    </Card>
                </DeferHydration>
            })}
        </div>
    }
}
