//! Questions about the past: the ready ones against DuckDB, and what a query can and cannot do. With the real program.

use crate::support::{Server, folder, free_udp_port, pack_site};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const FROM: &str = "2026-11-19";
const TO: &str = "2026-11-21";
/// Runs for much longer than any test.
const ENDLESS: &str = "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range * b.range % 7 = 3";

/// A server on two days of generated history, if this machine has DuckDB.
fn server() -> Option<Server> {
    let folder = folder();
    let mut generate = Command::new(env!("CARGO_BIN_EXE_packtwin"));
    generate.args(["generate", "--days", "2", "--rate", "2", "--cells", "--from", FROM, "--data"]);
    assert!(generate.arg(folder.path().join("data")).output().unwrap().status.success());
    let server = Server::start_in(folder, &pack_site(free_udp_port()), &[]);
    let questions = server.get("/api/v1/analysis/questions");
    assert_eq!(questions["questions"].as_array().unwrap().len(), 5);
    if questions["duckdb"].is_null() {
        testkit::skip(&format!("there is no DuckDB program to be asked. {}", questions["missing"]));
        return None;
    }
    Some(server)
}

fn sql(server: &Server, body: &Value) -> (u16, String) {
    server.request("POST", "/api/v1/analysis/sql", &[("Content-Type", "application/json")], &body.to_string())
}

fn rows(server: &Server, query: &str) -> Value {
    let (status, body) = sql(server, &json!({ "sql": query }));
    assert_eq!(status, 200, "{query}: {body}");
    serde_json::from_str(&body).unwrap()
}

fn refused(server: &Server, query: &str) -> String {
    let (status, body) = sql(server, &json!({ "sql": query }));
    assert_eq!(status, 422, "{query}: {body}");
    let problem: Value = serde_json::from_str(&body).unwrap();
    problem["detail"].as_str().unwrap().to_owned()
}

fn near(one: &Value, other: &Value, what: &str) {
    let (one, other) = (one.as_f64().unwrap_or(0.0), other.as_f64().unwrap_or(0.0));
    assert!((one - other).abs() <= 1e-6 * one.abs().max(other.abs()).max(1.0), "{what}: {one} and {other}");
}

fn question(server: &Server, id: &str, more: &str) -> Value {
    server.get(&format!("/api/v1/analysis/questions/{id}?from={FROM}&to={TO}{more}"))
}

