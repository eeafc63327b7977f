//! The demo's second system: a house behind a Cerbo GX and a Sol-Ark, read over real sockets.

use crate::support::{Server, free_tcp_port, free_udp_port, repo};
use serde_json::Value;

/// The demo's site on free ports, with a house that begins at `hour`.
pub(crate) fn demo_site(hour: f32) -> String {
    let mut site = std::fs::read_to_string(repo().join("sites/demo.toml")).unwrap();
    site = site.replace("127.0.0.1:20000", &format!("127.0.0.1:{}", free_udp_port()));
    for port in [15_020, 15_021, 15_030, 15_031] {
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
    assert_eq!(of_home.map(|link| link["id"].as_str().unwrap()).collect::<Vec<_>>(), ["cerbo", "sol-ark"]);
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
