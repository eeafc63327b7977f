//! The JSON of the API, pinned: what programs read today they read tomorrow, to the last digit and `null`.
//!
//! Fixed inputs become answers; the answers lie in `golden`. Where an answer is meant to change, `PACKTWIN_RENEW=1`
//! writes them anew, and the change is seen in review. Answers that are made of the store's types are in the server's tests.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails its test")]

use api::analysis::{AnalysisResponse, Bars, Column, Curves, Figure, FigureRole, Kind, Table as Rows};
use api::cells::{CellsHistoryResponse, CellsResponse, MapQuantity};
use api::control::{ControlResponse, ControlState};
use api::flight::{
    CommandFlight, FlightResponse, Forecast, LoadRequest, OutlookResponse, ScoreResponse, Settings, load_words,
};
use api::history::{EnergyFlow, EventMark, HistoryResponse as HistoryPicture, LeftOut, Statistics};
use api::home::{DayEnergy, HomeResponse, Poller, SocJump};
use api::json::rounded;
use api::lab::LabResponse;
use api::links::{FramesResponse, LinksResponse};
use api::playback::{PlaybackSegment, SeekResponse, SeekTarget, SegmentFrame};
use api::series::SeriesResponse;
use api::server::{Capacity, CertificateEntry, ConnectionState, Counters, SecurityState, ServerResponse};
use api::state::StateResponse;
use api::victron::{
    BatteryReading, CurrentReading, CurrentResponse, Failed, FailureResponse, HistoryResponse, Success,
};
use boon::{Compiler, Schemas};
use domain::alarm::{Alarm, RULES, RuleIdx, Severity, Subject};
use domain::control::ControlKind;
use domain::flight::{
    Backup, CellExtreme, Controls, Course, CurvePoint, Dispatch, End, Lasts, Measured, Mode, Outlook, Unknown,
};
use domain::lab::{LabFault, LabState, LoadMode, PackFault, SimDevice};
use domain::link::{DecodedValue, FrameRow, LinkSpec, LinkState, LinkStatus};
use domain::point::PointId;
use domain::reading::{CellQuantity, NoData, NodeQuantity, Reading, Target};
use domain::series::{CellMap, Series, Table};
use domain::soc::{Count, Full, FullBy, Lost, Move};
use domain::spec::{SiteSpec, SystemIdx, SystemKind, SystemSpec};
use domain::time::{Mono, Now, Utc};
use domain::topology::Topology;
use domain::twin::{Snapshot, SystemState};
use domain::wire::Wire;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

const AT: Utc = Utc(1_760_309_299_123_456);

