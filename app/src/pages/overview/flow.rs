//! Which way power flows, and how much: grid, battery, load and sun around the site's bus.
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
use domain::spec::SystemKind;
use drawing::{Drawing, geometries};
use leptos::prelude::*;
use line::{Flow, Side};

/// The flows of one moment.
type Flows = Vec<Flow>;
/// The thickest line of a house, W: what its inverter can carry.
const HOUSE_FULL_W: f32 = 10e3;

/// The drawing, and how much of the load the battery carries.
#[component]
pub(super) fn PowerFlow() -> impl IntoView {
    let live = Live::expect();
    let (kind, energy_wh) = (live.system().kind, live.system().energy_wh());
    let full_w = if kind == SystemKind::Home { HOUSE_FULL_W } else { energy_wh };
    let sides = Side::of(kind);
    let flows: Derived<Flows> =
        live.map(move |moment| sides.iter().map(|side| Flow::of(moment, *side, kind, full_w)).collect());
    let load = kind.load_words();
    let covered = live.map(move |moment| match load_covered_pct(&moment.state.points, moment.now.mono) {
        Ok(0.0) => format!("The battery does not feed the {load}"),
        Ok(pct) => format!("Battery covers {} of the {load}", format::percent_whole(pct)),
        Err(_) if moment.point(PointId::LoadPower).is_ok() => format!("No {load}"),
        Err(_) => String::new(),
    });
    let [wide, narrow] = geometries(sides.len());
    view! {
        <Card title="Power flow" class="flow" note=covered>
            <p class="visually-hidden">{move || flows.with(|flows| flows.iter().map(Flow::sentence).collect::<Vec<_>>().join(". "))}</p>
            <Drawing flows geometry=wide />
            <Drawing flows geometry=narrow />
        </Card>
    }
}
