//! Two inverters of one kind, each with points that only it has: from pymodbus servers through the real binary to the
//! state, the series and the past.

use crate::modbus_device::Device;
use crate::support::{Server, folder, refuses};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

const TABLE: &str = "name = \"Inverter\"\n\
    [[register]]\naddress = 10\npoint = \"solar/power\"\ntype = \"u16\"\n\
    [[register]]\naddress = 11\ndevice_point = \"heatsink_temperature\"\nmeasured_in = \"°C\"\ntype = \"s16\"\n\
    scale = 0.1\nrange = [-40, 150]\n\
    [[register]]\naddress = 12\ndevice_point = \"starts\"\ntype = \"u16\"\n";

fn site(table: &str, links: &[(&str, u16)]) -> String {
    let link = |(id, port): &(&str, u16)| {
        format!(
            "[[link]]\nid = \"{id}\"\nname = \"Inverter {id}\"\nsystem = \"home\"\nkind = \"modbus-tcp\"\n\
             connect = \"127.0.0.1:{port}\"\npoll_ms = 200\ntimeout_ms = 400\ntable = \"{table}\"\n"
        )
    };
    let head = "[site]\nname = \"Home\"\n[[system]]\nid = \"home\"\nkind = \"home\"\ncapacity_ah = 280\n\
                nominal_v = 51.2\nrate_hz = 5\n";
    head.to_owned() + &links.iter().map(link).collect::<String>()
}

