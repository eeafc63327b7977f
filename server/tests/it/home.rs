//! The demo's second system: a house behind a Cerbo GX and a Sol-Ark, read over real sockets.

use crate::support::{Server, folder, free_tcp_port, free_udp_port, repo};
use domain::point::PointId;
use domain::telemetry::Row;
use domain::time::Utc;
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};
use store::{Second, Store};

/// The demo's site on free ports, with a house that begins at `hour`.
pub(crate) fn demo_site(hour: f32) -> String {
    let mut site = std::fs::read_to_string(repo().join("sites/demo.toml")).unwrap();
    site = site.replace("127.0.0.1:20000", &format!("127.0.0.1:{}", free_udp_port()));
    for port in [15_020, 15_021, 15_022, 15_030, 15_031] {
        site = site.replace(&format!("127.0.0.1:{port}"), &format!("127.0.0.1:{}", free_tcp_port()));
    }
    let house = format!("system = \"home\"\nkind = \"home\"\nstart_hour = {hour}\n");
    let site = site.replace("system = \"home\"\nkind = \"home\"\n", &house);
    assert!(site.contains(&house), "the demo has a simulated house");
    site.replace("\"../", &format!("\"{}/", repo().display()))
}

fn value(state: &Value, path: &str) -> Option<f64> {
    state["points"][path]["value"].as_f64()
}

const POINTS: [&str; 9] = [
    "battery/soc",
    "battery/voltage",
    "battery/current",
    "battery/power",
    "battery/temperature",
    "solar/power",
    "load/power",
    "grid/power",
    "inverter/soc",
];

#[test]
fn the_house_of_the_demo_is_read_beside_the_pack() {
    let server = Server::start(&demo_site(12.5), &[]);
    let state = server.wait_for("/api/v1/state?system=home", |state| {
        POINTS.iter().all(|path| value(state, path).is_some()).then(|| state.clone())
    });
    for (path, low, high) in [
        ("battery/soc", 67.0, 70.0),
        ("battery/voltage", 52.0, 56.0),
        ("battery/temperature", 20.0, 27.0),
        ("solar/power", 500.0, 9_600.0),
        ("load/power", 200.0, 9_000.0),
        ("grid/power", -9_000.0, 3_000.0),
        ("inverter/soc", 62.0, 66.0),
        ("inverter/battery_voltage", 51.9, 56.0),
    ] {
        let got = value(&state, path).unwrap();
        assert!((low..=high).contains(&got), "{path}: {got}");
    }
    let (volts, amps) = (value(&state, "battery/voltage").unwrap(), value(&state, "battery/current").unwrap());
    let watts = value(&state, "battery/power").unwrap();
    assert!((volts * amps - watts).abs() < 20.0, "{volts} V x {amps} A is not {watts} W");
    assert_eq!((state["simulated"].as_bool(), state["topology"]["cells"].as_u64()), (Some(true), Some(0)));
    assert_eq!(state["alarms"], Value::Array(Vec::new()), "{state:#}");

    let links = server.get("/api/v1/links");
    let of_home = links["links"].as_array().unwrap().iter().filter(|link| link["system"] == "home");
    assert_eq!(
        of_home.map(|link| link["id"].as_str().unwrap()).collect::<Vec<_>>(),
        ["cerbo", "gx-settings", "sol-ark"]
    );
    server.wait_for("/api/v1/state?system=hv", |state| {
        (state["cell_voltage_v"]["fresh"].as_u64() == Some(260)).then_some(())
    });
}

#[test]
fn the_lab_drives_the_house_and_a_silent_gx_is_noticed() {
    let server = Server::start(&demo_site(22.0), &[]);
    let post = |form: &str| server.request("POST", "/api/v1/lab", &[], &format!("system=home&{form}"));
    assert_eq!(post("action=load&kw=4").0, 200);
    server.wait_for("/api/v1/state?system=home", |state| {
        let (load, power) = (value(state, "load/power")?, value(state, "battery/power")?);
        (load == 4_000.0 && power > 3_500.0).then_some(())
    });
    let (status, body) = post("action=inject&fault=silent-link&device=grid-meter");
    assert!(status == 422 && body.contains("gx or inverter"), "{status} {body}");
    assert_eq!(post("action=inject&fault=silent-link&device=gx").0, 200);
    let words =
        server.wait_for("/api/v1/state?system=home", |state| state["alarms"][0]["words"].as_str().map(str::to_owned));
    assert_eq!(words, "Cerbo GX is silent");
    let state = server.get("/api/v1/state?system=home");
    assert!(value(&state, "load/power").is_some(), "the inverter goes on: {state:#}");
    assert_eq!(server.get("/api/v1/state?system=hv")["alarms"], Value::Array(Vec::new()));
}

