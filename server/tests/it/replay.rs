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

/// The engine of a slow system has nothing to wait for any more, and is not waited for.
#[test]
fn after_the_end_of_every_link_a_stop_does_not_wait_for_a_slow_systems_period() {
    let folder = folder();
    let log = folder.path().join("pack.log");
    std::fs::write(&log, "(1760000000.000000) can0 250#00F67233959CCCE7\n").unwrap();
    let log = log.to_str().unwrap().to_owned();
    let site = pack_site(free_udp_port()).replace("capacity_ah = 280", "rate_hz = 0.1\ncapacity_ah = 280");
    let server = Server::start_in(folder, &site, &["--replay", &log]);
    server.wait_for("/api/v1/links", |answer| (answer["links"][0]["state"] == "ended").then_some(()));
    let start = std::time::Instant::now();
    assert_eq!(server.terminate(), Some(0));
    assert!(start.elapsed().as_secs() < 5, "it took {:?} of a period of 10 s", start.elapsed());
}