#[test]
fn the_ready_questions_say_what_duckdb_says() {
    let Some(server) = server() else { return };
    for exact in ["", "&exact=true"] {
        let energy = question(&server, "energy", exact);
        let by_sql = rows(&server, energy["sql"].as_str().unwrap());
        for (place, name) in
            ["Energy out", "Energy in", "Net", "Discharging", "Charging", "Recorded time"].iter().enumerate()
        {
            assert_eq!(energy["figures"][place]["name"], *name);
            near(&energy["figures"][place]["value"], &by_sql["rows"][0][place], name);
        }
        assert!(energy["figures"][0]["value"].as_f64().unwrap() > 10.0, "{energy}");
        let hourly = question(&server, "hourly-current", &format!("{exact}&offset_minutes=90"));
        let by_sql = rows(&server, hourly["sql"].as_str().unwrap());
        assert_eq!(by_sql["rows"].as_array().unwrap().len(), 24);
        for hour in 0..24 {
            near(&hourly["bars"]["bars"][hour]["value"], &by_sql["rows"][hour][1], "hour");
            near(&by_sql["bars"]["bars"][hour]["value"], &by_sql["rows"][hour][1], "its bar");
        }
    }
    let sags = question(&server, "sags", "");
    let by_sql = rows(&server, sags["sql"].as_str().unwrap());
    let (found, expected) = (sags["rows"].as_array().unwrap(), by_sql["rows"].as_array().unwrap());
    assert!(!found.is_empty() && found.len() == expected.len(), "{found:?} {expected:?}");
    near(&sags["figures"][1]["value"], &expected[0][2], "deepest");
    let all = rows(&server, &sags["sql"].as_str().unwrap().replace("LIMIT 10", ""));
    near(&sags["figures"][2]["value"], &json!(all["rows"].as_array().unwrap().len()), "number");
    let fastest = all["rows"].as_array().unwrap().iter().map(|sag| sag[4].as_f64().unwrap()).fold(0.0, f64::min);
    near(&sags["figures"][0]["value"], &json!(fastest), "fastest");
    for (sag, by_sql) in found.iter().zip(expected) {
        // DuckDB writes no zeros at the end of a second.
        let began = |row: &Value| row[0].as_str().unwrap().trim_end_matches(['0', '.']).to_owned();
        assert_eq!((began(sag), &sag[1]), (began(by_sql), &by_sql[1]), "{sag} {by_sql}");
        for place in 2..6 {
            // In the table of the question they are rounded to two digits.
            let away = sag[place].as_f64().unwrap() - by_sql[place].as_f64().unwrap();
            assert!(away.abs() < 0.006, "{sag} {by_sql}");
        }
    }
    let headroom = question(&server, "headroom", "");
    let by_sql = rows(&server, headroom["sql"].as_str().unwrap());
    let figure = |name: &str| {
        let all = headroom["figures"].as_array().unwrap();
        all.iter().find(|figure| figure["name"] == name).unwrap()["value"].clone()
    };
    let names = [
        "Recorded time",
        "Total time at 90 % or more",
        "Times at 90 % or more",
        "Longest time at 90 % or more",
        "Highest use of the limit",
    ];
    for (place, name) in names.iter().enumerate() {
        near(&figure(name), &by_sql["rows"][0][place], name);
    }
    let cells = question(&server, "cells", "");
    let by_sql = rows(&server, cells["sql"].as_str().unwrap());
    let (found, expected) = (cells["rows"].as_array().unwrap(), by_sql["rows"].as_array().unwrap());
    assert_eq!((found.len(), &found[0][0]), (expected.len(), &json!("7.12")), "{found:?} {expected:?}");
    for (cell, by_sql) in found.iter().zip(expected) {
        assert_eq!(cell[0], by_sql[0]);
        for (place, rounded) in [(1, 0.000_6), (2, 0.006)] {
            let away = cell[place].as_f64().unwrap() - by_sql[place].as_f64().unwrap();
            assert!(away.abs() < rounded, "{cell} {by_sql}");
        }
    }
}

#[test]
fn every_row_is_there_once_and_every_column_has_its_name() {
    let Some(server) = server() else { return };
    let count =
        rows(&server, "SELECT count(*), count(DISTINCT timestamp) FROM telemetry WHERE timestamp < '2026-11-21'");
    assert_eq!(count["rows"][0], json!([345_600, 345_600]));
    let tables = rows(&server, "SELECT name FROM (SHOW TABLES) ORDER BY name");
    assert_eq!(tables["rows"], json!([["cells"], ["device_points"], ["events"], ["telemetry"]]));
    let columns = rows(&server, "DESCRIBE telemetry");
    let names: Vec<&str> = columns["rows"].as_array().unwrap().iter().map(|row| row[0].as_str().unwrap()).collect();
    assert_eq!(names[..6], ["timestamp", "soc", "pack_voltage", "pack_current", "min_cell_v", "max_cell_temp"]);
    let cells = rows(
        &server,
        "SELECT cell, any_value(name), any_value(module), count(*) FROM cells GROUP BY cell ORDER BY cell",
    );
    assert_eq!(cells["rows"].as_array().unwrap().len(), 260);
    assert_eq!(cells["rows"][131].as_array().unwrap()[..3], [json!(131), json!("7.12"), json!(7)]);
    let columns = rows(&server, "DESCRIBE cells");
    let names: Vec<&str> = columns["rows"].as_array().unwrap().iter().map(|row| row[0].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "timestamp",
            "cell",
            "voltage_min",
            "voltage_mean",
            "voltage_max",
            "voltage_n",
            "temperature_min",
            "temperature_mean",
            "temperature_max",
            "temperature_n",
            "name",
            "module"
        ]
    );
    let odd = rows(
        &server,
        "SELECT count(*) FILTER (voltage_min > voltage_mean OR voltage_mean > voltage_max OR voltage_n <> 120), count(*) FROM cells",
    );
    // Two days of 260 cells, less what a silent node left out, and what the server has seen since.
    assert_eq!(odd["rows"][0][0], 0);
    assert!((720_000..748_801).contains(&odd["rows"][0][1].as_i64().unwrap()), "{odd}");
    let events = rows(&server, "SELECT count(*) FROM events WHERE words IS NULL");
    assert_eq!(events["rows"][0][0], 0);
    let many = rows(&server, "FROM range(20000)");
    assert_eq!((many["rows"].as_array().unwrap().len(), &many["more"]), (10_000, &json!(true)));
    assert_eq!(server.request("GET", "/api/v1/analysis/questions/why", &[], "").0, 404);
}

