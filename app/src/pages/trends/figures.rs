//! What the values that are seen are: a table of statistics, energy, and where it all comes from.

use super::against::Other;
use super::pictures::{cell_of, is_device, name};
use crate::components::Card;
use crate::derived::Derived;
use crate::format::{self, NONE, THIN};
use crate::pages::device_points::figure as device_figure;
use ::api::history::{EnergyFlow, HistoryResponse};
use domain::point::{PointId, Unit};
use domain::spec::SystemKind;
use leptos::prelude::*;
use std::sync::Arc;

/// Statistics of the visible range.
#[component]
pub(super) fn Figures(
    /// What is seen.
    #[prop(into)]
    stretch: Signal<Arc<HistoryResponse>>,
    /// The other time that it is laid over.
    other: Derived<Option<Other>>,
    /// The time that the charts draw, UTC in s.
    drawn: RwSignal<(f64, f64)>,
    /// Kind of the system.
    kind: SystemKind,
) -> impl IntoView {
    let rows = move || {
        other.with(|other| stretch.with(|stretch| beside(stretch, other.as_ref(), kind))).into_iter().map(|row| {
        let [mean, spread, min, max, n] = row.cells;
        view! { <tr><th scope="row">{row.name}</th><td>{mean}</td><td>{spread}</td><td>{min}</td><td>{max}</td><td>{n}</td></tr> }
    }).collect_view()
    };
    let length_s = move || drawn.with(|(from_s, to_s)| (to_s - from_s) as f32);
    let flow = move || {
        stretch
            .with(|stretch| other.with(|other| flow_beside(stretch, other.as_ref(), length_s())))
            .into_iter()
            .map(|(term, value)| {
                view! { <div><dt>{term}</dt><dd>{value}</dd></div> }
            })
            .collect_view()
    };
    let provenance = Derived::new(move || stretch.with(|stretch| provenance(stretch)));
    let left_out = Derived::new(move || other.with(|other| stretch.with(|stretch| left_out(stretch, other.as_ref()))));
    view! {
        <Card title="Statistics of the visible range" note=provenance class="trends-figures">
            <p class="note" hidden=move || left_out.with(String::is_empty)>{move || left_out.get()}</p>
            <dl class="trends-flow">{flow}</dl>
            <div class="scroll-x" tabindex="0" role="region" aria-label="Table of statistics">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Quantity"</th>
                            <th scope="col">"Mean"</th>
                            <th scope="col">"Standard deviation"</th>
                            <th scope="col">"Lowest"</th>
                            <th scope="col">"Highest"</th>
                            <th scope="col">"Readings"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </Card>
    }
}

struct Row {
    name: String,
    cells: [String; 5],
}

fn rows(stretch: &HistoryResponse, kind: SystemKind) -> Vec<Row> {
    let row = |(series, s): (&domain::series::Series, &::api::history::Statistics)| {
        // Cells are told as the extremes of all cells are.
        let (point, name) = match (PointId::from_path(&series.name), series.unit) {
            (None, _) if is_device(series) => (None, series.name.clone()),
            (Some(point), _) => (Some(point), name(point, kind).to_owned()),
            (None, Unit::Volt) => (Some(PointId::CellVoltageMin), format!("Cell {} voltage", cell_of(&series.name))),
            (None, Unit::Celsius) => {
                (Some(PointId::CellTemperatureMax), format!("Cell {} temperature", cell_of(&series.name)))
            }
            _ => return None,
        };
        let figure = |value: f32| match point {
            Some(point) => format::point(point, value),
            None => device_figure(series.unit, &series.name, series.resolution, value),
        };
        let words = |value: f32| if s.n > 0 { figure(value).to_string() } else { NONE.to_owned() };
        let spread = match s.std_dev {
            _ if s.n < 2 => NONE.to_owned(),
            unknown if unknown.is_nan() => "only minutes are kept".to_owned(),
            std_dev => words(std_dev),
        };
        Some(Row { name, cells: [words(s.mean), spread, words(s.min), words(s.max), format::count(s.n)] })
    };
    stretch.table.series.iter().chain(&stretch.cells.series).zip(&stretch.statistics).filter_map(row).collect()
}

/// The rows of both times, each quantity's one below the other.
fn beside(stretch: &HistoryResponse, other: Option<&Other>, kind: SystemKind) -> Vec<Row> {
    let now = rows(stretch, kind);
    let Some(other) = other else { return now };
    let mut before = rows(&other.stretch, kind);
    let mut both = Vec::new();
    for row in now {
        let place = before.iter().position(|before| before.name == row.name);
        both.push(row);
        if let Some(place) = place {
            let row = before.remove(place);
            both.push(Row { name: format!("{}, {}", row.name, other.words), ..row });
        }
    }
    both
}

/// The energy of both times, of which each is `length_s` long.
fn flow_beside(stretch: &HistoryResponse, other: Option<&Other>, length_s: f32) -> Vec<(&'static str, String)> {
    let now = flow_words(&stretch.flow, length_s).into_iter();
    match other {
        None => now.collect(),
        Some(other) => {
            let both = now.zip(flow_words(&other.stretch.flow, length_s));
            both.map(|((term, now), (_, before))| (term, format!("{now} ({before} {})", other.words))).collect()
        }
    }
}

