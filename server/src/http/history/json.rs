//! The answer for people and programs.

use super::Wanted;
use crate::archive::rfc3339;
use crate::http::drawn::{CellCurves, NamedCell};
use domain::point::PointId;
use domain::series::Trace;
use domain::telemetry::column_name;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::{Bucket, CellChart, Chart, Day, Event, Flow, LeftOut, Summary};

/// Why a standard deviation is not known.
const NO_STD_DEV: &str =
    "of cells only the lowest, mean and highest of each minute are kept, not how far single readings lie apart";

/// All of it.
pub(in crate::http) fn answer(
    wanted: &Wanted,
    chart: &Chart,
    cells: &CellCurves,
    summary: &Summary,
    (events, left): (&[Event], &LeftOut),
) -> Value {
    let column = |point: PointId| json!({ "point": point.spec().path, "column": column_name(point), "unit": point.spec().unit.symbol() });
    let with = |mut object: Value, more: Value| {
        if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
            object.extend(more);
        }
        object
    };
    let drawn = match chart {
        Chart::Rows(rows) => {
            let series = wanted.points.iter().map(|point| {
                let values: Vec<Option<f32>> = match rows.column(*point) {
                    Some(values) => values.iter().map(|v| Some(*v).filter(|v| !v.is_nan())).collect(),
                    None => vec![None; rows.len()],
                };
                with(column(*point), json!({ "values": values }))
            });
            json!({
                "tier": "every row",
                "timestamps": rows.at_ms().iter().map(|at| rfc3339(*at)).collect::<Vec<_>>(),
                "series": series.collect::<Vec<_>>(),
            })
        }
        Chart::Grid(tier, grid) => {
            let series = grid.series.iter().map(|(point, buckets)| with(column(*point), steps(buckets)));
            json!({
                "tier": tier.words(),
                "first_step": rfc3339(grid.from_ms),
                "step_ms": grid.step_ms,
                "series": series.collect::<Vec<_>>(),
            })
        }
    };
    let statistics = summary.points.iter().map(|(point, bucket)| {
        let there = |value: f32| (bucket.n > 0).then_some(value);
        let more = json!({
            "rows": bucket.n, "mean": bucket.mean(), "std_dev": bucket.std_dev(),
            "min": there(bucket.min), "max": there(bucket.max),
        });
        with(column(*point), more)
    });
    let Flow { out_wh, in_wh, discharging_s, charging_s, known_s } = summary.flow;
    let about = json!({
        "system": wanted.system,
        "from": rfc3339(wanted.range.from_ms),
        "to": rfc3339(wanted.range.to_ms),
        "statistics": statistics.collect::<Vec<_>>(),
        "energy": {
            "out_wh": out_wh, "in_wh": in_wh, "discharging_s": discharging_s, "charging_s": charging_s, "known_s": known_s,
        },
        "events": events.iter().map(event).collect::<Vec<_>>(),
        "left_out": left_out(left),
    });
    let about_cell =
        |(name, quantity, _): &NamedCell| json!({ "point": name, "unit": Trace::Cell(*quantity, 0).unit().symbol() });
    let named = wanted.cells.iter().map(about_cell);
    let cells: Vec<Value> = match cells {
        CellCurves::Readings(readings) => {
            let at: Vec<String> = readings.at_ms.iter().map(|at| rfc3339(*at)).collect();
            // JSON has no word for NaN; it becomes null.
            let of = |values: &Vec<f32>| json!({ "tier": "every reading", "timestamps": at, "values": values });
            named.zip(&readings.values).map(|(about, values)| with(about, of(values))).collect()
        }
        CellCurves::Minutes(cells) => {
            let of = |cell: &CellChart| {
                let first_step = rfc3339(cell.from_ms);
                let about = json!({
                    "tier": "from minutes", "first_step": first_step, "step_ms": cell.step_ms,
                    "std_dev": null, "std_dev_reason": NO_STD_DEV,
                });
                with(about, steps(&cell.buckets))
            };
            named.zip(cells).map(|(about, cell)| with(about, of(cell))).collect()
        }
    };
    let about = if cells.is_empty() { about } else { with(about, json!({ "cells": cells })) };
    with(about, drawn)
}

/// The days that are in no answer, and how many of them are still to be taken in; null if there are none.
pub(in crate::http) fn left_out(left: &LeftOut) -> Value {
    let days = |days: &[Day], to_come: &[Day]| {
        let all: BTreeSet<Day> = days.iter().chain(to_come).copied().collect();
        all.iter().map(Day::to_string).collect::<Vec<_>>()
    };
    let LeftOut { rows, cells, rows_to_come, cells_to_come } = left;
    match *left == LeftOut::default() {
        true => Value::Null,
        false => json!({
            "readings": days(rows, rows_to_come), "cells": days(cells, cells_to_come), "words": left.words(),
            "to_come": rows_to_come.len() + cells_to_come.len(),
        }),
    }
}

fn event(event: &Event) -> Value {
    let Event { at_ms, kind, rule, subject, severity, value, words } = event;
    json!({
        "timestamp": rfc3339(*at_ms), "kind": kind.word(), "rule": rule, "subject": subject,
        "severity": severity.word(), "value": value, "words": words,
    })
}

/// What is known of each step.
fn steps(buckets: &[Bucket]) -> Value {
    let of =
        |get: fn(&Bucket) -> f32| -> Vec<Option<f32>> { buckets.iter().map(|b| (b.n > 0).then(|| get(b))).collect() };
    json!({
        "rows": buckets.iter().map(|b| b.n).collect::<Vec<_>>(),
        "first": of(|b| b.first), "min": of(|b| b.min), "max": of(|b| b.max), "last": of(|b| b.last),
        "mean": buckets.iter().map(Bucket::mean).collect::<Vec<_>>(),
    })
}
