//! A Sol-Ark that says what real ones say when they know nothing: from a pymodbus server through the real binary to the
//! API. Nothing of it becomes a reading.

use crate::modbus_device::Device;
use crate::support::{Server, repo};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Serial number AB12345678; grid 210 W in, load 1900 W; battery 25.3 °C, 52.8 V, 64 %, 310 W and 5.87 A out; sun 900,
/// 480 and 0 W. `None` where there is no judge.
fn sol_ark() -> Option<Device> {
    let mut inverter = Device::start(1, &["3:5", "160:40", "310:10"])?;
    for order in [
        "set 3 0x4142 0x3132 0x3334 0x3536 0x3738",
        "set 169 210",
        "set 178 1900",
        "set 182 1253 5280 64",
        "set 186 900 480 0",
        "set 190 310 587",
        "set 314 100 120",
    ] {
        inverter.tell(order);
    }
    Some(inverter)
}

fn site(port: u16) -> String {
    format!(
        "[site]\nname = \"Home\"\n[[system]]\nid = \"home\"\nkind = \"home\"\ncapacity_ah = 280\nnominal_v = 51.2\n\
         rate_hz = 5\n[[link]]\nid = \"inverter\"\nname = \"Sol-Ark\"\nsystem = \"home\"\nkind = \"modbus-tcp\"\n\
         connect = \"127.0.0.1:{port}\"\nunit = 1\npoll_ms = 200\ntimeout_ms = 400\n\
         table = \"{}/registers/solark.toml\"\n",
        repo().display()
    )
}

const POINTS: [&str; 8] = [
    "grid/power",
    "load/power",
    "solar/power",
    "battery/voltage",
    "battery/soc",
    "battery/power",
    "battery/current",
    "battery/temperature",
];
/// What the device begins with.
const GOOD: [Option<f64>; 8] =
    [Some(210.0), Some(1_900.0), Some(1_380.0), Some(52.8), Some(64.0), Some(310.0), Some(5.87), Some(25.3)];

fn told(server: &Server) -> [Option<f64>; 8] {
    let points = server.get("/api/v1/state?system=home")["points"].clone();
    POINTS.map(|path| points[path]["value"].as_f64().map(|value| (value * 100.0).round() / 100.0))
}

/// Waits until exactly this is told; of what is in between no value may be one that was never sent.
fn until(server: &Server, expected: [Option<f64>; 8], why: &str) {
    let start = Instant::now();
    loop {
        let now = told(server);
        if now == expected {
            return;
        }
        for (place, value) in now.iter().enumerate() {
            let allowed = [None, GOOD[place], expected[place]];
            assert!(allowed.contains(value), "{why}: {} is made up: {value:?}", POINTS[place]);
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{why}: {now:?} is not {expected:?}");
        std::thread::sleep(Duration::from_millis(40));
    }
}

fn without(paths: &[&str]) -> [Option<f64>; 8] {
    let mut expected = GOOD;
    for (place, path) in POINTS.iter().enumerate() {
        if paths.contains(path) {
            expected[place] = None;
        }
    }
    expected
}

#[test]
fn what_a_sol_ark_does_not_know_is_null_and_what_is_there_stays() {
    let Some(mut inverter) = sol_ark() else { return };
    let server = Server::start(&site(inverter.port()), &[]);
    until(&server, GOOD, "all is well");
    for (order, back, missing) in [
        ("set 182 0", "set 182 1253", &["battery/temperature"][..]),
        ("set 182 0xFFFF", "set 182 1253", &["battery/temperature"]),
        ("set 184 0xFFFF", "set 184 64", &["battery/soc"]),
        ("set 184 101", "set 184 64", &["battery/soc"]),
        ("set 190 0x7FFF", "set 190 310", &["battery/power"]),
        ("set 191 0x8000", "set 191 587", &["battery/current"]),
        ("set 169 0x7FFF", "set 169 210", &["grid/power"]),
        ("set 178 0x8000", "set 178 1900", &["load/power"]),
        ("set 187 0xFFFF", "set 187 480", &["solar/power"]),
        // Without a bank, its zeros are none.
        (
            "set 183 0",
            "set 183 5280",
            &["battery/voltage", "battery/soc", "battery/power", "battery/current", "battery/temperature"],
        ),
    ] {
        inverter.tell(order);
        until(&server, without(missing), order);
        inverter.tell(back);
        until(&server, GOOD, back);
    }
}

#[test]
fn a_sol_ark_that_refuses_is_silent_or_resets_leaves_no_value() {
    let Some(mut inverter) = sol_ark() else { return };
    let server = Server::start(&site(inverter.port()), &[]);
    until(&server, GOOD, "all is well");
    for (code, words) in [(2, "illegal data address"), (6, "busy"), (11, "gateway")] {
        inverter.tell(&format!("exception {code}"));
        until(&server, [None; 8], words);
        server.wait_for("/api/v1/links", |links| links.to_string().to_lowercase().contains(words).then_some(()));
        inverter.tell("answer");
        until(&server, GOOD, "it answers again");
    }
    inverter.tell("silence");
    until(&server, [None; 8], "silence");
    let links = server.wait_for("/api/v1/links", |links: &Value| {
        let link = &links["links"][0];
        (link["state"] != "up" && link["reason"] != "").then(|| link.clone())
    });
    assert!(links["reason"].as_str().is_some_and(|reason| reason.contains("no answer")), "{links}");
    inverter.tell("answer");
    until(&server, GOOD, "it speaks again");
    inverter.tell("reset");
    until(&server, GOOD, "connected anew");
}
