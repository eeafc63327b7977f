//! `/victron/...`: exactly the promised shapes, from simulated devices, from a written history, and from nothing.

use crate::home::demo_site;
use crate::support::{Server, folder, free_tcp_port, free_udp_port, pack_site};
use domain::point::PointId;
use domain::telemetry::Row;
use domain::time::Utc;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use store::{Second, Store};

const READING: [&str; 7] = ["timestamp", "soc", "voltage", "current", "power", "state", "temperature"];

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap_or_else(|| panic!("no object: {value}")).keys().map(String::as_str).collect()
}

fn is_second(value: &Value) -> bool {
    let text = value.as_str().unwrap();
    text.len() == 20 && text.as_bytes()[10] == b'T' && text.ends_with('Z')
}

fn now_s() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

/// Status and JSON of an answer that may be an error.
fn ask(server: &Server, path: &str) -> (u16, Value) {
    let (status, body) = server.request("GET", path, &[], "");
    (status, serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}")))
}

/// Asks until the answer is good.
fn good(server: &Server, path: &str, is: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let (status, answer) = ask(server, path);
        if status == 200 && is(&answer) {
            return answer;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{path} never got there: {status} {answer:#}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_battery_of_the_demos_house_is_told_as_victron_tells_it() {
    // At night the battery feeds the house.
    let site = demo_site(22.0);
    let line = site.lines().find(|line| line.contains("victron_battery.toml")).unwrap().to_owned();
    let server = Server::start(&site.replace(&line, &format!("{line}\ninstallation = 290928")), &[]);
    let current = good(&server, "/victron/battery/current", |answer| {
        READING.iter().all(|key| !answer["data"][key].is_null()) && answer["data"]["state"] == "discharging"
    });
    assert_eq!(keys(&current), BTreeSet::from(["status", "data", "timestamp"]));
    assert_eq!(current["status"], "success");
    let data = &current["data"];
    assert_eq!(keys(data), READING.into_iter().chain(["installation_id"]).collect());
    assert_eq!(data["installation_id"], "290928");
    assert!(is_second(&data["timestamp"]), "{data}");
    assert!((current["timestamp"].as_f64().unwrap() - now_s() as f64).abs() < 10.0);
    let number = |key: &str| data[key].as_f64().unwrap();
    assert!(number("current") < 0.0 && number("power") < 0.0, "discharging is negative: {data}");
    assert!((number("voltage") * number("current") - number("power")).abs() < 20.0, "{data}");
    for (key, low, high) in [("soc", 60.0, 75.0), ("voltage", 48.0, 56.0), ("temperature", 15.0, 30.0)] {
        assert!((low..=high).contains(&number(key)), "{key}: {data}");
    }
    let state = server.get("/api/v1/state?system=home");
    assert!(state["points"]["battery/power"]["value"].as_f64().unwrap() > 0.0, "ours is the other sign");

    let history = good(&server, "/victron/battery/history", |answer| answer["count"].as_u64() >= Some(2));
    assert_eq!(keys(&history), BTreeSet::from(["status", "count", "hours", "data"]));
    assert_eq!((history["status"].as_str(), history["hours"].as_u64()), (Some("success"), Some(24)));
    let rows = history["data"].as_array().unwrap();
    assert_eq!(history["count"].as_u64(), Some(rows.len() as u64));
    for row in rows {
        assert_eq!(keys(row), READING.into_iter().collect());
        assert!(is_second(&row["timestamp"]), "{row}");
    }

    let health = good(&server, "/victron/health", |answer| answer["data"]["readings_count_24h"].as_u64() >= Some(2));
    // It counts what `history` has: one a second, not every row.
    let counts = || ask(&server, "/victron/battery/history?limit=1000").1["count"].as_u64().unwrap();
    let before = counts();
    let counted = ask(&server, "/victron/health").1["data"]["readings_count_24h"].as_u64().unwrap();
    assert!((before..=counts()).contains(&counted), "{counted} readings, {before} in the history");
    assert_eq!(keys(&health), BTreeSet::from(["status", "data"]));
    let expected = [
        "poller_running",
        "last_poll_attempt",
        "last_successful_poll",
        "consecutive_failures",
        "is_healthy",
        "readings_count_24h",
        "api_requests_this_hour",
        "rate_limit_max",
    ];
    assert_eq!(keys(&health["data"]), BTreeSet::from(expected));
    let health = &health["data"];
    assert!(is_second(&health["last_poll_attempt"]) && is_second(&health["last_successful_poll"]), "{health}");
    assert_eq!((&health["poller_running"], &health["is_healthy"]), (&Value::Bool(true), &Value::Bool(true)));
    // Nothing is asked of a cloud.
    assert_eq!(
        (health["consecutive_failures"].as_u64(), health["api_requests_this_hour"].as_u64()),
        (Some(0), Some(0))
    );
    assert_eq!(health["rate_limit_max"], Value::Null);

    // The GX falls silent: what is not known any more is null, and its health says so.
    assert_eq!(
        server.request("POST", "/api/v1/lab", &[], "system=home&action=inject&fault=silent-link&device=gx").0,
        200
    );
    let stale = good(&server, "/victron/battery/current", |answer| answer["data"]["voltage"].is_null());
    assert!(stale["data"]["state"].is_null() && is_second(&stale["data"]["timestamp"]), "{stale:#}");
    let sick = good(&server, "/victron/health", |answer| answer["data"]["is_healthy"] == Value::Bool(false));
    assert_eq!(sick["data"]["poller_running"], true);
}

/// A minute each over the last `hours`, at half past: the charge says how many minutes ago.
fn write_history(data: &std::path::Path, hours: i64) -> i64 {
    let newest_s = now_s() / 60 * 60 - 30;
    let (store, _) = Store::open(data, Utc(newest_s * 1_000_000)).unwrap();
    for minute in (0..hours * 60).rev() {
        let utc_s = newest_s - minute * 60;
        let mut row = Row::empty(utc_s * 1_000);
        for (point, value) in
            [(PointId::Soc, minute as f32 / 100.0), (PointId::Voltage, 53.2), (PointId::Current, -20.0)]
        {
            row.set(point, value);
        }
        store.append(Second { system: "home".to_owned(), utc_s, rows: vec![row], ..Second::default() });
    }
    store.close().unwrap();
    newest_s
}

/// A house whose GX and inverter do not answer.
fn house_without_devices() -> String {
    let site = demo_site(12.0);
    let (before, simulator) = site.rsplit_once("[[simulator]]").unwrap();
    assert!(simulator.contains("system = \"home\""));
    before.to_owned()
}

#[test]
fn history_is_thinned_evenly_over_the_whole_range() {
    let folder = folder();
    write_history(&folder.path().join("data"), 30);
    let server = Server::start_in(folder, &house_without_devices(), &[]);
    let minutes_ago = |row: &Value| (row["soc"].as_f64().unwrap() * 100.0).round() as i64;
    for (query, hours, count) in [
        ("?hours=6&limit=1000", 6, 359..=360),
        ("?hours=24&limit=100", 24, 100..=100),
        ("", 24, 100..=100),
        ("?hours=1&limit=7", 1, 7..=7),
        ("?hours=2&limit=1", 2, 1..=1),
        ("?limit=1000&hours=72", 72, 1_000..=1_000),
    ] {
        let answer = server.get(&format!("/victron/battery/history{query}"));
        let rows = answer["data"].as_array().unwrap();
        assert!(count.contains(&rows.len()) && answer["count"] == rows.len(), "{query}: {}", rows.len());
        assert_eq!(answer["hours"], hours, "{query}");
        let ages: Vec<i64> = rows.iter().map(minutes_ago).collect();
        assert_eq!(ages.last(), Some(&0), "{query}: the newest is there");
        if rows.len() > 1 {
            let oldest = (hours * 60).min(30 * 60);
            assert!(oldest - ages[0] <= 2, "{query}: the oldest is there: {}", ages[0]);
            let steps = ages.windows(2).map(|pair| pair[0] - pair[1]);
            let (shortest, longest) = (steps.clone().min().unwrap(), steps.max().unwrap());
            assert!(shortest > 0 && longest - shortest <= 1, "{query}: oldest first, evenly: {ages:?}");
        }
        assert!(rows.iter().all(|row| row["state"] == "charging" && row["current"] == 20.0));
        assert!(rows.iter().all(|row| row["power"].is_null() && row["temperature"].is_null()));
    }
    // There is a past, but nothing now.
    assert_eq!(ask(&server, "/victron/battery/current").0, 503);
    let health = server.get("/victron/health");
    assert!((1_438..=1_440).contains(&health["data"]["readings_count_24h"].as_u64().unwrap()), "{health}");
    assert_eq!(
        (&health["data"]["is_healthy"], &health["data"]["last_successful_poll"]),
        (&Value::Bool(false), &Value::Null)
    );
    let failing = good(&server, "/victron/health", |answer| answer["data"]["consecutive_failures"].as_u64() >= Some(1));
    assert!(is_second(&failing["data"]["last_poll_attempt"]), "{failing}");
}

#[test]
fn without_a_reading_and_with_bad_parameters_it_says_why() {
    let server = Server::start(&house_without_devices(), &[]);
    for path in ["/victron/battery/current", "/victron/battery/history"] {
        let (status, answer) = ask(&server, path);
        assert_eq!((status, keys(&answer)), (503, BTreeSet::from(["status", "error"])), "{path}: {answer}");
        assert_eq!(answer["status"], "error");
        assert!(answer["error"].as_str().unwrap().contains("no reading"), "{answer}");
    }
    for (query, says) in [
        ("hours=0", "from 1 to 72"),
        ("hours=73", "from 1 to 72"),
        ("hours=all", "hours"),
        ("limit=0", "from 1 to 1000"),
        ("limit=1001", "from 1 to 1000"),
        ("limit=1e2", "limit"),
        ("days=2", "days"),
        ("hours=%32", "hours"),
    ] {
        let (status, answer) = ask(&server, &format!("/victron/battery/history?{query}"));
        assert_eq!((status, answer["status"].as_str()), (422, Some("error")), "{query}: {answer}");
        assert!(answer["error"].as_str().unwrap().contains(says), "{query}: {answer}");
    }
    assert_eq!(server.request("POST", "/victron/battery/current", &[], "a=b").0, 405);
}

#[test]
fn a_site_without_a_gx_says_so() {
    let server = Server::start(&pack_site(free_udp_port()), &[]);
    for path in ["/victron/battery/current", "/victron/battery/history", "/victron/health"] {
        let (status, answer) = ask(&server, path);
        assert_eq!((status, answer["status"].as_str()), (404, Some("error")), "{path}");
        assert!(answer["error"].as_str().unwrap().contains("no link to a Victron GX"), "{answer}");
    }
}

#[test]
fn a_gx_is_found_by_its_protocol_too() {
    let site = format!(
        "[site]\nname = \"Home\"\n[[system]]\nid = \"home\"\nkind = \"home\"\ncapacity_ah = 280\nnominal_v = 51.2\n\
         [[link]]\nid = \"gx\"\nsystem = \"home\"\nkind = \"victron-mqtt\"\nconnect = \"127.0.0.1:{}\"\ninstallation = 7\n",
        free_tcp_port()
    );
    let server = Server::start(&site, &[]);
    assert_eq!(ask(&server, "/victron/battery/current").0, 503);
    good(&server, "/victron/health", |answer| answer["data"]["consecutive_failures"].as_u64() >= Some(1));
}
