//! The ready questions, answered by the store's own kernels.

use super::sql;
use crate::hub::Hub;
use api::analysis::{AnalysisResponse, Bars, Column, Figure, FigureRole, Kind, Table};
use domain::point::PointId;
use domain::spec::SystemSpec;
use std::collections::HashMap;
use store::{CellRank, DAY_MS, Flow, Headroom, History, Mean, Range, Sags, StoreError};

/// Sags and cells that are listed.
const WORST: usize = 10;
/// The share of the discharge limit from which on it counts as used up.
const HEADROOM_SHARE: f64 = 0.9;

/// A ready question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Energy out of and into the battery.
    Energy,
    /// Mean current by hour of the day.
    HourlyCurrent,
    /// The deepest sags of the pack voltage, and how fast it fell.
    Sags,
    /// How much of the discharge limit was used.
    Headroom,
    /// Which cell was the lowest, for how much of the time.
    Cells,
}

/// Every question with its id and what it asks.
pub(crate) const QUESTIONS: [(Question, &str, &str); 5] = [
    (Question::Energy, "energy", "How much energy went through the battery?"),
    (Question::HourlyCurrent, "hourly-current", "What is the mean current at each hour of the day?"),
    (Question::Sags, "sags", "How often and how deep does the voltage sag, and how fast does it fall?"),
    (Question::Headroom, "headroom", "How often and how long is the discharge limit used up?"),
    (Question::Cells, "cells", "Which cells are the lowest, and for how much of the time?"),
];

/// A question about a stretch of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    /// What is asked.
    pub(crate) question: Question,
    /// About when.
    pub(crate) range: Range,
    /// From every row, where a rollup could answer.
    pub(crate) exact: bool,
    /// By how much local time is ahead of UTC, min.
    pub(crate) offset_min: i64,
}

/// The answer for the system at `index`, with the SQL that gives the same. Blocks on the disk.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn ask(hub: &Hub, index: usize, ask: &Ask) -> Result<AnalysisResponse, StoreError> {
    let Some(spec) = hub.site.systems.get(index) else { return Ok(AnalysisResponse::default()) };
    let (history, system) = (hub.store.history(), spec.id.as_str());
    let Ask { range, exact, offset_min, .. } = *ask;
    let offset_ms = offset_min * 60_000;
    let length_s = range.len_ms() as f64 / 1e3;
    // How much of the time is recorded, where the answer itself does not tell.
    let recorded_s = || history.energy(system, range).map(|flow| flow.known_s);
    Ok(match ask.question {
        Question::Energy => {
            let flow = if exact { history.energy_exact(system, range)? } else { history.energy(system, range)? };
            AnalysisResponse {
                figures: energy(&flow, length_s),
                sql: sql::energy(range),
                recorded_s: Some(flow.known_s),
                ..AnalysisResponse::default()
            }
        }
        Question::HourlyCurrent => {
            let point = PointId::Current;
            let hours = match exact {
                true => history.hourly_exact(system, range, point, offset_ms)?,
                false => history.hourly(system, range, point, offset_ms)?,
            };
            let recorded_s = recorded_s()?;
            AnalysisResponse {
                figures: coverage(recorded_s, length_s),
                bars: Some(hourly(&hours)),
                sql: sql::hourly(range, offset_min),
                recorded_s: Some(recorded_s),
                ..AnalysisResponse::default()
            }
        }
        Question::Sags => {
            let limit_pct = spec.limits.sag_pct;
            let sags = history.sags(system, range, limit_pct, WORST)?;
            let recorded_s = recorded_s()?;
            AnalysisResponse {
                figures: sag_figures(&sags, limit_pct, recorded_s, length_s),
                table: Some(sag_table(&sags)),
                recorded_s: Some(recorded_s),
                sql: sql::sags(range, limit_pct, WORST),
                ..AnalysisResponse::default()
            }
        }
        Question::Headroom => {
            let headroom = history.headroom(system, range, HEADROOM_SHARE)?;
            AnalysisResponse {
                figures: headroom_figures(&headroom, length_s),
                sql: sql::headroom(range, HEADROOM_SHARE),
                recorded_s: Some(headroom.known_s),
                ..AnalysisResponse::default()
            }
        }
        Question::Cells => {
            let rank = history.cell_rank(system, range)?;
            if rank.minutes == 0 {
                let table = Some(lowest_by_bms(history, spec, range)?);
                return Ok(AnalysisResponse {
                    table,
                    sql: sql::cells_by_bms(range, WORST),
                    ..AnalysisResponse::default()
                });
            }
            let recorded_s = rank.minutes as f64 * 60.0;
            AnalysisResponse {
                figures: coverage(recorded_s, length_s),
                recorded_s: Some(recorded_s),
                table: Some(lowest(&rank, spec)),
                sql: sql::cells(range, WORST),
                ..AnalysisResponse::default()
            }
        }
    })
}

