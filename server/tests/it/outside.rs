//! Senders that are not ours: frames made by cantools and python-can, registers served by pymodbus.

use crate::support::{Running, Server, free_tcp_port, free_udp_port, judge, judges, pack_site, repo};
use std::process::Stdio;

#[test]
fn a_pack_sent_by_cantools_and_python_can_is_read_to_the_cell() {
    let Some(python) = judges() else { return };
    let port = free_udp_port();
    let server = Server::start(&pack_site(port), &[]);
    let dbc = repo().join("dbc/packtwin_hv.dbc");
    let sender = judge(&python, "send_pack.py").arg(port.to_string()).arg(dbc).stdout(Stdio::null()).spawn().unwrap();
    let _sender = Running(sender);

    let cells = server.wait_for("/api/v1/cells", |answer| {
        let cells = answer["cells"].as_array()?;
        cells[259]["voltage_v"]["value"].as_f64().map(|_| cells.clone())
    });
    assert_eq!(cells.len(), 260);
    for (i, cell) in cells.iter().enumerate() {
        // As send_pack.py makes them; cell 5 is marked invalid.
        if i == 5 {
            assert_eq!(cell["voltage_v"]["reason"], "marked invalid by its device");
        } else {
            assert_eq!(cell["voltage_v"]["value"], (3_000 + i) as f64 / 1_000.0, "voltage of cell {i}");
        }
        assert_eq!(cell["temperature_c"]["value"], (20 + i % 10) as f64, "temperature of cell {i}");
    }
    let state = server.get("/api/v1/state");
    for (path, value) in
        [("battery/voltage", 858.0), ("battery/current", -100.0), ("battery/power", -85_800.0), ("battery/soc", 71.43)]
    {
        assert_eq!(state["points"][path]["value"], value, "{path}");
    }
    assert_eq!(state["cell_voltage_v"]["fresh"], 259);
    assert_eq!(state["cell_voltage_v"]["max"]["cell"], "13.20");
}

#[test]
fn meters_served_by_pymodbus_are_read() {
    let Some(python) = judges() else { return };
    let port = free_tcp_port();
    let meter = judge(&python, "meter.py").arg(port.to_string()).stdout(Stdio::null()).spawn().unwrap();
    let _meter = Running(meter);
    let table = repo().join("registers/grid_meter.toml");
    let site = format!(
        r#"
[site]
name = "Meter only"

[[system]]
id = "hv"
capacity_ah = 280
nominal_v = 832

[[link]]
id = "grid-meter"
system = "hv"
kind = "modbus-tcp"
connect = "127.0.0.1:{port}"
unit = 1
poll_ms = 100
table = "{}"
"#,
        table.display()
    );
    let server = Server::start(&site, &[]);
    let power = server.wait_for("/api/v1/state", |answer| answer["points"]["grid/power"]["value"].as_f64());
    assert_eq!(power, -123_456.0);
    let link = server.wait_for("/api/v1/links", |answer| {
        let link = &answer["links"][0];
        (link["state"] == "up").then(|| link.clone())
    });
    assert!(link["latency_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{link}");
}