/// Flips a bit in the sealed day of `kind`, as a disk may.
fn flip(server: &Server, kind: &str, day: &str, from_end: usize) -> PathBuf {
    let path = server.folder.path().join(format!("data/systems/hv/{kind}/{day}.parquet"));
    let mut file = std::fs::read(&path).unwrap();
    let place = if from_end > 0 { file.len() - from_end } else { 500 };
    file[place] ^= 4;
    std::fs::write(&path, file).unwrap();
    path
}

#[test]
fn a_damaged_day_is_set_aside_and_sql_and_all_else_go_on_with_the_others() {
    let Some(server) = server() else { return };
    let by_day = "SELECT count(*) FILTER (timestamp < '2026-11-20'), count(*) FILTER (timestamp >= '2026-11-20' AND \
         timestamp < '2026-11-21') FROM telemetry";
    let cells = "SELECT count(*) FILTER (timestamp < '2026-11-20') > 0, count(*) FILTER (timestamp >= '2026-11-20' AND \
         timestamp < '2026-11-21') > 0 FROM cells";
    assert_eq!(rows(&server, by_day)["rows"][0], json!([172_800, 172_800]));
    // While the server runs: the footer of a day of rows, and a page of a day of cells.
    let bad = [flip(&server, "pack", "2026-11-20", 60), flip(&server, "cells", FROM, 0)];
    assert_eq!(rows(&server, by_day)["rows"][0], json!([172_800, 0]));
    assert_eq!(rows(&server, cells)["rows"][0], json!(["false", "true"]));
    for id in ["energy", "sags", "cells"] {
        question(&server, id, "&exact=true");
    }
    // Each answer that may span it says so, and no other.
    let says = |answer: &Value, days: &[&str]| {
        let words = answer["left_out"].as_str().or(answer["left_out"]["words"].as_str()).unwrap_or_default();
        let all = ["2026-11-20", FROM].iter().all(|day| words.contains(day) == days.contains(day));
        assert!(all && days.is_empty() == answer["left_out"].is_null(), "{days:?}: {words}");
    };
    says(&rows(&server, "SELECT 1"), &["2026-11-20", FROM]);
    says(&question(&server, "energy", ""), &["2026-11-20", FROM]);
    let history = |about: &str| server.get(&format!("/api/v1/{about}"));
    says(&history("analysis/questions/energy?from=2026-11-20&to=2026-11-21"), &["2026-11-20"]);
    says(&history("analysis/questions/energy?from=2026-11-21&to=2026-11-22"), &[]);
    says(&history("history?from=2026-11-19&to=2026-11-22"), &["2026-11-20", FROM]);
    says(&history("history?from=2026-11-21&to=2026-11-22"), &[]);
    says(&history("cells/history?from=2026-11-19&to=2026-11-22"), &[FROM]);
    says(&history("cells/history?from=2026-11-20&to=2026-11-21"), &[]);
    let told = || server.get("/api/v1/state")["storage"].as_str().unwrap_or_default().to_owned();
    let until = Instant::now() + Duration::from_secs(20);
    while told().matches("is damaged").count() < 2 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    let told = told();
    for path in bad {
        let name = path.strip_prefix(server.folder.path().join("data/systems")).unwrap();
        let kept = server.folder.path().join("data/set-aside/damaged").join(name);
        assert!(told.contains(kept.to_str().unwrap()), "{told}");
        assert!(kept.exists() && kept.with_extension("parquet.txt").exists() && !path.exists());
    }
}

