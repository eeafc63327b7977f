//! The page Lab: what a person may do to a simulated system. A real one has no such page.
//!
//! Read [`form`] (commands as form fields, pure), [`state`] (sending and looking), [`command`] and [`field`] (the parts of a
//! form), then the cards.

mod action;
mod command;
mod faults;
mod field;
pub mod form;
mod load;
mod state;

pub use action::LabAction;

use crate::components::{EmptyState, PageStyle, Reading};
use crate::derived::Derived;
use crate::format;
use crate::icons::{Glyph, Icon};
use crate::live::Live;
use crate::reading::{Shown, newest_stats, of_how_many};
use ::api::people::SessionResponse;
use command::OFF;
use domain::cells::ColumnStats;
use domain::point::PointId;
use domain::reading::CellQuantity;
use domain::twin::Snapshot;
use domain::wire::Wire;
use faults::{ActiveFaults, Inject};
use leptos::prelude::*;
use load::{Ambient, Burst, Load};
use state::Lab;

crate::lazy_page!(CHUNK, lab, LabPage);

/// How it looks. It is no part of the first load.
const STYLE: &str = include_str!("../../../style/pages/lab.css");

/// What the page begins with.
#[derive(Clone, Debug, Wire)]
pub struct Start {
    /// Who asked for the document; `None` if that was not known.
    pub session: Option<SessionResponse>,
}

/// The page Lab.
#[component]
pub fn LabPage() -> impl IntoView {
    let system = Live::expect().system();
    view! {
        <PageStyle css=STYLE />
        <h1 class="visually-hidden">"Lab"</h1>
        {if system.simulated {
            view! { <LabOfSystem /> }.into_any()
        } else {
            let title = format!("{} is a real system", system.name);
            let advice = "The lab drives simulated systems only. Start packtwin with its demo site to try it.";
            view! { <EmptyState title advice /> }.into_any()
        }}
    }
}

#[component]
fn LabOfSystem() -> impl IntoView {
    let lab = Lab::new();
    let away = lab.live.needs_server();
    let failed = Derived::new(move || match away.get() {
        Some(why) => Some(format!("{why}: what the simulation does is not known, and nothing can be commanded.")),
        None => {
            lab.failed.get().or_else(|| lab.denied.get().map(|why| format!("Nothing can be commanded here: {why}.")))
        }
    });
    view! {
        <p class="lab-banner" role="note">
            <Icon glyph=Glyph::Lab />
            <span>
                <strong>"SIMULATION"</strong>
                ": these devices are simulated; nothing here touches a real battery"
            </span>
        </p>
        <p class="lab-past" role="note" hidden=move || !lab.live.past.get()>
            "You are looking at the past: the values below are of that instant. What the simulation is told to do is known of the present only, and nothing can be commanded in the past. Go live to use the lab."
        </p>
        <p class="lab-failed" role="alert" id=OFF hidden=move || failed.with(Option::is_none)>
            {move || failed.get()}
        </p>
        <Effects lab />
        <div class="lab" hidden=move || lab.live.past.get()>
            <Load lab />
            <Burst lab />
            <Ambient lab />
            <Inject lab />
            <ActiveFaults lab />
        </div>
    }
}

/// What the simulation does to the pack, live.
#[component]
fn Effects(lab: Lab) -> impl IntoView {
    let live = lab.live;
    let (topology, load) = (lab.topology, lab.kind.load_name());
    let has_cells = topology.cells() > 0;
    let voltage = if has_cells { ("Bus voltage", PointId::BusVoltage) } else { ("Voltage", PointId::Voltage) };
    let place = live.map(move |snapshot| {
        stats(snapshot).map_or_else(String::new, |stats| {
            let cell = format!("cell {}", topology.cell_name(stats.max_at));
            [cell, of_how_many(stats.fresh, topology.cells())].join("\n").trim_end().to_owned()
        })
    });
    let direction = live.map(|snapshot| match snapshot.point(PointId::Power) {
        Ok(power_w) if power_w > 50.0 => "discharging".to_owned(),
        Ok(power_w) if power_w < -50.0 => "charging".to_owned(),
        Ok(_) => "idle".to_owned(),
        Err(_) => String::new(),
    });
    let power =
        live.map(|snapshot| Shown::point_as(snapshot, PointId::Power, |power_w| format::kilowatts(power_w.abs())));
    view! {
        <div class="tiles lab-effects">
            <section class="card tile" aria-label=format!("{load} now")>
                <Reading label=load value=live.shown(PointId::LoadPower) />
            </section>
            <section class="card tile" aria-label="Battery power">
                <Reading label="Battery power" value=power note=direction />
            </section>
            <section class="card tile" aria-label=voltage.0>
                <Reading label=voltage.0 value=live.shown(voltage.1) />
            </section>
            {if has_cells {
                view! {
                    <section class="card tile" aria-label="Hottest cell">
                        <Reading label="Hottest cell" value=live.map(|m| Shown::cells(m, CellQuantity::Temperature, |s| format::celsius(s.max))) note=place />
                    </section>
                }
                    .into_any()
            } else {
                view! {
                    <section class="card tile" aria-label="Solar">
                        <Reading label="Solar" value=live.shown(PointId::SolarPower) />
                    </section>
                }
                    .into_any()
            }}
        </div>
    }
}

fn stats(snapshot: &Snapshot) -> Option<ColumnStats> {
    newest_stats(snapshot.state.cells.column(CellQuantity::Temperature), snapshot.now.mono)
}