fn figure(name: &str, value: f64, unit: &str, decimals: u8) -> Figure {
    Figure { name: name.to_owned(), value: Some(value), unit: unit.to_owned(), decimals, role: FigureRole::Answer }
}

/// A figure that cannot be told of a time of which nothing is known.
fn known(figure: Figure, known_s: f64) -> Figure {
    Figure { value: figure.value.filter(|_| known_s > 0.0), ..figure }
}

/// For how long there are readings, and which share of the `length_s` that were asked about that is.
fn coverage(known_s: f64, length_s: f64) -> Vec<Figure> {
    // A reading holds until the next one: at the ends some are missing or too many.
    let share_pct = (100.0 * known_s / length_s.max(1e-3)).min(100.0);
    // To what can be told of it.
    let share_pct = (share_pct * 1e3).round() / 1e3;
    let coverage = figure("Data coverage", share_pct, "%", if share_pct > 0.0 && share_pct < 1.0 { 3 } else { 1 });
    let figures = [figure("Recorded time", known_s / 3_600.0, "h", 1), coverage];
    figures.map(|figure| Figure { role: FigureRole::Coverage, ..figure }).to_vec()
}

fn energy(flow: &Flow, length_s: f64) -> Vec<Figure> {
    let figures = vec![
        figure("Energy out", flow.out_wh / 1e3, "kWh", 1),
        figure("Energy in", flow.in_wh / 1e3, "kWh", 1),
        figure("Net", flow.net_wh() / 1e3, "kWh", 1),
        figure("Discharging", flow.discharging_s / 3_600.0, "h", 1),
        figure("Charging", flow.charging_s / 3_600.0, "h", 1),
    ];
    let figures = figures.into_iter().map(|figure| known(figure, flow.known_s));
    figures.chain(coverage(flow.known_s, length_s)).collect()
}

fn hourly(hours: &[Mean; 24]) -> Bars {
    let bars = hours.iter().enumerate().map(|(hour, mean)| (format!("{hour:02}"), mean.value())).collect();
    Bars { name: "Mean current by hour of the day".to_owned(), unit: "A".to_owned(), bars }
}

fn sag_figures(sags: &Sags, limit_pct: f32, known_s: f64, length_s: f64) -> Vec<Figure> {
    // Without a sag there is no deepest one.
    let sag_s = if sags.count > 0 { known_s } else { 0.0 };
    let depth_pct = sags.worst.first().map_or(0.0, |sag| sag.depth_pct);
    let mut figures = vec![
        known(figure("Fastest fall", sags.fastest_v_s.into(), "V/s", 2), sag_s),
        known(figure("Deepest sag", depth_pct.into(), "%", 2), sag_s),
        known(figure("Sags deeper than the limit", sags.count as f64, "", 0), known_s),
        figure("Limit", limit_pct.into(), "%", 1),
    ];
    figures.extend(coverage(known_s, length_s));
    figures
}

fn columns(columns: &[(&str, Kind)]) -> Vec<Column> {
    columns.iter().map(|(name, kind)| Column { name: (*name).to_owned(), kind: *kind }).collect()
}

fn sag_table(sags: &Sags) -> Table {
    let names = [
        ("began", Kind::Time),
        ("duration_ms", Kind::Number),
        ("depth_pct", Kind::Number),
        ("depth_v", Kind::Number),
        ("velocity_v_s", Kind::Number),
        ("current_a", Kind::Number),
    ];
    let number = |value: f32| (!value.is_nan()).then(|| format!("{value:.2}"));
    let row = |sag: &store::Sag| {
        let at = crate::times::rfc3339(sag.at_ms).trim_end_matches('Z').replace('T', " ");
        let numbers = [sag.depth_pct, sag.depth_v, sag.velocity_v_s, sag.current_a].map(number);
        [Some(at), Some(sag.duration_ms.to_string())].into_iter().chain(numbers)
    };
    Table { columns: columns(&names), cells: sags.worst.iter().flat_map(row).collect(), more: false }
}

