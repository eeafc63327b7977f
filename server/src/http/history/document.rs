//! The answer for people and programs.

use super::Wanted;
use crate::http::drawn::{Curves, Single};
use api::history::{
    CellChart, CellReadings, CellSeries, CellSteps, Energy, EventKind, HistoryChart, HistoryDocument, HistoryEvent,
    LeftOut, PointReadings, PointStatistics, PointSteps, Steps,
};
use api::json::{Timestamp, Word, known};
use domain::point::PointId;
use domain::telemetry::column_name;
use std::collections::BTreeSet;
use store::{Bucket, Chart, Day, Event, Flow, Summary};

/// Why a standard deviation is not known.
const NO_STD_DEV: &str = "of cells and device points only the lowest, mean and highest of each minute are kept, not how far single readings lie apart";

/// All of it.
pub(in crate::http) fn answer(
    wanted: &Wanted,
    chart: &Chart,
    curves: &Curves,
    summary: &Summary,
    (events, left): (&[Event], &store::LeftOut),
) -> HistoryDocument {
    let singles = single_series(&wanted.singles, curves);
    let (cells, device_points) = singles.into_iter().partition(|series| series.point.starts_with("cells/"));
    let Flow { out_wh, in_wh, discharging_s, charging_s, known_s } = summary.flow;
    HistoryDocument {
        system: wanted.system.clone(),
        from: Timestamp::of_ms(wanted.range.from_ms),
        to: Timestamp::of_ms(wanted.range.to_ms),
        chart: points(wanted, chart),
        statistics: summary.points.iter().map(|(point, bucket)| statistics(*point, bucket)).collect(),
        energy: Energy { out_wh, in_wh, discharging_s, charging_s, known_s },
        cells,
        device_points,
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

fn single_series(singles: &[Single], curves: &Curves) -> Vec<CellSeries> {
    let charts: Vec<CellChart> = match curves {
        Curves::Readings(readings) => {
            let timestamps: Vec<Timestamp> = readings.at_ms.iter().map(|at| Timestamp::of_ms(*at)).collect();
            let of = |values: &Vec<f32>| CellReadings {
                tier: "every reading",
                timestamps: timestamps.clone(),
                values: values.iter().map(|value| known(*value)).collect(),
            };
            readings.values.iter().map(|values| CellChart::Readings(of(values))).collect()
        }
        Curves::Minutes(minutes) => {
            let of = |buckets: &Vec<Bucket>| CellSteps {
                tier: "from minutes",
                first_step: Timestamp::of_ms(minutes.from_ms),
                step_ms: minutes.step_ms,
                std_dev: None,
                std_dev_reason: NO_STD_DEV,
                steps: steps(buckets),
            };
            minutes.curves.iter().map(|buckets| CellChart::Steps(of(buckets))).collect()
        }
    };
    let named = singles.iter().zip(charts);
    named.map(|(of, chart)| CellSeries { point: of.name.clone(), unit: of.unit.symbol(), chart }).collect()
}

/// The days that are in no answer, and how many of them are still to be taken in; `None` if there are none.
pub(in crate::http) fn left_out(left: &store::LeftOut) -> Option<LeftOut> {
    let days = |days: &[Day], to_come: &[Day]| {
        let all: BTreeSet<Day> = days.iter().chain(to_come).copied().collect();
        all.iter().map(Day::to_string).collect::<Vec<_>>()
    };
    let store::LeftOut { rows, cells, devices, rows_to_come, cells_to_come, devices_to_come } = left;
    (*left != store::LeftOut::default()).then(|| LeftOut {
        readings: days(rows, rows_to_come),
        cells: days(cells, cells_to_come),
        device_points: days(devices, devices_to_come),
        words: left.words(),
        to_come: rows_to_come.len() + cells_to_come.len() + devices_to_come.len(),
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
