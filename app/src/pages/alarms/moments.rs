//! The curve of what an alarm watched, in the moments around it.

use crate::charts::line::{Line, LineChart, LineChartView, Mark, TimeAxis, ValueAxis, ValueRange, segments};
use crate::charts::theme::SeriesColor;
use crate::derived::Derived;
use crate::fetch;
use crate::format;
use crate::live::Live;
use ::api::alarms::EndedAlarm;
use ::api::history::HistoryResponse;
use domain::alarm::{RuleIdx, Severity, Watch};
use domain::point::PointId;
use domain::time::Utc;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// So much before it was raised and after it ended, µs.
const AROUND_US: i64 = 60 * 1_000_000;
/// No longer stretch is shown, µs: how it began is what matters.
const MOST_US: i64 = 3_600 * 1_000_000;
const HEIGHT_PX: u32 = 160;
const WIDTH: u32 = 400;

/// Which curve is shown, and from when to when.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moments {
    /// The series, as history names it.
    series: String,
    from: Utc,
    to: Utc,
    raised: Option<Utc>,
    ended: Utc,
    severity: Severity,
}

impl Moments {
    /// Those of an alarm; `None` where it watches nothing that has a curve.
    pub(super) fn of(alarm: &EndedAlarm) -> Option<Moments> {
        let watch = RuleIdx::from_id(&alarm.rule)?.rule()?.watch;
        let EndedAlarm { raised, ended, severity, .. } = alarm;
        let from = Utc(raised.unwrap_or(*ended).0 - AROUND_US);
        let to = Utc((ended.0 + AROUND_US).min(from.0 + MOST_US));
        let series = series(watch, &alarm.subject)?;
        Some(Moments { series, from, to, raised: *raised, ended: *ended, severity: severity.0 })
    }

    /// The question to history.
    fn question(&self, system: &str) -> String {
        let [from, to] = [self.from, self.to].map(|at| at.0.div_euclid(1_000));
        let series = &self.series;
        format!("/api/v1/history?system={system}&points={series}&from={from}&to={to}&width={WIDTH}")
    }
}

/// The series of what a rule watches in a subject.
fn series(watch: Watch, subject: &str) -> Option<String> {
    if let Some(path) = subject.strip_prefix("point ").or_else(|| subject.strip_prefix("device point ")) {
        return Some(path.to_owned());
    }
    if let Some(cell) = subject.strip_prefix("cell ") {
        let quantity = match watch {
            Watch::CellTemperatureHigh | Watch::CellTemperatureLow => "temperature",
            _ => "voltage",
        };
        // As it stands in an address.
        return Some(format!("cells/{}/{quantity}", cell.replace(' ', "%20")));
    }
    let point = match watch {
        Watch::BusSag | Watch::PackVoltage | Watch::VoltageOff => PointId::Voltage,
        Watch::ChargeColdest | Watch::DischargeColdest => PointId::CellTemperatureMin,
        Watch::ChargeHottest | Watch::DischargeHottest => PointId::CellTemperatureMax,
        Watch::ChargeCurrent | Watch::DischargeCurrent => PointId::Current,
        Watch::ChargeLimitUse | Watch::DischargeLimitUse | Watch::SopUse => PointId::Power,
        Watch::CellSpread => PointId::CellVoltageMin,
        Watch::SocLow | Watch::SocMove => PointId::Soc,
        Watch::InverterSocMove => PointId::InverterSoc,
        Watch::Insulation => PointId::InsulationKohm,
        _ => return None,
    };
    Some(point.spec().path.to_owned())
}

/// The curve. It is asked for once.
#[component]
pub(super) fn Around(moments: Moments, live: Live) -> impl IntoView {
    let answer = RwSignal::new(None::<Result<HistoryResponse, String>>);
    let question = moments.question(&live.system().id);
    Effect::new(move |_| {
        let question = question.clone();
        spawn_local(async move {
            let asked = fetch::get::<HistoryResponse>(question).await;
            answer.try_set(Some(asked.map_err(|why| why.to_string())));
        });
    });
    let label = format!("{} in the moments around it", moments.series.replace("%20", " "));
    let chart = Derived::new(move || {
        answer.with(|answer| match answer {
            Some(Ok(answer)) => chart(answer, &moments, format::local_offset_s),
            _ => LineChart::default(),
        })
    });
    let words = move || {
        answer.with(|answer| match answer {
            None => "Asking for the curve\u{2026}".to_owned(),
            Some(Err(why)) => format!("The curve is not known. {why}."),
            Some(Ok(_)) if chart.with(|chart| chart.lines.iter().all(|line| line.segments.is_empty())) => {
                "Nothing of it was recorded in these moments.".to_owned()
            }
            Some(Ok(_)) => String::new(),
        })
    };
    view! {
        <div class="alarm-moments">
            <LineChartView id="alarm-moments" chart label height_px=HEIGHT_PX />
            <p class="note" role="status">{words}</p>
        </div>
    }
    .into_any()
}