fn headroom_figures(headroom: &Headroom, length_s: f64) -> Vec<Figure> {
    let Headroom { known_s, above_s, times, longest_s, peak_share } = *headroom;
    let share_pct = if known_s > 0.0 { 100.0 * above_s / known_s } else { 0.0 };
    let figures = vec![
        figure("Highest use of the limit", 100.0 * peak_share, "%", 1),
        figure("Times at 90 % or more", times as f64, "", 0),
        figure("Longest time at 90 % or more", longest_s, "s", 1),
        figure("Total time at 90 % or more", above_s, "s", 1),
        figure("Share of the recorded time", share_pct, "%", 3),
    ];
    figures.into_iter().map(|figure| known(figure, known_s)).chain(coverage(known_s, length_s)).collect()
}

/// The name of a cell, or its number if the system has none such.
fn cell_name(spec: &SystemSpec, cell: usize) -> String {
    if cell < spec.topology.cells() { spec.topology.cell_name(cell) } else { cell.to_string() }
}

/// How much of the time each cell was the lowest.
fn lowest(rank: &CellRank, spec: &SystemSpec) -> Table {
    let mut cells: Vec<usize> = (0..rank.lowest.len()).filter(|cell| rank.lowest[*cell] > 0).collect();
    cells.sort_by_key(|cell| std::cmp::Reverse(rank.lowest[*cell]));
    let row = |cell: &usize| {
        let share_pct = 100.0 * rank.lowest[*cell] as f64 / rank.minutes as f64;
        let deviation_mv = 1e3 * rank.deviation_v[*cell];
        [Some(cell_name(spec, *cell)), Some(format!("{share_pct:.3}")), Some(format!("{deviation_mv:.2}"))]
    };
    let names = [("cell", Kind::Text), ("lowest_pct_of_time", Kind::Number), ("mean_deviation_mv", Kind::Number)];
    Table { columns: columns(&names), cells: cells.iter().take(WORST).flat_map(row).collect(), more: false }
}

/// The same by what the BMS says, where there are no minutes of cells. A day at a time: months of rows are never in
/// memory at once.
fn lowest_by_bms(history: &History, spec: &SystemSpec, range: Range) -> Result<Table, StoreError> {
    let mut counts: HashMap<u32, u64> = HashMap::new();
    let coverage = history.coverage(&spec.id);
    let (first, last) = (coverage.first_ms.unwrap_or(0), coverage.last_ms.unwrap_or(0));
    let (mut from_ms, to_ms) = (range.from_ms.max(first), range.to_ms.min(last.saturating_add(1)));
    while from_ms < to_ms {
        let end_ms = ((from_ms.div_euclid(DAY_MS) + 1) * DAY_MS).min(to_ms);
        let rows = history.rows(&spec.id, Range::new(from_ms, end_ms), &[PointId::CellVoltageMinAt])?;
        for cell in rows.column(PointId::CellVoltageMinAt).unwrap_or_default().iter().filter(|cell| !cell.is_nan()) {
            *counts.entry(*cell as u32).or_default() += 1;
        }
        from_ms = end_ms;
    }
    let all: u64 = counts.values().sum();
    let mut counts: Vec<(u32, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(cell, count)| (std::cmp::Reverse(*count), *cell));
    counts.truncate(WORST);
    let row = |(cell, count): (u32, u64)| {
        let share_pct = 100.0 * count as f64 / all as f64;
        [Some(cell_name(spec, cell as usize)), Some(format!("{share_pct:.3}"))]
    };
    let names = [("cell", Kind::Text), ("lowest_pct_of_time", Kind::Number)];
    Ok(Table { columns: columns(&names), cells: counts.into_iter().flat_map(row).collect(), more: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name and value of each figure.
    fn pairs(figures: &[Figure]) -> Vec<(&str, Option<f64>)> {
        figures.iter().map(|figure| (figure.name.as_str(), figure.value)).collect()
    }

    #[test]
    fn of_a_time_without_readings_nothing_is_told_but_that() {
        let day_s = 86_400.0;
        for figures in [
            energy(&Flow::default(), day_s),
            headroom_figures(&Headroom::default(), day_s),
            sag_figures(&Sags::default(), 5.0, 0.0, day_s),
        ] {
            let said = ["Recorded time", "Data coverage", "Limit"];
            for (name, value) in pairs(&figures) {
                assert_eq!(value.is_some(), said.contains(&name), "{name}: {value:?}");
            }
            assert_eq!(pairs(&figures).last(), Some(&("Data coverage", Some(0.0))));
        }
        let half = Flow { known_s: day_s / 2.0, out_wh: 1_000.0, ..Flow::default() };
        let figures = energy(&half, day_s);
        assert_eq!(pairs(&figures)[0], ("Energy out", Some(1.0)));
        assert_eq!(pairs(&figures)[5..], [("Recorded time", Some(12.0)), ("Data coverage", Some(50.0))]);
    }
}
