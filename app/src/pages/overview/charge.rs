//! How much is in it: state of charge, energy above the reserve, how long that lasts, health.

use super::energy::{self, Outlook};
use crate::components::{AgeNote, Card, SocBar};
use crate::derived::Derived;
use crate::format;
use crate::live::Live;
use crate::reading::{Freshness, Never, Shown, why};
use domain::point::PointId;
use leptos::prelude::*;

/// State of charge and what it means.
#[component]
pub(super) fn Charge() -> impl IntoView {
    let live = Live::expect();
    let spec = live.system();
    let reserve_pct = live.map({
        let spec = spec.clone();
        move |snapshot| snapshot.reserve_pct(&spec)
    });
    let reserve = Derived::new(move || format!("reserve {}", format::percent_whole(reserve_pct.get())));
    let soc = live.shown(PointId::Soc);
    let soc_pct = live.map(|snapshot| {
        let last = snapshot.state.points.last_value(PointId::Soc);
        // A stale level is still drawn, faded by the card's state; a missing one is not.
        Shown::point(snapshot, PointId::Soc).figure.and(last.last()).map(|(pct, _)| (pct * 10.0).round() / 10.0)
    });
    let above = live.map({
        let spec = spec.clone();
        move |snapshot| energy::above_reserve_wh(snapshot, &spec).map(format::kilowatt_hours)
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
                        <dd>{move || above.get().map_or_else(|_| "charge not known".to_owned(), |figure| figure.to_string())}</dd>
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
    use crate::sample::snapshot;
    use domain::twin::Snapshot;
    use std::time::Duration;

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
