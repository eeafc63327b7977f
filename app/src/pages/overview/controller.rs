//! What the battery controller says of itself: contactors, mode, insulation, and the nodes that measure the cells.

use crate::components::{Card, SeverityMark};
use crate::derived::Derived;
use crate::format;
use crate::live::Live;
use crate::problem::standing;
use crate::reading::{Never, why};
use domain::alarm::{Severity, Watch};
use domain::derived::{contactors, controller_mode};
use domain::last_value::Node;
use domain::point::PointId;
use domain::reading::{NoData, NodeQuantity};
use domain::twin::Snapshot;
use leptos::prelude::*;

/// One line of facts. A system whose controller has no such values has no card for them.
#[component]
pub(super) fn Controller() -> impl IntoView {
    let live = Live::expect();
    let modules = live.system().topology.modules();
    let known_points = [PointId::Contactors, PointId::ControllerMode, PointId::InsulationKohm];
    let never = live.never;
    let point = move |point, words: fn(f32) -> String| {
        Derived::new(move || live.snapshot.with(|snapshot| said(snapshot, point, words, never.get())))
    };
    let measure = Derived::new(move || live.snapshot.with(|snapshot| nodes(snapshot, never.get())));
    // Before anything is heard a system with nodes keeps the card's place.
    let silent = Derived::new(move || {
        let unmeasured = modules == 0 || never.get() == Never::NotMeasured;
        unmeasured
            && live.snapshot.with(|snapshot| {
                let points = known_points.iter().all(|point| snapshot.point(*point) == Err(NoData::NotPresent));
                points && (modules == 0 || nodes_missing(snapshot) == Some(NoData::NotPresent))
            })
    });
    let alarm = move |watches: &'static [Watch]| live.map(move |snapshot| standing(snapshot, watches));
    view! {
        <div class="controller" hidden=silent>
            <Card title="Battery controller" class="controller-card">
                <dl class="controller-facts">
                    <Fact name="Contactors" value=point(PointId::Contactors, |bits| contactors(bits).to_owned()) alarm=alarm(&[Watch::ContactorMismatch]) />
                    <Fact name="Mode" value=point(PointId::ControllerMode, |code| controller_mode(code).to_owned()) alarm=alarm(&[Watch::ControllerMode]) />
                    <Fact name="Insulation" value=point(PointId::InsulationKohm, insulation) alarm=alarm(&[Watch::Insulation]) />
                    {(modules > 0).then(|| view! { <Fact name="AFE nodes" value=measure alarm=alarm(&[Watch::NodeState, Watch::NodeDelay]) /> })}
                </dl>
            </Card>
        </div>
    }
}

/// A name and what is said under it, whether that is known now, and how bad the worst alarm about it is.
#[component]
fn Fact(name: &'static str, value: Derived<(String, bool)>, alarm: Derived<Option<Severity>>) -> impl IntoView {
    view! {
        <div data-fresh=move || value.with(|(_, fresh)| fresh.to_string())>
            <dt>{name}</dt>
            <dd>
                {move || {
                    alarm.get().map(|severity| view! { <SeverityMark severity /><span class="visually-hidden">{severity.word()}": "</span> })
                }}
                <span class="number">{move || value.with(|(words, _)| words.clone())}</span>
            </dd>
        </div>
    }
    .into_any()
}

/// A point's value in words, or why there is none.
fn said(snapshot: &Snapshot, point: PointId, words: fn(f32) -> String, never: Never) -> (String, bool) {
    match (snapshot.point(point), snapshot.state.points.last_value(point).last()) {
        (Ok(value), _) => (words(value), true),
        (Err(NoData::Stale), Some((value, at))) => {
            (format!("{}, {}", words(value), format::ago(snapshot.now.mono.seconds_since(at))), false)
        }
        (Err(reason), _) => absent(reason, never),
    }
}

/// Why there is no value. One that the system does not measure is no fault: it is not missed.
fn absent(reason: NoData, never: Never) -> (String, bool) {
    (why(reason, never).to_owned(), reason == NoData::NotPresent && never == Never::NotMeasured)
}