fn flow_words(flow: &EnergyFlow, length_s: f32) -> [(&'static str, String); 5] {
    let known = |words: String| if flow.known_s > 0.0 { words } else { NONE.to_owned() };
    let share = |s: f32| known(format!("{}{THIN}%", format::fixed(100.0 * s / flow.known_s.max(1e-3), 0)));
    [
        ("Energy out", known(format::kilowatt_hours(flow.out_wh).to_string())),
        ("Energy in", known(format::kilowatt_hours(flow.in_wh).to_string())),
        ("Discharging", share(flow.discharging_s)),
        ("Charging", share(flow.charging_s)),
        ("Data coverage", known(format!("{}{THIN}%", covered(flow.known_s, length_s)))),
    ]
}

/// The share of a time that was recorded, %: all is said of all only.
fn covered(known_s: f32, length_s: f32) -> String {
    let pct = 100.0 * known_s / length_s.max(1e-3);
    match pct {
        pct if pct < 1.0 => "< 1".to_owned(),
        // A reading holds until the next one, so at the edges some are missing or too many.
        pct if pct >= 99.5 => "100".to_owned(),
        pct => format::fixed(pct.floor(), 0),
    }
}

/// What is missing of both times because files were damaged.
fn left_out(stretch: &HistoryResponse, other: Option<&Other>) -> String {
    match other.map(|other| other.stretch.left_out.as_str()).filter(|before| !before.is_empty()) {
        None => stretch.left_out.clone(),
        Some(before) if before == stretch.left_out => before.to_owned(),
        Some(before) => format!("{} {before}", stretch.left_out).trim_start().to_owned(),
    }
}

/// `12 960 000 readings, from summaries of ten minutes`.
fn provenance(stretch: &HistoryResponse) -> String {
    match stretch.rows {
        0 => String::new(),
        rows => format!("{} readings, {}", format::count(rows), source_words(&stretch.tier)),
    }
}

/// Where an answer comes from, as the API calls it, in words.
fn source_words(tier: &str) -> &str {
    match tier {
        "every row" => "each one counted",
        "from minutes" => "from summaries of minutes",
        "from ten minutes" => "from summaries of ten minutes",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::api::history::Statistics;
    use domain::series::{Series, Table};

    #[test]
    fn statistics_are_told_with_their_units_and_what_is_not_known_as_such() {
        let series = |name: &str| Series { name: name.into(), unit: Unit::Volt, resolution: 0.01, values: vec![] };
        let stretch = HistoryResponse {
            table: Table { at: vec![], series: vec![series("battery/voltage"), series("battery/soc")] },
            statistics: vec![
                Statistics { n: 12_960_000, mean: 832.04, std_dev: 1.5, min: 790.0, max: 860.0 },
                Statistics::default(),
            ],
            flow: EnergyFlow {
                out_wh: 8_070_344.0,
                in_wh: 1_000.0,
                discharging_s: 50.0,
                charging_s: 25.0,
                known_s: 100.0,
            },
            rows: 12_960_000,
            tier: "from ten minutes".into(),
            ..HistoryResponse::default()
        };
        let earlier = HistoryResponse {
            statistics: vec![Statistics { n: 2, mean: 800.0, ..Statistics::default() }; 2],
            ..stretch.clone()
        };
        let other = Other { stretch: Arc::new(earlier), earlier_s: 86_400.0, words: "a day before" };
        let both = beside(&stretch, Some(&other), SystemKind::DataCentre);
        let names: Vec<&str> = both.iter().map(|row| row.name.as_str()).collect();
        let charge = "State of charge, a day before";
        assert_eq!(names, ["Voltage", "Voltage, a day before", "State of charge", charge]);
        assert!(both[1].cells[0].starts_with("800.0"), "{}", both[1].cells[0]);
        assert_eq!(flow_beside(&stretch, Some(&other), 200.0)[3].1, "25\u{202f}% (25\u{202f}% a day before)");
        let plain = |text: &str| text.replace(['\u{202f}', '\u{a0}'], " ");
        let rows = rows(&stretch, SystemKind::DataCentre);
        assert_eq!(plain(&rows[0].cells.join("|")), "832.0 V|1.5 V|790.0 V|860.0 V|12 960 000");
        assert_eq!(rows[1].cells[..2], [NONE, NONE]);
        assert_eq!(plain(&provenance(&stretch)), "12 960 000 readings, from summaries of ten minutes");
        assert_eq!(flow_words(&stretch.flow, 200.0)[2].1, "50\u{202f}%");
        assert_eq!(plain(&flow_words(&stretch.flow, 200.0)[4].1), "50 %");
        assert!(flow_words(&EnergyFlow::default(), 60.0).iter().all(|(_, words)| words == NONE));
        for (known_s, words) in [(0.1, "< 1"), (1.9, "1"), (99.4, "99"), (99.9, "100"), (100.4, "100")] {
            assert_eq!(covered(known_s, 100.0), words, "{known_s}");
        }
    }
}