#[test]
fn points_of_devices_are_in_the_state_the_series_and_the_past_by_their_names() {
    let (Some(mut first), Some(mut second)) = (Device::start(1, &["10:3"]), Device::start(1, &["10:3"])) else {
        return;
    };
    first.tell("set 10 1500 415 7");
    second.tell("set 10 900 -35 9");
    let folder = folder();
    let table = folder.path().join("inverter.toml");
    std::fs::write(&table, TABLE).unwrap();
    let site = site(table.to_str().unwrap(), &[("south", first.port()), ("north", second.port())]);
    let server = Server::start(&site, &[]);
    let value = |state: &Value, path: &str| state["device_points"][path]["value"].as_f64();
    let state = server.wait_for("/api/v1/state", |state| {
        (value(state, "south/starts").is_some() && value(state, "north/starts").is_some()).then(|| state.clone())
    });
    let told = ["south/heatsink_temperature", "south/starts", "north/heatsink_temperature", "north/starts"];
    assert_eq!(told.map(|path| value(&state, path)), [Some(41.5), Some(7.0), Some(-3.5), Some(9.0)]);
    assert_eq!(state["device_points"]["north/heatsink_temperature"]["unit"], "°C");
    let listed = server.get("/api/v1/devices");
    let paths: Vec<_> = listed["device_points"].as_array().unwrap().iter().map(|p| p["path"].clone()).collect();
    assert_eq!(paths, told);

    // What cannot be is not believed, and what stands still grows old.
    second.tell("set 11 2000");
    server.wait_for("/api/v1/state", |state| {
        let reason = &state["device_points"]["north/heatsink_temperature"]["reason"];
        (reason == "stale" && value(state, "north/starts") == Some(9.0)).then_some(())
    });
    first.tell("set 11 500");
    let of = "points=south/heatsink_temperature,solar/power&seconds=60";
    let values = |answer: &Value| -> Vec<f64> {
        answer["series"][0]["values"].as_array().unwrap().iter().filter_map(Value::as_f64).collect()
    };
    server.wait_for(&format!("/api/v1/series?{of}"), |answer| {
        let values = values(answer);
        (answer["series"][0]["name"] == "south/heatsink_temperature"
            && values.contains(&41.5)
            && values.contains(&50.0))
        .then_some(())
    });
    for unknown in ["south/start", "starts", "east/starts"] {
        let (status, words) = server.request("GET", &format!("/api/v1/history?points={unknown}"), &[], "");
        assert!(
            status == 422 && words.contains(&format!("there is no {unknown:?}").replace('"', "\\\"")),
            "{status}: {words}"
        );
    }

    // The past has them as it has cells: on the tape.
    std::thread::sleep(Duration::from_millis(2_500));
    let now = server.get("/api/v1/state")["timestamp"].as_str().unwrap().to_owned();
    let data = server.stop();
    let server = Server::start_in(data, &site, &[]);
    let then = server.get(&format!("/api/v1/series?{of}&until={now}"));
    assert!(values(&then).contains(&50.0), "{then}");
    let series = server.get(&format!("/api/v1/series?{of}"));
    assert!(values(&series).contains(&41.5), "the recent past is filled from the tape: {series}");

    // History has minutes of them, by the same names; the last minute ended with the server. A short time is told reading
    // by reading.
    let long = server.get("/api/v1/history?points=solar/power,south/heatsink_temperature,north/starts");
    let [heatsink, starts] = &long["device_points"].as_array().unwrap()[..] else { panic!("{long}") };
    assert_eq!((&heatsink["point"], &heatsink["unit"]), (&"south/heatsink_temperature".into(), &"°C".into()));
    assert_eq!((&starts["point"], &starts["tier"]), (&"north/starts".into(), &"from minutes".into()));
    let known = |values: &Value| -> Vec<f64> { values.as_array().unwrap().iter().filter_map(Value::as_f64).collect() };
    let (min, max) = (known(&heatsink["min"]), known(&heatsink["max"]));
    assert!(min.contains(&41.5) && max.contains(&50.0), "{heatsink}");
    assert!(known(&starts["mean"]).iter().all(|mean| *mean == 9.0), "{starts}");
    let short = server.get(&format!("/api/v1/history?points=south/starts&to={now}&from={}", seconds_before(&now, 2)));
    assert_eq!(short["device_points"][0]["tier"], "every reading", "{short}");

    // SQL sees them, and another history takes them in.
    let (status, body) = server.request(
        "POST",
        "/api/v1/analysis/sql",
        &[("Content-Type", "application/json")],
        &json!({ "sql": "SELECT link, point, unit, max(max) FROM device_points GROUP BY ALL ORDER BY point" })
            .to_string(),
    );
    if !server.get("/api/v1/analysis/questions")["duckdb"].is_null() {
        let answer: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["rows"][2], json!(["south", "south/heatsink_temperature", "°C", 50.0]), "{answer}");
        // The table has the columns of the files, by their names, and the link.
        let sql = "SELECT string_agg(column_name, ' ' ORDER BY column_name) FROM (DESCRIBE device_points)";
        let (_, body) = server.request("POST", "/api/v1/analysis/sql", &[], &format!("sql={}", sql.replace(' ', "+")));
        let answer: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(answer["rows"][0][0], "link max mean min n point timestamp unit", "{answer}");
    }
    assert_eq!(server.get("/api/v1/devices/history")["names"], json!([]), "the devices have them all");

    // A device that is no longer configured: history alone knows its points, and still draws them.
    let data = server.stop();
    let one = self::site(table.to_str().unwrap(), &[("south", first.port())]);
    let server = Server::start_in(data, &one, &[]);
    let kept = server.get("/api/v1/devices/history");
    assert_eq!(kept["names"], json!(["north/heatsink_temperature", "north/starts"]), "{kept}");
    let drawn = server.get("/api/v1/history?points=solar/power,north/starts");
    assert!(known(&drawn["device_points"][0]["mean"]).contains(&9.0), "{drawn}");
    let data = server.stop();
    let packtwin = |more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_packtwin")).current_dir(data.path()).args(more).output().unwrap();
        assert!(output.status.success(), "{more:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    for name in ["points.csv", "points.parquet"] {
        packtwin(&["export", "--system", "home", "--device-points", "--out", name]);
        let other = &format!("of-{name}");
        for new in [true, false] {
            let said = packtwin(&["import", name, "--system", "home", "--data", other]);
            assert_eq!(said.contains(", 0 of them new"), !new, "{said}");
        }
        packtwin(&["export", "--system", "home", "--device-points", "--data", other, "--out", "again.csv"]);
        let read = |name: &str| std::fs::read_to_string(data.path().join(name)).unwrap();
        let sorted = |text: String| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(read("again.csv")), sorted(read("points.csv")), "{name}");
    }
}

