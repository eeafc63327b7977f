//! The JSON of the API, pinned: what programs read today they read tomorrow, to the last digit and `null`.
//!
//! Fixed inputs go through what every handler calls; the answers lie in `server/tests/golden`. Where an answer is meant to
//! change, `PACKTWIN_GOLDEN=write` writes them anew, and the change is seen in review.

use super::drawn::CellCurves;
use super::history::pinned as history;
use super::{analysis, api, cells, home, lab, playback, problem, recording, status, victron};
use crate::past::Readings;
use domain::alarm::{Alarm, RULES, RuleIdx, Severity, Subject};
use domain::analysis::{Answer, Bars, Column, Curves, Figure, Kind, Table as Rows};
use domain::film::Place;
use domain::home::{DayEnergy, HomePast, Poller, SocJump};
use domain::lab::{LabFault, LabState, LoadMode, PackFault, SimDevice};
use domain::limits::{Chemistry, Limits};
use domain::link::{DecodedValue, FrameRow, LinkSpec, LinkState, LinkStatus};
use domain::point::PointId;
use domain::reading::{CellQuantity, NoData, NodeQuantity, Reading, Target};
use domain::series::{CellMap, FlowOf, Series, Statistics, Table};
use domain::soc::{Count, Full, FullBy, Lost, Move};
use domain::spec::{SiteSpec, SystemIdx, SystemKind, SystemSpec};
use domain::time::{Mono, Now, Utc};
use domain::topology::Topology;
use domain::twin::{Snapshot, SystemState};
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;
use store::{Block, Bucket, CellChart, Chart, Day, Event, EventKind, Flow, Grid, LeftOut, Range, Summary, Tier};

const AT: Utc = Utc(1_760_309_299_123_456);

