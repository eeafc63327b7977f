//! The JSON of the API, pinned: what programs read today they read tomorrow, to the last digit and `null`.
//!
//! These are the answers made of the store's types; those of the domain's are pinned in `crates/api/tests`. Where an answer is meant to
//! change, `PACKTWIN_RENEW=1` writes them anew, and the change is seen in review.

use super::drawn::{Curves, MinuteCurves, Single};
use super::history::pinned as history;
use super::{analysis, problem, recording};
use crate::past::Readings;
use domain::alarm::Severity;
use domain::point::PointId;
use domain::point::Unit;
use domain::reading::CellQuantity;
use domain::series::Trace;
use domain::time::Utc;
use serde::Serialize;
use serde_json::Value;
use store::{Block, Bucket, Chart, Day, Event, EventKind, Flow, Grid, LeftOut, Range, Summary, Tier};

const AT: Utc = Utc(1_760_309_299_123_456);

/// Compares an answer with the one that is kept, value by value: the order of fields says nothing in JSON.
fn check(name: &str, answer: &impl Serialize) {
    let path = format!("{}/tests/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = serde_json::to_string(answer).unwrap();
    let got: Value = serde_json::from_str(&text).unwrap();
    let kept = testkit::kept(path, &(serde_json::to_string_pretty(&got).unwrap() + "\n"));
    assert_eq!(got, serde_json::from_str::<Value>(&kept).unwrap(), "{name}");
}

fn left_out() -> LeftOut {
    LeftOut {
        rows: vec![Day(20_500)],
        cells: Vec::new(),
        rows_to_come: vec![Day(20_499)],
        cells_to_come: vec![Day(20_501)],
        devices: vec![Day(20_502)],
        devices_to_come: Vec::new(),
    }
}

#[test]
fn history_in_every_form() {
    let range = Range::new(1_760_000_000_000, 1_760_000_600_000);
    let points = [PointId::Soc, PointId::Voltage];
    let bucket = Bucket::of(&[53.2, 53.1, f32::NAN, 53.4]);
    let rows = Chart::Rows(Block::from_columns(
        vec![range.from_ms, range.from_ms + 200],
        [(PointId::Voltage, vec![832.1, f32::NAN])],
    ));
    let series = points.map(|point| (point, vec![bucket, Bucket::default()])).to_vec();
    let grid = Chart::Grid(Tier::Minutes, Grid { from_ms: range.from_ms, step_ms: 60_000, series });
    let flow = Flow { out_wh: 12.345_678, in_wh: 0.1 + 0.2, discharging_s: 60.5, charging_s: 0.0, known_s: 599.8 };
    let summary = Summary { points: vec![(PointId::Soc, bucket), (PointId::Voltage, Bucket::default())], flow };
    let event = |kind, value| Event {
        at_ms: range.from_ms + 5,
        kind,
        rule: "bus.sag".into(),
        subject: "cell 7.12".into(),
        severity: Severity::Critical,
        value,
        words: "Bus falls by 41.6 V".into(),
    };
    let events = [event(EventKind::Raised, Some(4.2)), event(EventKind::Cleared, None)];
    let single = |name: &str, trace, unit| Single { name: name.to_owned(), trace: Some(trace), unit, resolution: 0.01 };
    let cells = [
        single("cells/7.12/voltage", Trace::Cell(CellQuantity::Voltage, 131), Unit::Volt),
        single("cells/1.1/temperature", Trace::Cell(CellQuantity::Temperature, 0), Unit::Celsius),
        single("gpu-hall/gpu/3/power", Trace::Device(3), Unit::Watt),
    ];
    let readings = Curves::Readings(Readings {
        at_ms: vec![range.from_ms, range.from_ms + 200],
        values: vec![vec![3.3, f32::NAN], vec![25.4, 25.5], vec![412.0, f32::NAN]],
    });
    let curves = vec![vec![bucket, Bucket::default()]; 3];
    let minutes =
        Curves::Minutes(MinuteCurves { from_ms: range.from_ms, step_ms: 60_000, known_to_ms: range.to_ms, curves });
    let none = Curves::Minutes(MinuteCurves::default());
    let nothing = Summary { points: summary.points.clone(), flow: Flow::default() };
    let wanted = |cells: &[_]| history::wanted("hv", &points, cells, range);
    check("history-rows", &history::answer(&wanted(&[]), &rows, &none, &nothing, (&[], &LeftOut::default())));
    check("history-readings", &history::answer(&wanted(&cells), &rows, &readings, &summary, (&events, &left_out())));
    check("history-minutes", &history::answer(&wanted(&cells), &grid, &minutes, &summary, (&events, &left_out())));
}

#[test]
fn small_answers() {
    check("problem", &problem::Problem::not_found("there is no system \"xx\"").body());
    check("recording-none", &recording::response(None));
    let status = links::RecordingStatus {
        path: "/data/recordings/bms-20261121.log".into(),
        since: Some(AT),
        frames: 12,
        bytes: 345,
        dropped: 1,
        error: Some("the disk is full".into()),
        full: true,
    };
    check("recording", &recording::response(Some(&status)));
    let kept = |name: &str, bytes| crate::recordings::Kept { name: name.into(), bytes, changed: AT };
    check("recordings", &recording::list_of(&[kept("a.log", 5), kept("b.log", 7)]));
    check("questions", &analysis::questions_of(Ok("v1.5.6".to_owned())));
    check("questions-without-sql", &analysis::questions_of(Err("no duckdb program".to_owned())));
}
