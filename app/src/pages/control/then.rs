//! What was set at the instant of the past that the page shows: as it was read back then and kept. Nothing of it can be
//! changed; what was commanded until then stands in the history below.

use super::state::Desk;
use crate::components::Card;
use crate::derived::Derived;
use crate::format::typeset;
use ::api::control::ControlState;
use domain::control::ControlKind;
use domain::reading::NoData;
use domain::twin::Snapshot;
use leptos::prelude::*;

/// The card; nothing while the page shows the present.
#[component]
pub(super) fn Then(desk: Desk) -> impl IntoView {
    let rows = Derived::new(move || {
        if !desk.live.past.get() {
            return Vec::new();
        }
        let of = |control: &ControlState| ControlKind::from_key(&control.control);
        let kinds: Vec<_> = desk.seen.with(|seen| seen.iter().flat_map(|seen| &seen.controls).filter_map(of).collect());
        desk.live
            .snapshot
            .with(|snapshot| kinds.into_iter().map(|kind| (kind.spec().label, was(kind, snapshot))).collect::<Vec<_>>())
    });
    let any = Derived::new(move || !rows.with(Vec::is_empty));
    let row = |(label, was): (&'static str, Result<String, &'static str>)| {
        let known = if was.is_ok() { "known" } else { "unknown" };
        let (value, why) = was.map_or_else(|why| (crate::format::NONE.to_owned(), why), |value| (value, ""));
        view! {
            <div>
                <dt>{label}</dt>
                <dd class="control-present" data-known=known>
                    <span class="control-value">{value}</span>
                    <span class="note">{why}</span>
                </dd>
            </div>
        }
    };
    move || {
        any.get().then(|| {
            view! {
                <Card title="Set at that instant" note=Derived::from("as it was read back then") class="control-then">
                    <dl>{move || rows.get().into_iter().map(row).collect_view()}</dl>
                </Card>
            }
        })
    }
}

/// What a control was set to in words.
///
/// # Errors
/// Why that is not known, in words.
fn was(kind: ControlKind, snapshot: &Snapshot) -> Result<String, &'static str> {
    match snapshot.point(kind.spec().point) {
        Ok(value) => Ok(typeset(&kind.words(f64::from(value)))),
        Err(NoData::NotPresent) => Err("not recorded"),
        Err(NoData::Stale) => Err("could not be read then"),
        Err(why) => Err(why.words()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::THIN;
    use crate::sample::snapshot;
    use std::time::Duration;

    #[test]
    fn what_was_set_is_told_as_it_was_kept_and_what_was_not_kept_as_such() {
        let mut snapshot = snapshot();
        let begin = snapshot.now.mono;
        for (kind, value, words) in [
            (ControlKind::Reserve, 15.0, format!("15{THIN}%")),
            (ControlKind::DischargeLimit, 75e3, format!("75{THIN}kW")),
            (ControlKind::Mode, 1.0, "Max ROI".to_owned()),
            (ControlKind::Run, 0.0, "Standby".to_owned()),
            (ControlKind::GridSetpoint, -120.0, format!("\u{2212}120{THIN}W")),
        ] {
            assert_eq!(was(kind, &snapshot), Err("not recorded"), "{kind:?}");
            snapshot.state.points.set(kind.spec().point, Ok(value), begin);
            assert_eq!(was(kind, &snapshot), Ok(words), "{kind:?}");
        }
        snapshot.now = snapshot.now + Duration::from_secs(60);
        assert_eq!(was(ControlKind::Reserve, &snapshot), Err("could not be read then"));
    }
}
