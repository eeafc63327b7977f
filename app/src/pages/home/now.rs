//! The house at this snapshot: charge, sun, load, grid.

use super::words;
use crate::components::Reading;
use crate::format;
use crate::live::Live;
use crate::reading::Shown;
use domain::point::PointId;
use leptos::prelude::*;

/// The four cards at the top.
#[component]
pub(super) fn Now() -> impl IntoView {
    let live = Live::expect();
    let power = move |point| live.map(move |m| Shown::point_as(m, point, |w| format::kilowatts(w.abs())));
    let charge = live.map(|m| m.point(PointId::Power).map_or("", |w| words::power(w).0).to_owned());
    let solar = live.map(|m| match (m.point(PointId::SolarPower), m.point(PointId::LoadPower)) {
        (Ok(sun), _) if sun < 1.0 => "No sun".to_owned(),
        (Ok(sun), Ok(load)) if load > 1.0 => {
            format!("{} of the load", format::percent_whole(sun / load * 100.0))
        }
        _ => String::new(),
    });
    let load = live.map(|m| match (m.point(PointId::LoadPower), m.point(PointId::GridPower)) {
        (Ok(load), Ok(grid)) if load > 1.0 => {
            format!("{} from the grid", format::percent_whole((grid / load * 100.0).clamp(0.0, 100.0)))
        }
        _ => String::new(),
    });
    let grid =
        live.map(|m| m.point(PointId::GridPower).map_or_else(|_| String::new(), |w| format::sentence(words::grid(w))));
    view! {
        <section class="card tile home-now" data-of="charge" aria-label="SOC">
            <Reading label="SOC" value=live.shown(PointId::Soc) note=charge />
        </section>
        <section class="card tile home-now" data-of="solar" aria-label="Solar">
            <Reading label="Solar" value=power(PointId::SolarPower) note=solar />
        </section>
        <section class="card tile home-now" data-of="load" aria-label="Load">
            <Reading label="Load" value=power(PointId::LoadPower) note=load />
        </section>
        <section class="card tile home-now" data-of="grid" aria-label="Grid">
            <Reading label="Grid" value=power(PointId::GridPower) note=grid />
        </section>
    }
}
