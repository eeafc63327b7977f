//! The same GX over Modbus TCP, over MQTT and through VRM: one line of the site file is another, and `/victron/...` and
//! the page say the same but for the words of the source.

use crate::awkward_gx::cerbo_gx;
use crate::support::{Running, Server, folder, judges, repo};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What the GX measures: that of the broker's judge. It has no temperature sensor.
const MEASURED: [(&str, Option<f64>); 5] = [
    ("/Dc/Battery/Soc", Some(97.5)),
    ("/Dc/Battery/Voltage", Some(52.01)),
    ("/Dc/Battery/Current", Some(-8.0)),
    ("/Dc/Battery/Power", Some(-416.08)),
    ("/Dc/Battery/Temperature", None),
];

fn now_s() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

/// Answers as VRM does, in the shape of a recorded answer, until the process ends. Returns its address.
fn vrm() -> String {
    let recorded = repo().join("crates/links/tests/fixtures/vrm_diagnostics.json");
    let recorded: Value = serde_json::from_str(&std::fs::read_to_string(recorded).unwrap()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut question = [0; 4_096];
            let read = stream.read(&mut question).unwrap();
            let question = String::from_utf8_lossy(&question[..read]).to_lowercase();
            let known = question.starts_with("get /v2/installations/290928/diagnostics")
                && question.contains("x-authorization: token secret-of-the-test");
            let mut answer = recorded.clone();
            for record in answer["records"].as_array_mut().unwrap() {
                record["timestamp"] = json!(now_s());
                let path = record["dbusPath"].as_str().unwrap_or_default().to_owned();
                if let Some((_, value)) = MEASURED.iter().find(|(of, _)| *of == path) {
                    record["rawValue"] = json!(value);
                }
            }
            let (status, body) =
                if known { ("200 OK", answer.to_string()) } else { ("401 Unauthorized", String::new()) };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all((head + &body).as_bytes());
        }
    });
    format!("http://{address}/v2")
}

/// The broker with its GX, and its port.
fn mqtt() -> Option<(Running, u16)> {
    let mut command = Command::new(judges()?);
    command.arg(repo().join("crates/links/tests/judges/mqtt_gx.py"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut port = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
    Some((Running(child), port.trim().parse().unwrap()))
}

fn site(way: &str) -> String {
    format!(
        "[site]\nname = \"Home\"\n[[system]]\nid = \"home\"\nname = \"House\"\nkind = \"home\"\ncapacity_ah = 280\n\
         nominal_v = 51.2\n[[link]]\nid = \"gx\"\nname = \"Victron\"\nsystem = \"home\"\n{way}\n"
    )
}

/// What stands on the page, without its markup, from one heading to another.
fn words(page: &str, from: &str, to: &str) -> String {
    let start = page.find(from).unwrap_or_else(|| panic!("no {from}"));
    let end = start + page[start..].find(to).unwrap_or_else(|| panic!("no {to} after {from}"));
    let mut words = String::new();
    let mut in_tag = true;
    for c in page[start..end].chars() {
        match c {
            '<' => in_tag = true,
            '>' => (in_tag, words) = (false, words + " "),
            c if !in_tag => words.push(c),
            _ => {}
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_gx_is_the_same_whichever_way_its_values_come() {
    let Some(mut gx) = cerbo_gx() else { return };
    gx.tell("set 256 0xFFFF -416 -416 5201 0 -80 0");
    gx.tell("set 266 975");
    let Some((_broker, broker_port)) = mqtt() else { return };
    let ways = [
        (
            "Modbus TCP",
            format!(
                "kind = \"modbus-tcp\"\nconnect = \"127.0.0.1:{}\"\ninstallation = 290928\n\
                 table = \"{}/registers/victron_battery.toml\"",
                gx.port(),
                repo().display()
            ),
        ),
        ("MQTT", format!("kind = \"victron-mqtt\"\nconnect = \"127.0.0.1:{broker_port}\"\ninstallation = 290928")),
        (
            "VRM",
            format!("kind = \"victron-vrm\"\ninstallation = 290928\ntoken_file = \"vrm.token\"\napi = \"{}\"", vrm()),
        ),
    ];
    let mut pages = Vec::new();
    for (name, way) in ways {
        let folder = folder();
        std::fs::write(folder.path().join("vrm.token"), "secret-of-the-test\n").unwrap();
        let server = Server::start_in(folder, &site(&way), &[]);
        let start = Instant::now();
        let current = loop {
            let (status, body) = server.request("GET", "/victron/battery/current", &[], "");
            let answer: Value = serde_json::from_str(&body).unwrap();
            if status == 200 && !answer["data"]["soc"].is_null() && !answer["data"]["power"].is_null() {
                break answer["data"].clone();
            }
            assert!(start.elapsed() < Duration::from_secs(20), "{name}: {status} {answer}");
            std::thread::sleep(Duration::from_millis(50));
        };
        assert_eq!(current["installation_id"], "290928", "{name}");
        assert_eq!((&current["state"], &current["temperature"]), (&"discharging".into(), &Value::Null), "{name}");
        for (key, (_, expected)) in ["soc", "voltage", "current", "power"].into_iter().zip(MEASURED) {
            let value = current[key].as_f64().unwrap();
            // The register has whole watts.
            assert!((value - expected.unwrap()).abs() < 0.11, "{name}: {key} is {value}");
        }
        let health = server.get("/victron/health")["data"].clone();
        assert_eq!(
            (&health["is_healthy"], &health["poller_running"]),
            (&true.into(), &true.into()),
            "{name}: {health}"
        );
        assert_eq!(health["rate_limit_max"].is_null(), name != "VRM", "{name}: only a cloud counts: {health}");

        let (status, page) = server.request("GET", "/home?system=home", &[], "");
        assert_eq!(status, 200);
        let source = words(&page, "Source Victron", "</section>");
        assert!(source.contains(name) && source.contains("Healthy"), "{source}");
        assert!(!page.contains("secret-of-the-test"), "a token is nobody's business");
        pages.push([
            words(&page, "aria-label=\"SOC\"", "aria-label=\"Solar\""),
            words(&page, "<h2>Battery details", "Source Victron"),
        ]);
    }
    assert!(pages[0][1].contains("52.01") && pages[0][1].contains("No sensor"), "{:?}", pages[0]);
    assert_eq!(pages[0], pages[1], "Modbus and MQTT");
    assert_eq!(pages[1], pages[2], "MQTT and VRM");
}
