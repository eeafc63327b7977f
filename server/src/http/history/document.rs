//! The answer for people and programs.

use super::Wanted;
use crate::http::drawn::{CellCurves, NamedCell};
use api::history::{
    CellChart, CellReadings, CellSeries, CellSteps, Energy, EventKind, HistoryChart, HistoryDocument, HistoryEvent,
    LeftOut, PointReadings, PointStatistics, PointSteps, Steps,
};
use api::json::{Timestamp, Word, known};
use domain::point::PointId;
use domain::series::Trace;
use domain::telemetry::column_name;
use std::collections::BTreeSet;
use store::{Bucket, Chart, Day, Event, Flow, Summary};

/// Why a standard deviation is not known.
const NO_STD_DEV: &str =
    "of cells only the lowest, mean and highest of each minute are kept, not how far single readings lie apart";

/// All of it.
pub(in crate::http) fn answer(
    wanted: &Wanted,
    chart: &Chart,
    cells: &CellCurves,
    summary: &Summary,
    (events, left): (&[Event], &store::LeftOut),
) -> HistoryDocument {
    let Flow { out_wh, in_wh, discharging_s, charging_s, known_s } = summary.flow;
    HistoryDocument {
        system: wanted.system.clone(),
        from: Timestamp::of_ms(wanted.range.from_ms),
        to: Timestamp::of_ms(wanted.range.to_ms),
        chart: points(wanted, chart),
        statistics: summary.points.iter().map(|(point, bucket)| statistics(*point, bucket)).collect(),
        energy: Energy { out_wh, in_wh, discharging_s, charging_s, known_s },
        cells: single_cells(&wanted.cells, cells),
        events: events.iter().map(event).collect(),
        left_out: left_out(left),
    }
}

fn points(wanted: &Wanted, chart: &Chart) -> HistoryChart {
    match chart {
        Chart::Rows(rows) => {
            let series = wanted.points.iter().map(|point| PointReadings {
                point: point.spec().path,
                column: column_name(*point),
                unit: point.spec().unit.symbol(),
                values: match rows.column(*point) {
                    Some(values) => values.iter().map(|value| known(*value)).collect(),
                    None => vec![None; rows.len()],
                },
            });
            HistoryChart::Rows {
                tier: "every row",
                timestamps: rows.at_ms().iter().map(|at| Timestamp::of_ms(*at)).collect(),
                series: series.collect(),
            }
        }
        Chart::Grid(tier, grid) => {
            let series = grid.series.iter().map(|(point, buckets)| PointSteps {
                point: point.spec().path,
                column: column_name(*point),
                unit: point.spec().unit.symbol(),
                steps: steps(buckets),
            });
            HistoryChart::Steps {
                tier: tier.words(),
                first_step: Timestamp::of_ms(grid.from_ms),
                step_ms: grid.step_ms,
                series: series.collect(),
            }
        }
    }
}

fn statistics(point: PointId, bucket: &Bucket) -> PointStatistics {
    let there = |value: f32| (bucket.n > 0).then_some(value.into());
    PointStatistics {
        point: point.spec().path,
        column: column_name(point),
        unit: point.spec().unit.symbol(),
        rows: bucket.n,
        mean: bucket.mean(),
        std_dev: bucket.std_dev(),
        min: there(bucket.min),
        max: there(bucket.max),
    }
}

fn single_cells(named: &[NamedCell], cells: &CellCurves) -> Vec<CellSeries> {
    let charts: Vec<CellChart> = match cells {
        CellCurves::Readings(readings) => {
            let timestamps: Vec<Timestamp> = readings.at_ms.iter().map(|at| Timestamp::of_ms(*at)).collect();
            let of = |values: &Vec<f32>| CellReadings {
                tier: "every reading",
                timestamps: timestamps.clone(),
                values: values.iter().map(|value| known(*value)).collect(),
            };
            readings.values.iter().map(|values| CellChart::Readings(of(values))).collect()
        }
        CellCurves::Minutes(cells) => {
            let of = |cell: &store::CellChart| CellSteps {
                tier: "from minutes",
                first_step: Timestamp::of_ms(cell.from_ms),
                step_ms: cell.step_ms,
                std_dev: None,
                std_dev_reason: NO_STD_DEV,
                steps: steps(&cell.buckets),
            };
            cells.iter().map(|cell| CellChart::Steps(of(cell))).collect()
        }
    };
    let named = named.iter().map(|(name, quantity, _)| (name.clone(), Trace::Cell(*quantity, 0).unit().symbol()));
    named.zip(charts).map(|((point, unit), chart)| CellSeries { point, unit, chart }).collect()
}

/// The days that are in no answer, and how many of them are still to be taken in; `None` if there are none.
pub(in crate::http) fn left_out(left: &store::LeftOut) -> Option<LeftOut> {
    let days = |days: &[Day], to_come: &[Day]| {
        let all: BTreeSet<Day> = days.iter().chain(to_come).copied().collect();
        all.iter().map(Day::to_string).collect::<Vec<_>>()
    };
    let store::LeftOut { rows, cells, rows_to_come, cells_to_come } = left;
    (*left != store::LeftOut::default()).then(|| LeftOut {
        readings: days(rows, rows_to_come),
        cells: days(cells, cells_to_come),
        words: left.words(),
        to_come: rows_to_come.len() + cells_to_come.len(),
    })
}

fn event(event: &Event) -> HistoryEvent {
    let Event { at_ms, kind, rule, subject, severity, value, words } = event;
    HistoryEvent {
        timestamp: Timestamp::of_ms(*at_ms),
        kind: Word(match kind {
            store::EventKind::Raised => EventKind::Raised,
            store::EventKind::Cleared => EventKind::Cleared,
            store::EventKind::Deleted => EventKind::Deleted,
        }),
        rule: rule.clone(),
        subject: subject.clone(),
        severity: Word(*severity),
        value: value.map(f64::from),
        words: words.clone(),
    }
}

/// What is known of each step.
fn steps(buckets: &[Bucket]) -> Steps {
    let of = |get: fn(&Bucket) -> f32| buckets.iter().map(|b| (b.n > 0).then(|| f64::from(get(b)))).collect();
    Steps {
        rows: buckets.iter().map(|b| b.n).collect(),
        first: of(|b| b.first),
        min: of(|b| b.min),
        max: of(|b| b.max),
        last: of(|b| b.last),
        mean: buckets.iter().map(Bucket::mean).collect(),
    }
}
