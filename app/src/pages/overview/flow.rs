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
use domain::twin::Snapshot;
use drawing::{Drawing, geometries};
use leptos::prelude::*;
use line::{Flow, Side};

/// The flows of one snapshot.
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
        live.map(move |snapshot| sides.iter().map(|side| Flow::of(snapshot, *side, kind, full_w)).collect());
    let load = kind.load_words();
    let covered = live.map(move |snapshot| covered_words(snapshot, load));
    let [wide, narrow] = geometries(sides.len());
    view! {
        <Card title="Power flow" class="flow" note=covered>
            <p class="visually-hidden">{move || flows.with(|flows| flows.iter().map(Flow::sentence).collect::<Vec<_>>().join(". "))}</p>
            <Drawing flows geometry=wide />
            <Drawing flows geometry=narrow />
        </Card>
    }
}

/// Below this there is no load, W.
const NO_LOAD_W: f32 = 1.0;

/// How much of the load the battery carries, or what of it is not known.
fn covered_words(snapshot: &Snapshot, load: &str) -> String {
    match (snapshot.point(PointId::LoadPower), load_covered_pct(&snapshot.state.points, snapshot.now.mono)) {
        (Err(_), _) => format!("Power of the {load} not known"),
        (Ok(w), _) if w < NO_LOAD_W => format!("No {load}"),
        (Ok(_), Err(_)) => "Battery power not known".to_owned(),
        (Ok(_), Ok(0.0)) => format!("The battery does not feed the {load}"),
        (Ok(_), Ok(pct)) => format!("Battery covers {} of the {load}", format::percent_whole(pct)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::snapshot;
    use domain::reading::NoData;

    #[test]
    fn no_load_is_said_only_of_a_load_that_is_measured() {
        let mut snapshot = snapshot();
        for (load, battery, words) in [
            (Ok(208_940.0), Ok(142_030.0), "Battery covers 68 % of the AI load"),
            (Ok(208_940.0), Ok(-1_000.0), "The battery does not feed the AI load"),
            (Ok(208_940.0), Err(NoData::Timeout), "Battery power not known"),
            (Ok(0.0), Err(NoData::Timeout), "No AI load"),
            (Ok(0.0), Ok(0.0), "No AI load"),
            (Err(NoData::Timeout), Ok(142_030.0), "Power of the AI load not known"),
        ] {
            snapshot.state.points.set(PointId::LoadPower, load, snapshot.now.mono);
            snapshot.state.points.set(PointId::Power, battery, snapshot.now.mono);
            assert_eq!(covered_words(&snapshot, "AI load").replace(format::THIN, " "), words);
        }
    }
}