#[test]
fn values_of_a_slow_link_are_good_for_longer() {
    // One poll in four seconds: by the catalogue a grid power would be stale for most of the time.
    let site = demo_site(22.0).replace("poll_ms = 1000", "poll_ms = 4000");
    let server = Server::start(&site, &[]);
    let aged = server.wait_for("/api/v1/state?system=home", |state| {
        let grid = &state["points"]["grid/power"];
        grid["age_s"].as_f64().filter(|age_s| *age_s > 2.5).map(|_| grid.clone())
    });
    assert!(aged["value"].is_number(), "{aged}");
}

/// Ten hours of a bank of 840 Ah, a minute each, of what `of` says of the minute: A, V, Victron's %, the inverter's %.
fn write_day(data: &std::path::Path, of: impl Fn(i64) -> [f32; 4]) -> i64 {
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let start_s = now_s / 60 * 60 - 600 * 60;
    let (store, _) = Store::open(data, Utc(start_s * 1_000_000)).unwrap();
    for minute in 0..600 {
        let utc_s = start_s + minute * 60;
        let mut row = Row::empty(utc_s * 1_000);
        let points = [PointId::Current, PointId::Voltage, PointId::Soc, PointId::InverterSoc];
        for (point, value) in points.into_iter().zip(of(minute)).filter(|(_, value)| !value.is_nan()) {
            row.set(point, value);
        }
        store.append(Second { system: "home".to_owned(), utc_s, rows: vec![row], ..Second::default() });
    }
    store.close().unwrap();
    start_s
}

/// A house whose GX does not answer.
fn quiet_house() -> String {
    format!(
        "[site]\nname = \"Home\"\n[[system]]\nid = \"home\"\nkind = \"home\"\ncapacity_ah = 840\nnominal_v = 51.2\n\
         [[link]]\nid = \"gx\"\nsystem = \"home\"\nkind = \"victron-mqtt\"\nconnect = \"127.0.0.1:{}\"\n",
        free_tcp_port()
    )
}

#[test]
fn the_charge_is_counted_from_the_last_full_one_and_what_no_current_explains_is_told() {
    // Full for half an hour, then 84 A, a tenth of the bank in an hour. The estimate is set anew after five hours.
    let folder = folder();
    let start_s = write_day(&folder.path().join("data"), |minute| {
        let left = 100.0 - (minute - 30).max(0) as f32 / 6.0;
        let (current, voltage) = if minute < 30 { (-10.0, 55.6) } else { (84.0, 52.5) };
        [current, voltage, left - 0.5, left - 6.0 + if minute < 300 { 0.0 } else { 7.0 }]
    });
    let server = Server::start_in(folder, &quiet_house(), &[]);
    let past = server.get("/api/v1/home?system=home&hours=6");
    let counted = &past["counted"];
    assert_eq!((&counted["full_by"], &counted["lost_from"]), (&"tail current".into(), &Value::Null), "{counted}");
    let full_at = domain::time::rfc3339(Utc((start_s + 30 * 60) * 1_000_000));
    assert_eq!(counted["full_at"], full_at);
    assert!((counted["soc"].as_f64().unwrap() - 5.0).abs() < 0.5, "{}", counted["soc"]);
    assert!((0.3..1.0).contains(&counted["error_points"].as_f64().unwrap()), "{}", counted["error_points"]);
    let line = counted["values"].as_array().unwrap();
    assert!(line.len() > 100 && (line[0].as_f64().unwrap() - 65.0).abs() < 1.0, "six hours of it: {}", line[0]);
    let jumps = past["jumps"].as_array().unwrap();
    let [jump] = &jumps[..] else { panic!("{jumps:#?}") };
    assert_eq!(jump["point"], "inverter/soc");
    let at = domain::time::rfc3339(Utc((start_s + 301 * 60) * 1_000_000));
    assert_eq!(jump["at"], at);
    let number = |key: &str| jump[key].as_f64().unwrap();
    assert!((number("moved") - 6.83).abs() < 0.1 && (number("counted") + 0.17).abs() < 0.05, "{jump}");
}

#[test]
fn without_a_full_charge_and_after_a_gap_there_is_no_count() {
    let (never, lost) = (folder(), folder());
    write_day(&never.path().join("data"), |_| [1.0, 52.5, 60.0, 60.0]);
    write_day(&lost.path().join("data"), |minute| match minute {
        0..100 => [-5.0, 55.6, 100.0, 100.0],
        100..200 => [f32::NAN, 53.0, 99.0, 99.0],
        _ => [1.0, 53.0, 99.0, 99.0],
    });
    for (folder, is_lost) in [(never, false), (lost, true)] {
        let server = Server::start_in(folder, &quiet_house(), &[]);
        let counted = server.get("/api/v1/home?system=home&hours=24")["counted"].clone();
        for key in ["soc", "error_points", "full_at", "full_by"] {
            assert_eq!(counted[key], Value::Null, "{key}: {counted}");
        }
        assert_eq!((counted["lost_from"].is_string(), counted["lost_to"].is_string()), (is_lost, is_lost), "{counted}");
    }
}
