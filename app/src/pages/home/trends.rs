//! Voltage, current and temperature over the last hours, with their statistics.

use super::past::{HOURS, Past, with_hours};
use crate::address::{Leave, Navigation};
use crate::charts::line::{Band, Line, LineChart, LineChartView, TimeAxis, ValueAxis, ValueRange, Zero, segments};
use crate::charts::theme::SeriesColor;
use crate::components::{Card, Segmented};
use crate::derived::Derived;
use crate::format::{self, NONE, THIN};
use crate::hydration::DeferHydration;
use crate::live::Live;
use ::api::history::Statistics;
use ::api::home::HomeResponse;
use domain::limits::{self, Limits};
use domain::point::PointId;
use leptos::prelude::*;

/// Height of a drawing, CSS px. Reserved before there is anything to draw.
const HEIGHT_PX: u32 = 200;

/// The three charts.
#[component]
pub(super) fn Trends(past: Past) -> impl IntoView {
    let live = Live::expect();
    let cursor = RwSignal::new(None);
    let hours = Derived::new(move || past.hours.get());
    let label = move |quantity: &'static str| Derived::new(move || format!("{quantity}, last {} hours", hours.get()));
    let limits = live.system().limits;
    let of = move |chart: fn(&HomeResponse, &Limits) -> LineChart| {
        let (shown, end) = (past.map(move |past| chart(past, &limits)), past.end(live));
        Derived::new(move || until(shown.get(), end.get()))
    };
    let navigation = Navigation::expect();
    let choose = move |hours| navigation.go(&with_hours(&navigation.here(), hours), Leave::Step);
    view! {
        <Card title="Trends" class="span-12 home-trends">
            <div class="trend-tools">
                <Segmented name="hours" legend="Hours shown" options=HOURS.to_vec() value=hours choose=choose />
                <p class="note" role="status">{past.words()}</p>
            </div>
            <div class="trend-charts">
                <DeferHydration><section class="trend" aria-label="Voltage trend">
                    <h3>"Voltage"</h3>
                    <LineChartView id="home-voltage" chart=of(voltage) label=label("Voltage in volts") height_px=HEIGHT_PX cursor />
                    <dl class="facts">
                        <Fact name="Mean" value=past.map(|p| mean(p.voltage, 2, "V")) />
                        <Fact name="Standard deviation" value=past.map(|p| deviation(p.voltage, "V")) />
                    </dl>
                </section></DeferHydration>
                <DeferHydration><section class="trend" aria-label="Current trend">
                    <h3>"Current" <span class="key" data-of="discharge">"discharging, above 0"</span><span class="key" data-of="charge">"charging, below 0"</span></h3>
                    <LineChartView id="home-current" chart=of(current) label=label("Current in amperes, discharging positive") height_px=HEIGHT_PX cursor />
                    <dl class="facts">
                        <Fact name="Mean" value=past.map(|p| mean_current(p.current)) />
                        <Fact name="Standard deviation" value=past.map(|p| deviation(p.current, "A")) />
                        <Fact name="Time charging" value=past.map(charging) />
                    </dl>
                </section></DeferHydration>
                <DeferHydration><section class="trend" aria-label="Temperature trend">
                    <h3>"Temperature"</h3>
                    <LineChartView id="home-temperature" chart=of(temperature) label=label("Temperature in degrees Celsius") height_px=HEIGHT_PX cursor />
                    <dl class="facts">
                        <Fact name="Mean" value=past.map(|p| mean(p.temperature, 1, "°C")) />
                        <Fact name="Lowest to highest" value=past.map(|p| extremes(p.temperature)) />
                    </dl>
                </section></DeferHydration>
            </div>
        </Card>
    }
}

/// A name and a value of the past; a dash until it is known.
#[component]
pub(super) fn Fact(name: &'static str, value: Derived<Option<String>>) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{move || value.get().unwrap_or_else(|| NONE.to_owned())}</dd>
        </div>
    }
    .into_any()
}

/// What stands where a statistic has no value.
const NO_READING: &str = "no reading";

fn mean(of: Option<Statistics>, decimals: usize, unit: &str) -> String {
    of.map_or_else(|| NO_READING.to_owned(), |s| format!("{}{THIN}{unit}", format::fixed(s.mean, decimals)))
}

fn deviation(of: Option<Statistics>, unit: &str) -> String {
    of.map_or_else(|| NO_READING.to_owned(), |s| format!("{}{THIN}{unit}", format::fixed(s.std_dev, 2)))
}

fn extremes(of: Option<Statistics>) -> String {
    of.map_or_else(
        || NO_READING.to_owned(),
        |s| format!("{} to {}{THIN}°C", format::fixed(s.min, 1), format::fixed(s.max, 1)),
    )
}

fn charging(past: &HomeResponse) -> String {
    let readings = past.current.map_or(0, |s| s.n);
    if past.flow.known_s <= 0.0 {
        return NO_READING.to_owned();
    }
    let share = format::percent_whole(past.flow.charging_s / past.flow.known_s * 100.0);
    format!("{share} of {} readings", format::count(readings))
}

/// A mean current with its direction: `3.0 A discharging`.
fn mean_current(of: Option<Statistics>) -> String {
    let way = match of.map_or(0.0, |s| s.mean) {
        a if a >= 0.05 => " discharging",
        a if a <= -0.05 => " charging",
        _ => "",
    };
    let size = of.map(|s| Statistics { mean: s.mean.abs(), ..s });
    format!("{}{way}", mean(size, 1, "A"))
}

