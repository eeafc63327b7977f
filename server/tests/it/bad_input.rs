//! Bad input gets clear words, is counted, and changes nothing else.

use crate::support::{Server, folder, free_udp_port, pack_site, packet, refuses, send};
use std::net::{TcpListener, UdpSocket};

#[test]
fn a_wrong_site_file_names_file_line_and_key_and_starts_nothing() {
    let good = pack_site(free_udp_port());
    for (from, to, line_of, says) in [
        (
            "capacity_ah = 280",
            "capacity_ah = \"much\"",
            "capacity_ah",
            &["system.capacity_ah", "the text \"much\" cannot stand here: write a number"][..],
        ),
        ("capacity_ah = 280", "capacity_ah = -1", "capacity_ah", &["system.capacity_ah", "-1 Ah is not from 0.1"]),
        (
            "nominal_v = 832",
            "nominl_v = 832",
            "nominl_v",
            &["nominl_v", "`nominl_v` is not known here; the nearest is `nominal_v`"],
        ),
        (
            "system = \"hv\"",
            "system = \"lv\"",
            "system = \"lv\"",
            &["link.system", "there is no system \"lv\"; there is hv"],
        ),
        ("\"cannelloni\"", "\"carrier-pigeon\"", "carrier-pigeon", &["link", "carrier-pigeon"]),
        ("signal = \"Soc\"", "signal = \"Socx\"", "Socx", &["link.map", "Socx", "the nearest is `Soc`"]),
        ("\"battery/soc\"", "\"battery/sock\"", "battery/sock", &["link.map", "battery/sock", "battery/soc"]),
        ("packtwin_hv.dbc", "nowhere.dbc", "nowhere.dbc", &["link.dbc", "nowhere.dbc"]),
        (
            "nominal_v = 832",
            "nominal_v = 832\nkind = \"house\"",
            "house",
            &["system.kind", "\"house\" is not known here; there is data-centre, home"],
        ),
        (
            "[site]",
            "[[simulator]]\nsystem = \"hv\"\nkind = \"car\"\n[site]",
            "\"car\"",
            &["simulator.kind", "\"home\""],
        ),
        (
            "[site]",
            "[[simulator]]\nkind = \"home\"\nsystem = \"hv\"\ntime_scale = 0\n[site]",
            "time_scale",
            &["simulator.time_scale", "0 is not a number from 1 to 1000"],
        ),
        (
            "[site]",
            "[history]\ncell_days = 1\n[site]",
            "cell_days",
            &["history.cell_days", "1 days is not from 2 to 3660"],
        ),
        (
            "[site]",
            "[history]\nfull_rate_hours = 0\n[site]",
            "full_rate",
            &["history.full_rate_hours", "0 h is not from 1"],
        ),
        ("[site]", "[history]\ndays = \"all\"\n[site]", "days =", &["history.days", "write a whole number"]),
        ("[site]", "[history]\nweeks = 3\n[site]", "weeks", &["history.weeks", "`weeks` is not known here"]),
        ("modules_per_rack = 13", "modules_per_rack = 0", "topology", &["system.topology", "0 cells"]),
        (
            "nominal_v = 832",
            "nominal_v = 832\nchemistry = \"nickel\"",
            "nickel",
            &["system.chemistry", "there is no chemistry \"nickel\"", "lfp, nmc, lto, sodium-ion, lead-acid"],
        ),
        (
            "nominal_v = 832",
            "nominal_v = 832\ncells_in_series = 100",
            "cells_in_series",
            &["system.cells_in_series", "100 cells in series do not make 832 V", "about 260 cells"],
        ),
        (
            "nominal_v = 832",
            "nominal_v = 832\n[system.limits]\ncell_voltage_max_v = 3.9",
            "cell_voltage_max_v",
            &["system.limits.cell_voltage_max_v", "3.9 V is not from 2 to 3.8 V, beyond which no LFP cell is safe"],
        ),
        (
            "nominal_v = 832",
            "nominal_v = 832\nlimits = { cell_volts = 3.6 }",
            "cell_volts",
            &["system.limits", "there is no limit `cell_volts`", "cell_voltage_max_v"],
        ),
        (
            "nominal_v = 832",
            "nominal_v = 832\n[system.limits]\npack_voltage_min_v = 900\npack_voltage_max_v = 880",
            "pack_voltage_min_v",
            &[
                "system.limits.pack_voltage_min_v",
                "pack_voltage_min_v = 900 must be less than pack_voltage_max_v = 880 V",
            ],
        ),
    ] {
        let wrong = good.replace(from, to);
        assert_ne!(wrong, good);
        let line = 1 + wrong.lines().position(|line| line.contains(line_of)).unwrap();
        let folder = folder();
        let said = refuses(folder.path(), &wrong, &[]);
        assert!(said.contains(&format!("site.toml:{line}: ")), "{to}: no line {line} in: {said}");
        for word in says {
            assert!(said.contains(word), "{to}: no {word:?} in: {said}");
        }
        assert!(!folder.path().join("data").exists(), "{to}: it made the data folder");
    }
}

