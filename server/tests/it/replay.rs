//! A candump log plays through the same path as the wire.

use crate::support::{Server, folder, free_udp_port, pack_site};

#[test]
fn a_candump_log_plays_through_the_sites_mapping() {
    let folder = folder();
    let log = folder.path().join("pack.log");
    let lines: String = (0..40)
        .map(|i| {
            let at = 1_760_000_000.0 + f64::from(i) * 0.1;
            format!("({at:.6}) can0 250#00F67233959CCCE7\n({at:.6}) can0 233#430885FFBCF9D8F0\n# a note\n")
        })
        .collect();
    std::fs::write(&log, lines).unwrap();
    let log = log.to_str().unwrap().to_owned();
    let server = Server::start_in(folder, &pack_site(free_udp_port()), &["--replay", &log, "--speed", "2"]);
    let cells = server.wait_for("/api/v1/cells", |answer| {
        answer["cells"][0]["voltage_v"]["value"].as_f64().map(|_| answer["cells"].clone())
    });
    assert_eq!(cells[2]["voltage_v"]["value"], 3.302);
    let state = server.get("/api/v1/state");
    assert_eq!(state["points"]["battery/current"]["value"], -100.0);
    let protocol = server.get("/api/v1/links")["links"][0]["protocol"].to_string();
    assert!(protocol.contains("candump"), "{protocol}");
    server.wait_for("/api/v1/links", |answer| (answer["links"][0]["state"] == "ended").then_some(()));
}
