//! The load profile: the last ten minutes at full rate. Where there was no data there is no line.

use crate::charts::line::{Line, LineChart, LineChartView, TimeAxis, ValueAxis, ValueRange};
use crate::charts::theme::SeriesColor;
use crate::components::Card;
use crate::derived::Derived;
use crate::format;
use crate::live::{Live, PROFILE_S, Profile};
use domain::point::PointId;
use domain::spec::SystemKind;
use leptos::prelude::*;

/// Height of the drawing, CSS px. Reserved before there is anything to draw.
const HEIGHT_PX: u32 = 312;
/// Of every step the lowest and the highest value are drawn: about a pixel of the widest drawing.
const STEP_S: f64 = 0.5;

/// The axis spans at least this, kW.
fn least_kw(kind: SystemKind) -> f64 {
    match kind {
        SystemKind::DataCentre | SystemKind::Storage => 50.0,
        SystemKind::Home => 2.0,
    }
}

/// The lines: the most important last, on top.
fn lines(kind: SystemKind) -> impl Iterator<Item = (PointId, &'static str, SeriesColor)> {
    let solar = (PointId::SolarPower, "Solar", SeriesColor::Solar);
    let others = [
        (PointId::GridPower, "Grid", SeriesColor::Grid),
        (PointId::Power, "Battery", SeriesColor::Discharge),
        (PointId::LoadPower, kind.load_name(), SeriesColor::Load),
    ];
    (kind == SystemKind::Home).then_some(solar).into_iter().chain(others)
}

/// Load, battery and grid over the last ten minutes.
#[component]
pub(super) fn LoadProfile(
    /// Whether it has the whole row to itself.
    wide: bool,
) -> impl IntoView {
    let live = Live::expect();
    let rate = format!("{}{}Hz", format::fixed(live.system().rate_hz, 0), format::THIN);
    let kind = live.system().kind;
    let end = Derived::new(move || match live.past.get() {
        true => "then",
        false if live.page_age_s.get() > 0.0 => "last data",
        false => "now",
    });
    let chart = Derived::new(move || live.profile.with(|profile| chart(profile, kind, end.get())));
    let lost = live.lost();
    let empty = move || chart.with(|chart| chart.lines.iter().all(|line| line.segments.is_empty()));
    let note = Derived::new(move || match (empty(), lost.get()) {
        (true, true) => "not known without the server".to_owned(),
        (true, false) => "no power was measured in the last 10 minutes".to_owned(),
        (false, _) => format!("kW, last 10 minutes at {rate}; battery above 0 discharging, below 0 charging"),
    });
    view! {
        <Card title="Load profile" note class=if wide { "load-profile wide" } else { "load-profile" }>
            <LineChartView id="load-profile" chart label="Load profile of the last 10 minutes, in kilowatts" height_px=HEIGHT_PX />
        </Card>
    }
}

fn chart(profile: &Profile, kind: SystemKind, end: &str) -> LineChart {
    let to = profile.newest_s().unwrap_or(PROFILE_S);
    let line = |(point, label, color): (PointId, &str, SeriesColor)| Line {
        label: label.to_owned(),
        color,
        segments: (profile.segments(point, STEP_S).into_iter())
            .map(|segment| segment.into_iter().map(|(at_s, w)| (at_s, w / 1_000.0)).collect())
            .collect(),
    };
    LineChart {
        time: TimeAxis { from: to - PROFILE_S, to, end: end.to_owned() },
        y: ValueAxis { unit: "kW", range: ValueRange::AtLeast(0.0, least_kw(kind)) },
        lines: lines(kind).map(line).collect(),
        ..LineChart::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::snapshot;
    use domain::reading::NoData;
    use std::time::Duration;

    #[test]
    fn a_reading_that_is_missing_is_a_gap_in_its_line_alone() {
        let mut profile = Profile::default();
        let mut now = snapshot();
        for tick in 0..10 {
            now.now = now.now + Duration::from_millis(200);
            let sample = if tick == 5 { Err(NoData::Timeout) } else { Ok(200_000.0) };
            now.state.points.set(PointId::LoadPower, sample, now.now.mono);
            now.state.points.set(PointId::GridPower, Ok(60_000.0), now.now.mono);
            profile.push(&now);
        }
        let chart = chart(&profile, SystemKind::DataCentre, "now");
        let lengths = |place: usize| chart.lines[place].segments.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths(2).len(), 2);
        assert_eq!(lengths(0).len(), 1);
        assert_eq!(chart.lines[2].last().map(|(_, kw)| kw), Some(200.0));
        assert_eq!(chart.time.to - chart.time.from, PROFILE_S);
    }
}
