//! Three opinions of the state of charge: the battery's source measures it (a Victron shunt, mostly), the inverter
//! estimates it, we count the current.

use super::battery::{Source, reached};
use super::charge::{self, Counted, Jumps};
use super::past::Past;
use super::state::State;
use super::trends::{chart, line, until};
use super::{sources, words};
use crate::charts::line::{LineChart, LineChartView, ValueRange};
use crate::charts::theme::SeriesColor;
use crate::components::{Card, Tone};
use crate::derived::Derived;
use crate::format;
use crate::hydration::DeferHydration;
use crate::live::Live;
use crate::reading::Shown;
use domain::point::PointId;
use leptos::prelude::*;

const HEIGHT_PX: u32 = 200;

/// The bars, how far the two that are reported are apart, and all over time.
#[component]
pub(super) fn Compare(past: Past) -> impl IntoView {
    let live = Live::expect();
    let (own, others) = sources(&live);
    let shunt = words::shunt(own.as_ref().map(|(_, link)| link));
    let victron_link = own.map(|(place, _)| place);
    let inverter_link = others.first().map(|(place, _)| *place).or(victron_link);
    let inverter = words::inverter(others.first().map(|(_, link)| link.name.as_str()));
    let one = others.is_empty();
    let names = StoredValue::new((shunt.clone(), inverter.clone()));
    let apart = live.map(|m| words::apart(m.point(PointId::Soc), m.point(PointId::InverterSoc)));
    let missing = live.map({
        let names = (shunt.clone(), inverter.clone());
        move |m| words::not_compared([(&names.0, m.point(PointId::Soc)), (&names.1, m.point(PointId::InverterSoc))])
    });
    let difference = Derived::new(move || match apart.get() {
        Ok((points, _)) => format!("{} points apart", format::fixed(points, 1)),
        Err(_) if one => format!("No link reads an inverter: {} is not compared with one", names.get_value().0),
        Err(_) => missing.with(|words| words.clone()),
    });
    let verdict = Derived::new(move || apart.get().map_or(("Cannot be compared", Tone::Neutral), |(_, judged)| judged));
    let tone = Derived::new(move || verdict.get().1);
    let how = if shunt == words::VICTRON { "measured by a shunt" } else { "reported by the battery" };
    let shown = past.map(move |past| {
        let lines = vec![
            charge::line(past),
            line(past, PointId::InverterSoc, &names.get_value().1, SeriesColor::SolArk),
            line(past, PointId::Soc, &names.get_value().0, SeriesColor::Victron),
        ];
        LineChart { marks: charge::marks(past), ..chart(past, "%", ValueRange::Fit(10.0), lines) }
    });
    let end = past.end(live);
    let curves = Derived::new(move || until(shown.get(), end.get()));
    let label = Derived::new(move || format!("State of charge in percent, last {} hours", past.hours.get()));
    view! {
        <Card title=if one { format!("SOC: {shunt}") } else { format!("SOC: {shunt} and {inverter}") } class="span-7 home-soc">
            <div class="soc-both">
                <SocOf name=shunt.clone() how of="victron" point=PointId::Soc link=victron_link />
                <SocOf name=inverter.clone() how="estimated by the inverter" of="sol-ark" point=PointId::InverterSoc link=inverter_link />
                <Counted past shunt=shunt.clone() />
                <p class="soc-apart" role="status">
                    <b>{difference}</b>
                    <State tone words=move || verdict.get().0 />
                </p>
            </div>
            <DeferHydration><LineChartView id="home-soc" chart=curves label height_px=HEIGHT_PX /></DeferHydration>
            <Jumps past shunt inverter />
            <DeferHydration>{others.into_iter().map(|(place, spec)| view! { <Source place spec /> }).collect_view()}</DeferHydration>
        </Card>
    }
}

/// One opinion as a bar.
#[component]
fn SocOf(
    name: String,
    /// Where it has it from.
    how: &'static str,
    /// Whose it is, for the style sheet.
    of: &'static str,
    point: PointId,
    /// The place in the site of the link that brings it.
    link: Option<usize>,
) -> impl IntoView {
    let live = Live::expect();
    let label = format!("SOC of {name}");
    let shown = live.shown(point);
    let pct = live.map(move |m| m.point(point).ok().map(|pct| (pct * 10.0).round() / 10.0));
    let words = live.map(move |m| match m.point(point) {
        Ok(_) => how.to_owned(),
        Err(why) => {
            format!(
                "{how}: {}",
                words::missing(m, point, why, "not received since the start", reached(m, link)).to_ascii_lowercase()
            )
        }
    });
    view! {
        <div class="soc-of" data-of=of role="group" aria-label=label data-fresh=move || shown.with(|s| s.is_fresh().to_string())>
            <p class="soc-name"><b>{name}</b>" "<span class="note">{words}</span></p>
            <p class="soc-value"><span class="number">{move || shown.with(Shown::number)}</span><span class="unit">{move || shown.with(Shown::unit)}</span></p>
            {super::bar::bar(pct)}
        </div>
    }
    .into_any()
}