/// Compares an answer with the one that is kept, value by value: the order of fields says nothing in JSON.
fn check(name: &str, answer: &impl Serialize) {
    let path = format!("{}/tests/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = serde_json::to_string(answer).unwrap();
    let got: Value = serde_json::from_str(&text).unwrap();
    if std::env::var_os("PACKTWIN_GOLDEN").is_some_and(|how| how == "write") {
        std::fs::write(&path, serde_json::to_string_pretty(&got).unwrap() + "\n").unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(got, serde_json::from_str::<Value>(&kept).unwrap(), "{name}");
}

fn site() -> SiteSpec {
    let system = SystemSpec {
        id: "hv".into(),
        name: "832 V pack".into(),
        kind: SystemKind::DataCentre,
        topology: Topology::new(1, 2, 3),
        capacity_ah: 280.0,
        nominal_v: 832.0,
        reserve_pct: 20.0,
        limits: Limits::of(Chemistry::Lfp, 260, 280.0),
        cell_resolution_v: 0.001,
        rate_hz: 5.0,
        simulated: true,
        max_ages: Vec::new(),
        cell_max_age: domain::cells::CELL_MAX_AGE,
    };
    let link = |id: &str, name: &str| LinkSpec {
        id: id.into(),
        name: name.into(),
        protocol: "Modbus TCP".into(),
        address: "127.0.0.1:502".into(),
        system: SystemIdx(0),
        ..LinkSpec::default()
    };
    SiteSpec {
        name: "Hall 2".into(),
        systems: vec![system],
        links: vec![link("bms", "Controller"), link("meter", "Grid meter")],
    }
}

fn now() -> Now {
    Now { utc: AT, mono: Mono::START + Duration::from_secs(100) }
}

/// Some values, one of them stale, one refused, power by voltage and current; two alarms, trouble with the storage.
fn snapshot(spec: &SystemSpec) -> Snapshot {
    let now = now();
    let before = |ms| now.mono - Duration::from_millis(ms);
    let mut state = SystemState::new(spec);
    for (point, sample, age_ms) in [
        (PointId::Soc, Ok(71.439), 120),
        (PointId::Voltage, Ok(832.125), 80),
        (PointId::Current, Ok(-45.678), 1_400),
        (PointId::Soh, Ok(98.765), 11_000),
        (PointId::BusVoltage, Err(NoData::Error), 10),
        (PointId::LoadPower, Ok(182_049.6), 0),
        (PointId::SopDischarge, Ok(150_000.0), 50),
    ] {
        state.points.set(point, sample, before(age_ms));
    }
    for cell in 0..5 {
        let reading =
            Reading { target: Target::Cell(CellQuantity::Voltage, cell), sample: Ok(3.3 + f32::from(cell) * 0.011) };
        state.apply(reading, before(200));
    }
    let reading = Reading { target: Target::Cell(CellQuantity::Temperature, 2), sample: Ok(25.449) };
    state.apply(reading, before(60_000));
    let reading = Reading { target: Target::Node(NodeQuantity::State, 1), sample: Ok(2.0) };
    state.apply(reading, before(100));
    let reading = Reading { target: Target::Node(NodeQuantity::Delay, 1), sample: Ok(0.125) };
    state.apply(reading, before(100));
    let rule = |id: &str| RuleIdx(RULES.iter().position(|rule| rule.id == id).unwrap() as u8);
    let alarm = |rule, subject, signal_lost| Alarm {
        rule,
        subject,
        since: Utc(AT.0 - 61_500_000),
        value: 2.7,
        worst: 2.6,
        signal_lost,
        chattering: signal_lost,
    };
    let alarms = vec![
        alarm(rule("cell.voltage.low"), Subject::Cell(4), false),
        alarm(rule("link.silent"), Subject::Link(domain::link::LinkIdx(1)), true),
    ];
    let mut snapshot = Snapshot { now, received: now.mono, state, alarms, ..Snapshot::default() };
    snapshot.links = statuses();
    snapshot.site.storage = "History is not stored: the disk is full".into();
    snapshot
}

fn statuses() -> Vec<LinkStatus> {
    let mut up = LinkStatus {
        state: LinkState::Up,
        last_at: Some(now().mono - Duration::from_micros(123_456)),
        frames: 12_345,
        frames_per_s: 42.26,
        bytes_per_s: 3_381.6,
        latency_ms: Some(1.234_56),
        reconnects: 2,
        ..LinkStatus::default()
    };
    up.faults[2] = 3;
    let reason = "no answer from 127.0.0.1:502".to_owned();
    vec![up, LinkStatus { state: LinkState::Stranger, reason, ..LinkStatus::default() }]
}

#[test]
fn state_and_cells() {
    let site = site();
    let (spec, snapshot) = (&site.systems[0], snapshot(&site.systems[0]));
    check("state", &api::state_json(&site, spec, &snapshot));
    check("cells", &api::cells_json(spec, &snapshot));
    let unknown = Snapshot::unknown(spec, AT);
    check("state-unknown", &api::state_json(&site, spec, &unknown));
    check("cells-unknown", &api::cells_json(spec, &unknown));
}

#[test]
fn links_and_frames() {
    check("links", &api::links_json(&site(), &statuses(), now()));
    let value = |name: &str, text: &str| DecodedValue { name: name.into(), text: text.into() };
    let row = FrameRow {
        key: "0x250 mux 3".into(),
        name: "CellVoltages".into(),
        count: 77,
        period_ms: Some(200.125),
        age_ms: 40,
        raw: vec![0, 0x0f, 0xff],
        decoded: vec![value("CellVoltage_013", "3.2 V"), value("CellVoltage_012", "no value")],
    };
    check("frames", &api::frames_json(&[row, FrameRow::default()]));
}

fn series_table() -> Table {
    let values = vec![Some(3.200_9), None, Some(0.1 + 0.2)];
    let series = |name: &str, point: PointId| Series { name: name.into(), ..Series::of(point, values.clone()) };
    Table {
        at: [0, 200_000, 400_000].map(|us| Utc(AT.0 + us)).to_vec(),
        series: vec![series("battery/soc", PointId::Soc), series("battery/power", PointId::Power)],
    }
}

#[test]
fn series() {
    check("series", &api::series_json(&series_table()));
}

fn left_out() -> LeftOut {
    LeftOut {
        rows: vec![Day(20_500)],
        cells: Vec::new(),
        rows_to_come: vec![Day(20_499)],
        cells_to_come: vec![Day(20_501)],
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
    let cells = [
        ("cells/7.12/voltage".to_owned(), CellQuantity::Voltage, 131),
        ("cells/1.1/temperature".to_owned(), CellQuantity::Temperature, 0),
    ];
    let readings = CellCurves::Readings(Readings {
        at_ms: vec![range.from_ms, range.from_ms + 200],
        values: vec![vec![3.3, f32::NAN], vec![25.4, 25.5]],
    });
    let chart = || CellChart { from_ms: range.from_ms, step_ms: 60_000, buckets: vec![bucket, Bucket::default()] };
    let minutes = CellCurves::Minutes(vec![chart(), chart()]);
    let none = CellCurves::Minutes(Vec::new());
    let nothing = Summary { points: summary.points.clone(), flow: Flow::default() };
    let wanted = |cells: &[_]| history::wanted("hv", &points, cells, range);
    check("history-rows", &history::answer(&wanted(&[]), &rows, &none, &nothing, (&[], &LeftOut::default())));
    check("history-readings", &history::answer(&wanted(&cells), &rows, &readings, &summary, (&events, &left_out())));
    check("history-minutes", &history::answer(&wanted(&cells), &grid, &minutes, &summary, (&events, &left_out())));
}

#[test]
fn cells_over_time() {
    let site = site();
    let map = CellMap {
        from: AT,
        step_ms: 60_000,
        steps: 2,
        cells: 6,
        unit: domain::point::Unit::Volt,
        resolution: 0.000_1,
        values: (0..12).map(|k| if k == 3 { f32::NAN } else { 3.2 + k as f32 * 0.000_123 }).collect(),
    };
    check("cells-history", &cells::as_json(&site.systems[0], "deviation", &map, &left_out()));
    check("cells-history-whole", &cells::as_json(&site.systems[0], "deviation", &map, &LeftOut::default()));
}

#[test]
fn a_house() {
    let full = HomePast {
        from: AT,
        to: Utc(AT.0 + 5_000_000),
        curves: series_table(),
        voltage: Some(Statistics { n: 2, mean: 53.212_34, std_dev: 0.123_45, min: 53.1, max: 53.3 }),
        flow: FlowOf { out_wh: 3.0, in_wh: 4.0, discharging_s: 5.0, charging_s: 60.123_4, known_s: 90.5 },
        counted: Count {
            line: vec![(AT, Some(99.512_3)), (Utc(AT.0 + 1_000_000), None)],
            full: Some(Full { at: AT, by: FullBy::Tail }),
            soc_pct: Some(50.123_45),
            error_points: 0.512_34,
            bridged_s: 60.25,
            lost: Some(Lost { from: AT, to: Utc(AT.0 + 7_000_000) }),
        },
        jumps: vec![
            SocJump {
                inverter: true,
                at: AT,
                movement: Move { over_s: 60.5, moved: 6.25, counted: 0.512_3, unexplained: 4.2 },
            },
            SocJump {
                inverter: false,
                at: AT,
                movement: Move { over_s: 1.0, moved: -2.0, counted: 0.0, unexplained: 0.1 },
            },
        ],
        day: DayEnergy {
            from: Utc(AT.0 - 9_000_000),
            solar_wh: Some(12.345_6),
            load_wh: Some(0.0),
            ..DayEnergy::default()
        },
        poller: Some(Poller {
            last_attempt: Some(AT),
            last_success: None,
            failures: 3,
            readings_24h: 1_440,
            requests: Some((4, 50)),
        }),
        ..HomePast::default()
    };
    check("home", &home::to_json(&full));
    let reported = Count { full: Some(Full { at: AT, by: FullBy::Reported }), ..Count::default() };
    check(
        "home-empty",
        &home::to_json(&HomePast { counted: reported, poller: Some(Poller::default()), ..HomePast::default() }),
    );
    check("home-nothing", &home::to_json(&HomePast::default()));
}

#[test]
fn analysis_answers() {
    let column = |name: &str, kind| Column { name: name.into(), kind };
    let text = |text: &str| Some(text.to_owned());
    let answer = Answer {
        figures: vec![
            Figure { name: "Energy out".into(), value: Some(233.25), unit: "kWh".into(), decimals: 1 },
            Figure { name: "Times".into(), value: None, unit: String::new(), decimals: 0 },
        ],
        bars: Some(Bars {
            name: "Mean".into(),
            unit: "A".into(),
            bars: vec![("00".into(), Some(-3.5)), ("01".into(), None)],
        }),
        curves: Some(Curves { at_s: vec![0.0], curves: vec![("soc".into(), vec![50.0])] }),
        table: Some(Rows {
            columns: vec![column("at", Kind::Time), column("n", Kind::Number), column("words", Kind::Text)],
            cells: vec![
                text("2026-11-21 00:00:00"),
                text("12"),
                text("a"),
                text("2026-11-21 00:00:01"),
                text("1.50"),
                None,
                text("2026-11-21 00:00:02"),
                text("nan?"),
                text("3"),
                None,
                text("9223372036854775808"),
                text(""),
            ],
            more: true,
        }),
        sql: "SELECT 1".into(),
        took_ms: 70,
        left_out: "Left out: readings of 2026-11-20.".into(),
    };
    check("analysis", &analysis::json_of(&answer));
    check("analysis-empty", &analysis::json_of(&Answer::default()));
    check("questions", &analysis::questions_json(&Ok("v1.5.6".to_owned())));
    check("questions-without-sql", &analysis::questions_json(&Err("no duckdb program".to_owned())));
}

#[test]
fn the_lab() {
    let topology = Topology::new(1, 13, 20);
    let faults =
        vec![LabFault::WeakCell(131), LabFault::SilentLink(SimDevice::GridMeter), LabFault::Pack(PackFault::HotPack)];
    let busy = LabState { load: LoadMode::Fixed(180_000.5), burst: Some((240_000.0, 12.345)), ambient_c: -5.1, faults };
    check("lab", &lab::json_of(&busy, &topology));
    check("lab-auto", &lab::json_of(&LabState { ambient_c: 25.0, ..LabState::default() }, &topology));
}

#[test]
fn small_answers() {
    check("jump", &playback::json_of(&Place { at: AT, words: "Bus falls by 41.6 V, 5 %".into() }));
    check("problem", &problem::Problem::not_found("there is no system \"xx\"").body());
    check("recording-none", &recording::json_of(None));
    let status = links::RecordingStatus {
        path: "/data/recordings/bms-20261121.log".into(),
        since: Some(AT),
        frames: 12,
        bytes: 345,
        dropped: 1,
        error: Some("the disk is full".into()),
        full: true,
    };
    check("recording", &recording::json_of(Some(&status)));
    let kept = |name: &str, bytes| crate::recordings::Kept { name: name.into(), bytes, changed: AT };
    check("recordings", &recording::list_json(&[kept("a.log", 5), kept("b.log", 7)]));
    check(
        "server",
        &status::json_of(&status::Numbers {
            connections: (3, 64),
            viewers: (1, 32),
            sql: "queries are confined to their files by Landlock",
            since_start: [1, 2, 3, 4, 5, 6],
        }),
    );
}

#[test]
fn a_gx() {
    let reading = victron::reading_of(AT, [Some(99.3), Some(54.09), Some(1.1), Some(59.5), Some(25.94)]);
    let none = victron::reading_of(AT, [None; 5]);
    check("victron-current", &victron::current_json(Some(123_456), reading, 51.2, AT));
    check("victron-current-unknown", &victron::current_json(None, none, 51.2, AT));
    check("victron-history", &victron::history_json(&[reading, none], 24, 51.2));
    check("victron-error", &victron::Failure::new("this site has no link to a Victron GX").body());
    check("numbers", &json!([api::number(71.439, 0.1), api::number(182_049.6, 1.0), api::number(-0.04, 0.1)]));
}
