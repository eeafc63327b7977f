//! A month's kind of past: made, served, charted, exported, taken in again, and read by DuckDB while the server runs.

use crate::support::{Server, folder, free_udp_port, judge, judges, pack_site};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Two days of 2026: long past, so that nothing live comes between.
const FIRST: &str = "2026-03-01";

pub(crate) fn packtwin(arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_packtwin"));
    let Output { status, stdout, stderr } = command.args(arguments).stdin(Stdio::null()).output().unwrap();
    (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

fn generate(data: &Path, days: &str) -> String {
    let data = data.to_str().unwrap();
    let (status, said) = packtwin(&["generate", "--days", days, "--rate", "1", "--from", FIRST, "--data", data]);
    assert_eq!(status, Some(0), "{said}");
    said
}

/// The body of an answer, byte by byte.
fn octets(server: &Server, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    // HTTP/1.0: the body comes as it is and ends with the connection.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", server.address).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("an HTTP answer");
    assert!(answer.starts_with(b"HTTP/1.0 200"), "{}", String::from_utf8_lossy(&answer[..head]));
    answer.split_off(head + 4)
}

#[test]
fn a_generated_past_has_its_cells_and_they_are_made_up_for_where_they_are_missing() {
    let folder = folder();
    let data = folder.path().join("data");
    generate(&data, "1");
    let with_cells = |days: &str| {
        let more = ["--rate", "1", "--cells", "--from", FIRST, "--data", data.to_str().unwrap()];
        let (status, said) = packtwin(&[&["generate", "--days", days], &more[..]].concat());
        assert_eq!(status, Some(0), "{said}");
        said
    };
    let file = data.join("systems/hv/cells/2026-03-01.parquet");
    assert!(!file.exists());
    with_cells("2");
    let made = std::fs::read(&file).unwrap();
    let said = with_cells("2");
    assert!(said.contains("2 days were there already") && std::fs::read(&file).unwrap() == made, "{said}");

    let server = Server::start_in(folder, &pack_site(free_udp_port()), &[]);
    let day = format!("from={FIRST}&to=2026-03-02");
    let map = |more: &str| server.get(&format!("/api/v1/cells/history?{day}&width=24{more}"));
    let voltage = map("&quantity=voltage");
    assert_eq!(
        (&voltage["unit"], &voltage["steps"], &voltage["step_ms"]),
        (&"V".into(), &24.into(), &3_600_000.into())
    );
    let cells = voltage["cells"].as_array().unwrap();
    assert_eq!((cells.len(), &cells[131]["cell"]), (260, &"7.12".into()));
    let deviation = map("");
    for step in 0..24 {
        // What each is away from the mean is nothing all together.
        let all = deviation["cells"].as_array().unwrap().iter().filter_map(|cell| cell["values"][step].as_f64());
        assert!(all.sum::<f64>().abs() < 0.03, "step {step}");
    }
    let path = format!("/api/v1/history?{day}&width=24&points=pack_voltage,cells/7.12/voltage,cells/0/temperature");
    let history = server.get(&path);
    let (cell, pack) = (&history["cells"][0], &history["series"][0]);
    assert_eq!((cell["point"].as_str(), cell["step_ms"].as_i64()), (Some("cells/7.12/voltage"), Some(3_600_000)));
    assert_eq!((cell["mean"].as_array().unwrap().len(), pack["column"].as_str()), (24, Some("pack_voltage")));
    for step in 0..24 {
        let (mean, low) = (number(&cell["mean"][step]), number(&cell["min"][step]));
        assert!(low <= mean && (mean - number(&cells[131]["values"][step])).abs() < 1e-3, "step {step}");
        assert_eq!(cell["rows"][step], 3_600);
    }
    for (path, says) in [
        ("/api/v1/history?points=cells/14.1/voltage", "there is no"),
        ("/api/v1/history.csv?points=cells/7.12/voltage", "single cells and device points are not in this file"),
        ("/api/v1/cells/history?quantity=colour", "colour"),
        ("/api/v1/cells/history?width=0", "not from 1 to 4096"),
        ("/api/v1/cells/history?system=attic", "there is no system"),
    ] {
        let (status, body) = server.request("GET", path, &[], "");
        assert!((400..500).contains(&status) && body.contains(says), "{path}: {status} {body}");
    }
    let nothing = server.get("/api/v1/cells/history?from=2020-01-01&to=2020-01-02");
    assert_eq!(nothing["cells"].as_array().unwrap().len(), 0);

    if let Some(python) = judges() {
        let files = server.folder.path().join("data/systems/hv/cells/*.parquet");
        let out = judge(&python, "duckdb_cells.py").arg(&files).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let duckdb: Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(
            duckdb["columns"],
            serde_json::json!([
                "timestamp",
                "cell",
                "voltage_min",
                "voltage_mean",
                "voltage_max",
                "voltage_n",
                "temperature_min",
                "temperature_mean",
                "temperature_max",
                "temperature_n"
            ])
        );
        assert_eq!((duckdb["type"].as_str(), duckdb["cells"].as_i64()), (Some("TIMESTAMP"), Some(260)));
        for step in 0..24 {
            let expected = number(&duckdb["hours_of_131"][step]);
            assert!((number(&cells[131]["values"][step]) - expected).abs() < 1e-4, "hour {step}");
        }
    }
    assert_eq!(server.terminate(), Some(0));
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn a_generated_past_is_served_at_any_zoom_and_duckdb_agrees() {
    let folder = folder();
    let data = folder.path().join("data");
    assert!(generate(&data, "1").contains("86400 rows of 1 days"));
    let said = generate(&data, "2");
    assert!(said.contains("86400 rows of 1 days") && said.contains("1 days were there already"), "{said}");

    let server = Server::start_in(folder, &pack_site(free_udp_port()), &[]);
    let path = |from: &str, to: &str, width: u32| {
        format!("/api/v1/history?points=soc,pack_voltage&from={from}&to={to}&width={width}")
    };
    let whole = server.get(&path(FIRST, "2026-03-03", 100));
    assert_eq!((whole["tier"].as_str(), whole["step_ms"].as_i64()), (Some("from ten minutes"), Some(1_200_000)));
    let voltage = &whole["series"][1];
    assert_eq!((voltage["column"].as_str(), voltage["unit"].as_str()), (Some("pack_voltage"), Some("V")));
    assert_eq!(voltage["rows"].as_array().unwrap().len(), 144);
    assert!(voltage["rows"].as_array().unwrap().iter().all(|n| n == 1_200));
    let lowest = voltage["min"].as_array().unwrap().iter().map(number).fold(f64::INFINITY, f64::min);
    assert_eq!(lowest, number(&whole["statistics"][1]["min"]));
    assert_eq!(whole["statistics"][1]["rows"], 172_800);
    let hour = server.get(&path("2026-03-01T06:00:00Z", "2026-03-01T07:00:00Z", 100));
    assert_eq!((hour["tier"].as_str(), hour["step_ms"].as_i64()), (Some("counted from rows"), Some(30_000)));
    let minute = server.get(&path("2026-03-01T06:00:00Z", "2026-03-01T06:01:00Z", 1_000));
    assert_eq!(minute["tier"], "every row");
    assert!((60..=64).contains(&minute["timestamps"].as_array().unwrap().len()));
    let nothing = server.get(&path("2020-01-01", "2020-01-02", 100));
    assert_eq!((&nothing["statistics"][0]["rows"], &nothing["statistics"][0]["mean"]), (&0.into(), &Value::Null));

    let (status, csv) =
        server.request("GET", "/api/v1/history.csv?from=2026-03-01T23:59:58Z&to=2026-03-02T00:00:02Z", &[], "");
    let lines: Vec<&str> = csv.lines().filter(|line| line.contains(',')).collect();
    assert_eq!((status, lines.len()), (200, 5), "{csv}");
    assert!(lines[0].starts_with("timestamp,soc,pack_voltage,pack_current,min_cell_v,max_cell_temp,"), "{}", lines[0]);
    assert!(lines[3].starts_with("2026-03-02T00:00:00.000Z,"), "{}", lines[3]);

    // The same rows as Parquet, as the store reads them.
    let file = server.folder.path().join("rows.parquet");
    let range = "from=2026-03-01T23:59:58Z&to=2026-03-02T00:00:02Z";
    std::fs::write(&file, octets(&server, &format!("/api/v1/history.parquet?{range}"))).unwrap();
    let rows = store::ForeignParquet::open(&file).unwrap();
    assert_eq!((rows.groups(), rows.rows(0)), (1, 4));
    let column = rows.names().iter().position(|name| name == "soc").unwrap();
    let soc = rows.numbers(column, 0).unwrap();
    let told: Vec<f32> = lines[1..].iter().map(|line| line.split(',').nth(1).unwrap().parse().unwrap()).collect();
    assert_eq!(soc, told);
    let (status, none) = server.request("GET", "/api/v1/history.parquet?from=2020-01-01&to=2020-01-02", &[], "");
    assert!(status == 404 && none.contains("no rows in this time"), "{status} {none}");

    for (query, says) in [
        ("points=colour", "there is no \\\"colour\\\""),
        ("from=yesterday", "is no instant"),
        ("from=2026-03-02&to=2026-03-01", "from must be before to"),
        ("width=0", "not from 1 to 4096"),
        ("system=attic", "there is no system"),
        ("colour=red", "`colour` is not known here"),
        ("from=-99999999999999999", "between the years"),
    ] {
        let (status, body) = server.request("GET", &format!("/api/v1/history?{query}"), &[], "");
        assert!((400..500).contains(&status) && body.contains(says), "{query}: {status} {body}");
    }

    // DuckDB opens the files while the server runs, and counts the same.
    if let Some(python) = judges() {
        let files = server.folder.path().join("data/systems/hv/pack/*.parquet");
        let out = judge(&python, "duckdb_telemetry.py").arg(&files).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let duckdb: Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(
            duckdb["columns"].as_array().unwrap()[..6].iter().map(|c| c.as_str().unwrap()).collect::<Vec<_>>(),
            ["timestamp", "soc", "pack_voltage", "pack_current", "min_cell_v", "max_cell_temp"]
        );
        assert_eq!(duckdb["type"], "TIMESTAMP");
        let close = |a: f64, b: &Value, what: &str| assert!((a - number(b)).abs() <= 1e-6 * a.abs(), "{what}: {a} {b}");
        assert_eq!(duckdb["rows"], 172_800);
        close(number(&whole["statistics"][1]["mean"]), &duckdb["mean_v"], "mean voltage");
        close(number(&whole["statistics"][1]["std_dev"]), &duckdb["std_v"], "deviation of the voltage");
        let energy = &whole["energy"];
        close(number(&energy["out_wh"]) - number(&energy["in_wh"]), &duckdb["net_wh"], "energy");
        let buckets: Vec<&Value> = duckdb["twenty_minutes"].as_array().unwrap().iter().collect();
        for (k, bucket) in buckets.iter().enumerate() {
            close(number(&voltage["min"][k]), &bucket[0], "lowest of a bucket");
            close(number(&voltage["max"][k]), &bucket[1], "highest of a bucket");
        }
    }
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn what_is_exported_can_be_taken_in_elsewhere_once() {
    let folder = folder();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    generate(&here, "1");
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    for kind in ["csv", "parquet"] {
        let file = text(&folder.path().join(format!("part.{kind}")));
        let range = ["--from", "2026-03-01T03:00:00Z", "--to", "2026-03-01T04:00:00Z"];
        let (status, said) = packtwin(&[&["export", "--data", &text(&here), "--out", &file], &range[..]].concat());
        assert!(status == Some(0) && said.contains("3600 rows"), "{said}");
        let import = || packtwin(&["import", &file, "--system", kind, "--data", &text(&there)]);
        let (status, said) = import();
        assert!(status == Some(0) && said.contains("3600 of 3600 rows taken in"), "{said}");
        let (_, said) = import();
        assert!(said.contains("0 of 3600 rows taken in"), "{said}");
    }
    // Both ways give the same rows, value by value.
    let back = |kind: &str| {
        let file = folder.path().join(format!("back-{kind}.csv"));
        let (status, said) = packtwin(&["export", "--system", kind, "--data", &text(&there), "--out", &text(&file)]);
        assert_eq!(status, Some(0), "{said}");
        std::fs::read_to_string(file).unwrap()
    };
    let original = std::fs::read_to_string(folder.path().join("part.csv")).unwrap();
    for kind in ["csv", "parquet"] {
        let back = back(kind);
        let other = back.lines().zip(original.lines()).find(|(back, original)| back != original);
        assert_eq!((other, back.len()), (None, original.len()), "{kind}");
    }

    let wrong = folder.path().join("wrong.csv");
    for (content, says) in [
        ("timestamp,soc\n2026-03-02,much\n", "line 2: \"much\" is no number"),
        ("timestamp,soc\nyesterday,50\n", "line 2: \"yesterday\" is no instant"),
        ("when,soc\n1,50\n", "one must be timestamp"),
        ("timestamp,colour\n2026-03-01,1\n", "none of its columns"),
        ("", "must name the columns"),
    ] {
        std::fs::write(&wrong, content).unwrap();
        let (status, said) = packtwin(&["import", &text(&wrong), "--data", &text(&there)]);
        assert!(status == Some(1) && said.contains(says), "{content:?}: {said}");
    }
    let (status, said) = packtwin(&["export", "--data", &text(&there), "--out", &text(&folder.path().join("x.csv"))]);
    assert!(status == Some(1) && said.contains("has no rows of a system \"hv\"; it has: csv, parquet"), "{said}");
}
