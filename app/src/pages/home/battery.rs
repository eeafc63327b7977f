//! The battery in detail, and how its source does.

use super::state::State;
use super::words::{self, Judged, SourceWords};
use super::{sources, status};
use crate::components::{Card, Tone};
use crate::derived::Derived;
use crate::format::{self, Figure};
use crate::hydration::DeferHydration;
use crate::live::Live;
use crate::reading::{Freshness, LinksKnown, Shown, made_of_rows};
use domain::limits::{Band, Limits};
use domain::link::LinkSpec;
use domain::point::PointId;
use domain::reading::NoData;
use domain::twin::Snapshot;
use leptos::prelude::*;

/// Voltage, current, power and temperature with what they mean; the source beneath.
#[component]
pub(super) fn Battery() -> impl IntoView {
    let live = Live::expect();
    let (source, _) = sources(&live);
    let link = source.as_ref().map(|(place, _)| *place);
    let volts = |v: f32| Figure { number: format::fixed(v, 2), unit: "V" };
    let limits = live.system().limits;
    let range = |Band { low, high }: Band, unit: &str| {
        format!("{}\u{2013}{}{}{unit}", format::fixed(low, 0), format::fixed(high, 0), format::THIN)
    };
    let optimal = format!("optimal {}", range(limits.optimal_temperature_c, "°C"));
    let temperature = live.map(move |m| {
        let fahrenheit = m.point(PointId::Temperature).map(|c| words::fahrenheit(c).to_string());
        fahrenheit.map_or_else(|_| optimal.clone(), |f| format!("{f}, {optimal}"))
    });
    let rate = live.map({
        let capacity_ah = live.system().capacity_ah;
        move |m| {
            m.point(PointId::Current).map_or_else(|_| String::new(), |a| format::c_rate(a, capacity_ah).to_string())
        }
    });
    let full = live.map({
        let energy_wh = live.system().energy_wh();
        move |m| match m.point(PointId::Soc) {
            Ok(soc) => format!("{} in the battery", format::kilowatt_hours(energy_wh * soc / 100.0)),
            Err(_) => String::new(),
        }
    });
    view! {
        <Card title="Battery details" class="span-12 home-battery">
            <div class="details">
                <DeferHydration>
                    <Detail label="Voltage" of="voltage" point=PointId::Voltage figure=volts judge=words::voltage never="Not sent by the source" link note=format!("safe {}", range(limits.normal_voltage_v, "V")) />
                    <Detail label="Current" of="current" point=PointId::Current figure=|a| format::amperes(a.abs()) judge=|a, _| words::current(a) never="Not sent by the source" link note=rate />
                </DeferHydration>
                <DeferHydration>
                    <Detail label="Power" of="power" point=PointId::Power figure=|w| format::kilowatts(w.abs()) judge=|w, _| words::power(w) never="Not sent by the source" link note=full />
                    <Detail label="Temperature" of="temperature" point=PointId::Temperature figure=format::celsius judge=words::temperature never="No sensor" link note=temperature />
                </DeferHydration>
            </div>
            {match source {
                Some((place, spec)) => view! { <DeferHydration><Source place spec battery=true /></DeferHydration> }.into_any(),
                None => view! { <p class="note">"No link brings values for this system: name one in the site file."</p> }.into_any(),
            }}
        </Card>
    }
}

/// A value, what it means, and its limits.
#[component]
fn Detail(
    label: &'static str,
    /// The quantity, for the style sheet.
    of: &'static str,
    point: PointId,
    figure: fn(f32) -> Figure,
    judge: fn(f32, &Limits) -> Judged,
    /// What it means that no value ever came.
    never: &'static str,
    /// The place in the site of the link that brings it.
    link: Option<usize>,
    #[prop(into)] note: Derived<String>,
) -> impl IntoView {
    let live = Live::expect();
    let limits = live.system().limits;
    let shown = live.map(move |m| Shown::point_as(m, point, figure));
    let judged = live.map(move |m| match m.point(point) {
        Ok(value) => judge(value, &limits),
        Err(why) => {
            let tone = if made_of_rows(m) && why == NoData::NotPresent { Tone::Neutral } else { Tone::Warning };
            (words::missing(m, point, why, never, reached(m, link)), tone)
        }
    });
    let state = Derived::new(move || match shown.with(|s| s.freshness) {
        Freshness::Stale { age_s } => format!("{}, {}", judged.get().0, format::ago(age_s)),
        _ => judged.get().0.to_owned(),
    });
    view! {
        <section class="detail" data-of=of aria-label=label data-fresh=move || shown.with(|s| s.is_fresh().to_string())>
            <h3 class="detail-label">{label}</h3>
            <p class="reading-value">
                <span class="number">{move || shown.with(Shown::number)}</span>
                <span class="unit">{move || shown.with(Shown::unit)}</span>
            </p>
            <p class="detail-state" data-tone=move || judged.get().1.name()>{state}</p>
            <p class="note">{note}</p>
        </section>
    }
    .into_any()
}

/// What a battery says of itself.
const BATTERY: [PointId; 4] = [PointId::Soc, PointId::Voltage, PointId::Current, PointId::Power];

/// Whether the link at `place` has ever brought anything; where there is no link, that is not what is missing. Not known of
/// a past that was not kept.
pub(super) fn reached(snapshot: &Snapshot, place: Option<usize>) -> Option<bool> {
    match place {
        Some(_) if made_of_rows(snapshot) => None,
        Some(place) => Some(status(snapshot, place).last_at.is_some()),
        None => Some(true),
    }
}

/// A source: its name and address, when it last delivered, and whether it does.
#[component]
pub(super) fn Source(
    /// The link's place in the site.
    place: usize,
    spec: LinkSpec,
    /// Whether it is the battery's: then it is healthy only while the battery's values come.
    #[prop(optional)]
    battery: bool,
) -> impl IntoView {
    let live = Live::expect();
    let (name, label) = (spec.name.clone(), format!("Source {}", spec.name));
    let way = format!("{}, {}", spec.protocol, spec.address);
    let known = live.links_known();
    let of_snapshot = move |m: &Snapshot| {
        let (status, now) = (status(m, place), m.now.mono);
        let silent =
            (battery && BATTERY.iter().all(|point| m.point(*point).is_err())).then_some("the battery does not");
        words::unknown_source(&spec, &status, known.get(), now)
            .unwrap_or_else(|| words::source(&spec, &status, silent, now))
    };
    let words = Derived::new(move || live.snapshot.with(|snapshot| of_snapshot(snapshot)));
    let of = move |read: fn(&SourceWords) -> String| Derived::new(move || words.with(read));
    let (age, advice) = (of(|w| w.age.clone()), of(|w| w.advice.clone()));
    let healthy = Derived::new(move || words.with(|w| w.healthy));
    let tone = Derived::new(move || match (healthy.get(), known.get()) {
        (true, _) => Tone::Good,
        (false, LinksKnown::Yes) => Tone::Warning,
        (false, _) => Tone::Neutral,
    });
    view! {
        <div class="source" role="group" aria-label=label>
            <p class="source-name"><b>{name}</b>" "<span class="note">{way}</span></p>
            <p class="source-age">{age}</p>
            <State tone words=move || words.with(|w| w.state) />
            <p class="source-advice note" role="status">{advice}</p>
        </div>
    }
    .into_any()
}
