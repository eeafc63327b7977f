//! `packtwin dbc inspect FILE --site > hall.toml` writes a site file that runs as it is.

use crate::support::{Server, folder, repo};
use serde_json::Value;
use std::process::{Command, Stdio};

/// A DBC file, frames of it, and what must be read of them.
struct Pack {
    dbc: &'static str,
    frames: &'static [&'static str],
    points: &'static [(&'static str, f64)],
    /// A cell's place and its voltage.
    cells: &'static [(usize, f64)],
    lines: &'static [&'static str],
}

#[rustfmt::skip]
const PACKS: &[Pack] = &[
    Pack {
        dbc: "dbc/foxbms2.dbc",
        frames: &["250#00F67233959CCCE7", "233#430885FFBCF9D8F0", "235#B2ACEAFAC6C60901"],
        points: &[("battery/voltage", 858.0), ("battery/current", -100.0), ("battery/soh", 99.0)],
        cells: &[(0, 3.3), (3, 3.303)],
        lines: &["cells_per_module = 260"],
    },
    Pack {
        dbc: "dbc/packtwin_hv.dbc",
        frames: &["250#00F67233959CCCE7", "233#430885FFBCF9D8F0", "2A3#1388000000000000"],
        points: &[("battery/voltage", 858.0), ("battery/soc", 50.0)],
        cells: &[(2, 3.302)],
        lines: &["nominal_v = 832"],
    },
    Pack {
        dbc: "dbc/pylontech_hv.dbc",
        frames: &["00004210#840FB574D3044763", "00004220#2C106C0CFC763674"],
        points: &[("battery/voltage", 397.2), ("battery/soc", 71.0), ("battery/soh", 99.0)],
        cells: &[],
        lines: &[],
    },
    Pack {
        dbc: "crates/links/tests/fixtures/modules.dbc",
        frames: &[
            "100#8EC6A40F9CFF0300", "101#E803D007C409AC0D", "102#EC0C07E40C414000", "200#E8802981D084E880", "201#E880E880E88010FF",
            "300#E8032003D007C409",
        ],
        points: &[
            ("battery/soc", 71.0), ("battery/soh", 99.0), ("battery/voltage", 400.4), ("battery/current", -10.0),
            ("battery/contactors", 3.0), ("battery/sop_charge", 100_000.0), ("battery/sop_discharge", 200_000.0),
            ("battery/charge_current_max", 250.0), ("battery/insulation_kohm", 3_500.0),
            ("battery/cell_voltage_max", 3.308), ("battery/cell_voltage_max_at", 7.0),
            ("battery/cell_voltage_min", 3.3), ("battery/cell_temperature_max", 25.0), ("battery/cell_temperature_min", 24.0),
        ],
        cells: &[(0, 3.3), (1, 3.3065), (2, 3.4), (4, 3.3)],
        lines: &["modules_per_rack = 2, cells_per_module = 4", "signal = \"Module{module}_Cells.Cell{cell}Volt\""],
    },
    Pack {
        dbc: "crates/links/tests/fixtures/numbered.dbc",
        frames: &["18FF0250#4763A00F64000000", "18FF0251#E40CE50CE60CE70C", "18FF0252#41424344FFFFFFFF"],
        points: &[("battery/soc", 71.0), ("battery/soh", 99.0), ("battery/voltage", 400.0), ("battery/current", 10.0)],
        cells: &[(0, 3.3), (1, 3.301), (2, 3.302), (3, 3.303)],
        lines: &["modules_per_rack = 2, cells_per_module = 2", "signal = \"Module{module}Cell{cell}Temp\""],
    },
];

fn packtwin() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_packtwin"));
    command.env_remove("RUST_LOG").env_remove("PACKTWIN_SITE").stdin(Stdio::null());
    command
}

#[test]
fn a_proposed_site_file_runs_unedited_and_its_readings_are_right() {
    for pack in PACKS {
        let folder = folder();
        // From another folder than the site file's and the DBC file's.
        let output = packtwin().args(["dbc", "inspect", "--site"]).arg(repo().join(pack.dbc)).output().unwrap();
        let site = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{}: {}", pack.dbc, String::from_utf8_lossy(&output.stderr));
        assert!(pack.lines.iter().all(|line| site.contains(line)), "{}: {:?} in {site}", pack.dbc, pack.lines);
        let hall = folder.path().join("hall.toml");
        std::fs::write(&hall, &site).unwrap();
        let output = packtwin().current_dir("/").arg("check-config").arg(&hall).output().unwrap();
        assert!(output.status.success(), "{site}\n{}", String::from_utf8_lossy(&output.stderr));

        // Long enough for a slow machine: the values stay fresh.
        let frame = |at: f64, frame: &&str| format!("({at:.6}) can0 {frame}\n");
        let log: String =
            (0..100).flat_map(|i| pack.frames.iter().map(move |f| frame(f64::from(i) * 0.2, f))).collect();
        let file = folder.path().join("frames.log");
        std::fs::write(&file, log).unwrap();
        let server = Server::start_in(folder, &site, &["--replay", file.to_str().unwrap()]);
        let near = |value: &Value, expected: f64| value.as_f64().is_some_and(|value| (value - expected).abs() < 1e-3);
        for (point, expected) in pack.points {
            server.wait_for("/api/v1/state", |answer| near(&answer["points"][point]["value"], *expected).then_some(()));
        }
        for (cell, expected) in pack.cells {
            let voltage = |answer: &Value| answer["cells"][cell]["voltage_v"]["value"].clone();
            server.wait_for("/api/v1/cells", |answer| near(&voltage(answer), *expected).then_some(()));
        }
    }
}

#[test]
fn a_file_without_a_known_name_gives_no_site_file_but_a_way_on() {
    let folder = folder();
    let dbc = folder.path().join("odd.dbc");
    std::fs::write(&dbc, "BO_ 16 M: 8 A\n SG_ Foo : 0|8@1+ (1,0) [0|0] \"\" A\n").unwrap();
    let output = packtwin().args(["dbc", "inspect", "--site"]).arg(&dbc).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && output.stdout.is_empty(), "{said}");
    assert!(said.contains("no signal of") && said.contains("sites/examples/socketcan.toml"), "{said}");
}
