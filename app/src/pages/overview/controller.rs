//! What the battery controller says of itself: contactors, mode, insulation, and the nodes that measure the cells.

use crate::components::{Card, SeverityMark};
use crate::derived::Derived;
use crate::format;
use crate::live::Live;
use crate::problem::standing;
use domain::alarm::{Severity, Watch};
use domain::derived::{contactors, controller_mode};
use domain::point::PointId;
use domain::reading::{NoData, NodeQuantity, Sample};
use domain::twin::Moment;
use leptos::prelude::*;

/// One line of facts. A system whose controller has no such values has no card for them.
#[component]
pub(super) fn Controller() -> impl IntoView {
    let live = Live::expect();
    let modules = live.system().topology.modules();
    let told = [PointId::Contactors, PointId::ControllerMode, PointId::InsulationKohm];
    let silent = live
        .map(move |moment| modules == 0 && told.iter().all(|point| moment.point(*point) == Err(NoData::NotPresent)));
    let alarm = move |watches: &'static [Watch]| live.map(move |moment| standing(moment, watches));
    view! {
        <div class="controller" hidden=silent>
            <Card title="Battery controller" class="controller-card">
                <dl class="controller-facts">
                    <Fact name="Contactors" value=live.map(|m| said(m, PointId::Contactors, |bits| contactors(bits).to_owned())) alarm=alarm(&[Watch::ContactorMismatch]) />
                    <Fact name="Mode" value=live.map(|m| said(m, PointId::ControllerMode, |code| controller_mode(code).to_owned())) alarm=alarm(&[Watch::ControllerMode]) />
                    <Fact name="Insulation" value=live.map(|m| said(m, PointId::InsulationKohm, insulation)) alarm=alarm(&[Watch::Insulation]) />
                    {(modules > 0).then(|| view! { <Fact name="AFE nodes" value=live.map(nodes) alarm=alarm(&[Watch::NodeState, Watch::NodeDelay]) /> })}
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
fn said(moment: &Moment, point: PointId, words: fn(f32) -> String) -> (String, bool) {
    match (moment.point(point), moment.state.points.slot(point).last()) {
        (Ok(value), _) => (words(value), true),
        (Err(NoData::Stale), Some((value, at))) => {
            (format!("{}, {} ago", words(value), format::age(moment.now.mono.seconds_since(at))), false)
        }
        (Err(why), _) => (why.words().to_owned(), false),
    }
}

/// A resistance to earth, kΩ: `1.2 MΩ` from a thousand on.
fn insulation(kohm: f32) -> String {
    match kohm {
        k if k >= 1_000.0 => format!("{}{}M\u{3a9}", format::fixed(k / 1_000.0, 1), format::THIN),
        k => format!("{}{}k\u{3a9}", format::fixed(k, 0), format::THIN),
    }
}

/// How the nodes of the daisy chain do: `13 of 13 measure, slowest 12 ms`.
fn nodes(moment: &Moment) -> (String, bool) {
    let now = moment.now.mono;
    let all = moment.state.nodes.len();
    let states: Vec<Sample> = moment.state.nodes.iter().map(|node| node.sample(NodeQuantity::State, now)).collect();
    let known = states.iter().filter(|state| state.is_ok()).count();
    if known == 0 {
        let why = states.iter().find_map(|state| state.err()).unwrap_or(NoData::NotPresent);
        return (why.words().to_owned(), false);
    }
    let measure = states.iter().filter(|state| state.is_ok_and(|state| state < 0.5)).count();
    let measuring = moment.state.nodes.iter().zip(&states).filter(|(_, state)| state.is_ok_and(|state| state < 0.5));
    let delays = measuring.filter_map(|(node, _)| node.sample(NodeQuantity::Delay, now).ok());
    let slowest = delays
        .reduce(f32::max)
        .map_or_else(String::new, |s| format!(", slowest {}{}ms", format::fixed(s * 1_000.0, 0), format::THIN));
    (format!("{measure} of {all} measure{slowest}"), known == all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::moment;
    use std::time::Duration;

    fn plain(said: (String, bool)) -> (String, bool) {
        (said.0.replace(format::THIN, " "), said.1)
    }

    #[test]
    fn what_is_not_known_is_said_with_its_reason_and_never_as_a_state() {
        let mut moment = moment();
        let mode = |m: &Moment| plain(said(m, PointId::ControllerMode, |code| controller_mode(code).to_owned()));
        let earth = |m: &Moment| plain(said(m, PointId::InsulationKohm, insulation));
        assert_eq!(mode(&moment), ("normal".into(), true));
        assert_eq!(earth(&moment), ("never received".into(), false));
        moment.state.points.set(PointId::InsulationKohm, Ok(850.0), moment.now.mono);
        assert_eq!(earth(&moment), ("850 kΩ".into(), true));
        moment.now = moment.now + Duration::from_secs(60);
        assert_eq!(mode(&moment), ("normal, 60 s ago".into(), false));
        assert_eq!(plain(nodes(&moment)), ("stale".into(), false));
    }

    #[test]
    fn nodes_are_counted_with_the_slowest() {
        let mut moment = moment();
        assert_eq!(plain(nodes(&moment)), ("13 of 13 measure, slowest 12 ms".into(), true));
        moment.state.nodes[5].set(NodeQuantity::State, Ok(2.0), moment.now.mono);
        moment.state.nodes[5].set(NodeQuantity::Delay, Ok(30.0), moment.now.mono);
        assert_eq!(plain(nodes(&moment)), ("12 of 13 measure, slowest 12 ms".into(), true));
        assert_eq!(insulation(1_240.0).replace(format::THIN, " "), "1.2 MΩ");
    }
}
