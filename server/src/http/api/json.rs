//! The shapes of the API's answers.

use domain::cells::ColumnStats;
use domain::derived;
use domain::link::{FrameRow, LinkFault, LinkStatus};
use domain::point::PointId;
use domain::reading::{CellQuantity, NodeQuantity, Sample};
use domain::series::Table;
use domain::slot::PowerFrom;
use domain::spec::{SiteSpec, SystemSpec};
use domain::time::{Mono, Now, rfc3339};
use domain::twin::Snapshot;
use serde_json::{Map, Value, json};

/// A number with the digits that its step deserves.
fn number(value: f32, step: f32) -> Value {
    let digits = (-f64::from(step).log10()).ceil().clamp(0.0, 6.0) as i32;
    let scale = 10_f64.powi(digits);
    json!((f64::from(value) * scale).round() / scale)
}

fn sample(sample: Sample, last: Option<(f32, Mono)>, step: f32, now: Mono) -> Map<String, Value> {
    let mut out = Map::new();
    match sample {
        Ok(value) => out.insert("value".into(), number(value, step)),
        Err(why) => {
            out.insert("reason".into(), json!(why.words()));
            out.insert("value".into(), Value::Null)
        }
    };
    if let Some((_, at)) = last {
        out.insert("age_s".into(), number(now.seconds_since(at), 0.001));
    }
    out
}

fn stats(of: Option<ColumnStats>, step: f32, spec: &SystemSpec) -> Value {
    let Some(s) = of else { return Value::Null };
    let name = |cell| spec.topology.cell_name(cell);
    json!({
        "fresh": s.fresh, "mean": number(s.mean, step / 10.0), "spread": number(s.spread(), step),
        "min": { "value": number(s.min, step), "cell": name(s.min_at) },
        "max": { "value": number(s.max, step), "cell": name(s.max_at) },
    })
}

/// `GET /api/v1/state`
pub(super) fn state(site: &SiteSpec, spec: &SystemSpec, snapshot: &Snapshot) -> Value {
    let now = snapshot.now.mono;
    let points: Map<String, Value> = (PointId::ALL.iter())
        .map(|id| {
            let slot = snapshot.state.points.slot(*id);
            let mut point = sample(snapshot.point(*id), slot.last(), id.spec().resolution, now);
            point.insert("unit".into(), json!(id.spec().unit.symbol()));
            if *id == PointId::Power && snapshot.state.points.power_from() == PowerFrom::Derived {
                point.insert(
                    "derived_from".into(),
                    json!([PointId::Voltage, PointId::Current].map(|id| id.spec().path)),
                );
            }
            (id.spec().path.to_owned(), Value::Object(point))
        })
        .collect();
    let devices: Map<String, Value> = (spec.device_points.iter().enumerate())
        .map(|(number, point)| {
            let values = &snapshot.state.devices;
            let mut value = sample(values.sample(number, now), values.slot(number).last(), point.resolution, now);
            value.insert("unit".into(), json!(point.unit.symbol()));
            (point.path.clone(), Value::Object(value))
        })
        .collect();
    let nodes: Vec<Value> = (snapshot.state.nodes.iter().enumerate())
        .map(|(i, node)| {
            let (state, delay) = (node.sample(NodeQuantity::State, now), node.sample(NodeQuantity::Delay, now));
            json!({ "node": i + 1, "state": state.ok(), "delay_s": delay.ok() })
        })
        .collect();
    let alarms: Vec<Value> = (snapshot.alarms.iter())
        .filter_map(|alarm| {
            let rule = alarm.rule.rule()?;
            Some(json!({
                "rule": rule.id, "subject": alarm.subject.name(site, &spec.topology), "severity": rule.severity.word(), "since": rfc3339(alarm.since),
                "words": alarm.words(site, spec, &snapshot.links), "advice": rule.advice,
                "signal_lost": alarm.signal_lost, "chattering": alarm.chattering,
            }))
        })
        .collect();
    let cells = &snapshot.state.cells;
    let derived = |sample: Sample| sample.map_or(Value::Null, |value| number(value, 0.1));
    json!({
        "site": site.name, "system": spec.id, "name": spec.name, "simulated": spec.simulated,
        "timestamp": rfc3339(snapshot.now.utc),
        "topology": {
            "racks": spec.topology.racks, "modules_per_rack": spec.topology.modules_per_rack,
            "cells_per_module": spec.topology.cells_per_module, "cells": spec.topology.cells(),
        },
        "points": points, "device_points": devices,
        "sop_use_pct": derived(derived::sop_use_pct(&snapshot.state.points, now)),
        "load_covered_pct": derived(derived::load_covered_pct(&snapshot.state.points, now)),
        "cell_voltage_v": stats(cells.column(CellQuantity::Voltage).stats(now), spec.cell_resolution_v, spec),
        "cell_temperature_c": stats(cells.column(CellQuantity::Temperature).stats(now), 0.1, spec),
        "nodes": nodes, "alarms": alarms, "storage": Some(&snapshot.site.storage).filter(|words| !words.is_empty()),
    })
}