#[test]
fn a_file_that_is_no_text_says_where() {
    let folder = folder();
    let mut bytes = pack_site(free_udp_port()).into_bytes();
    let second_line = 1 + bytes.iter().position(|byte| *byte == b'\n').unwrap();
    bytes.insert(second_line, 0xE4);
    let file = folder.path().join("site.toml");
    std::fs::write(&file, bytes).unwrap();
    let run =
        std::process::Command::new(env!("CARGO_BIN_EXE_packtwin")).arg("check-config").arg(file).output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(said.contains("line 2 has the byte 0xE4, which is no text in UTF-8: save the file as UTF-8"), "{said}");
}

#[test]
fn a_missing_site_file_and_a_missing_page_are_said() {
    let folder = folder();
    let said = refuses(folder.path(), "", &["--replay", "nowhere.log"]);
    assert!(said.contains("site.toml:1"), "{said}");
    std::fs::remove_dir_all(folder.path().join("site")).unwrap();
    let said = refuses(folder.path(), &pack_site(free_udp_port()), &[]);
    assert!(said.contains("manifest.txt") && said.contains("cargo xtask run"), "{said}");
}

#[test]
fn a_port_in_use_says_so() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let said = refuses(folder().path(), &pack_site(port), &[]);
    assert!(said.contains(&format!("127.0.0.1:{port} is in use by another program")), "{said}");

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = folder();
    let mut command = crate::support::command(folder.path(), &pack_site(free_udp_port()), &[]);
    let output = command.arg("--listen").arg(&address).env_remove("RUST_LOG").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // A second --listen is refused by the command line itself; ask again with one.
    let said = if said.contains("cannot be used multiple times") {
        let site = folder.path().join("site.toml");
        let mut again = std::process::Command::new(env!("CARGO_BIN_EXE_packtwin"));
        again.args(["serve", "--listen", &address, "--site"]).arg(site);
        again.arg("--data").arg(folder.path().join("data")).arg("--assets").arg(folder.path().join("site"));
        String::from_utf8_lossy(&again.output().unwrap().stderr).into_owned()
    } else {
        said
    };
    assert!(said.contains(&format!("{address} is in use by another program")), "{said}");
}

#[test]
fn garbage_on_the_wire_is_counted_by_kind_and_changes_no_reading() {
    let port = free_udp_port();
    let server = Server::start(&pack_site(port), &[]);
    // Cells 0 to 3 at 3300 to 3303 mV, all valid (foxBMS layout).
    let cells: &[u8] = &[0x00, 0xF6, 0x72, 0x33, 0x95, 0x9C, 0xCC, 0xE7];
    let good = packet(0, &[(0x250, cells)]);
    send(port, &good);
    server.wait_for("/api/v1/cells", |answer| answer["cells"][3]["voltage_v"]["value"].as_f64());

    send(port, b"");
    send(port, b"not a packet");
    send(port, &good[..good.len() - 1]);
    let mut claims_more = good.clone();
    claims_more[4] = 9;
    send(port, &claims_more);
    send(port, &packet(1, &[(0x7AB, &[1, 2, 3])]));
    send(port, &packet(2, &[(0x250, &cells[..3])]));
    send(port, &packet(3, &[(0x250, &[0xFF; 8])]));
    // Mux 0 again, with 8191 mV in all four cells: no cell can have that.
    send(port, &packet(4, &[(0x250, &[0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])]));
    send(port, &packet(4, &[(0x250, cells)]));

    let faults = server.wait_for("/api/v1/links", |answer| {
        let faults = &answer["links"][0]["faults"];
        (faults["out_of_order"].as_u64()? >= 1).then(|| faults.clone())
    });
    assert_eq!(faults["malformed"], 4, "{faults}");
    assert_eq!(faults["wrong_length"], 1, "{faults}");
    assert_eq!(
        (&faults["unknown_id"], &faults["unknown_group"]),
        (&1.into(), &1.into()),
        "an id, a multiplexor: {faults}"
    );
    assert_eq!(faults["impossible_value"], 4, "{faults}");
    let state = server.get("/api/v1/cells");
    for (cell, volts) in [3.3, 3.301, 3.302, 3.303].into_iter().enumerate() {
        assert_eq!(state["cells"][cell]["voltage_v"]["value"], volts);
    }
}