/// The chart, or an empty one, with the name of the end of its time.
pub(super) fn until(chart: Option<LineChart>, end: &str) -> LineChart {
    let mut chart = chart.unwrap_or_default();
    chart.time.end = end.to_owned();
    chart
}

fn voltage(past: &HomeResponse, limits: &Limits) -> LineChart {
    let normal = limits.normal_voltage_v;
    let range = ValueRange::AtLeast(f64::from(normal.low) - 1.0, f64::from(normal.high) + 1.0);
    let lines = vec![line(past, PointId::Voltage, "", SeriesColor::Voltage)];
    LineChart { bands: vec![band(normal, "safe", "V", SeriesColor::Voltage)], ..chart(past, "V", range, lines) }
}

fn current(past: &HomeResponse, _: &Limits) -> LineChart {
    // Up is discharging, as on every page.
    let lines = vec![line(past, PointId::Current, "", SeriesColor::Discharge)];
    let zero = Some(Zero { name: "idle".to_owned(), below: SeriesColor::Charge });
    LineChart { zero, ..chart(past, "A", ValueRange::AtLeast(-10.0, 10.0), lines) }
}

fn temperature(past: &HomeResponse, limits: &Limits) -> LineChart {
    let optimal = limits.optimal_temperature_c;
    let range = ValueRange::AtLeast(f64::from(optimal.low) - 3.0, f64::from(optimal.high) + 3.0);
    let lines = vec![line(past, PointId::Temperature, "", SeriesColor::Temperature)];
    LineChart {
        bands: vec![band(optimal, "optimal", "°C", SeriesColor::Temperature)],
        ..chart(past, "°C", range, lines)
    }
}

fn band(limits::Band { low, high }: limits::Band, name: &str, unit: &str, color: SeriesColor) -> Band {
    let name = format!("{name} {}\u{2013}{}{THIN}{unit}", format::fixed(low, 0), format::fixed(high, 0));
    Band { low: low.into(), high: high.into(), name, color }
}

/// A chart of `lines` over the hours of `past`.
pub(super) fn chart(past: &HomeResponse, unit: &'static str, range: ValueRange, lines: Vec<Line>) -> LineChart {
    let seconds = |at: domain::time::Utc| at.0 as f64 / 1e6;
    LineChart {
        time: TimeAxis { from: seconds(past.from), to: seconds(past.to), end: "now".to_owned() },
        y: ValueAxis { unit, range },
        lines,
        ..LineChart::default()
    }
}

/// The curve of a point, cut where there was no value.
pub(super) fn line(past: &HomeResponse, point: PointId, label: &str, color: SeriesColor) -> Line {
    let values = past.curves.find(point.spec().path).map(|series| &*series.values).unwrap_or_default();
    let points = past.curves.at.iter().zip(values).filter(|(at, value)| {
        // A gap counts wherever it is.
        value.is_none() || (past.from..=past.to).contains(*at)
    });
    let segments = segments(points.map(|(at, value)| (at.0 as f64 / 1e6, *value)));
    Line { label: label.to_owned(), color, segments }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::api::history::EnergyFlow;
    use domain::limits::Chemistry;
    use domain::point::Unit;
    use domain::series::{Series, Table};
    use domain::time::Utc;

    fn past() -> HomeResponse {
        let values = vec![Some(9.0), Some(4.0), None, None, Some(-2.0), Some(9.0)];
        let series = Series { name: "battery/current".into(), unit: Unit::Ampere, resolution: 0.01, values };
        let at = [0, 10, 20, 30, 40, 90].map(|s| Utc(s * 1_000_000)).to_vec();
        let current = Some(Statistics { n: 12_345, mean: 3.0, std_dev: 1.5, min: -2.0, max: 9.0 });
        let curves = Table { at, series: vec![series] };
        HomeResponse {
            from: Utc(5_000_000),
            to: Utc(60_000_000),
            curves,
            current,
            flow: EnergyFlow { charging_s: 3.0, known_s: 4.0, ..EnergyFlow::default() },
            ..HomeResponse::default()
        }
    }

    #[test]
    fn a_curve_stays_within_its_hours_and_is_cut_at_gaps() {
        let limits = Limits::of(Chemistry::Lfp, 16, 280.0);
        let chart = current(&past(), &limits);
        assert_eq!(chart.lines[0].segments, [vec![(10.0, 4.0)], vec![(40.0, -2.0)]], "discharging is up");
        assert_eq!(voltage(&past(), &limits).lines[0].segments, Vec::<Vec<(f64, f64)>>::new());
    }

    #[test]
    fn statistics_say_when_there_is_nothing() {
        let plain = |words: String| words.replace(THIN, " ");
        assert_eq!(plain(mean_current(past().current)), "3.0 A discharging");
        let charging_mean = past().current.map(|s| Statistics { mean: -s.mean, ..s });
        assert_eq!(plain(mean_current(charging_mean)), "3.0 A charging");
        assert_eq!(mean_current(None), NO_READING);
        assert_eq!(plain(deviation(past().current, "A")), "1.50 A");
        assert_eq!(plain(charging(&past())), "75 % of 12 345 readings");
        for words in [mean(None, 1, "V"), deviation(None, "V"), extremes(None), charging(&HomeResponse::default())] {
            assert_eq!(words, NO_READING);
        }
    }
}