/// What is drawn: the curve, and when the alarm came and ended. `offset` is how far local time is ahead, s.
fn chart(answer: &HistoryResponse, moments: &Moments, offset: fn(f64) -> i32) -> LineChart {
    let s = |at: Utc| at.0 as f64 / 1e6;
    let color = match moments.severity {
        Severity::Critical => SeriesColor::Critical,
        Severity::Warning => SeriesColor::Warning,
        Severity::Notice => SeriesColor::Accent,
    };
    let mark = |at: Utc, name: &str| Mark { at: s(at), name: name.to_owned(), color };
    let (from, to) = (s(moments.from), s(moments.to));
    let marks = moments.raised.map(|at| mark(at, "raised")).into_iter().chain([mark(moments.ended, "ended")]);
    let found = [&answer.table, &answer.cells].into_iter().find_map(|table| Some((table, table.series.first()?)));
    let lines = found.map(|(table, series)| {
        let color = if series.unit.symbol() == "°C" { SeriesColor::Temperature } else { SeriesColor::Voltage };
        let points = table.at.iter().map(|at| s(*at)).zip(series.values.iter().copied());
        Line { label: String::new(), color, segments: segments(points) }
    });
    LineChart {
        time: TimeAxis { from, to, end: String::new() },
        y: ValueAxis { unit: found.map_or("", |(_, series)| series.unit.symbol()), range: ValueRange::Fit(0.02) },
        lines: lines.into_iter().collect(),
        marks: marks.filter(|mark| mark.at < to).collect(),
        clock: Some(offset(to)),
        ..LineChart::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::alarm::RULES;
    use domain::point::Unit;
    use domain::series::{Series, Table};

    #[test]
    fn what_has_a_curve_is_shown_by_the_series_that_history_knows() {
        let of = |rule: &str, subject: &str| {
            series(RuleIdx::from_id(rule).and_then(|rule| rule.rule()).unwrap().watch, subject)
        };
        for (rule, subject, name) in [
            ("cell.voltage.low", "cell 7.12", Some("cells/7.12/voltage")),
            ("cell.temperature.high", "cell R3 7.12", Some("cells/R3%207.12/temperature")),
            ("bus.sag", "system", Some("battery/voltage")),
            ("device.point.high", "device point hall/gpu/3/power", Some("hall/gpu/3/power")),
            ("value.frozen", "point battery/soc", Some("battery/soc")),
            ("link.silent", "link bms", None),
            ("afe.node.lost", "node 3", None),
        ] {
            assert_eq!(of(rule, subject).as_deref(), name, "{rule} {subject}");
        }
        for rule in RULES {
            assert!(series(rule.watch, "system").is_none_or(|name| PointId::from_path(&name).is_some()), "{}", rule.id);
        }
    }

    #[test]
    fn the_curve_ends_in_gaps_and_has_the_alarm_marked() {
        let values = vec![None, Some(3.0), Some(2.8), None, Some(3.1)];
        let series = Series { name: "x".into(), unit: Unit::Volt, resolution: 0.001, values };
        let table = Table { at: (0..5).map(|s| Utc(s * 1_000_000)).collect(), series: vec![series] };
        let answer = HistoryResponse { cells: table, ..HistoryResponse::default() };
        let alarm = EndedAlarm {
            rule: "cell.voltage.low".into(),
            subject: "cell 7.12".into(),
            severity: ::api::json::Word(Severity::Critical),
            words: String::new(),
            raised: Some(Utc(2_000_000)),
            ended: Utc(4_000_000),
        };
        let moments = Moments::of(&alarm).unwrap();
        let chart = chart(&answer, &moments, |_| 3_600);
        assert_eq!((chart.time.from, chart.time.to, chart.clock), (-58.0, 64.0, Some(3_600)));
        assert_eq!(chart.lines[0].segments.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        let marks: Vec<_> = chart.marks.iter().map(|mark| (mark.at, &*mark.name)).collect();
        assert_eq!(marks, [(2.0, "raised"), (4.0, "ended")]);
        assert!(moments.question("hv").contains("points=cells/7.12/voltage&from=-58000&to=64000"));
        // Of one that stood for long, its begin.
        let long = EndedAlarm { ended: Utc(9_000_000_000), ..alarm };
        assert_eq!(Moments::of(&long).unwrap().to, Utc(3_600_000_000 - 58_000_000));
    }
}
