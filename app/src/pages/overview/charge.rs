//! How much is in it: state of charge, energy above the reserve, how long that lasts, health.

use super::energy::{self, Outlook};
use crate::components::{AgeNote, Card, SocBar};
use crate::derived::Derived;
use crate::format;
use crate::live::Live;
use crate::reading::{Freshness, Never, Shown, why};
use domain::point::PointId;
use domain::reading::NoData;
use domain::spec::SystemSpec;
use domain::twin::Snapshot;
use leptos::prelude::*;

/// State of charge and what it means.
#[component]
pub(super) fn Charge() -> impl IntoView {
    let live = Live::expect();
    let spec = live.system();
    let reserve_pct = live.map({
        let spec = spec.clone();
        move |snapshot| energy::reserve_pct(snapshot, &spec).ok()
    });
    let reserve = live.map({
        let spec = spec.clone();
        move |snapshot| reserve_words(snapshot, &spec)
    });
    let soc = live.shown(PointId::Soc);
    let soc_pct = live.map(|snapshot| {
        let last = snapshot.state.points.last_value(PointId::Soc);
        // A stale level is still drawn, faded by the card's state; a missing one is not.
        Shown::point(snapshot, PointId::Soc).figure.and(last.last()).map(|(pct, _)| (pct * 10.0).round() / 10.0)
    });
    let above = live.map({
        let spec = spec.clone();
        move |snapshot| match energy::above_reserve_wh(snapshot, &spec) {
            Ok(wh) => format::kilowatt_hours(wh).to_string(),
            Err(what) => format!("{what} not known"),
        }
    });
    let outlook = live.map(move |snapshot| outlook_words(energy::outlook(snapshot, &spec)));
    let health = live.shown(PointId::Soh);
    view! {
        <Card title="State of charge" class="charge" note=reserve>
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
                        <dd>{above}</dd>
                    </div>
                    <div>
                        <dt>{move || outlook.get().0}</dt>
                        <dd>{move || outlook.get().1}</dd>
                    </div>
                    <div>
                        <dt>"State of health"</dt>
                        <dd data-fresh=move || health.with(|v| v.is_fresh().to_string())>{move || health.with(|v| aged(v, live.never.get()))}</dd>
                    </div>
                </dl>
            </div>
        </Card>
    }
}

/// The reserve in words; one that is not known now with its age, as other values that are old.
fn reserve_words(snapshot: &Snapshot, spec: &SystemSpec) -> String {
    let last = energy::reserve_point(snapshot).and_then(|point| snapshot.state.points.last_value(point).last());
    match (energy::reserve_pct(snapshot, spec), last) {
        (Ok(pct), _) => format!("reserve {}", format::percent_whole(pct)),
        (Err(NoData::Stale), Some((pct, at))) => {
            format!("reserve {}, {}", format::percent_whole(pct), format::ago(snapshot.now.mono.seconds_since(at)))
        }
        (Err(_), _) => "reserve not known".to_owned(),
    }
}

/// A value with its age once it is old, or why there is none.
fn aged(shown: &Shown, never: Never) -> String {
    match (&shown.figure, shown.freshness) {
        (Some(figure), Freshness::Stale { age_s }) => format!("{figure}, {}", format::ago(age_s)),
        (Some(figure), _) => figure.to_string(),
        (None, Freshness::Missing(reason)) => why(reason, never).to_owned(),
        (None, _) => format::NONE.to_owned(),
    }
}

/// A name and a value for the outlook.
fn outlook_words(outlook: Outlook) -> (&'static str, String) {
    match outlook {
        Outlook::ReserveIn(seconds) => ("To reserve, at this rate", format::duration(seconds)),
        Outlook::FullIn(seconds) => ("To full, at this rate", format::duration(seconds)),
        Outlook::BelowReserve => ("To reserve", "below it".to_owned()),
        Outlook::Holding => ("To reserve", "not soon".to_owned()),
        Outlook::Unknown(what) => ("To reserve", format!("{what} not known")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{snapshot, spec};
    use std::time::Duration;

    #[test]
    fn an_old_reserve_is_told_with_its_age_and_a_lost_one_as_not_known() {
        let (mut snapshot, spec) = (snapshot(), spec());
        let words = |m: &Snapshot| reserve_words(m, &spec).replace(format::THIN, " ");
        assert_eq!(words(&snapshot), "reserve 20 %");
        snapshot.state.points.set(PointId::ReserveSet, Ok(35.0), snapshot.now.mono);
        assert_eq!(words(&snapshot), "reserve 35 %");
        snapshot.now = snapshot.now + Duration::from_secs(40);
        assert_eq!(words(&snapshot), "reserve 35 %, 40 s ago");
        snapshot.state.points.set(PointId::ReserveSet, Err(NoData::Timeout), snapshot.now.mono);
        assert_eq!(words(&snapshot), "reserve not known");
    }

    #[test]
    fn an_old_health_is_told_with_its_age_and_a_missing_one_with_its_reason() {
        let mut snapshot = snapshot();
        let health = |m: &Snapshot, never| aged(&Shown::point(m, PointId::Soh), never).replace(format::THIN, " ");
        assert_eq!(health(&snapshot, Never::NotMeasured), "98.2 %");
        snapshot.now = snapshot.now + Duration::from_secs(900);
        assert_eq!(health(&snapshot, Never::NotMeasured), "98.2 %, 15 min ago");
        snapshot.state.points.restore(PointId::Soh, Default::default());
        assert_eq!(health(&snapshot, Never::NotMeasured), "not measured");
        assert_eq!(outlook_words(Outlook::Unknown("power")).1, "power not known");
    }
}
