//! The bytes as others read them: cantools by the committed DBC file, pymodbus.
//!
//! Set `PACKTWIN_PYTHON` to a Python that has cantools and pymodbus; see `testkit` for what happens without it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use domain::lab::{LabCommand, LabFault, LoadMode, SimDevice};
use domain::topology::Topology;
use serde_json::Value;
use sim::can::{encode, layout};
use sim::home::{Home, HomeSpec};
use sim::plant::{Plant, PlantSpec};
use sim::{HomeConfig, Rig, RigConfig};
use std::io::Write;
use std::process::{Command, Stdio};

const DBC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dbc/packtwin_hv.dbc");

/// What the judge's script prints, or `None` where there is no judge.
fn judge(script: &str, args: &[&str], input: &str) -> Option<Value> {
    let python = testkit::python("cantools, pymodbus")?;
    let path = format!("{}/tests/judge/{script}", env!("CARGO_MANIFEST_DIR"));
    let mut child = Command::new(python)
        .arg(path)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("PACKTWIN_PYTHON names a Python");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{script} failed");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn cantools_reads_a_whole_sweep_as_the_pack_is() {
    let mut plant = Plant::new(&PlantSpec::default());
    plant.apply(LabCommand::Load(LoadMode::Fixed(200e3)));
    plant.apply(LabCommand::Inject(LabFault::DeadNode(11)));
    for _ in 0..150 {
        plant.step(0.2);
    }
    let frames = encode::sweep(&layout::messages(plant.pack().topology()), plant.report());
    assert_eq!(frames.len(), 10 + 65 + 44 + 13);
    let lines: String = frames
        .iter()
        .map(|frame| format!("{:x} {}\n", frame.id, frame.data.map(|b| format!("{b:02x}")).concat()))
        .collect();
    let Some(decoded) = judge("decode.py", &[DBC], &lines) else { return };

    let near = |signal: &str, truth: f32, within: f32| {
        let value = decoded[signal].as_f64().unwrap_or_else(|| panic!("{signal} is missing")) as f32;
        assert!((value - truth).abs() <= within, "{signal}: {value}, truly {truth}");
    };
    let (pack, report) = (plant.pack(), plant.report());
    for cell in 0..260 {
        let measured = !(220..240).contains(&cell);
        near(&format!("CellVoltageValid_{cell:03}"), f32::from(u8::from(measured)), 0.0);
        near(&format!("CellTemperatureValid_{cell:03}"), f32::from(u8::from(measured)), 0.0);
        if measured {
            near(&format!("CellVoltage_{cell:03}"), pack.cells().voltage_v[cell] * 1e3, 3.0);
            near(&format!("CellTemperature_{cell:03}"), pack.cells().terminal_c(cell), 2.0);
        }
    }
    for node in 0..13 {
        near(&format!("AfeState_{node:02}"), if node == 11 { 2.0 } else { 0.0 }, 0.0);
        near(&format!("AfeDelay_{node:02}"), if node == 11 { 30_000.0 } else { 10.0 }, 20.0);
    }
    near("BatteryVoltage", pack.voltage_v(), 0.2);
    near("BatteryCurrent", pack.current_a(), 0.2);
    near("BatteryPower", pack.power_w() / 1e3, 0.2);
    assert!(pack.power_w() > 120e3, "the pack discharges: positive");
    near("BusVoltage", pack.voltage_v(), 0.2);
    near("Soc", pack.soc_pct(), 1.0);
    near("SocMin", pack.soc_pct(), 1.0);
    near("Soh", report.soh_pct, 0.3);
    near("DischargePowerMax", 250.0, 0.1);
    near("ChargeCurrentMax", 140.0, 0.3);
    near("BmsState", 7.0, 0.0);
    near("GeneralWarning", 1.0, 0.0);
    near("Contactors", 3.0, 0.0);
    near("PrechargeClosed", 0.0, 0.0);
    near("AmbientTemperature", 22.0, 0.1);
    near("InsulationResistance", 5_040.0, 7.0);
    let voltage = report.voltage_extremes.unwrap();
    near("CellVoltageMin", voltage.min, 0.0);
    near("CellVoltageMinAt", f32::from(voltage.min_at), 0.0);
    near("CellVoltageMaxAt", f32::from(voltage.max_at), 0.0);
    near("CellTemperatureMax", report.temperature_extremes.unwrap().max, 0.05);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pymodbus_reads_a_meter_and_its_refusals() {
    let config: RigConfig = toml::from_str(
        "system = \"hv\"\ncan_to = \"127.0.0.1:9\"\ngrid_meter = \"127.0.0.1:0\"\nload_meter = \"127.0.0.1:0\"",
    )
    .unwrap();
    let rig = Rig::start(&config, Topology::new(1, 13, 20)).await.unwrap();
    let port = rig.modbus_addr(SimDevice::LoadMeter).unwrap().port().to_string();
    let read = tokio::task::spawn_blocking(move || judge("read_meter.py", &["127.0.0.1", &port], "")).await.unwrap();
    let Some(read) = read else { return };
    let power_w = read["power_w"].as_f64().unwrap();
    assert!((38e3..42e3).contains(&power_w), "{read}");
    assert!((4_700..4_900).contains(&read["registers"][2].as_u64().unwrap()), "{read}");
    assert_eq!((read["beyond"].as_u64(), read["other"].as_u64()), (Some(2), Some(1)));
}

/// A house that stands still while it is read: the load is held, and dusk is over.
const EVENING_H: f32 = 22.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pymodbus_reads_a_house_behind_a_gx_and_an_inverter() {
    let config: HomeConfig = toml::from_str(&format!(
        "system = \"home\"\nstart_hour = {EVENING_H}\ngx = \"127.0.0.1:0\"\ninverter = \"127.0.0.1:0\"\n\
         inverter_rtu = \"127.0.0.1:0\""
    ))
    .unwrap();
    let rig = Rig::start_home(&config).await.unwrap();
    rig.lab().apply(LabCommand::Load(LoadMode::Fixed(3_000.0)));
    // The same house, some seconds on: as it is while it is read.
    let mut truth = Home::new(&HomeSpec { start_h: EVENING_H, ..HomeSpec::default() });
    truth.apply(LabCommand::Load(LoadMode::Fixed(3_000.0)));
    truth.step(10.0);
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let port = |address: Option<std::net::SocketAddr>| address.unwrap().port().to_string();
    let ports = [
        port(rig.modbus_addr(SimDevice::Gx)),
        port(rig.modbus_addr(SimDevice::Inverter)),
        port(rig.rtu_addr(SimDevice::Inverter)),
    ];
    let read =
        tokio::task::spawn_blocking(move || judge("read_home.py", &["127.0.0.1", &ports[0], &ports[1], &ports[2]], ""));
    let Some(read) = read.await.unwrap() else { return };

    let near = |path: [&str; 2], truth: f32, within: f32| {
        let value = read[path[0]][path[1]].as_f64().unwrap_or_else(|| panic!("{path:?}: {read}")) as f32;
        assert!((value - truth).abs() <= within, "{path:?}: {value}, truly {truth}");
    };
    let (volts, amps, watts) = (truth.bank().voltage_v(), truth.bank().current_a(), truth.battery_w());
    assert!(watts > 3_000.0, "the battery carries the house: {watts} W");
    // Victron counts charging as positive, Sol-Ark discharging.
    for (service, volt_step, soc_step) in [("battery", 0.02, 0.1), ("system", 0.06, 0.55)] {
        near([service, "voltage_v"], volts, volt_step);
        near([service, "current_a"], -amps, 0.3);
        near([service, "power_w"], -watts, 15.0);
        near([service, "soc_pct"], truth.shunt().soc_pct(), soc_step);
    }
    near(["system", "state"], 2.0, 0.0);
    near(["battery", "temperature_c"], truth.temperature_c(), 0.1);
    near(["battery", "capacity_ah"], 840.0, 0.0);
    near(["battery", "cell_min_v"], volts / 16.0, 0.03);
    near(["battery", "cell_max_v"], volts / 16.0, 0.03);
    near(["sol_ark", "voltage_v"], volts, 0.1);
    near(["sol_ark", "current_a"], amps, 0.3);
    near(["sol_ark", "power_w"], watts, 25.0);
    near(["sol_ark", "soc_pct"], truth.estimate().soc_pct(), 0.6);
    near(["sol_ark", "temperature_c"], truth.temperature_c(), 1.0);
    near(["sol_ark", "house_w"], 3_000.0, 0.0);
    near(["sol_ark", "solar_w"], 0.0, 0.0);
    near(["sol_ark", "grid_w"], truth.grid_w(), 10.0);
    assert_eq!(read["meter_w"].as_f64().map(|w| (w - f64::from(truth.grid_w())).abs() < 10.0), Some(true), "{read}");
    assert_eq!(read["over_serial_w"].as_f64(), Some(3_000.0));
    assert_eq!((read["mac"].as_str(), read["sol_ark"]["serial"].as_str()), (Some("c0619a000001"), Some("2100000001")));
    assert_eq!(read["reserved"], serde_json::json!([0xFFFF, 0xFFFF, 0xFFFF]));
    assert_eq!(
        read["refusals"],
        serde_json::json!({
            "absent battery": 10, "no inverter/charger": 10, "system behind the battery's unit": 10, "hole": 2,
            "unknown register": 2, "coils": 1, "write": 2, "beyond the inverter": 2,
            "input registers of the inverter": 1, "another inverter": 11,
        })
    );
}

/// Another's Modbus master sets the GX: what it reads back, and what the grid meter measures after it.
#[tokio::test]
async fn pymodbus_sets_the_gx_and_the_grid_follows() {
    // At night: nothing comes from the sun.
    let config: HomeConfig =
        toml::from_str("system = \"home\"\ngx = \"127.0.0.1:0\"\ninverter = \"127.0.0.1:0\"\nstart_hour = 23.0")
            .unwrap();
    let rig = Rig::start_home(&config).await.unwrap();
    rig.lab().apply(LabCommand::Load(LoadMode::Fixed(2_000.0)));
    let port = rig.modbus_addr(SimDevice::Gx).unwrap().port().to_string();
    let told = tokio::task::spawn_blocking(move || judge("write_gx.py", &["127.0.0.1", &port], ""));
    let Some(told) = told.await.unwrap() else { return };
    assert_eq!(told["at first"], serde_json::json!([0, 30.0]), "{told}");
    for (what, settings, grid_w) in [
        ("fed in", serde_json::json!([-1_500, 30.0]), -1_500.0),
        ("drawn", serde_json::json!([900, 30.0]), 900.0),
        // Nothing may be taken from the battery: the grid carries the house and what the inverter itself takes.
        ("kept", serde_json::json!([900, 95.5]), 2_062.0),
    ] {
        let measured = told[what][1].as_f64().unwrap();
        assert!(told[what][0] == settings && (measured - grid_w).abs() < 30.0, "{what}: {told}");
    }
    let refusals = serde_json::json!({
        "above 100 %": 10, "half of the setpoint": 2, "behind the battery's unit": 10, "unknown register": 2,
        "a measured value": 2,
    });
    assert_eq!((&told["refusals"], &told["at last"]), (&refusals, &serde_json::json!([900, 95.5])));
}
