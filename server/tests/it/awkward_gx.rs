//! A Cerbo GX that says what real ones say when they know nothing: from a pymodbus server through the real binary to
//! `/victron/...` and to the page's JSON. Nothing of it becomes a reading.

use crate::modbus_device::Device;
use crate::support::{Server, repo};
use serde_json::Value;
use std::time::{Duration, Instant};

/// The battery service of a Cerbo GX with 53.2 V, -20.0 A (charging positive), -1064 W, 25.9 °C, 71.5 %; `None` where
/// there is no judge.
pub(crate) fn cerbo_gx() -> Option<Device> {
    let mut gx = Device::start(225, &["256:80", "1282:24"])?;
    for order in
        ["set 256 0xFFFF -1064 -1064 5320 0 -200 259", "set 266 715", "set 304 990", "set 1282 9", "set 1290 331 334"]
    {
        gx.tell(order);
    }
    Some(gx)
}

fn site(port: u16) -> String {
    format!(
        "[site]\nname = \"Home\"\n[[system]]\nid = \"home\"\nkind = \"home\"\ncapacity_ah = 280\nnominal_v = 51.2\n\
         rate_hz = 5\n[[link]]\nid = \"cerbo\"\nname = \"Cerbo GX\"\nsystem = \"home\"\nkind = \"modbus-tcp\"\n\
         connect = \"127.0.0.1:{port}\"\npoll_ms = 200\ntimeout_ms = 400\n\
         table = \"{}/registers/victron_battery.toml\"\n",
        repo().display()
    )
}

const KEYS: [&str; 6] = ["soc", "voltage", "current", "power", "state", "temperature"];
/// What the device begins with.
const GOOD: [&str; 6] = ["71.5", "53.2", "-20.0", "-1064.0", "\"discharging\"", "25.9"];

/// What `/victron/battery/current` says of each of [`KEYS`].
fn told(server: &Server) -> Vec<String> {
    let (status, body) = server.request("GET", "/victron/battery/current", &[], "");
    let answer: Value = serde_json::from_str(&body).unwrap();
    match status {
        200 => KEYS.iter().map(|key| answer["data"][key].to_string()).collect(),
        _ => vec![format!("{status}: {}", answer["error"])],
    }
}

/// Waits until exactly this is told; of what is in between no value may be one that was never sent.
fn until(server: &Server, expected: [&str; 6], why: &str) {
    let start = Instant::now();
    loop {
        let now = told(server);
        if now == expected {
            return;
        }
        for (place, value) in now.iter().enumerate().filter(|_| now.len() == KEYS.len()) {
            // -0.1 is what 0xFFFF says of a temperature.
            let allowed = ["null", GOOD[place], expected[place], "-0.1"];
            assert!(allowed.contains(&value.as_str()), "{why}: {} is made up: {value}", KEYS[place]);
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{why}: {now:?} is not {expected:?}");
        std::thread::sleep(Duration::from_millis(40));
    }
}

fn point(server: &Server, path: &str) -> Value {
    server.get("/api/v1/state?system=home")["points"][path].clone()
}

const UNKNOWN: &str = "marked invalid by its device";

#[test]
fn what_means_no_value_is_null_and_what_is_there_stays() {
    let Some(mut gx) = cerbo_gx() else { return };
    // No temperature sensor from the first snapshot on.
    gx.tell("set 262 0");
    let server = Server::start(&site(gx.port()), &[]);
    let with = |key: &str, value: &'static str| {
        let place = KEYS.iter().position(|of| *of == key).unwrap();
        let mut expected = GOOD;
        expected[place] = value;
        expected
    };
    until(&server, with("temperature", "null"), "no sensor");
    let temperature = point(&server, "battery/temperature");
    assert_eq!((&temperature["value"], &temperature["reason"]), (&Value::Null, &UNKNOWN.into()), "{temperature}");
    for (order, back, key, path) in [
        ("set 262 0x7FFF", "set 262 259", "temperature", "battery/temperature"),
        ("set 262 0x8000", "set 262 259", "temperature", "battery/temperature"),
        ("set 262 0xFFFF", "set 262 259", "temperature", "battery/temperature"),
        ("set 266 0xFFFF", "set 266 715", "soc", "battery/soc"),
        ("set 266 0", "set 266 715", "soc", "battery/soc"),
        ("set 266 1001", "set 266 715", "soc", "battery/soc"),
        ("set 256 0x7FFF 0xFFFF", "set 256 0xFFFF -1064", "power", "battery/power"),
    ] {
        if order == "set 262 0xFFFF" {
            // -0.1 degC is a temperature, not a missing one.
            gx.tell(order);
            until(&server, with("temperature", "-0.1"), order);
        } else {
            gx.tell(order);
            until(&server, with(key, "null"), order);
            assert_eq!(point(&server, path)["value"], Value::Null, "{order}");
        }
        gx.tell(back);
        until(&server, GOOD, back);
    }
    // Without a current its direction follows from the power.
    gx.tell("set 261 0x7FFF");
    until(&server, with("current", "null"), "0x7FFF A");
    gx.tell("set 261 -200");
    until(&server, GOOD, "the current is back");
    // A battery service that has no voltage knows nothing: its zeros are none.
    for order in ["set 259 0xFFFF", "set 259 0"] {
        gx.tell(order);
        until(&server, ["null"; 6], order);
        gx.tell("set 259 5320");
        until(&server, GOOD, "the voltage is back");
    }
}

