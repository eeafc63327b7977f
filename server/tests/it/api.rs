//! Every endpoint, with good and bad parameters.

use crate::support::{Server, free_udp_port, pack_site};

#[test]
fn bad_parameters_are_refused_in_words() {
    let server = Server::start(&pack_site(free_udp_port()), &[]);
    for (path, status, says) in [
        ("/api/v1/state?system=xx", 404, "there is no system"),
        ("/api/v1/state?colour=red", 422, "`colour` is not known here; there is system, at"),
        ("/api/v1/history?width=abc", 422, "width: \\\"abc\\\" is no whole number"),
        ("/api/v1/home?hours=-1", 422, "hours: -1 must not be negative"),
        (
            "/api/v1/playback/jump?to=foo&from=2026-01-01",
            422,
            "\\\"foo\\\" is not known here; there is alarm, sag, spread",
        ),
        ("/api/v1/playback/jump?from=2026-01-01", 422, "`to` is missing"),
        ("/api/v1/links/%FF/frames", 422, "no text in UTF-8"),
        ("/api/v1/analysis/sql", 405, "/api/v1/analysis/sql is not asked with GET"),
        ("/api/v1/links/xx/frames", 404, "there is no link"),
        ("/api/v1/series", 422, "points or cell"),
        ("/api/v1/series?points=battery/sock", 422, "battery/sock"),
        ("/api/v1/series?cell=99.1", 422, "99.1"),
        ("/api/v1/series?points=battery/soc&seconds=0", 422, "seconds"),
        ("/api/v1/series?points=battery/soc&seconds=9999", 422, "600"),
        ("/api/v1/nothing", 404, "there is no /api/v1/nothing here"),
        ("/api/v1/lab", 404, "simulated"),
        ("/live/xx", 400, ""),
        ("/pkg/../../etc/passwd", 404, ""),
        ("/nothing", 404, ""),
    ] {
        let (got, body) = server.request("GET", path, &[], "");
        assert_eq!(got, status, "{path}: {body}");
        assert!(body.contains(says), "{path}: no {says:?} in {body}");
    }
    for (kind, body, status, says) in [
        ("application/json", "{\"sql\": 3}", 422, "sql: 3 cannot stand here: write a text, in quotes"),
        ("application/json", "{}", 422, "`sql` is missing"),
        ("application/json", "{\"sql\": \"SELECT 1\", \"format\": \"xls\"}", 422, "there is table, csv, parquet"),
        ("application/json", "{", 400, "the body is no JSON"),
        ("text/plain", "SELECT 1", 415, "send application/json or application/x-www-form-urlencoded"),
    ] {
        let (got, said) = server.request("POST", "/api/v1/analysis/sql", &[("Content-Type", kind)], body);
        assert!(got == status && said.contains(says) && said.contains("\"detail\""), "{body}: {got} {said}");
    }
    let (status, _) = server.request("POST", "/api/v1/lab", &[("Origin", "https://evil.example")], "action=clear-all");
    assert_eq!(status, 403);
    let (status, body) = server.request("GET", "/healthz", &[], "");
    assert_eq!((status, body.trim()), (200, "ok"));
    let (status, body) = server.request("GET", "/readyz", &[], "");
    assert_eq!(status, 503);
    assert!(body.contains("link bms"), "{body}");
}

#[test]
fn nothing_received_is_said_and_never_zero() {
    let server = Server::start(&pack_site(free_udp_port()), &[]);
    let state = server.get("/api/v1/state");
    assert_eq!(state["points"]["battery/soc"]["value"], serde_json::Value::Null);
    assert_eq!(state["points"]["battery/soc"]["reason"], "not received");
    assert_eq!(server.get("/api/v1/cells")["cells"][7]["voltage_v"]["reason"], "not received");
    let alarms = server.wait_for("/api/v1/state", |answer| {
        let alarms = answer["alarms"].as_array()?;
        (!alarms.is_empty()).then(|| alarms.clone())
    });
    assert_eq!(alarms[0]["words"], "Battery controller is silent");
}
