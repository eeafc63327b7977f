//! Which way power flows, and how much: grid, battery and AI load around the site's bus.
//!
//! A line is as thick as its power; a gentle movement along it says the direction, and words say it too. The same drawing
//! has two geometries, one for wide places and one for phones; the style sheet shows the one that fits.

mod drawing;
mod line;

use crate::components::Card;
use crate::derived::Derived;
use crate::format;
use crate::live::Live;
use domain::derived::load_covered_pct;
use domain::point::PointId;
use drawing::{Drawing, NARROW, WIDE};
use leptos::prelude::*;
use line::{Flow, Side};

/// The three flows of one moment.
type Flows = [Flow; 3];

/// The drawing, and how much of the load the battery carries.
#[component]
pub(super) fn PowerFlow() -> impl IntoView {
    let live = Live::expect();
    let full_w = live.system().energy_wh();
    let flows: Derived<Flows> = live.map(move |moment| Side::ALL.map(|side| Flow::of(moment, side, full_w)));
    let covered = live.map(|moment| match load_covered_pct(&moment.state.points, moment.now.mono) {
        Ok(0.0) => "The battery does not feed the AI load".to_owned(),
        Ok(pct) => format!("Battery covers {} of the AI load", format::percent_whole(pct)),
        Err(_) if moment.point(PointId::LoadPower).is_ok() => "No AI load".to_owned(),
        Err(_) => String::new(),
    });
    view! {
        <Card title="Power flow" class="flow" note=covered>
            <p class="visually-hidden">{move || flows.with(|flows| flows.iter().map(Flow::sentence).collect::<Vec<_>>().join(". "))}</p>
            <Drawing flows geometry=&WIDE />
            <Drawing flows geometry=&NARROW />
        </Card>
    }
}