#[test]
fn refusals_silence_and_a_reset_have_their_words_and_leave_no_value() {
    let Some(mut gx) = cerbo_gx() else { return };
    gx.tell("exception 10");
    let server = Server::start(&site(gx.port()), &[]);
    let reason = |says: &str| {
        server.wait_for("/api/v1/links", |links| {
            let link = links["links"][0].clone();
            let words = link["reason"].as_str()?.to_owned() + link["remark"].as_str().unwrap_or_default();
            words.contains(says).then_some(link)
        })
    };
    // There never was a reading, and why is said.
    let refused = server.wait_for("/api/v1/links", |links| {
        links.to_string().contains("gateway path unavailable").then(|| told(&server))
    });
    assert!(refused[0].starts_with("503: \"there is no reading of the battery yet"), "{refused:?}");
    gx.tell("answer");
    until(&server, GOOD, "the unit is there");
    let health = || server.get("/victron/health")["data"].clone();
    assert_eq!(health()["is_healthy"], true);

    // The service goes away, as when a BMS is unplugged from the GX: at once there is no value any more.
    for (code, words) in [(10, "gateway path unavailable"), (2, "illegal data address")] {
        gx.tell(&format!("exception {code}"));
        until(&server, ["null"; 6], words);
        server.wait_for("/api/v1/links", |links| links.to_string().contains(words).then_some(()));
        assert_eq!(health()["is_healthy"], false, "exception {code}");
        assert_eq!(point(&server, "battery/voltage")["value"], Value::Null);
        gx.tell("answer");
        until(&server, GOOD, "it is back");
    }

    gx.tell("silence");
    until(&server, ["null"; 6], "silence");
    let down = reason("no answer within");
    assert_ne!(down["state"], "up", "{down}");
    server.wait_for("/victron/health", |health| (health["data"]["consecutive_failures"].as_u64()? > 0).then_some(()));
    gx.tell("answer");
    until(&server, GOOD, "it speaks again");

    gx.tell("reset");
    until(&server, GOOD, "connected anew");
    let readings = server.get("/victron/battery/history?hours=1&limit=1000")["data"].clone();
    for row in readings.as_array().unwrap() {
        for (key, good) in KEYS.iter().zip(GOOD) {
            let value = row[key].to_string();
            assert!(value == good || value == "null", "{key}: {value} was never sent: {row}");
        }
    }
}