/// `GET /api/v1/cells`
pub(super) fn cells(spec: &SystemSpec, snapshot: &Snapshot) -> Value {
    let now = snapshot.now.mono;
    let column = |quantity, cell, step| {
        let column = snapshot.state.cells.column(quantity);
        Value::Object(sample(column.sample(cell, now), column.last(cell), step, now))
    };
    let cells: Vec<Value> = (0..spec.topology.cells())
        .map(|cell| {
            json!({
                "cell": spec.topology.cell_name(cell),
                "voltage_v": column(CellQuantity::Voltage, cell, spec.cell_resolution_v),
                "temperature_c": column(CellQuantity::Temperature, cell, 0.1),
            })
        })
        .collect();
    json!({ "system": spec.id, "timestamp": rfc3339(snapshot.now.utc), "cells": cells })
}

/// `GET /api/v1/links`
pub(super) fn links(site: &SiteSpec, statuses: &[LinkStatus], now: Now) -> Value {
    let links: Vec<Value> = (site.links.iter().zip(statuses))
        .map(|(spec, status)| {
            let faults: Map<String, Value> = (LinkFault::ALL.iter())
                .map(|fault| (fault.words().replace([' ', '-'], "_"), json!(status.faults(*fault))))
                .collect();
            json!({
                "id": spec.id, "name": spec.name, "protocol": spec.protocol, "address": spec.address,
                "system": site.system(spec.system).map(|s| s.id.as_str()),
                "state": status.state.word(), "age_s": status.age_s(now.mono).map(|age| number(age, 0.001)),
                "frames": status.frames, "frames_per_s": number(status.frames_per_s, 0.1),
                "bytes_per_s": number(status.bytes_per_s, 1.0), "reconnects": status.reconnects,
                "latency_ms": status.latency_ms.map(|ms| number(ms, 0.001)), "faults": faults, "reason": status.reason,
            })
        })
        .collect();
    json!({ "timestamp": rfc3339(now.utc), "links": links })
}

/// `GET /api/v1/links/{id}/frames`
pub(super) fn frames(rows: &[FrameRow]) -> Value {
    let rows: Vec<Value> = (rows.iter())
        .map(|row| {
            let raw: Vec<String> = row.raw.iter().map(|byte| format!("{byte:02X}")).collect();
            let decoded: Map<String, Value> =
                row.decoded.iter().map(|value| (value.name.clone(), json!(value.text))).collect();
            json!({
                "key": row.key, "name": row.name, "count": row.count, "period_ms": row.period_ms,
                "age_ms": row.age_ms, "raw": raw.join(" "), "decoded": decoded,
            })
        })
        .collect();
    json!({ "frames": rows })
}

/// `GET /api/v1/series`
pub(in crate::http) fn table(table: &Table) -> Value {
    let at: Vec<String> = table.at.iter().map(|at| rfc3339(*at)).collect();
    let series: Vec<Value> = (table.series.iter())
        .map(|series| {
            let value = |value: &Option<f32>| value.map_or(Value::Null, |v| number(v, series.resolution));
            let values: Vec<Value> = series.values.iter().map(value).collect();
            json!({ "name": series.name, "unit": series.unit.symbol(), "values": values })
        })
        .collect();
    json!({ "timestamps": at, "series": series })
}

/// `GET /api/v1/devices`
pub(super) fn devices(spec: &SystemSpec) -> Value {
    let points = spec.device_points.iter().map(|point| {
        json!({
            "path": point.path, "unit": point.unit.symbol(), "resolution": point.resolution,
            "max_age_s": point.max_age.as_secs_f32(),
        })
    });
    json!({ "system": spec.id, "device_points": points.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_of_their_step() {
        for (value, step, text) in
            [(71.439, 0.1, "71.4"), (3.2009, 0.001, "3.201"), (182_049.6, 1.0, "182050.0"), (0.1 + 0.2, 0.0001, "0.3")]
        {
            assert_eq!(number(value, step).to_string(), text);
        }
    }
}