/// A resistance to earth, kΩ: `1.2 MΩ` from a thousand on.
fn insulation(kohm: f32) -> String {
    match kohm {
        k if k >= 1_000.0 => format!("{}{}M\u{3a9}", format::fixed(k / 1_000.0, 1), format::THIN),
        k => format!("{}{}k\u{3a9}", format::fixed(k, 0), format::THIN),
    }
}

/// How the nodes of the daisy chain do: `13 of 13 measure, slowest 12 ms`. One that answers late measures nonetheless.
fn nodes(snapshot: &Snapshot, never: Never) -> (String, bool) {
    if let Some(reason) = nodes_missing(snapshot) {
        return absent(reason, never);
    }
    let now = snapshot.now.mono;
    let (mut known, mut measure, mut slowest_s) = (0, 0, None::<f32>);
    for node in &snapshot.state.nodes {
        let Ok(state) = node.sample(NodeQuantity::State, now) else { continue };
        known += 1;
        if state < NodeQuantity::LOST {
            measure += 1;
            let delay_s = node.sample(NodeQuantity::Delay, now).ok();
            slowest_s = slowest_s.into_iter().chain(delay_s).reduce(f32::max);
        }
    }
    let slowest = slowest_s
        .map_or_else(String::new, |s| format!(", slowest {}{}ms", format::fixed(s * 1_000.0, 0), format::THIN));
    let all = snapshot.state.nodes.len();
    (format!("{measure} of {all} measure{slowest}"), known == all)
}

/// Why nothing is known of any node; `None` if something is.
fn nodes_missing(snapshot: &Snapshot) -> Option<NoData> {
    let state = |node: &Node| node.sample(NodeQuantity::State, snapshot.now.mono);
    let known = snapshot.state.nodes.iter().any(|node| state(node).is_ok());
    let why = snapshot.state.nodes.iter().find_map(|node| state(node).err());
    if known { None } else { Some(why.unwrap_or(NoData::NotPresent)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::snapshot;
    use std::time::Duration;

    fn plain(said: (String, bool)) -> (String, bool) {
        (said.0.replace(format::THIN, " "), said.1)
    }

    #[test]
    fn what_is_not_known_is_said_with_its_reason_and_never_as_a_state() {
        let mut snapshot = snapshot();
        let mode = |m: &Snapshot| {
            plain(said(m, PointId::ControllerMode, |code| controller_mode(code).to_owned(), Never::NotYet))
        };
        let earth = |m: &Snapshot| plain(said(m, PointId::InsulationKohm, insulation, Never::NotYet));
        assert_eq!(mode(&snapshot), ("normal".into(), true));
        assert_eq!(earth(&snapshot), ("not received since the start".into(), false));
        let unmeasured = said(&snapshot, PointId::InsulationKohm, insulation, Never::NotMeasured);
        assert_eq!(unmeasured, ("not measured".into(), true), "no fault");
        snapshot.state.points.set(PointId::InsulationKohm, Ok(850.0), snapshot.now.mono);
        assert_eq!(earth(&snapshot), ("850 kΩ".into(), true));
        snapshot.now = snapshot.now + Duration::from_secs(60);
        assert_eq!(mode(&snapshot), ("normal, 60 s ago".into(), false));
        assert_eq!(plain(nodes(&snapshot, Never::NotYet)), ("stale".into(), false));
    }

    #[test]
    fn nodes_are_counted_with_the_slowest() {
        let mut snapshot = snapshot();
        assert_eq!(plain(nodes(&snapshot, Never::NotYet)), ("13 of 13 measure, slowest 12 ms".into(), true));
        for (state, delay_s, words) in [
            // A late one measures, and is the slowest.
            (1.0, 0.407, "13 of 13 measure, slowest 407 ms"),
            (2.0, 30.0, "12 of 13 measure, slowest 12 ms"),
        ] {
            snapshot.state.nodes[5].set(NodeQuantity::State, Ok(state), snapshot.now.mono);
            snapshot.state.nodes[5].set(NodeQuantity::Delay, Ok(delay_s), snapshot.now.mono);
            assert_eq!(plain(nodes(&snapshot, Never::NotYet)), (words.into(), true));
        }
        assert_eq!(insulation(1_240.0).replace(format::THIN, " "), "1.2 MΩ");
    }
}