/// Of a server that was stopped, and whose files were not left alone.
#[test]
fn a_lost_database_and_a_lost_day_are_told_where_people_look_and_answers_say_what_is_still_missing() {
    let folder = folder();
    let data = folder.path().join("data");
    let mut generate = Command::new(env!("CARGO_BIN_EXE_packtwin"));
    generate.args(["generate", "--days", "6", "--rate", "0.2", "--cells", "--from", FROM, "--data"]);
    assert!(generate.arg(&data).output().unwrap().status.success());
    let history = format!("/api/v1/history?points=soc&from={FROM}&to=2026-11-25&width=100");
    let energy = format!("/api/v1/analysis/questions/energy?from={FROM}&to=2026-11-25");
    let whole = {
        let server = Server::start_in(folder, &pack_site(free_udp_port()), &[]);
        let whole = server.get(&energy)["figures"].clone();
        assert_eq!(server.get(&history)["left_out"], Value::Null);
        (whole, server.stop())
    };
    let (whole, folder) = whole;
    let database = data.join("history.db");
    let file = std::fs::OpenOptions::new().write(true).open(&database).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    let server = Server::start_in(folder, &pack_site(free_udp_port()), &[]);
    let answer = server.get(&history);
    assert!(answer["left_out"]["to_come"].as_u64().is_some_and(|days| days > 0), "{}", answer["left_out"]);
    let says = |words: &Value, part: &str| words.as_str().is_some_and(|words| words.contains(part));
    assert!(says(&server.get(&energy)["left_out"], "until they are taken in"));
    let storage = |part: &str| {
        server.wait_for("/api/v1/state", |state| says(&state["storage"], part).then(|| state["storage"].clone()))
    };
    storage("of 12 files are done");
    assert!(says(&storage("history.db.corrupt."), "alarms and events before that"));
    server.wait_for(&history, |answer| answer["left_out"].is_null().then_some(()));
    let now = server.get(&energy);
    assert_eq!((&now["figures"], &now["left_out"]), (&whole, &Value::Null));
    storage("history.db.corrupt.");
    let folder = server.stop();

    std::fs::remove_file(data.join("systems/hv/pack/2026-11-22.parquet")).unwrap();
    let server = Server::start_in(folder, &pack_site(free_udp_port()), &[]);
    assert!(says(&server.get(&energy)["left_out"], "2026-11-22"));
    server.wait_for("/api/v1/state", |state| says(&state["storage"], "2026-11-22.parquet is gone").then_some(()));
}

