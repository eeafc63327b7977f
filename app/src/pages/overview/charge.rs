//! How much is in it: state of charge, energy above the reserve, how long that lasts, health.

use super::energy::{self, Outlook};
use crate::components::{AgeNote, Card, Shown, SocBar};
use crate::derived::Derived;
use crate::format;
use crate::live::Live;
use domain::point::PointId;
use leptos::prelude::*;

/// State of charge and what it means.
#[component]
pub(super) fn Charge() -> impl IntoView {
    let live = Live::expect();
    let spec = live.system();
    let reserve_pct = spec.reserve_pct;
    let soc = live.shown(PointId::Soc);
    let soc_pct = live.map(|moment| {
        let slot = moment.state.points.slot(PointId::Soc);
        // A stale level is still drawn, faded by the card's state; a missing one is not.
        Shown::point(moment, PointId::Soc).figure.and(slot.last()).map(|(pct, _)| (pct * 10.0).round() / 10.0)
    });
    let above = live.map({
        let spec = spec.clone();
        move |moment| energy::above_reserve_wh(moment, &spec).map(format::kilowatt_hours)
    });
    let outlook = live.map(move |moment| outlook_words(energy::outlook(moment, &spec)));
    let health = live.shown(PointId::Soh);
    view! {
        <Card title="State of charge" class="charge" note=format!("reserve {}", format::percent_whole(reserve_pct))>
            <div class="charge-body" data-fresh=move || soc.with(|v| v.is_fresh().to_string())>
                <p class="hero">
                    <span class="number">{move || soc.with(Shown::number)}</span>
                    <span class="unit">{move || soc.with(Shown::unit)}</span>
                    <AgeNote freshness=Derived::new(move || soc.with(|v| v.freshness)) />
                </p>
                <SocBar soc_pct reserve_pct />
                <dl class="facts">
                    <div>
                        <dt>"Above reserve"</dt>
                        <dd>{move || above.get().map_or_else(|why| why.words().to_owned(), |figure| figure.to_string())}</dd>
                    </div>
                    <div>
                        <dt>{move || outlook.get().0}</dt>
                        <dd>{move || outlook.get().1}</dd>
                    </div>
                    <div>
                        <dt>"State of health"</dt>
                        <dd>{move || health.with(|v| format!("{}{}{}", v.number(), format::THIN, v.unit()))}</dd>
                    </div>
                </dl>
            </div>
        </Card>
    }
}

/// A name and a value for the outlook.
fn outlook_words(outlook: Outlook) -> (&'static str, String) {
    match outlook {
        Outlook::ReserveIn(seconds) => ("To reserve, at this rate", format::duration(seconds)),
        Outlook::FullIn(seconds) => ("To full, at this rate", format::duration(seconds)),
        Outlook::BelowReserve => ("To reserve", "below it".to_owned()),
        Outlook::Holding => ("To reserve", "not soon".to_owned()),
        Outlook::Unknown(why) => ("To reserve", why.words().to_owned()),
    }
}