/// Compares an answer with the one that is kept, value by value: the order of fields says nothing in JSON. And it must be as
/// its schema says, without a field that is not described.
fn check<T: Serialize + JsonSchema>(name: &str, answer: &T) {
    let path = format!("{}/tests/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = serde_json::to_string(answer).unwrap();
    let got: Value = serde_json::from_str(&text).unwrap();
    let kept = testkit::kept(path, &(serde_json::to_string_pretty(&got).unwrap() + "\n"));
    assert_eq!(got, serde_json::from_str::<Value>(&kept).unwrap(), "{name}");

    let mut schema =
        SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>().to_value();
    close(&mut schema);
    let shared = schema.get_mut("$defs").and_then(Value::as_object_mut);
    shared.into_iter().flat_map(|defs| defs.values_mut()).for_each(close);
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("http://packtwin/schema.json", schema).unwrap();
    let schema = compiler.compile("http://packtwin/schema.json", &mut schemas).unwrap();
    schemas.validate(&got, schema).unwrap_or_else(|error| panic!("{name}: {error:#}"));
}

fn close(schema: &mut Value) {
    if schema["type"] == "object" {
        schema["unevaluatedProperties"] = false.into();
    }
}

/// Compares the binary form with the one that is kept. A page that is open during an update must not take one form for
/// another: where this fails, raise `domain::wire::FORMAT`, and write the forms anew.
fn check_bytes(name: &str, message: &impl Wire) {
    let path = format!("{}/tests/golden/{name}.hex", env!("CARGO_MANIFEST_DIR"));
    let bytes = message.to_bytes();
    let lines = bytes.chunks(32).map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n");
    let got = lines.collect::<String>();
    assert_eq!(got, testkit::kept(path, &got), "{name}");
}

fn site() -> SiteSpec {
    let system = SystemSpec {
        kind: SystemKind::DataCentre,
        simulated: true,
        ..SystemSpec::new("hv", "832 V pack", Topology::new(1, 2, 3), 280.0, 832.0)
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
        standing: Default::default(),
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
    vec![up, LinkStatus { state: LinkState::WrongDevice, reason, ..LinkStatus::default() }]
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
fn state_and_cells() {
    let site = site();
    let (spec, snapshot) = (&site.systems[0], snapshot(&site.systems[0]));
    check("state", &StateResponse::of(&site, spec, &snapshot));
    check("cells", &CellsResponse::of(spec, &snapshot));
    let unknown = Snapshot::unknown(spec, AT);
    check("state-unknown", &StateResponse::of(&site, spec, &unknown));
    check("cells-unknown", &CellsResponse::of(spec, &unknown));
}

#[test]
fn links_and_frames() {
    check("links", &LinksResponse::of(&site(), &statuses(), now()));
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
    let rows = vec![row, FrameRow::default()];
    check("frames", &FramesResponse::from(rows.as_slice()));
    check_bytes("frames", &rows);
}

#[test]
fn series() {
    check("series", &SeriesResponse::from(&series_table()));
    check_bytes("series", &series_table());
}

#[test]
fn cells_over_time() {
    let site = site();
    let left_out = LeftOut {
        readings: vec!["2026-02-15".into(), "2026-02-16".into()],
        cells: vec!["2026-02-17".into()],
        device_points: Vec::new(),
        words:
            "Left out, because the files of these days were damaged or gone: readings of 2026-02-16. Left out until \
                they are taken in, ask again in some minutes: readings of 2026-02-15; cells of 2026-02-17."
                .into(),
        to_come: 2,
    };
    let map = CellMap {
        from: AT,
        step_ms: 60_000,
        steps: 2,
        cells: 6,
        unit: domain::point::Unit::Volt,
        resolution: 0.000_1,
        values: (0..12).map(|k| if k == 3 { f32::NAN } else { 3.2 + k as f32 * 0.000_123 }).collect(),
    };
    check("cells-history", &CellsHistoryResponse::of(&site.systems[0], MapQuantity::Deviation, &map, Some(left_out)));
    check_bytes("cells-history", &map);
    check("cells-history-whole", &CellsHistoryResponse::of(&site.systems[0], MapQuantity::Deviation, &map, None));
}

#[test]
fn a_house() {
    let full = HomeResponse {
        from: AT,
        to: Utc(AT.0 + 5_000_000),
        curves: series_table(),
        voltage: Some(Statistics { n: 2, mean: 53.212_34, std_dev: 0.123_45, min: 53.1, max: 53.3 }),
        flow: EnergyFlow { out_wh: 3.0, in_wh: 4.0, discharging_s: 5.0, charging_s: 60.123_4, known_s: 90.5 },
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
        ..HomeResponse::default()
    };
    check("home", &full);
    check_bytes("home", &full);
    let reported = Count { full: Some(Full { at: AT, by: FullBy::Reported }), ..Count::default() };
    check(
        "home-empty",
        &HomeResponse { counted: reported, poller: Some(Poller::default()), ..HomeResponse::default() },
    );
    check("home-nothing", &HomeResponse::default());
}

#[test]
fn analysis_answers() {
    let column = |name: &str, kind| Column { name: name.into(), kind };
    let text = |text: &str| Some(text.to_owned());
    let answer = AnalysisResponse {
        figures: vec![
            Figure {
                name: "Energy out".into(),
                value: Some(233.25),
                unit: "kWh".into(),
                decimals: 1,
                role: FigureRole::Answer,
            },
            Figure { name: "Times".into(), value: None, unit: String::new(), decimals: 0, role: FigureRole::Coverage },
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
        recorded_s: Some(3_600.5),
    };
    check("analysis", &answer);
    check_bytes("analysis", &answer);
    check("analysis-empty", &AnalysisResponse::default());
}

#[test]
fn the_lab() {
    let topology = Topology::new(1, 13, 20);
    let faults =
        vec![LabFault::WeakCell(131), LabFault::SilentLink(SimDevice::GridMeter), LabFault::Pack(PackFault::HotPack)];
    let busy = LabState { load: LoadMode::Fixed(180_000.5), burst: Some((240_000.0, 12.345)), ambient_c: -5.1, faults };
    check("lab", &LabResponse::of(&busy, &topology));
    check_bytes("lab", &busy);
    check("lab-auto", &LabResponse::of(&LabState { ambient_c: 25.0, ..LabState::default() }, &topology));
}

#[test]
fn a_gx() {
    let reading = BatteryReading::of(AT, [Some(99.3), Some(54.09), Some(1.1), Some(59.5), Some(25.94)], 51.2);
    let none = BatteryReading::of(AT, [None; 5], 51.2);
    let status = Success::Success;
    let current = |id: Option<&str>, reading: &BatteryReading| {
        let data = CurrentReading { installation_id: id.map(str::to_owned), reading: reading.clone() };
        CurrentResponse { status, data, timestamp: (AT.0 as f64 / 1e3).round() / 1e3 }
    };
    check("victron-current", &current(Some("123456"), &reading));
    check("victron-current-unknown", &current(None, &none));
    check("victron-history", &HistoryResponse { status, count: 2, hours: 24, data: vec![reading, none] });
    let error = "this site has no link to a Victron GX".into();
    check("victron-error", &FailureResponse { status: Failed::Error, error });
    check("numbers", &vec![rounded(71.439, 0.1), rounded(182_049.6, 1.0), rounded(-0.04, 0.1)]);
}

#[test]
fn small_answers() {
    let target = SeekTarget { at: AT, words: "Bus falls by 41.6 V, 5 %".into() };
    check("jump", &target);
    check_bytes("jump", &SeekResponse { at: Some(target.at), words: target.words });
    check(
        "server",
        &ServerResponse {
            version: "0.1.0".into(),
            connections: Capacity { open: 3, most: 64 },
            viewers: Capacity { open: 1, most: 32 },
            sql: "queries are confined to their files by Landlock".into(),
            security: Some(SecurityState {
                listens: "0.0.0.0:3000".into(),
                tls: true,
                certificate: Some(CertificateEntry {
                    names: vec!["localhost".into(), "192.0.2.7".into()],
                    begins: AT,
                    ends: AT,
                    sha256: "9F:86".into(),
                    made_by_packtwin: true,
                }),
                proxies: vec!["10.0.3.0/24".into()],
                names: vec!["hall2.example.com".into()],
                reading_open: true,
                connection: ConnectionState { secure: true, address: "192.0.2.40".into() },
            }),
            since_start: Counters {
                connections_turned_away: 1,
                idle_connections_closed: 2,
                tls_handshakes_failed: 7,
                stalled_readers_cut: 3,
                viewers_dropped: 4,
                requests_without_a_place: 5,
                panics: 6,
            },
        },
    );
}

#[test]
fn what_only_the_page_asks_for() {
    let frame = |whole, bytes: &[u8]| SegmentFrame { whole, bytes: bytes.to_vec() };
    check_bytes(
        "segment",
        &PlaybackSegment { next: AT, now: Utc(7), frames: vec![frame(true, &[1, 2, 255]), frame(false, &[])] },
    );
    check_bytes(
        "history",
        &HistoryPicture {
            table: series_table(),
            step_ms: 60_000,
            cells: series_table(),
            cell_step_ms: 120_000,
            tier: "from minutes".into(),
            rows: 12_960_000,
            whole: Some((Utc(-5), AT)),
            statistics: vec![Statistics { n: 300, mean: 1.0, std_dev: 0.5, min: -1.0, max: 3.0 }],
            flow: EnergyFlow { out_wh: 1.0, in_wh: 2.0, discharging_s: 3.0, charging_s: 4.0, known_s: 5.0 },
            points: vec!["battery/soc".into()],
            events: vec![EventMark { at: AT, began: true, severity: Severity::Warning, words: "sag".into() }],
            left_out: "readings of 2026-11-20".into(),
        },
    );
}

/// What a twin says, what it does not, and what came of it.
#[test]
fn a_flight_check_and_its_score() {
    let topology = Topology::new(1, 13, 20);
    let lasts = |minutes, end| Lasts { minutes, end };
    let point = |at_min: f32| CurvePoint {
        at_min,
        soc_pct: 70.0 - 0.4 * at_min,
        battery_w: 60_123.4,
        lowest_v: 3.251_26,
        hottest_c: 30.123,
    };
    let outlook = Outlook {
        training: Ok(lasts(74.93, End::CellVoltage(Some(131)))),
        backup: Ok(Backup { to_reserve_min: Some(31.26), lasts: lasts(1_440.0, End::Horizon) }),
        lowest_cell: Ok(CellExtreme { cell: Some(131), value: 2.801_4, at_min: 74.9 }),
        hottest_cell: Ok(CellExtreme { cell: None, value: 37.44, at_min: 60.0 }),
        energy_above_floor_wh: Ok(118_023.4),
        headroom_w: Ok(-3_400.2),
        curve: [0.0, 1.0, 2.0, 3.0].map(point).to_vec(),
    };
    let unknown = Outlook { backup: outlook.backup, ..Outlook::unknown(Unknown::GridCap) };
    let forecast = Forecast {
        load: load_words(&LoadRequest::Repeated),
        load_w: Some(72_000.0),
        horizon_min: 1_440.0,
        present: OutlookResponse::of(&unknown, None, &topology, 10.0),
        wanted: OutlookResponse::of(&outlook, Some(66e3), &topology, 2.0),
        assumptions: vec!["1 cell is not seen and taken for a mean one".into()],
    };
    let instant = |at_min: f32| Measured {
        at_min,
        soc_pct: Some(70.0 - 0.41 * at_min),
        battery_w: Some(61_000.0),
        lowest_v: (at_min < 2.0).then_some(3.249),
    };
    let course = Course { measured: [0.5, 1.0, 1.5, 2.0].map(instant).to_vec(), ended_at_min: None };
    let score = ScoreResponse::of(&forecast.wanted, &course);
    let answer = FlightResponse { system: "hv".into(), timestamp: AT, forecast: forecast.clone() };
    check("flight", &answer);
    check_bytes("flight", &answer);
    let kept = CommandFlight {
        made_at: AT,
        due_at: AT + Duration::from_secs(600),
        prediction: forecast.clone(),
        scored_at: Some(AT + Duration::from_secs(605)),
        score: Some(score),
    };
    check("command-flight", &kept);
    check_bytes("command-flight", &kept);
    check(
        "command-flight-unknown",
        &CommandFlight { score: Some(ScoreResponse::nothing("x")), ..CommandFlight::default() },
    );
    // What is kept as JSON is read back as it was, and so is the part that is scored.
    let text = serde_json::to_string(&forecast).unwrap();
    assert_eq!(serde_json::from_str::<Forecast>(&text).unwrap(), forecast);
    let (training, curve) = forecast.wanted.predicted();
    assert_eq!(training.map(|lasts| lasts.end), Some(End::CellVoltage(None)));
    assert_eq!((curve.len(), curve[2].at_min), (3, 2.0));
    for (kind, what) in [
        (SystemKind::DataCentre, "training"),
        (SystemKind::Home, "covered load"),
        (SystemKind::Storage, "covered load"),
    ] {
        assert_eq!(
            forecast.wanted.words(kind),
            format!(
                "{what} 74 min (cell 7.12 is at its lowest voltage), backup more than 24 h (it lasts longer than was \
                 looked ahead), lowest cell 2.801 V"
            )
        );
    }
    assert_eq!(
        OutlookResponse::of(&Outlook::unknown(Unknown::Capacity), None, &topology, 1.0).words(SystemKind::Home),
        "not known: the rated capacity is not known"
    );
}

#[test]
fn a_flight_check_begins_with_what_was_read_back() {
    let spec = SystemSpec { grid_cap_w: Some(66e3), ..SystemSpec::new("hv", "Pack", Topology::NONE, 280.0, 832.0) };
    let state = |control: &str, label: &str, present: Option<f64>| ControlState {
        control: control.into(),
        label: label.into(),
        present,
        ..ControlState::default()
    };
    let control = ControlResponse {
        controls: vec![
            state("reserve", "Backup reserve", Some(30.0)),
            state("discharge-limit", "Peak discharge limit", None),
            state("mode", "Mode", Some(0.0)),
        ],
        ..ControlResponse::default()
    };
    let mut settings = Settings::of(&control, &spec);
    let expected = Controls { reserve_pct: 30.0, mode: Mode::MaxSafety, ..Controls::with_reserve(20.0) };
    assert_eq!((settings.controls, settings.dispatch()), (expected, Some(Dispatch::PeakShaving { grid_cap_w: 66e3 })));
    assert_eq!(settings.assumptions, ["Peak discharge limit could not be read: it is taken not to limit"]);
    for (kind, value) in [
        (ControlKind::MinimumSoc, 15.0),
        (ControlKind::DischargeLimit, 100e3),
        (ControlKind::ChargeLimit, 20e3),
        (ControlKind::Mode, 1.0),
        (ControlKind::Run, 0.0),
        (ControlKind::GridSetpoint, -500.0),
    ] {
        settings.set(kind, value);
    }
    let expected = Controls {
        reserve_pct: 15.0,
        discharge_limit_w: Some(100e3),
        charge_limit_w: Some(20e3),
        mode: Mode::MaxRoi,
        running: false,
    };
    assert_eq!((settings.controls, settings.grid_cap_w), (expected, Some(-500.0)));
    assert_eq!(Settings::of(&ControlResponse::default(), &SystemSpec { grid_cap_w: None, ..spec }).dispatch(), None);
}