#[test]
fn a_query_reads_nothing_else_writes_nothing_and_changes_nothing() {
    let Some(server) = server() else { return };
    let data = server.folder.path().join("data");
    let secret = server.folder.path().join("secret.json");
    std::fs::write(&secret, "{}").unwrap();
    let secret = secret.display();
    let out = server.folder.path().join("out");
    let to = out.display();
    for (query, says) in [
        ("SELECT * FROM read_text('/etc/passwd')".to_owned(), "Permission Error"),
        ("SELECT * FROM read_csv('/etc/hostname')".to_owned(), "Permission Error"),
        ("SELECT * FROM '/etc/passwd'".to_owned(), "does not exist"),
        ("SELECT * FROM glob('/etc/*')".to_owned(), "Permission Error"),
        ("SELECT * FROM read_text('/proc/self/environ')".to_owned(), "Permission Error"),
        (format!("SELECT * FROM read_text('{secret}')"), "Permission Error"),
        (format!("SELECT * FROM read_text('{}/history.db')", data.display()), "Permission Error"),
        ("SELECT * FROM read_text('../../history.db')".to_owned(), "Permission Error"),
        (format!("COPY telemetry TO '{to}'"), "Expected a single SELECT"),
        (format!("SELECT 1'); COPY (SELECT 1) TO '{to}'; --"), "Parser Error"),
        (format!("SELECT 1); COPY (SELECT 1) TO '{to}'; --"), "Parser Error"),
        (format!("SELECT * FROM query('COPY (SELECT 1) TO ''{to}''')"), "Expected a single SELECT"),
        (format!("EXPORT DATABASE '{to}'"), "Expected a single SELECT"),
        (format!("ATTACH '{to}'"), "Expected a single SELECT"),
        ("INSTALL httpfs".to_owned(), "Expected a single SELECT"),
        ("LOAD httpfs".to_owned(), "Expected a single SELECT"),
        ("SET threads = 8".to_owned(), "Expected a single SELECT"),
        ("SELECT 1; SELECT 2".to_owned(), "Expected a single SELECT"),
        ("DROP VIEW telemetry".to_owned(), "Expected a single SELECT"),
        ("SELECT\n.shell id\n".to_owned(), "Parser Error"),
        (".shell id".to_owned(), "Parser Error"),
        ("SELECT getenv('HOME')".to_owned(), "Permission Error"),
        ("SELECT * FROM read_parquet('http://127.0.0.1:9/x.parquet')".to_owned(), "requires the extension httpfs"),
        ("SELECT * FROM read_parquet('s3://bucket/x.parquet')".to_owned(), "requires the extension httpfs"),
        ("SELECT * FROM read_duckdb('/tmp/x.db')".to_owned(), "Permission Error"),
    ] {
        let why = refused(&server, &query);
        assert!(why.contains(says), "{query}: {why}");
        assert!(!why.contains("LINE 1"), "{why}");
    }
    // What a SELECT can call that would write: whatever it says, nothing is written.
    for call in [
        format!("enable_profiling(format='json', save_location='{secret}')"),
        format!("enable_logging('QueryLog', storage='file', storage_config={{'path': '{to}'}})"),
    ] {
        let (status, body) = sql(&server, &json!({ "sql": format!("SELECT * FROM {call}") }));
        assert!(status == 200 || status == 422 || status == 500, "{call}: {status} {body}");
    }
    assert_eq!(std::fs::read_to_string(server.folder.path().join("secret.json")).unwrap(), "{}");
    assert!(!out.exists());
    let settings = rows(
        &server,
        "SELECT value FROM duckdb_settings() WHERE name IN ('threads', 'lock_configuration') ORDER BY name",
    );
    assert_eq!(settings["rows"], json!([["true"], ["1"]]));
    let left: Vec<_> = std::fs::read_dir(data.join("work/queries")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    // A page of another site cannot ask.
    let foreign = [("Origin", "https://evil.example"), ("Content-Type", "application/json")];
    assert_eq!(server.request("POST", "/api/v1/analysis/sql", &foreign, r#"{"sql":"SELECT 1"}"#).0, 403);
}

#[test]
fn errors_come_in_the_words_of_duckdb() {
    let Some(server) = server() else { return };
    for (query, says) in [
        ("SELECT * FRM telemetry", "Parser Error: syntax error at or near \"telemetry\""),
        ("SELECT nope FROM telemetry", "Referenced column \"nope\" not found"),
        ("SELECT 'a'::INT FROM telemetry LIMIT 1", "Conversion Error"),
        ("", "Parser Error"),
    ] {
        let why = refused(&server, query);
        assert!(why.contains(says), "{query}: {why}");
    }
    for (body, status) in [
        (json!({ "sql": "SELECT 1", "system": "none" }), 404),
        (json!({ "sql": "SELECT 1", "format": "exe" }), 422),
        (json!({ "query": "SELECT 1" }), 422),
    ] {
        assert_eq!(sql(&server, &body).0, status, "{body}");
    }
    // Too large for the limit of memory and of spilling: it ends by itself, in words.
    let (status, body) = sql(&server, &json!({ "sql": "SELECT list(range) FROM range(200000000)" }));
    assert!(status == 422 && body.contains("Out of Memory"), "{status} {body}");
    // Ten gigabytes of text, which the program would hold until it prints the first row.
    let why = refused(&server, "SELECT repeat('x', 1000000) FROM range(10000)");
    assert!(why.starts_with("Out of Memory") && why.contains("ask for fewer or shorter rows"), "{why}");
    assert!(!why.contains("SET "), "{why}");
    // The same in one value; and one that DuckDB can hold, but no table.
    let before = crate::support::resident_mb(&server);
    let why = refused(&server, "SELECT repeat('x', 10000000000)");
    assert!(why.contains("Out of Memory") || why.contains("Out of Range") || why.contains("large"), "{why}");
    let why = refused(&server, "SELECT repeat('x', 100000000) AS a, 1 AS b");
    assert!(why.contains("the first row has more than 8 MB of text"), "{why}");
    let grown = crate::support::resident_mb(&server).saturating_sub(before);
    assert!(grown < 48, "{grown} MB more than before");
}

#[test]
fn no_text_is_taken_for_null_and_no_path_of_ours_is_shown() {
    let Some(server) = server() else { return };
    let answer = rows(&server, r"SELECT '\N' AS a, NULL AS b, '' AS c, 'NULL' AS d, NULL::FLOAT AS e");
    assert_eq!(answer["rows"], json!([["\\N", null, "", "NULL", null]]));
    let answer = rows(&server, "SELECT * FROM (VALUES ('a'), (''), (NULL), ('b'), (chr(13)), (chr(10))) t(x)");
    assert_eq!(answer["rows"], json!([["a"], [""], [null], ["b"], ["\r"], ["\n"]]));
    let settings =
        "SELECT current_setting('temp_directory') UNION ALL SELECT sql FROM duckdb_views() WHERE NOT internal";
    let answer = rows(&server, settings);
    assert!(answer["rows"].as_array().unwrap().len() >= 3, "{answer}");
    let folder = server.folder.path().display().to_string();
    assert!(!answer.to_string().contains(&folder), "{answer}");
    assert!(!refused(&server, "SELECT * FROM read_parquet('days-1/none.parquet')").contains(&folder));
}

#[test]
fn where_the_disk_has_no_room_for_queries_that_is_what_is_said() {
    let site = format!("{}\n[history]\ndisk_free_min_mb = 1000000\n", pack_site(free_udp_port()));
    let server = Server::start(&site, &[]);
    let questions = server.get("/api/v1/analysis/questions");
    if questions["duckdb"].is_null() {
        return testkit::skip(&format!("there is no DuckDB program to be asked. {}", questions["missing"]));
    }
    for format in ["table", "csv"] {
        let (status, body) = sql(&server, &json!({ "sql": "SELECT 1", "format": format }));
        assert!(status == 507 && body.contains("free some space"), "{format}: {status} {body}");
    }
}

#[test]
fn all_rows_come_as_csv_and_as_parquet() {
    let Some(server) = server() else { return };
    let query = "SELECT timestamp, soc FROM telemetry WHERE timestamp < '2026-11-20' ORDER BY timestamp";
    let (status, text) = sql(&server, &json!({ "sql": query, "format": "csv" }));
    assert_eq!(status, 200);
    assert_eq!(text.lines().filter(|line| line.starts_with("2026-11-19 ")).count() / 1_000, 172);
    assert!(text.contains("timestamp,soc\n2026-11-19 00:00:00,70"), "{}", &text[..200]);
    let (status, bytes) = sql(&server, &json!({ "sql": query, "format": "parquet" }));
    assert!(status == 200 && bytes.matches("PAR1").count() == 2, "{status}");
    // An error before the first byte is one, whatever the format.
    assert_eq!(sql(&server, &json!({ "sql": "SELECT nope", "format": "csv" })).0, 422);
}

/// The processes that run a query of a server with this folder, by their ids.
fn queries(folder: &Path) -> Vec<String> {
    let mark = folder.canonicalize().unwrap().join("data/work/queries");
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let cwd = std::fs::read_link(entry.path().join("cwd")).unwrap_or_default();
        if cwd.starts_with(&mark) {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    found
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what} never happened");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends a query and does not wait for its answer.
fn begin(server: &Server, query: &str) -> TcpStream {
    let body = json!({ "sql": query }).to_string();
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let head = format!(
        "POST /api/v1/analysis/sql HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        server.address,
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).unwrap();
    stream
}

#[test]
fn a_query_that_nobody_waits_for_is_killed_and_two_are_the_limit() {
    let Some(server) = server() else { return };
    let first = begin(&server, ENDLESS);
    let second = begin(&server, ENDLESS);
    wait_until("two queries", || queries(server.folder.path()).len() == 2);
    // It lowers its own priority after it has begun.
    wait_until("a low priority", || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", queries(server.folder.path())[0])).unwrap();
        let nice: i32 = stat.rsplit(')').next().unwrap().split_whitespace().nth(16).unwrap().parse().unwrap();
        nice >= 10
    });
    let (status, body) = sql(&server, &json!({ "sql": "SELECT 1" }));
    assert!(status == 429 && body.contains("2 queries are running"), "{status} {body}");
    drop(first);
    wait_until("the end of the first", || queries(server.folder.path()).len() == 1);
    wait_until("a free place", || sql(&server, &json!({ "sql": "SELECT 1" })).0 == 200);
    // A server that is killed takes its queries along.
    let folder = server.kill();
    wait_until("the end of the second", || queries(folder.path()).is_empty());
    drop(second);
}

#[test]
fn a_query_that_takes_too_long_is_stopped_in_words() {
    let Some(server) = server() else { return };
    let mut stream = begin(&server, ENDLESS);
    let began = Instant::now();
    let mut answer = vec![0; 1_000];
    let count = stream.read(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..count]);
    assert!(answer.starts_with("HTTP/1.1 504") && answer.contains("longer than 30 s"), "{answer}");
    assert!((29..60).contains(&began.elapsed().as_secs()));
    wait_until("its end", || queries(server.folder.path()).is_empty());
}
