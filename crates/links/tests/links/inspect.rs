//! A proposal for each DBC file that we have is a site file's text that can be used as it is.

use crate::support::repository;
use domain::spec::SystemIdx;
use domain::topology::Topology;
use links::LinkConfig;
use links::device::dbc::Database;
use links::inspect::propose;

#[derive(serde::Deserialize)]
struct Site {
    system: Vec<toml::Table>,
    link: Vec<LinkConfig>,
}

fn proposal(dbc: &str) -> String {
    let text = propose(&Database::open(&repository().join(dbc)).unwrap(), dbc);
    let site: Site = toml::from_str(&text).unwrap_or_else(|e| panic!("{e} in {text}"));
    let number = |key: &str| site.system[0].get("topology")?.get(key)?.as_integer();
    let topology = match (number("modules_per_rack"), number("cells_per_module")) {
        (Some(modules), Some(cells)) => Topology::new(1, modules as u16, cells as u16),
        _ => Topology::NONE,
    };
    site.link[0].build(SystemIdx(0), &topology, repository()).unwrap_or_else(|e| panic!("{e} in {text}"));
    text
}

#[test]
fn proposals_can_be_pasted_and_have_what_the_file_has() {
    for (dbc, wanted) in [
        (
            "dbc/packtwin_hv.dbc",
            &[
                "cells_per_module = 260",
                r#""cells/voltage", signal = "CellVoltage_{cell}", valid = "CellVoltageValid_{cell}", first = 0"#,
                r#""cells/temperature", signal = "CellTemperature_{cell}", valid = "CellTemperatureValid_{cell}""#,
                r#""battery/voltage", signal = "BatteryVoltage""#,
                r#""battery/bus_voltage", signal = "BusVoltage""#,
                r#""battery/soc", signal = "Soc""#,
                r#""battery/sop_charge", signal = "ChargePowerMax""#,
                r#""battery/cell_voltage_min_at", signal = "CellVoltageMinAt""#,
                r#"bits = ["MainPlusClosed", "MainMinusClosed", "PrechargeClosed"]"#,
            ][..],
        ),
        ("dbc/foxbms2.dbc", &[r#""battery/current", signal = "PackCurrent""#, r#""battery/soc", signal = "SocMin""#]),
        ("dbc/pylontech_hv.dbc", &[r#""battery/voltage", signal = "PackVoltage""#, r#""battery/soh", signal = "Soh""#]),
        ("dbc/orion.dbc", &["cells_per_module = 256", r#"signal = "CellVoltage_{cell}", first = 0"#]),
    ] {
        let text = proposal(dbc);
        for words in wanted {
            assert!(text.contains(words), "{dbc}: no {words} in\n{text}");
        }
    }
}