/// An instant some seconds before another one, both as the API writes them.
fn seconds_before(at: &str, seconds: i64) -> i64 {
    let at: jiff::Timestamp = at.parse().unwrap();
    at.as_millisecond() - seconds * 1_000
}

/// Many points of one device: all in one answer, and an alarm of the one whose table gives it a limit, by its name.
#[test]
fn a_hall_of_points_is_told_at_once_and_its_alarms_name_the_point() {
    const POINTS: usize = 250;
    let Some(mut hall) = Device::start(1, &["0:250"]) else { return };
    let row = |n: usize| {
        let limit = if n == 7 { "alarm_above = 700\n" } else { "" };
        format!(
            "[[register]]\naddress = {n}\ndevice_point = \"gpu/{n}/power\"\nmeasured_in = \"W\"\n{limit}type = \"u16\"\n"
        )
    };
    let folder = folder();
    let table = folder.path().join("hall.toml");
    std::fs::write(&table, format!("name = \"Hall\"\n{}", (0..POINTS).map(row).collect::<String>())).unwrap();
    let server = Server::start(&site(table.to_str().unwrap(), &[("hall", hall.port())]), &[]);
    hall.tell("set 249 412");
    server.wait_for("/api/v1/state", |state| {
        let points = state["device_points"].as_object()?;
        (points.len() == POINTS && points["hall/gpu/249/power"]["value"] == 412.0).then_some(())
    });
    assert_eq!(server.get("/api/v1/devices")["device_points"][7]["alarm_above"], 700.0);
    // One without a limit is no alarm, whatever it says.
    hall.tell("set 6 9000 800");
    let alarms = server
        .wait_for("/api/v1/state", |state| state["alarms"].as_array().filter(|alarms| !alarms.is_empty()).cloned());
    let told: Vec<_> = alarms.iter().map(|alarm| (&alarm["rule"], &alarm["subject"], &alarm["words"])).collect();
    let words = "hall/gpu/7/power at 800 W, limit 700 W";
    assert_eq!(
        told,
        [(&json!("device.point.high"), &json!("device point hall/gpu/7/power"), &json!(words))],
        "{alarms:?}"
    );
    hall.tell("set 7 100");
    server.wait_for("/api/v1/state", |state| (state["alarms"].as_array().is_some_and(Vec::is_empty)).then_some(()));
}

#[test]
fn a_link_whose_points_would_have_names_of_the_catalogue_starts_nothing() {
    let folder = folder();
    let table = folder.path().join("inverter.toml");
    std::fs::write(&table, TABLE.replace("starts", "soc")).unwrap();
    let site = site(table.to_str().unwrap(), &[("battery", 9)]);
    let words = refuses(folder.path(), &site, &[]);
    assert!(words.contains("battery/soc is a name of every system's own points"), "{words}");
}

#[test]
fn after_kill_9_the_running_minute_of_device_points_is_made_again_from_the_tape() {
    let Some(mut device) = Device::start(1, &["10:3"]) else { return };
    device.tell("set 10 1500 415 7");
    let folder = folder();
    let table = folder.path().join("inverter.toml");
    std::fs::write(&table, TABLE).unwrap();
    let site = site(table.to_str().unwrap(), &[("south", device.port())]);
    let server = Server::start(&site, &[]);
    server.wait_for("/api/v1/state", |state| state["device_points"]["south/starts"]["value"].as_f64());
    std::thread::sleep(Duration::from_secs(4));
    let kept = server.kill();
    // Whatever there is then was there before.
    drop(device);
    let server = Server::start_in(kept, &site, &[]);
    let rows = server.wait_for("/api/v1/history?points=south/starts&width=1000", |history| {
        let rows = history["device_points"][0]["rows"].as_array()?;
        Some(rows.iter().filter_map(Value::as_u64).sum::<u64>()).filter(|rows| *rows > 0)
    });
    assert!(rows >= 5, "{rows} of about 20");
    assert_eq!(server.terminate(), Some(0));
}
